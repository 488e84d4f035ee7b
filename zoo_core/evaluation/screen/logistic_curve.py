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

_STEP, _N_SLOPES = 0.05, 24
"""Of log10 EC50, and slopes, of the search."""

_NEAR = np.linspace(-5, 5, 31)
"""Standard errors from the best curve at which its neighbours are looked at: tight intervals end among them."""

_LEAST_ERROR = 1e-5
"""Of log10 EC50 and of the slope's logarithm: of wells without noise a standard error would be 0."""


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
    doses = _Doses.of(concentration[np.argsort(block, kind="stable")])
    curves = _unit_curves(doses, *_search_grid(doses))
    score, block = _standardized(score[np.argsort(block, kind="stable")]), np.sort(block)
    shuffled = score[np.argsort(block[:, None] + rng.random((len(score), N_PERMUTATIONS)), axis=0)]
    best = float(((curves @ doses.sums(score)) ** 2).max())
    of_shuffled = ((curves @ doses.sums(shuffled)) ** 2).max(axis=0)
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
    doses, centre, scale = _Doses.of(concentration), float(np.mean(score)), float(np.std(score))
    standardized = _standardized(score)
    found = _refined(_log10(concentration), standardized, _best_of_grid(doses, standardized))
    if found is None:
        return None
    curve, errors = found
    residual = float(((standardized - curve.at(concentration)) ** 2).sum())
    ec50, slope = _profile_intervals(doses, standardized, curve, errors)
    own = Curve(centre + scale * curve.at_zero, centre + scale * curve.at_most, curve.log_ec50, curve.slope)
    hill: Interval = [own.hill, *(slope if own.hill > 0 else _negated(slope))]
    return Fit(own, 1 - residual / len(score), [10**curve.log_ec50, *ec50], hill)


@dataclass(frozen=True)
class _Doses:
    """The distinct concentrations: what a curve explains of wells depends on the sums of their scores at each.

    Attributes:
        log_dose: (dose,), log10, minus infinity where there is none.
        n_wells: (dose,).
        of_well: (well,), place of the well's dose.
    """

    log_dose: np.ndarray
    n_wells: np.ndarray
    of_well: np.ndarray

    @classmethod
    def of(cls, concentration: np.ndarray) -> "_Doses":
        distinct, of_well, n_wells = np.unique(concentration, return_inverse=True, return_counts=True)
        return cls(_log10(distinct), n_wells, of_well)

    def sums(self, score: np.ndarray) -> np.ndarray:
        """(well, ...) scores added up to (dose, ...)."""
        return np.asarray((self.of_well == np.arange(len(self.log_dose))[:, None]).astype(np.float64) @ score)


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


def _search_grid(doses: _Doses) -> tuple[np.ndarray, np.ndarray]:
    """Values of log10 EC50, and slopes."""
    tested = doses.log_dose[np.isfinite(doses.log_dose)]
    low, high = float(tested[0]), float(tested[-1])
    n_steps = int(np.ceil((high - low + 2 * MARGIN) / _STEP))
    return np.linspace(low - MARGIN, high + MARGIN, n_steps + 1), np.geomspace(*SLOPES, _N_SLOPES)


def _unit_curves(doses: _Doses, log_ec50: np.ndarray, slopes: np.ndarray) -> np.ndarray:
    """(log_ec50 x slope, dose), over wells of mean 0 and length 1: by sums of scores what it explains of them.

    A curve that is flat over the tested doses explains nothing, and is 0.
    """
    curves = _saturation(doses.log_dose, log_ec50[:, None, None], slopes[:, None]).reshape(-1, len(doses.log_dose))
    curves -= (curves @ doses.n_wells / doses.n_wells.sum())[:, None]
    length = np.sqrt(curves**2 @ doses.n_wells)[:, None]
    return np.asarray(np.divide(curves, length, out=np.zeros_like(curves), where=length > 1e-6))


