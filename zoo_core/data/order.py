"""Which example is seen when: a pure function of (seed, epoch, step, rank, size)."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate, pairwise

import numpy as np

from zoo_core.contract import ConfigError, Rank

_OF_SHARDS, _WITHIN_GROUPS = 0, 1
"""Tell apart the two random streams of an epoch by shards."""


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
    """

    n_examples: int
    global_batch_size: int
    seed: int
    shards: Shards | None = None

    def __post_init__(self) -> None:
        if self.n_examples < 1 or self.global_batch_size < 1:
            raise ConfigError(
                "An order needs at least one example and one example a batch. "
                f"Received: {self.n_examples} examples, trainer.global_batch_size={self.global_batch_size}"
            )

    def global_batch(self, step: int) -> np.ndarray:
        """(example,) int64, the positions in the split that all ranks together see in `step`, counted from 0."""
        stream = np.arange(step * self.global_batch_size, (step + 1) * self.global_batch_size)
        epochs, offsets = np.divmod(stream, self.n_examples)
        return np.concatenate([self._permutation(int(e))[offsets[epochs == e]] for e in np.unique(epochs)])

    def share(self, step: int, rank: Rank) -> np.ndarray:
        """(example,) int64, what one rank sees of a global batch; shares differ by at most one example.

        Raises:
            ConfigError: there are more ranks than examples in a global batch.
        """
        if rank.size > self.global_batch_size:
            raise ConfigError(
                f"trainer.global_batch_size={self.global_batch_size} cannot be shared by {rank.size} ranks: "
                f"set it to at least {rank.size}"
            )
        # Stride, not blocks: the union of all ranks' shares is the global batch for every
        # number of ranks, which lets a run resume on more or fewer machines.
        return self.global_batch(step)[rank.rank :: rank.size]

    def n_steps(self, n_epochs: int) -> int:
        """Steps until every example was seen `n_epochs` times."""
        return -(-n_epochs * self.n_examples // self.global_batch_size)

    def windows(self, start: int, end: int) -> Iterator[range]:
        """Cut steps where a reader goes on to other shards; each step alone where there are none.

        Args:
            start: first step.
            end: the step after the last.
        Returns:
            Ranges of steps, one after the other. Those of a group begin with the step after the one in which the group
            before it ends.
        """
        cuts = range(start + 1, end) if self.shards is None else self._group_ends(self.shards, start, end)
        yield from (range(first, last) for first, last in pairwise([start, *cuts, end]) if first < last)

    def _group_ends(self, shards: Shards, start: int, last: int) -> list[int]:
        """Steps before which the last example of a group has been seen."""
        size, n = self.global_batch_size, self.n_examples
        epochs = range(start * size // n, -(-last * size // n))
        ends = [epoch * n + end for epoch in epochs for end in accumulate(_group_sizes(shards, self.seed, epoch))]
        # Rounded up: a step that sees two groups belongs to the first, whose shards are at hand.
        return sorted({step for end in ends if start < (step := -(-end // size)) < last})

    def _permutation(self, epoch: int) -> np.ndarray:
        if self.shards is None:
            return _permutation(self.n_examples, self.seed, epoch)
        return _permutation_by_shards(self.shards, self.seed, epoch)


@lru_cache(maxsize=4)
def _permutation(n_examples: int, seed: int, epoch: int) -> np.ndarray:
    return np.random.default_rng([seed, epoch]).permutation(n_examples)


@lru_cache(maxsize=4)
def _permutation_by_shards(shards: Shards, seed: int, epoch: int) -> np.ndarray:
    positions = np.split(np.arange(sum(shards.sizes)), np.cumsum(shards.sizes)[:-1])
    rng = np.random.default_rng([seed, epoch, _WITHIN_GROUPS])
    groups = [np.concatenate([positions[shard] for shard in group]) for group in _groups(shards, seed, epoch)]
    return np.concatenate([rng.permutation(group) for group in groups])


def _groups(shards: Shards, seed: int, epoch: int) -> list[np.ndarray]:
    """Numbers of the shards of each group, in the order of an epoch."""
    order = np.random.default_rng([seed, epoch, _OF_SHARDS]).permutation(len(shards.sizes))
    return [order[first : first + shards.buffer] for first in range(0, len(order), shards.buffer)]


def _group_sizes(shards: Shards, seed: int, epoch: int) -> list[int]:
    return [sum(shards.sizes[shard] for shard in group) for group in _groups(shards, seed, epoch)]
