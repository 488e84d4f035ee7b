"""The tables of a store: its index, and what else the source says of its examples."""

import io
from pathlib import Path

import pandas as pd

from zoo_core.contract import DataError, DatasetAdapter, SecondTruth, SupportsBoxes, SupportsSecondTruth
from zoo_core.data.fingerprint import fingerprint
from zoo_core.data.packed.layout import Layout
from zoo_core.data.packed.manifest import PART, STORE_ROW
from zoo_core.data.soundness import Unreadable
from zoo_core.data.splits import Split


def index_table(index: pd.DataFrame, split: Split, layout: Layout) -> bytes:
    """The source's index, with the part of each example and its place in the store.

    Raises:
        DataError: a column would not come back as it is.
    """
    wanted = "A store needs an index that parquet keeps as it is"
    try:
        content = as_parquet(index.assign(**{PART: split.part, STORE_ROW: layout.store_row}))
    except (TypeError, ValueError) as error:
        raise DataError(f"{wanted}. Received: {' '.join(map(str, error.args))}") from error
    back = source_index(pd.read_parquet(io.BytesIO(content)))
    # A run on the store must be the run on its source, down to the hash that names its data.
    if fingerprint(index) != fingerprint(back):
        changed = [str(name) for name in index if fingerprint(index[[name]]) != fingerprint(back[[name]])]
        raise DataError(f"{wanted}. Received: column '{changed[0]}', which changes")
    return content


def source_index(index: pd.DataFrame) -> pd.DataFrame:
    """The index of a store without the columns that it adds."""
    return index.drop(columns=[PART, STORE_ROW])


def unreadable_table(unreadable: list[Unreadable]) -> bytes:
    """Examples whose arrays are not in the store, in the order of the index."""
    rows = [(bad.row, bad.example_id, bad.reason) for bad in sorted(unreadable, key=lambda bad: bad.row)]
    return as_parquet(pd.DataFrame(rows, columns=["row", "example_id", "reason"]))


def boxes_of(adapter: DatasetAdapter) -> pd.DataFrame | None:
    """The source's boxes, where it can have any."""
    return adapter.boxes() if isinstance(adapter, SupportsBoxes) else None


def second_truth_of(adapter: DatasetAdapter) -> SecondTruth | None:
    """The source's second truth, where it has one."""
    return adapter.second_truth() if isinstance(adapter, SupportsSecondTruth) else None


def read_table(path: Path) -> pd.DataFrame:
    """A table of a store.

    Raises:
        DataError: it is missing or damaged.
    """
    try:
        return pd.read_parquet(path)
    except (OSError, ValueError) as error:
        raise DataError(f"A store needs its tables as they were written. Received: '{path}' ({error})") from error


def as_parquet(table: pd.DataFrame) -> bytes:
    """A table as a file holds it."""
    content: bytes = table.to_parquet(index=False, compression="zstd")
    return content
