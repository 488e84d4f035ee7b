"""Rows to batches, ahead of time, by threads: a fork with TensorFlow's threads alive can hang."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import pandas as pd

from zoo_core.contract import Arrays, DatasetAdapter, Example, ImageError, Task

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
        truth = self.truth(rows)
        known = ~np.isnan(truth)
        images = np.stack([self._image(int(row)) for row in rows])
        return Batch(images, np.where(known, truth, 0).astype(np.float32), known.astype(np.float32))

    def truth(self, rows: np.ndarray) -> np.ndarray:
        """(example, label), float64, in the task's order of labels, NaN where unknown."""
        columns = [f"label.{label.name}" for label in self.task.labels]
        return self.index.reindex(columns=columns).iloc[rows].to_numpy(dtype=np.float64, na_value=np.nan)

    def _image(self, row: int) -> np.ndarray:
        meta = {str(column): value for column, value in self.index.iloc[row].items()}
        try:
            arrays = self.adapter.read(row)
        except ImageError as error:
            raise ImageError(f"Image '{meta['example_id']}' (row {row}) {error}") from error
        return self.task.preprocess(Example(arrays, self.adapter.specs, meta), self.fitted)


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
