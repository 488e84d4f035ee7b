"""The batches that a process trains on, one a step and rank, read ahead of time."""

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from zoo_core.contract import Arrays, Rank
from zoo_core.data.order import Order, Shards
from zoo_core.data.reader import Batch, read_ahead, read_windows
from zoo_core.runtime.config import LaunchConfig
from zoo_core.runtime.prepare import Prepared


@dataclass(frozen=True)
class Share:
    """What one rank trains on in one step.

    Attributes:
        rows: (example,) int64, of the index.
        batch: of these rows.
    """

    rows: np.ndarray
    batch: Batch


def played_ranks(launch: LaunchConfig, rank: Rank) -> list[Rank]:
    """The ranks that a process plays: itself, or all of those that are virtual.

    Args:
        launch: of the run.
        rank: the process.
    """
    size = launch.n_virtual_ranks
    return [Rank(number, size, number, size) for number in range(size)] if size > 1 else [rank]


@dataclass(frozen=True)
class TrainingStream:
    """What a process sees, step by step.

    Attributes:
        prepared: data, task and configuration.
        rank: which process of how many.
    """

    prepared: Prepared
    rank: Rank

    @cached_property
    def ranks(self) -> list[Rank]:
        """Whose shares are made here."""
        return played_ranks(self.prepared.config.launch, self.rank)

    @cached_property
    def shards(self) -> list[np.ndarray]:
        """Rows of the training split, shard by shard; all in one where nothing is read by shards."""
        rows = self.prepared.rows("train")
        if not self.prepared.config.trainer.by_shards:
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
        trainer = config.trainer
        sizes = tuple(len(shard) for shard in self.shards)
        shards = Shards(sizes, trainer.order_buffer_shards) if trainer.by_shards else None
        return Order(len(self.rows), trainer.global_batch_size, config.seed, shards, trainer.sharding)

    def batches(self, start: int, end: int) -> Iterator[tuple[int, list[Share]]]:
        """Steps with the share of each rank, augmented where the configuration says so.

        Args:
            start: first step.
            end: the step after the last.
        Raises:
            ImageError: an image cannot be read; names its example.
        """
        steps = range(start, end)
        by_groups = self.order.shards is not None and len(self.ranks) == 1
        made = self._made_by_groups(steps) if by_groups else self._made_one_by_one(steps)
        for step in steps:
            yield step, [next(made) for _ in self.ranks]

    def _made_one_by_one(self, steps: range) -> Iterator[Share]:
        """Shares that are read each by itself; also of virtual ranks, whose groups of shards would fill the memory."""

        def make(key: tuple[int, Rank]) -> Share:
            rows = self._rows(*key)
            return self._augmented(*key, rows, self.prepared.examples().batch(rows))

        keys = ((step, rank) for step in steps for rank in self.ranks)
        return read_ahead(make, keys, self.prepared.config.trainer.n_readers)

    def _made_by_groups(self, steps: range) -> Iterator[Share]:
        """Shares whose groups of shards are read at one go."""
        (rank,) = self.ranks
        windows = self.order.windows(steps.start, steps.stop, rank)
        read = read_windows(
            self.prepared.examples(), ([self._rows(step, rank) for step in window] for window in windows)
        )

        def make(key: tuple[int, tuple[np.ndarray, list[Arrays]]]) -> Share:
            step, (rows, arrays) = key
            return self._augmented(step, rank, rows, self.prepared.examples().preprocessed(rows, arrays))

        return read_ahead(make, zip(steps, read, strict=True), self.prepared.config.trainer.n_readers)

    def _rows(self, step: int, rank: Rank) -> np.ndarray:
        rows: np.ndarray = self.rows[self.order.share(step, rank)]
        return rows

    def _augmented(self, step: int, rank: Rank, rows: np.ndarray, batch: Batch) -> Share:
        prepared = self.prepared
        if not prepared.config.trainer.augment:
            return Share(rows, batch)
        rng = np.random.default_rng([prepared.config.seed, step, rank.rank])
        return Share(rows, dataclasses.replace(batch, images=prepared.task.augment(batch.images, rng)))
