"""Which example is seen when: a pure function of (seed, epoch, step, rank, size)."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from zoo_core.contract import ConfigError, Rank


@dataclass(frozen=True)
class Order:
    """An endless stream of seeded epoch permutations, cut into global batches: none short, none padded.

    Attributes:
        n_examples: examples of the training split.
        global_batch_size: examples of one step over all ranks.
        seed: of the permutations.
    """

    n_examples: int
    global_batch_size: int
    seed: int

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
        return np.concatenate(
            [_permutation(self.n_examples, self.seed, int(e))[offsets[epochs == e]] for e in np.unique(epochs)]
        )

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


@lru_cache(maxsize=4)
def _permutation(n_examples: int, seed: int, epoch: int) -> np.ndarray:
    return np.random.default_rng([seed, epoch]).permutation(n_examples)
