"""How one cell of a study trains: a scheme of so many ranks, and a seed."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Self

from zoo_core.data.order import Sharding
from zoo_core.runtime.config import BatchNorm, RateRule
from zoo_core.runtime.settings import Settings

Cell = dict[str, Any]


@dataclass(frozen=True)
class Scheme:
    """How ranks train together.

    Attributes:
        topology: the network.
        n_ranks: virtual ranks; each has the study's batch, so that the global batch grows with them.
        sharding: which examples a rank sees.
        batch_norm: whose moments batch norms use.
        rule: what the global batch makes of the learning rate.
    """

    topology: str
    n_ranks: int
    sharding: Sharding
    batch_norm: BatchNorm
    rule: RateRule

    @classmethod
    def one_process(cls, topology: str) -> Self:
        """What all others are held against: the batch of one rank, and nothing to share."""
        return cls(topology, 1, "partition", "per-rank", "none")

    @classmethod
    def of(cls, cell: Mapping[str, Any]) -> Self:
        """The scheme of a cell."""
        return cls(**{name: cell[name] for name in cls.__dataclass_fields__})

    @property
    def is_one_process(self) -> bool:
        """Whether there is nothing to share."""
        return self.n_ranks == 1

    def but(self, **changed: Any) -> Self:
        """The same with something changed."""
        return replace(self, **changed)

    def cell(self, seed: int) -> Cell:
        """The scheme with a seed."""
        return {**asdict(self), "seed": seed}

    def settings(self, per_rank_batch_size: int) -> Settings:
        """What a run is told of it."""
        return {
            "topology": {"name": self.topology},
            "launch": {"n_ranks": 1, "n_virtual_ranks": self.n_ranks},
            "trainer": {
                "global_batch_size": per_rank_batch_size * self.n_ranks,
                "base_batch_size": per_rank_batch_size,
                "learning_rate_rule": self.rule,
                "sharding": self.sharding,
                "batch_norm": self.batch_norm,
                "order": "exact",
            },
        }


def name_of(cell: Cell) -> str:
    """A cell in words that can be a file's name.

    >>> name_of(Scheme.one_process("vgg16").cell(seed=2))
    'vgg16-1-partition-per-rank-none-seed2'
    """
    *scheme, seed = cell.values()
    return f"{'-'.join(map(str, scheme))}-seed{seed}"
