"""Laws of reading rows of a data set."""

import pickle
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest

from zoo_core.contract import Arrays, ArraySpec, DatasetAdapter, ImageError
from zoo_core.testing.checks import Checks
from zoo_core.testing.dataset_index import described
from zoo_core.testing.promises import broken, copied, difference, said, working

N_ROWS = 9
"""That are read, from the first to the last: a check takes seconds whatever the size of the data."""

N_THREADS = 4
N_ROUNDS = 3


class ReadLaws(Checks):
    """What `read` gives."""

    @pytest.fixture(scope="class")
    @classmethod
    def rows(cls, index: pd.DataFrame) -> list[int]:
        """Some rows, from the first to the last."""
        return rows_from_end_to_end(len(index))

    @pytest.fixture(scope="class")
    @classmethod
    def readable(cls, adapter: DatasetAdapter, rows: list[int]) -> dict[int, dict[str, np.ndarray]]:
        """Arrays of those of the rows that can be read, in copies of their own."""
        return {row: copied(arrays) for row in rows if (arrays := _read(adapter, row)) is not None}

    def test_rows_of_the_index_can_be_read(self, adapter: DatasetAdapter, rows: list[int]) -> None:
        """The first row, the last and some between give arrays, or an ImageError; not all of them an error."""
        for row in rows:
            try:
                _read(adapter, row)
            except Exception as error:  # noqa: BLE001 - whatever it is, it is none of the two
                broken(
                    f"read({row}) gives arrays, or raises ImageError where its image cannot be read",
                    said(error),
                    "see that index() and read() count the same examples",
                )
        if all(_read(adapter, row) is None for row in rows):
            broken("Some of the rows can be read", f"ImageError of each of rows {rows}", "check the root")

    def test_a_row_that_is_not_there_raises_index_error(self, adapter: DatasetAdapter, index: pd.DataFrame) -> None:
        """`read` counts from 0 to the last row, and never from the end."""
        for row in (len(index), -1, len(index) + 7):
            try:
                adapter.read(row)
            except IndexError:
                continue
            except Exception as error:  # noqa: BLE001 - as above
                broken(f"read({row}) of {len(index)} rows raises IndexError", said(error), "refuse it first")
            broken(
                f"read({row}) of {len(index)} rows raises IndexError",
                "arrays",
                "refuse it first: if not 0 <= i < n: raise IndexError(...)",
            )

    def test_arrays_are_what_their_specs_say(
        self, adapter: DatasetAdapter, readable: dict[int, dict[str, np.ndarray]]
    ) -> None:
        """Names, shapes, dtypes and values of what is read lie within the specs."""
        for row, arrays in readable.items():
            if set(arrays) != {spec.name for spec in adapter.specs}:
                broken(
                    f"read({row}) gives the arrays {[s.name for s in adapter.specs]}",
                    sorted(arrays),
                    "mend specs or read",
                )
            for spec in adapter.specs:
                if reason := why_outside(spec, arrays[spec.name]):
                    broken(f"'{spec.name}' of row {row} is what its spec says", reason, "mend specs or read")

    def test_a_row_reads_the_same_each_time(
        self, adapter: DatasetAdapter, readable: dict[int, dict[str, np.ndarray]]
    ) -> None:
        """`read` is deterministic, in whatever order rows are read."""
        for row in reversed(readable):
            if words := difference(readable[row], adapter.read(row)):
                broken(f"read({row}) gives the same each time", words, "leave randomness to the task's augment")

    def test_rows_read_the_same_from_several_threads(
        self, adapter: DatasetAdapter, readable: dict[int, dict[str, np.ndarray]]
    ) -> None:
        """`read` is called by several threads at a time."""
        jobs = [row for start in range(N_ROUNDS * N_THREADS) for row in _rotated(list(readable), start)]
        with ThreadPoolExecutor(N_THREADS) as pool, working("Several threads read at a time", "share no state"):
            found = list(pool.map(lambda row: copied(adapter.read(row)), jobs))
        for row, arrays in zip(jobs, found, strict=True):
            if words := difference(readable[row], arrays):
                broken(
                    f"read({row}) gives the same from {N_THREADS} threads at a time",
                    words,
                    "keep open files and buffers within the call, or a lock around them",
                )

    def test_a_row_keeps_its_arrays_when_others_are_read_or_changed(
        self, adapter: DatasetAdapter, readable: dict[int, dict[str, np.ndarray]]
    ) -> None:
        """What was read stays as it is: no buffer is used again."""
        cure = "return arrays of their own: np.array(...), or read-only ones"
        held = {row: adapter.read(row) for row in readable}
        for row, arrays in held.items():
            if words := difference(readable[row], arrays):
                broken(f"What read({row}) gave stays when other rows are read", words, cure)
        for arrays in held.values():
            _overwrite(arrays)
        for row in readable:
            if words := difference(readable[row], adapter.read(row)):
                broken(f"read({row}) gives the same when what it gave before was written to", words, cure)

    def test_a_pickled_adapter_reads_the_same(
        self, adapter: DatasetAdapter, index: pd.DataFrame, readable: dict[int, dict[str, np.ndarray]]
    ) -> None:
        """An adapter can be sent to another process, after it was used."""
        with working("An adapter can be pickled", "hold no open file, lock or lambda"):
            twin = pickle.loads(pickle.dumps(adapter))  # noqa: S301 - what this line has just written
        with working("A pickled adapter works", "hold all that it needs in its configuration"):
            same = described(twin) == described(adapter) and twin.index().equals(index)
        if not same:
            broken("A pickled adapter has the same card, specs, labels and index", "others", "pickle what it holds")
        for row in readable:
            with working(f"A pickled adapter reads row {row}", "hold all that it needs in its configuration"):
                words = difference(readable[row], twin.read(row))
            if words:
                broken(f"A pickled adapter reads row {row} as before", words, "pickle what it holds")


def rows_from_end_to_end(n_rows: int) -> list[int]:
    """At most `N_ROWS` different row numbers, the first and the last among them.

    >>> rows_from_end_to_end(3)
    [0, 1, 2]
    """
    return sorted({int(row) for row in np.linspace(0, n_rows - 1, N_ROWS)}) if n_rows else []


def why_outside(spec: ArraySpec, array: object) -> str | None:
    """In what an array is not what its spec says, in words; None where it is."""
    if not isinstance(array, np.ndarray):
        return f"a value of type {type(array).__name__}, wanted an array of NumPy"
    if array.dtype != np.dtype(spec.dtype):
        return f"dtype {array.dtype}, wanted {spec.dtype}"
    fits = [wanted in (None, length) for wanted, length in zip(spec.shape, array.shape, strict=False)]
    if array.ndim != len(spec.axes) or not all(fits):
        return f"shape {array.shape}, wanted {spec.shape} along ({', '.join(spec.axes)})"
    low, high = spec.value_range
    if not array.size:
        return f"no value at all in shape {array.shape}"
    if not (np.isfinite(array).all() and low <= array.min() and array.max() <= high):
        return f"values from {array.min()} to {array.max()}, wanted finite ones from {low} to {high}"
    return None


def _read(adapter: DatasetAdapter, row: int) -> Arrays | None:
    """None where the image cannot be read, and the adapter says so."""
    try:
        return adapter.read(row)
    except ImageError:
        return None


def _rotated(rows: list[int], start: int) -> list[int]:
    place = start % max(1, len(rows))
    return rows[place:] + rows[:place]


def _overwrite(arrays: Arrays) -> None:
    for array in arrays.values():
        if array.flags.writeable:
            array[...] = 1 if (array == 0).all() else 0