def _best_of_grid(doses: _Doses, score: np.ndarray) -> tuple[float, float]:
    log_ec50, slopes = _search_grid(doses)
    explained = (_unit_curves(doses, log_ec50, slopes) @ doses.sums(score)) ** 2
    i, k = np.unravel_index(int(explained.argmax()), (len(log_ec50), len(slopes)))
    return float(log_ec50[i]), float(slopes[k])


def _refined(
    log_dose: np.ndarray, score: np.ndarray, start: tuple[float, float]
) -> tuple[Curve, tuple[float, float]] | None:
    """The best curve near a start, with rough standard errors of its log10 EC50 and of its slope's logarithm."""
    from scipy.optimize import least_squares

    rise, at_zero = np.polyfit(_saturation(log_dose, *start), score, 1)

    def residuals(p: np.ndarray) -> np.ndarray:
        return np.asarray(p[0] + p[1] * _saturation(log_dose, p[2], np.exp(p[3])) - score)

    low, high = np.log(SLOPES)
    # Inside the bounds by more than round-off, as the method asks.
    first = [at_zero, rise, start[0], float(np.clip(np.log(start[1]), low + 1e-6, high - 1e-6))]
    found = least_squares(residuals, first, bounds=([-np.inf, -np.inf, -np.inf, low], [np.inf, np.inf, np.inf, high]))
    if not found.success:
        return None
    at_zero, rise, log_ec50, log_slope = (float(one) for one in found.x)
    variance = np.diag(np.linalg.pinv(found.jac.T @ found.jac)) * 2 * found.cost / (len(score) - N_PARAMETERS)
    errors = np.clip(np.sqrt(np.abs(variance[2:])), _LEAST_ERROR, 1.0)
    return Curve(at_zero, at_zero + rise, log_ec50, float(np.exp(log_slope))), (float(errors[0]), float(errors[1]))


def _profile_intervals(
    doses: _Doses, score: np.ndarray, best: Curve, errors: tuple[float, float]
) -> tuple[Interval, Interval]:
    """[low, high] of EC50 and of the slope; None where the search ends before the interval does."""
    from scipy.stats import t

    log_ec50, slopes = _search_grid(doses)
    log_ec50 = _with_near(log_ec50, best.log_ec50 + errors[0] * _NEAR)
    slopes = _with_near(slopes, best.slope * np.exp(errors[1] * _NEAR))
    explained = (_unit_curves(doses, log_ec50, slopes) @ doses.sums(score)) ** 2
    left = (len(score) - explained).reshape(len(log_ec50), len(slopes))
    df = len(score) - N_PARAMETERS
    least = float(left.min())
    # Wells without noise leave nothing: a limit of 0 would be missed by round-off.
    limit = least + max(least, 1e-12 * len(score)) * float(t.ppf((1 + LEVEL) / 2, df)) ** 2 / df
    above, limit = np.sqrt(left - least), np.sqrt(limit - least)
    ec50, slope = _ends(log_ec50, above.min(axis=1), limit), _ends(np.log10(slopes), above.min(axis=0), limit)
    return [None if x is None else 10**x for x in ec50], [None if x is None else 10**x for x in slope]


def _with_near(searched: np.ndarray, near: np.ndarray) -> np.ndarray:
    """What is searched, and what of the neighbours of the best lies within it."""
    return np.union1d(searched, near[(near > searched[0]) & (near < searched[-1])])


def _ends(values: np.ndarray, above: np.ndarray, limit: float) -> Interval:
    """Where the root of what is left beyond the least crosses its limit: a straight line to either side of the best."""
    within = np.flatnonzero(above <= limit)
    first, last = int(within[0]), int(within[-1])
    low = None if first == 0 else _crossing(values, above, (first - 1, first), limit)
    high = None if last == len(values) - 1 else _crossing(values, above, (last + 1, last), limit)
    return [low, high]


def _crossing(values: np.ndarray, above: np.ndarray, places: tuple[int, int], limit: float) -> float:
    outer, inner = places
    share = (limit - above[inner]) / (above[outer] - above[inner])
    return float(values[inner] + share * (values[outer] - values[inner]))


def _negated(ends: Interval) -> Interval:
    low, high = ends
    return [None if high is None else -high, None if low is None else -low]
