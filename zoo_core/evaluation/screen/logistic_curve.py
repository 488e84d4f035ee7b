"""The four-parameter logistic curve of a score against a concentration, and what the wells say of it.

Where the curve bends and how steeply are searched for; for each such pair its two plateaus are a straight line through
the wells. So no start is guessed, none is missed, and the best curve of a thousand shuffled plates costs one product.
"""

from dataclasses import dataclass

import numpy as np

from zoo_core.evaluation.estimates import LEVEL, Interval

SLOPES = (0.2, 20.0)
"""Hill slopes that are searched. Steeper ones are a step: no series of doses tells them apart."""

MARGIN = 1.0
"""Decades beyond the tested doses in which an EC50 is searched, and its interval."""

N_PARAMETERS = 4
N_PERMUTATIONS = 999
"""The smallest p is 0.001."""

_COARSE, _FINE = (0.05, 24), (0.01, 60)
"""Step of log10 EC50, and number of slopes: of the search, and of the intervals."""


@dataclass(frozen=True)
class Curve:
    """A four-parameter logistic curve.

    Attributes:
        at_zero: score without any dose.
        at_most: score at a saturating dose.
        log_ec50: log10 of the concentration half way.
        slope: Hill's, above 0 whether the curve rises or falls.
    """

    at_zero: float
    at_most: float
    log_ec50: float
    slope: float

    def at(self, concentration: np.ndarray) -> np.ndarray:
        """Score at concentrations from 0, of any shape.

        >>> Curve(1.0, 5.0, 0.0, 2.0).at(np.array([0.0, 1.0, 3.0])).round(6).tolist()
        [1.0, 3.0, 4.6]
        """
        share = _saturation(_log10(concentration), self.log_ec50, self.slope)
        return np.asarray(self.at_zero + (self.at_most - self.at_zero) * share)

    @property
    def hill(self) -> float:
        """The slope with its sign: negative where the curve falls."""
        return self.slope if self.at_most > self.at_zero else -self.slope


@dataclass(frozen=True)
class Fit:
    """The best curve through wells.

    Attributes:
        curve: itself.
        r2: share of the scores' variance that it explains.
        ec50: with its interval by profile likelihood; an end beyond the search is None.
        hill: likewise.
    """

    curve: Curve
    r2: float
    ec50: Interval
    hill: Interval


def effect_p(concentration: np.ndarray, score: np.ndarray, block: np.ndarray, rng: np.random.Generator) -> float:
    """How often wells whose scores are shuffled bear as good a curve: p of no effect.

    The bend of a flat line is nowhere, so that the F distribution does not hold here; shuffling needs none.

    Args:
        concentration: (well,), from 0.
        score: (well,), not all equal.
        block: (well,), int from 0: scores are shuffled within it, such as a plate.
        rng: of the shuffling.
    Source:
        Davison and Hinkley 1997, Bootstrap Methods and their Application, section 4.3: p of a permutation test.
    """
    order = np.argsort(block, kind="stable")
    curves = _unit_curves(_log10(concentration[order]), *_search_grid(concentration, _COARSE))
    score = _standardized(score[order])
    keys = block[order][:, None] + rng.random((len(score), N_PERMUTATIONS))
    shuffled = score[np.argsort(keys, axis=0)]
    best = float(((curves @ score) ** 2).max())
    of_shuffled = ((curves @ shuffled) ** 2).max(axis=0)
    # Round-off: a shuffle that leaves every score at its dose is as good, not better or worse.
    return float((1 + (of_shuffled >= best * (1 - 1e-9)).sum()) / (1 + N_PERMUTATIONS))


def fit_curve(concentration: np.ndarray, score: np.ndarray) -> Fit | None:
    """Fit by least squares.

    Args:
        concentration: (well,), from 0, at least five of them distinct.
        score: (well,), not all equal.
    Returns:
        None where the search does not converge.
    Source:
        Golub and Pereyra 1973, The Differentiation of Pseudo-Inverses and Nonlinear Least Squares Problems Whose
        Variables Separate, for the search. Bates and Watts 1988, Nonlinear Regression Analysis and Its Applications,
        section 6.1: the interval holds the values whose best fit leaves no more than 1 + t^2 / (n - 4) of the least
        sum of squares.
    """
    log_dose, centre, scale = _log10(concentration), float(np.mean(score)), float(np.std(score))
    standardized = _standardized(score)
    curve = _refined(log_dose, standardized, _best_of_grid(concentration, standardized))
    if curve is None:
        return None
    residual = float(((standardized - curve.at(concentration)) ** 2).sum())
    ec50, slope = _profile_intervals(concentration, standardized, residual)
    own = Curve(centre + scale * curve.at_zero, centre + scale * curve.at_most, curve.log_ec50, curve.slope)
    hill: Interval = [own.hill, *(slope if own.hill > 0 else _negated(slope))]
    return Fit(own, 1 - residual / len(score), [10**curve.log_ec50, *ec50], hill)


def _log10(concentration: np.ndarray) -> np.ndarray:
    """Minus infinity where there is no dose."""
    with np.errstate(divide="ignore"):
        return np.asarray(np.log10(concentration))


