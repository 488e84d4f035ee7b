"""The batches that one rank trains on, one a step, read ahead of time."""

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from zoo_core.contract import Arrays, Rank
from zoo_core.data.order import Order, Shards
from zoo_core.data.reader import Batch, read_ahead, read_windows
from zoo_core.runtime.prepare import Prepared


@dataclass(frozen=True)
class TrainingStream:
    """What a rank sees, step by step.

    Attributes:
        prepared: data, task and configuration.
        rank: which process of how many.
    """

    prepared: Prepared
    rank: Rank

    @cached_property
    def shards(self) -> list[np.ndarray]:
        """Rows of the training split, shard by shard; all in one where `trainer.order` is "exact"."""
        rows = self.prepared.rows("train")
        if self.prepared.config.trainer.order == "exact":
            return [rows]
        return [shard[np.isin(shard, rows)] for shard in self.prepared.training_shards()]

    @cached_property
    def rows(self) -> np.ndarray:
        """(example,) int64, rows of the training split by their position in the order."""
        return np.concatenate(self.shards)

    @cached_property
    def order(self) -> Order:
        """Which training example is seen when."""
        config = self.prepared.config
        shards = Shards(tuple(len(shard) for shard in self.shards), config.trainer.order_buffer_shards)
        exact = config.trainer.order == "exact"
        return Order(len(self.rows), config.trainer.global_batch_size, config.seed, None if exact else shards)

    def batches(self, start: int, end: int) -> Iterator[tuple[int, Batch]]:
        """Steps with their batches, augmented where the configuration says so.

        Args:
            start: first step.
            end: the step after the last.
        Raises:
            ImageError: an image cannot be read; names its example.
        """
        n_readers = self.prepared.config.trainer.n_readers
        if self.order.shards is None:
            made = read_ahead(self._batch, range(start, end), n_readers)
        else:
            made = read_ahead(self._made, zip(range(start, end), self._read(start, end), strict=True), n_readers)
        return zip(range(start, end), made, strict=True)

    def _read(self, start: int, end: int) -> Iterator[tuple[np.ndarray, list[Arrays]]]:
        windows = self.order.windows(start, end)
        return read_windows(self.prepared.examples(), ([self._share(step) for step in window] for window in windows))

    def _share(self, step: int) -> np.ndarray:
        share: np.ndarray = self.rows[self.order.share(step, self.rank)]
        return share

    def _batch(self, step: int) -> Batch:
        return self._augmented(step, self.prepared.examples().batch(self._share(step)))

    def _made(self, key: tuple[int, tuple[np.ndarray, list[Arrays]]]) -> Batch:
        step, (rows, arrays) = key
        return self._augmented(step, self.prepared.examples().preprocessed(rows, arrays))

    def _augmented(self, step: int, batch: Batch) -> Batch:
        prepared = self.prepared
        if not prepared.config.trainer.augment:
            return batch
        rng = np.random.default_rng([prepared.config.seed, step, self.rank.rank])
        return dataclasses.replace(batch, images=prepared.task.augment(batch.images, rng))
