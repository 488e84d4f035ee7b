"""Rows to batches, ahead of time, by threads: a fork with TensorFlow's threads alive can hang."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import pandas as pd

from zoo_core.contract import Arrays, DatasetAdapter, Example, ImageError, PluginError, SupportsBatches, Task
from zoo_core.data.declared import refuse_undeclared

Key = TypeVar("Key")
Made = TypeVar("Made")


@dataclass(frozen=True)
class Batch:
    """What one rank sees in a step.

    Attributes:
        images: (example, y, x, c), float32, from 0 to 1.
        targets: (example, label), float32, 0 where unknown.
        known: (example, label), float32, 1 where the label is known.
    """

    images: np.ndarray
    targets: np.ndarray
    known: np.ndarray


def cut(batch: Batch, n_parts: int) -> list[Batch]:
    """Parts of a batch one after the other, which differ by at most one example."""
    if n_parts == 1:
        return [batch]
    arrays = (batch.images, batch.targets, batch.known)
    return [Batch(*part) for part in zip(*(np.array_split(array, n_parts) for array in arrays), strict=True)]


def joined(batches: Sequence[Batch]) -> Batch:
    """One batch of several."""
    if len(batches) == 1:
        return batches[0]
    arrays = [(batch.images, batch.targets, batch.known) for batch in batches]
    return Batch(*(np.concatenate(each) for each in zip(*arrays, strict=True)))


@dataclass(frozen=True)
class Examples:
    """The rows of a data set as a task sees them.

    Attributes:
        adapter: reads a row's arrays.
        task: makes the network's input of them.
        index: the adapter's index.
        fitted: what the task learned from the training rows.
    """

    adapter: DatasetAdapter
    task: Task
    index: pd.DataFrame
    fitted: Arrays

    def batch(self, rows: np.ndarray) -> Batch:
        """Read and preprocess rows.

        Args:
            rows: (example,) row numbers.
        Raises:
            ImageError: an image cannot be read; names its example.
        """
        return self.preprocessed(rows, self.read(rows))

    def read(self, rows: np.ndarray) -> list[Arrays]:
        """The arrays of each row, as the adapter reads them; in one request where it takes many rows.

        Args:
            rows: (example,) row numbers.
        Raises:
            ImageError: as `batch`.
        """
        if not isinstance(self.adapter, SupportsBatches):
            return [self._read(int(row)) for row in rows]
        together = self.adapter.read_batch(rows)
        return [{name: array[i] for name, array in together.items()} for i in range(len(rows))]

    def preprocessed(self, rows: np.ndarray, arrays: Sequence[Arrays]) -> Batch:
        """What the task makes of rows that were read.

        Args:
            rows: (example,) row numbers.
            arrays: of each row.
        Raises:
            DataError: they are not what the adapter declares.
            PluginError: the task writes to them.
        """
        truth = self.truth(rows)
        known = ~np.isnan(truth)
        images = np.stack([self._image(int(row), read) for row, read in zip(rows, arrays, strict=True)])
        return Batch(images, np.where(known, truth, 0).astype(np.float32), known.astype(np.float32))

    def truth(self, rows: np.ndarray) -> np.ndarray:
        """(example, label), float64, in the task's order of labels, NaN where unknown."""
        columns = [f"label.{label.name}" for label in self.task.labels]
        return self.index.reindex(columns=columns).iloc[rows].to_numpy(dtype=np.float64, na_value=np.nan)

    def example(self, row: int, arrays: Arrays) -> Example:
        """A row as the task gets it; its arrays cannot be written to: an adapter may give them a second time.

        Args:
            row: its number.
            arrays: as the adapter read them.
        Raises:
            DataError: they are not what the adapter declares.
        """
        specs = self.adapter.specs
        meta = {str(column): value for column, value in self.index.iloc[row].items()}
        refuse_undeclared(specs, arrays, row, str(meta["example_id"]))
        return Example({name: _read_only(array) for name, array in arrays.items()}, specs, meta)

    def _read(self, row: int) -> Arrays:
        try:
            return self.adapter.read(row)
        except ImageError as error:
            raise ImageError(f"Image '{self.index['example_id'].iloc[row]}' (row {row}) {error}") from error

    def _image(self, row: int, arrays: Arrays) -> np.ndarray:
        example = self.example(row, arrays)
        try:
            return self.task.preprocess(example, self.fitted)
        except ValueError as error:
            if "read-only" not in str(error):
                raise
            raise PluginError(
                f"Task '{type(self.task).__name__}' needs to leave the arrays that it is given as they are. Received: "
                f"'preprocess' of row {row}, which writes to them ({error}): let it write to a copy"
            ) from error


def _read_only(array: np.ndarray) -> np.ndarray:
    view = array.view()
    view.flags.writeable = False
    return view


def read_windows(examples: Examples, windows: Iterable[list[np.ndarray]]) -> Iterator[tuple[np.ndarray, list[Arrays]]]:
    """Read the rows of several batches in one request, and the next window while one is in use.

    Two windows are in memory, and a third while batches of the first are still being made.

    Args:
        examples: to read.
        windows: rows, (example,) each, of the batches of each window.
    Returns:
        Rows and arrays of each batch.
    Raises:
        ImageError: as `Examples.read`.
    """

    def read(window: list[np.ndarray]) -> tuple[list[np.ndarray], list[Arrays]]:
        return window, examples.read(np.concatenate(window))

    for window, arrays in read_ahead(read, windows):
        ends = np.cumsum([len(rows) for rows in window]).tolist()
        yield from ((rows, arrays[end - len(rows) : end]) for rows, end in zip(window, ends, strict=True))


def read_ahead(make: Callable[[Key], Made], keys: Iterable[Key], n_threads: int = 1) -> Iterator[Made]:
    """Yield `make(key)` for each key in order, while threads make the next ones.

    Args:
        make: called in a thread, with several keys at a time.
        keys: one for each batch.
        n_threads: also how many batches are made ahead of the one in use.
    Raises:
        Exception: whatever `make` raises, at the batch it belongs to.
    """
    pool = ThreadPoolExecutor(n_threads, thread_name_prefix="zoo-reader")
    pending: deque[Future[Made]] = deque()
    try:
        for key in keys:
            pending.append(pool.submit(make, key))
            if len(pending) > n_threads:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)
