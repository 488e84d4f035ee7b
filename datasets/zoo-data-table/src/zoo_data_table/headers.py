"""What DICOM headers say of how pictures were taken, read once for a whole table and kept beside its TOML file."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pandas as pd

from zoo_core.api import read_dicom_header
from zoo_core.contract import DataError, ImageError, OutputError
from zoo_data_table.description import FACTS
from zoo_data_table.whole_files import replace_file

N_THREADS = 16
"""Reading a header waits for a disk or a network, not for a processor."""

TELL_EVERY = 5000

Find = Callable[[int], Path]
"""Path of a row's file, or an ImageError."""


def header_facts(toml: Path, example_ids: pd.Series, find: Find) -> pd.DataFrame:
    """(row, fact) text of each row's header; missing where a header does not say it or cannot be read.

    The headers of 100,000 files take minutes: what was read lies beside the TOML file as NAME.headers.parquet, by
    hashed names, and is not read again. Who puts other files in their place removes it. Headers that could not be read
    are tried again the next time.

    Args:
        toml: the TOML file.
        example_ids: of the rows.
        find: gives the path of a row's file.
    Raises:
        OutputError: the file beside the TOML file cannot be written.
        DataError: it is damaged.
    """
    path = toml.with_suffix(".headers.parquet")
    known = _read(path)
    missing = [row for row, name in enumerate(example_ids) if name not in known.index]
    if missing:
        found = pd.DataFrame(_read_all(missing, find), columns=["row", *FACTS])
        found = found.assign(example_id=example_ids.iloc[found["row"]].to_numpy()).set_index("example_id")[list(FACTS)]
        known = pd.concat([known, found])
        if len(found):
            _write(path, known)
    facts = known.reindex(example_ids)
    return facts.where(facts != "", None).reset_index(drop=True)


def _read_all(rows: Sequence[int], find: Find) -> Iterator[tuple[object, ...]]:
    """Row and facts of every header that can be read, and a line on standard error now and then."""

    def read(row: int) -> tuple[object, ...] | None:
        try:
            header = read_dicom_header(find(row))
        except ImageError:
            return None  # reading the picture will say why
        return (row, *(getattr(header, fact) for fact in FACTS))

    with ThreadPoolExecutor(N_THREADS, thread_name_prefix="zoo-headers") as pool:
        for n, found in enumerate(pool.map(read, rows), start=1):
            if n % TELL_EVERY == 0:
                print(f"DICOM headers {n:,}/{len(rows):,}", file=sys.stderr)  # noqa: T201 - progress of minutes
            if found is not None:
                yield found


def _read(path: Path) -> pd.DataFrame:
    if not path.exists():
        return pd.DataFrame(columns=list(FACTS), index=pd.Index([], name="example_id"), dtype=object)
    try:
        return pd.read_parquet(path)[list(FACTS)]
    except (OSError, ValueError, KeyError) as error:
        raise DataError(f"'{path}' needs to be as it was written. Received: a damaged file: remove it") from error


def _write(path: Path, facts: pd.DataFrame) -> None:
    file = io.BytesIO()
    facts.to_parquet(file)
    try:
        replace_file(path, file.getvalue())
    except OSError as error:
        raise OutputError(
            f"'{path}' needs to be written, which failed ({error.strerror}): give permission there, or leave "
            "dicom.metadata out of the TOML file"
        ) from error
