"""The alpha-beta model of a ring all-reduce: what it says, and how it is fitted to measured times.

Each of P ranks sends 2 (P - 1) messages of n / P bytes, one after the other: a sum goes round once, and its result once
more. A message costs alpha, whatever its length, and beta a byte.

Source:
    Patarasuk and Yuan 2009, Bandwidth optimal all-reduce algorithms for clusters of workstations, section 3; Thakur et
    al. 2005, Optimization of collective communication operations in MPICH, section 3, for alpha and beta.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import least_squares
from scipy.stats import t as student

CONFIDENCE = 0.95
MOST_MISFIT = 0.25
"""Typical relative error above which a fit is no description of what was measured."""


@dataclass(frozen=True)
class Point:
    """A measured all-reduce.

    Attributes:
        n_ranks: that took part, two or more.
        n_bytes: of each rank's array.
        seconds: from the first rank's begin to the last one's end.
    """

    n_ranks: int
    n_bytes: int
    seconds: float


@dataclass(frozen=True)
class Fit:
    """A fitted model.

    Attributes:
        alpha_s: seconds a message: value, and low and high end of its interval.
        beta_s: seconds a byte, likewise.
        misfit: root mean square of the relative errors, as logarithms.
        ranks: numbers of ranks that it was fitted to.
    """

    alpha_s: tuple[float, float, float]
    beta_s: tuple[float, float, float]
    misfit: float
    ranks: tuple[int, ...]

    @property
    def is_poor(self) -> bool:
        """Whether the model does not describe the measured times."""
        return self.misfit > MOST_MISFIT

    def seconds(self, n_bytes: int, n_ranks: int) -> tuple[float, float, float]:
        """What the model says: with the fitted values, and with both low and both high ends of their intervals."""
        value, low, high = (
            float(ring_seconds(n_bytes, n_ranks, alpha, beta))
            for alpha, beta in zip(self.alpha_s, self.beta_s, strict=True)
        )
        return value, low, high


def ring_seconds(n_bytes: np.ndarray | int, n_ranks: np.ndarray | int, alpha_s: float, beta_s: float) -> np.ndarray:
    """Seconds of an all-reduce of `n_bytes` over `n_ranks`.

    >>> float(ring_seconds(1000, 4, 1e-3, 1e-6))
    0.0075
    """
    n, p = np.asarray(n_bytes), np.asarray(n_ranks)
    return np.asarray(2 * (p - 1) * alpha_s + 2 * (p - 1) / p * n * beta_s)


def fit_ring(points: Sequence[Point]) -> Fit:
    """Fit alpha and beta to measured times, an error of a share counting alike whatever the time.

    Both are fitted as logarithms, so that neither they nor their intervals get below 0. Intervals are those of
    Student's t from the curvature at the fit: they hold what scatters about the model, not what is wrong with it.

    Args:
        points: three or more, of two sizes or more.
    Raises:
        ValueError: fewer.
    """
    if len(points) < 3 or len({point.n_bytes for point in points}) < 2:
        raise ValueError(f"A fit needs three points of two sizes. Received: {len(points)} points")
    n_bytes, n_ranks, seconds = (
        np.array([getattr(point, name) for point in points], np.float64) for name in ("n_bytes", "n_ranks", "seconds")
    )

    def errors(logarithms: np.ndarray) -> np.ndarray:
        alpha_s, beta_s = np.exp(logarithms)
        return np.asarray(np.log(ring_seconds(n_bytes, n_ranks, alpha_s, beta_s) / seconds))

    first, last = np.argmin(n_bytes), np.argmax(n_bytes)
    per_message = seconds[first] / (2 * (n_ranks[first] - 1))
    per_byte = seconds[last] / ring_seconds(n_bytes[last], n_ranks[last], 0.0, 1.0)
    found = least_squares(errors, np.log([per_message, per_byte]))
    variance = 2 * found.cost / (len(points) - 2) * np.linalg.pinv(found.jac.T @ found.jac)
    half = student.ppf((1 + CONFIDENCE) / 2, len(points) - 2) * np.sqrt(np.diag(variance))
    alpha, beta = (tuple(np.exp([x, x - h, x + h]).tolist()) for x, h in zip(found.x, half, strict=True))
    return Fit(alpha, beta, float(np.sqrt(np.mean(found.fun**2))), tuple(sorted({point.n_ranks for point in points})))
