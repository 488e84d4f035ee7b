"""How often groups are drawn, and from which seed."""

from dataclasses import dataclass

import numpy as np

N_REPLICATES = 1000
"""Draws behind each interval, unless told otherwise."""

SEED = 0
"""Of the draws, unless told otherwise."""


@dataclass(frozen=True)
class Draws:
    """Draws of groups.

    Attributes:
        n_replicates: how many.
        seed: of them.
    """

    n_replicates: int = N_REPLICATES
    seed: int = SEED

    def rng(self) -> np.random.Generator:
        """At its start: each generator gives the same draws."""
        return np.random.default_rng(self.seed)
