"""Which example is seen when: a pure function of (seed, epoch, step, rank, size)."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate, pairwise
from typing import Literal

import numpy as np

from zoo_core.contract import ConfigError, Rank

Sharding = Literal["partition", "independent", "shard-local"]

_OF_SHARDS, _WITHIN_GROUPS, _OF_RANKS = 0, 1, 2
"""Tell apart the random streams of an epoch: of its shards, within them, and from the last on those of ranks."""


@dataclass(frozen=True)
class Shards:
    """How the examples of a training split lie.

    Attributes:
        sizes: examples of each shard; the split's positions run through the shards one after the other.
        buffer: shards that are read together, and whose examples are mixed.
    """

    sizes: tuple[int, ...]
    buffer: int


@dataclass(frozen=True)
class Order:
    """An endless stream of seeded epoch permutations, cut into global batches: none short, none padded.

    Attributes:
        n_examples: examples of the training split.
        global_batch_size: examples of one step over all ranks.
        seed: of the permutations.
        shards: None for permutations of all examples; otherwise shards are permuted, and examples within each group of
            `shards.buffer` of them, so that a reader needs no more than a group at a time.
        sharding: how the ranks share it. "partition": all share one stream, which does not depend on their number.
            "independent": each rank has a stream of its own, which begins each epoch with a permutation of all examples
            by the rank's own seed, and ends it after the rank's share of them. "shard-local": each rank has a stream of
            its own, which is in each epoch its part of the permuted shards; a shard at a cut is in two parts.
    """

    n_examples: int
    global_batch_size: int
    seed: int
    shards: Shards | None = None
    sharding: Sharding = "partition"

    def __post_init__(self) -> None:
        if self.n_examples < 1 or self.global_batch_size < 1:
            raise ConfigError(
                "An order needs at least one example and one example a batch. "
                f"Received: {self.n_examples} examples, trainer.global_batch_size={self.global_batch_size}"
            )

    def share(self, step: int, rank: Rank) -> np.ndarray:
        """(example,) int64, what one rank sees of a global batch; shares differ by at most one example.

        Raises:
            ConfigError: there are more ranks than examples in a global batch, or than training examples.
        """
        if self.sharding != "partition":
            own = self._own_share(rank)
            return self._stretch(step * own.size, (step + 1) * own.size, rank)
        self._refuse_more_ranks(rank.size)
        # Stride, not blocks: the union of all ranks' shares is the global batch for every
        # number of ranks, which lets a run resume on more or fewer machines.
        return self.global_batch(step)[rank.rank :: rank.size]

    def global_batch(self, step: int) -> np.ndarray:
        """(example,) int64, the positions in the split that all ranks of a partition see in `step`, counted from 0."""
        return self._stretch(step * self.global_batch_size, (step + 1) * self.global_batch_size, Rank())

    def n_steps(self, n_epochs: int) -> int:
        """Steps until as many examples were seen as `n_epochs` times all of them."""
        return -(-n_epochs * self.n_examples // self.global_batch_size)

    def windows(self, start: int, end: int, rank: Rank) -> Iterator[range]:
        """Cut steps where a reader goes on to other shards; each step alone where there are none.

        Args:
            start: first step.
            end: the step after the last.
            rank: that reads.
        Returns:
            Ranges of steps, one after the other. Those of a group begin with the step after the one in which the group
            before it ends.
        """
        cuts = range(start + 1, end) if self.shards is None else self._group_ends(self.shards, (start, end), rank)
        yield from (range(first, last) for first, last in pairwise([start, *cuts, end]) if first < last)

    def samples(self, start: int, end: int, size: int) -> list[int]:
        """How many examples were drawn of each permutation in some steps: within one, none is drawn twice.

        Args:
            start: first step.
            end: the step after the last.
            size: number of ranks.
        """
        drawn: Counter[tuple[int, int]] = Counter()
        for number in range(1 if self.sharding == "partition" else size):
            own = self._own_share(Rank(number, 1 if self.sharding == "partition" else size))
            first, last = start * own.size, end * own.size
            for epoch in range(first // own.n_epoch, -(-last // own.n_epoch)):
                n = min(last, (epoch + 1) * own.n_epoch) - max(first, epoch * own.n_epoch)
                drawn[epoch, number if self.sharding == "independent" else 0] += n
        return list(drawn.values())

    def _own_share(self, rank: Rank) -> "_Share":
        """What is a rank's of each batch and of each epoch; of a partition, what is everybody's."""
        if self.sharding == "partition":
            return _Share(self.global_batch_size, 0, self.n_examples)
        self._refuse_more_ranks(rank.size)
        # The first ranks' shares of a batch are the larger ones, and their shares of an epoch in proportion.
        each, more = divmod(self.global_batch_size, rank.size)
        before = rank.rank * each + min(rank.rank, more)
        size = each + (rank.rank < more)
        first, last = (n * self.n_examples // self.global_batch_size for n in (before, before + size))
        if first == last:
            raise ConfigError(
                f"trainer.sharding={self.sharding} needs at least one training example for each of {rank.size} ranks. "
                f"Received: {self.n_examples}: fewer ranks, or trainer.sharding=partition"
            )
        return _Share(size, first, last - first)

    def _refuse_more_ranks(self, size: int) -> None:
        if size > self.global_batch_size:
            raise ConfigError(
                f"trainer.global_batch_size={self.global_batch_size} cannot be shared by {size} ranks: "
                f"set it to at least {size}"
            )

    def _stretch(self, start: int, end: int, rank: Rank) -> np.ndarray:
        """Part of an endless stream."""
        n_epoch = self._own_share(rank).n_epoch
        epochs, offsets = np.divmod(np.arange(start, end), n_epoch)
        return np.concatenate([self._epoch(int(e), rank)[offsets[epochs == e]] for e in np.unique(epochs)])

    def _epoch(self, epoch: int, rank: Rank) -> np.ndarray:
        """An epoch of a stream."""
        if self.sharding == "independent":
            own_seed = (self.seed, epoch, _OF_RANKS + rank.rank)
            return _permutation(self.n_examples, own_seed)[: self._own_share(rank).n_epoch]
        if self.shards is None:
            return _permutation(self.n_examples, (self.seed, epoch))
        return _permutation_by_shards(self.shards, self.seed, epoch, self._own_share(rank).part)

    def _group_ends(self, shards: Shards, steps: tuple[int, int], rank: Rank) -> list[int]:
        """Steps before which the last example of a group has been seen."""
        (start, last), own = steps, self._own_share(rank)
        epochs = range(start * own.size // own.n_epoch, -(-last * own.size // own.n_epoch))
        sizes = ((epoch, list(map(len, _groups(shards, self.seed, epoch, own.part)))) for epoch in epochs)
        ends = [epoch * own.n_epoch + end for epoch, groups in sizes for end in accumulate(groups)]
        # Rounded up: a step that sees two groups belongs to the first, whose shards are at hand.
        return sorted({step for end in ends if start < (step := -(-end // own.size)) < last})


@dataclass(frozen=True)
class _Share:
    """What is one stream's.

    Attributes:
        size: examples of each step.
        first: of each epoch's permutation.
        n_epoch: examples of each epoch.
    """

    size: int
    first: int
    n_epoch: int

    @property
    def part(self) -> range:
        """Of each epoch's permutation, the positions."""
        return range(self.first, self.first + self.n_epoch)