def _saturation(log_dose: np.ndarray, log_ec50: np.ndarray | float, slope: np.ndarray | float) -> np.ndarray:
    """Share of the effect, 0 to 1; 0 without a dose."""
    from scipy.special import expit

    return np.asarray(expit(np.log(10) * slope * (log_dose - log_ec50)))


def _standardized(score: np.ndarray) -> np.ndarray:
    return np.asarray((score - np.mean(score)) / np.std(score))


def _search_grid(concentration: np.ndarray, fineness: tuple[float, int]) -> tuple[np.ndarray, np.ndarray]:
    """Values of log10 EC50, and slopes."""
    step, n_slopes = fineness
    low, high = (float(np.log10(end(concentration[concentration > 0]))) for end in (np.min, np.max))
    n_steps = int(np.ceil((high - low + 2 * MARGIN) / step))
    return np.linspace(low - MARGIN, high + MARGIN, n_steps + 1), np.geomspace(*SLOPES, n_slopes)


def _unit_curves(log_dose: np.ndarray, log_ec50: np.ndarray, slopes: np.ndarray) -> np.ndarray:
    """(log_ec50 x slope, well), each with mean 0 and length 1: its product with scores is what it explains of them.

    A curve that is flat over the tested doses explains nothing, and is 0.
    """
    curves = _saturation(log_dose, log_ec50[:, None, None], slopes[:, None]).reshape(-1, len(log_dose))
    curves -= curves.mean(axis=1, keepdims=True)
    length = np.linalg.norm(curves, axis=1, keepdims=True)
    return np.asarray(np.divide(curves, length, out=np.zeros_like(curves), where=length > 1e-6))


def _best_of_grid(concentration: np.ndarray, score: np.ndarray) -> tuple[float, float]:
    log_ec50, slopes = _search_grid(concentration, _COARSE)
    explained = (_unit_curves(_log10(concentration), log_ec50, slopes) @ score) ** 2
    i, k = np.unravel_index(int(explained.argmax()), (len(log_ec50), len(slopes)))
    return float(log_ec50[i]), float(slopes[k])


def _refined(log_dose: np.ndarray, score: np.ndarray, start: tuple[float, float]) -> Curve | None:
    from scipy.optimize import least_squares

    share = _saturation(log_dose, *start)
    rise, at_zero = np.polyfit(share, score, 1)

    def residuals(p: np.ndarray) -> np.ndarray:
        return np.asarray(p[0] + p[1] * _saturation(log_dose, p[2], np.exp(p[3])) - score)

    low, high = np.log(SLOPES)
    # Inside the bounds by more than round-off, as the method asks.
    first = [at_zero, rise, start[0], float(np.clip(np.log(start[1]), low + 1e-6, high - 1e-6))]
    found = least_squares(residuals, first, bounds=([-np.inf, -np.inf, -np.inf, low], [np.inf, np.inf, np.inf, high]))
    at_zero, rise, log_ec50, log_slope = (float(one) for one in found.x)
    return Curve(at_zero, at_zero + rise, log_ec50, float(np.exp(log_slope))) if found.success else None


def _profile_intervals(concentration: np.ndarray, score: np.ndarray, residual: float) -> tuple[Interval, Interval]:
    """[low, high] of EC50 and of the slope; None where the search ends before the interval does."""
    from scipy.stats import t

    log_ec50, slopes = _search_grid(concentration, _FINE)
    explained = (_unit_curves(_log10(concentration), log_ec50, slopes) @ score) ** 2
    left = (len(score) - explained).reshape(len(log_ec50), len(slopes))
    df = len(score) - N_PARAMETERS
    # A curve through every well would leave nothing: then the interval is as wide as round-off and the grid.
    limit = max(residual, 1e-9) * (1 + float(t.ppf((1 + LEVEL) / 2, df)) ** 2 / df)
    ec50 = _ends(log_ec50, left.min(axis=1), limit)
    slope = _ends(np.log10(slopes), left.min(axis=0), limit)
    return [None if x is None else 10**x for x in ec50], [None if x is None else 10**x for x in slope]


def _ends(values: np.ndarray, left: np.ndarray, limit: float) -> Interval:
    """Where the least sum of squares crosses its limit; a grid too coarse to fall below it gives its nearest step."""
    within = np.flatnonzero(left <= limit)
    first, last = (int(one) for one in ((within[0], within[-1]) if len(within) else (left.argmin(), left.argmin())))
    low = None if first == 0 else _crossing(values, left, (first - 1, first), limit)
    high = None if last == len(values) - 1 else _crossing(values, left, (last + 1, last), limit)
    return [low, high]


def _crossing(values: np.ndarray, left: np.ndarray, places: tuple[int, int], limit: float) -> float:
    outer, inner = places
    share = (limit - left[inner]) / (left[outer] - left[inner]) if left[outer] > left[inner] else 1.0
    return float(values[inner] + np.clip(share, 0, 1) * (values[outer] - values[inner]))


def _negated(ends: Interval) -> Interval:
    low, high = ends
    return [None if high is None else -high, None if low is None else -low]
