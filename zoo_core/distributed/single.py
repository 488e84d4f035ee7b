"""One rank: every operation is the identity."""

from typing import Any

import numpy as np

from zoo_core.contract import Rank


class SingleRank:
    """The communicator of a run that is one process."""

    rank = Rank()

    def all_reduce_sum(self, tensors: list[Any]) -> list[Any]:
        """The tensors."""
        return tensors

    def all_reduce_mean(self, array: np.ndarray) -> np.ndarray:
        """The array."""
        return array

    def broadcast(self, array: np.ndarray) -> np.ndarray:
        """The array."""
        return array

    def all_gather(self, array: np.ndarray) -> np.ndarray:
        """The array."""
        return array

    def barrier(self) -> None:
        """Return at once."""
