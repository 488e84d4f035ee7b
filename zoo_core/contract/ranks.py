"""Ranks as a value, and what ranks do together; order, splits and checkpoints need no Horovod to be tested."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class Rank:
    """Which process of how many this is.

    Attributes:
        rank: from 0 over all hosts.
        size: number of ranks.
        local_rank: from 0 on this host.
        local_size: number of ranks on this host.
    """

    rank: int = 0
    size: int = 1
    local_rank: int = 0
    local_size: int = 1

    @property
    def is_root(self) -> bool:
        """True on the one rank that prints and writes."""
        return self.rank == 0


@runtime_checkable
class Communicator(Protocol):
    """Operations every rank calls in the same order.

    Attributes:
        rank: which process of how many this is.
    """

    @property
    def rank(self) -> Rank: ...

    def all_reduce_sum(self, tensors: list[Any]) -> list[Any]:
        """Sums over the ranks, tensor by tensor; usable inside a compiled step."""
        ...

    def all_reduce_mean(self, array: np.ndarray) -> np.ndarray:
        """Mean over the ranks."""
        ...

    def broadcast(self, array: np.ndarray) -> np.ndarray:
        """The root's array on every rank."""
        ...

    def all_gather(self, array: np.ndarray) -> np.ndarray:
        """Every rank's rows in the order of ranks; first axes may differ."""
        ...

    def barrier(self) -> None:
        """Returns when every rank has called it."""
        ...
