"""Numbers that follow from sums over examples, with what they are in draws of whole groups."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from zoo_core.evaluation.bootstrap import CHUNK_ELEMENTS, draw_groups
from zoo_core.evaluation.estimates import Estimate


@dataclass(frozen=True)
class Sums:
    """Sums of quantities over the examples.

    Attributes:
        total: (quantity,), float64, over the examples as they are.
        drawn: (replicate, quantity), float64, over those of each draw.
    """

    total: np.ndarray
    drawn: np.ndarray

    def estimate(self, number: Callable[[np.ndarray], np.ndarray]) -> Estimate | None:
        """A number that follows from the sums, or None where it is undefined.

        Args:
            number: from sums (..., quantity) to (...), NaN where undefined.
        """
        value = float(number(self.total))
        return Estimate(value, number(self.drawn)) if np.isfinite(value) else None


def sums_of_groups(group: np.ndarray, n_groups: int, quantities: np.ndarray) -> np.ndarray:
    """Add up the examples of each group.

    Args:
        group: (example,), int, from 0.
        n_groups: groups, those without an example included.
        quantities: (example, quantity).
    Returns:
        (group, quantity), float64.

    >>> sums_of_groups(np.array([0, 2, 0]), 3, np.array([[1, 10], [2, 20], [3, 30]])).tolist()
    [[4.0, 40.0], [0.0, 0.0], [2.0, 20.0]]
    """
    columns = [np.bincount(group, quantity, n_groups) for quantity in quantities.T]
    return np.stack(columns, axis=1).astype(np.float64)


def draw_sums(tables: Sequence[np.ndarray], n_replicates: int, rng: np.random.Generator) -> list[Sums]:
    """Sums over the examples of each draw; all tables see the same draws, those of `replicate_metrics`.

    Args:
        tables: each (group, quantity), of the same groups.
        n_replicates: draws.
        rng: the same state gives the same draws.
    Returns:
        The sums of each table.
    """
    if not tables:
        return []
    side_by_side = np.concatenate(tables, axis=1)
    drawn = np.empty((n_replicates, side_by_side.shape[1]))
    n_groups = len(side_by_side)
    for start, counts in draw_groups(n_groups, n_replicates, max(1, CHUNK_ELEMENTS // max(1, n_groups)), rng):
        drawn[start : start + len(counts)] = counts.astype(np.float64) @ side_by_side
    ends = np.cumsum([table.shape[1] for table in tables])[:-1]
    parts = zip(np.split(side_by_side.sum(axis=0), ends), np.split(drawn, ends, axis=1), strict=True)
    return [Sums(total, of_draws) for total, of_draws in parts]


def ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Part of a whole, NaN where the whole is nothing.

    >>> ratio(np.array([1.0, 0.0]), np.array([4.0, 0.0]))
    array([0.25,  nan])
    """
    shares: np.ndarray = np.divide(part, whole, out=np.full(np.shape(whole), np.nan), where=np.asarray(whole) > 0)
    return shares