@lru_cache(maxsize=4)
def _permutation(n_examples: int, seed: tuple[int, ...]) -> np.ndarray:
    return np.random.default_rng(seed).permutation(n_examples)


@lru_cache(maxsize=4)
def _permutation_by_shards(shards: Shards, seed: int, epoch: int, part: range) -> np.ndarray:
    rng = np.random.default_rng([seed, epoch, _WITHIN_GROUPS])
    return np.concatenate([rng.permutation(group) for group in _groups(shards, seed, epoch, part)])


def _groups(shards: Shards, seed: int, epoch: int, part: range) -> list[np.ndarray]:
    """Positions of the shards of each group, in the order of an epoch; of the shards at the cuts, what is within."""
    starts = np.cumsum([0, *shards.sizes])
    order = np.random.default_rng([seed, epoch, _OF_SHARDS]).permutation(len(shards.sizes))
    begins = np.cumsum([0, *(shards.sizes[shard] for shard in order)])[:-1]
    pieces = []
    for shard, begin in zip(order, begins, strict=True):
        low, high = max(part.start - begin, 0), min(part.stop - begin, shards.sizes[shard])
        if low < high:
            pieces.append(np.arange(starts[shard] + low, starts[shard] + high))
    return [np.concatenate(pieces[i : i + shards.buffer]) for i in range(0, len(pieces), shards.buffer)]
