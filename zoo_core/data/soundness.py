"""Reads every image once before a run starts, so that no batch is short and no run dies halfway of a bad file."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from zoo_core.contract import DataError, DatasetAdapter, ImageError, SupportsUnreadable
from zoo_core.data.declared import refuse_undeclared
from zoo_core.data.splits import PARTS, Split

MOST_UNREADABLE = 0.01
"""Share of a split's images that may be unreadable; above it the numbers would speak of another data set."""


@dataclass(frozen=True)
class Unreadable:
    """One image that was left out.

    Attributes:
        row: its row in the index.
        example_id: its name.
        reason: why it cannot be read.
    """

    row: int
    example_id: str
    reason: str


def find_unreadable(
    adapter: DatasetAdapter, rows: np.ndarray, n_threads: int, advance: Callable[[], None]
) -> list[Unreadable]:
    """Read the rows once and list those that fail; a data set that knows them already is asked instead.

    Args:
        adapter: the data set.
        rows: (example,) row numbers.
        n_threads: readers at work.
        advance: called after each image, from several threads.
    Raises:
        DataError: an image can be read, but is not what the data set declares.
    """
    example_ids, specs = adapter.index()["example_id"], adapter.specs
    if isinstance(adapter, SupportsUnreadable):
        known = adapter.unreadable()
        return [Unreadable(row, str(example_ids.iloc[row]), known[row]) for row in rows.tolist() if row in known]

    def check(row: int) -> Unreadable | None:
        try:
            arrays = adapter.read(row)
        except ImageError as error:
            return Unreadable(row, str(example_ids.iloc[row]), str(error))
        finally:
            advance()
        refuse_undeclared(specs, arrays, row, str(example_ids.iloc[row]))
        return None

    with ThreadPoolExecutor(n_threads, thread_name_prefix="zoo-soundness") as pool:
        return [bad for bad in pool.map(check, rows.tolist()) if bad is not None]


def refuse_too_many(unreadable: list[Unreadable], split: Split, parts: Sequence[str] = PARTS) -> None:
    """Stop where more than `MOST_UNREADABLE` of a part cannot be read.

    Args:
        unreadable: of these parts.
        split: that has them.
        parts: that are looked at.
    Raises:
        DataError: names the part, the count and the first images with their reasons.
    """
    for part in parts:
        rows = set(split.rows(part).tolist())
        bad = [u for u in unreadable if u.row in rows]
        if len(bad) > MOST_UNREADABLE * len(rows):
            first = "; ".join(f"'{u.example_id}' {u.reason}" for u in bad[:3])
            raise DataError(
                f"At most {MOST_UNREADABLE:.0%} of a split's images may be unreadable; in {part} {len(bad)} of "
                f"{len(rows)} are: {first}. Mend or remove the files"
            )
