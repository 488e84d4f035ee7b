"""How well a score tells the controls of a plate apart: Z', SSMD, their robust forms and AUROC, with intervals."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from zoo_core.evaluation.draws import Draws
from zoo_core.evaluation.estimates import Estimate, Interval
from zoo_core.evaluation.screen.few_wells import perfect_interval, student_interval
from zoo_core.evaluation.screen.wells import NEGATIVE, POSITIVE, ScoreColumn

GATE = 0.5
"""Z' from which on an assay is usually taken as excellent.

Source:
    Zhang, Chung and Oldenburg 1999, A Simple Statistical Parameter for Use in Evaluation and Validation of High
    Throughput Screening Assays, table 1.
"""

MAD_TO_SD = 1.4826
"""What makes the median absolute deviation of a normal distribution its standard deviation: 1 / 0.6745."""

MIN_WELLS = 2
"""Of each role: one well has no spread."""

_ROUND_OFF = 8 * float(np.finfo(np.float64).eps)
"""Share of a mean below which another is the same: sums of the same numbers in another order differ by so much."""

METRICS = ("z_prime", "robust_z_prime", "ssmd", "robust_ssmd", "auroc")

Record = dict[str, Any]
"""Numbers as [value, low, high]; one that is undefined is None, its reason in `reasons`."""

_Scale = tuple[Callable[[Any], Any], Callable[[float], float]]


@dataclass(frozen=True)
class Moments:
    """Where scores lie and how far they spread, (...,) each."""

    location: np.ndarray
    spread: np.ndarray

    def widened(self, factor: float) -> Moments:
        """The same place, another spread."""
        return Moments(self.location, self.spread * factor)


def moments(score: np.ndarray) -> Moments:
    """Mean and sample standard deviation (n - 1) along the last axis; equal scores have a spread of exactly 0.

    Args:
        score: (..., well), at least two wells.
    """
    # Round-off of the mean would give equal scores a spread that is not 0.
    spread = np.where(np.ptp(score, axis=-1) == 0, 0.0, np.std(score, axis=-1, ddof=1))
    return Moments(np.mean(score, axis=-1), spread)


def robust_moments(score: np.ndarray) -> Moments:
    """Median, and 1.4826 times the median absolute deviation from it, along the last axis."""
    middle = np.median(score, axis=-1)
    return Moments(middle, MAD_TO_SD * np.median(np.abs(score - middle[..., None]), axis=-1))


def z_prime(negative: Moments, positive: Moments) -> np.ndarray:
    """1 - 3 (sd+ + sd-) / |mean+ - mean-|; NaN where the means are equal or nothing spreads.

    Source:
        Zhang, Chung and Oldenburg 1999, equation 4.

    >>> float(z_prime(moments(np.array([0.0, 1.0, 2.0])), moments(np.array([20.0, 21.0, 22.0]))))
    0.7
    """
    spread, apart = positive.spread + negative.spread, np.abs(positive.location - negative.location)
    round_off = _ROUND_OFF * np.maximum(np.abs(positive.location), np.abs(negative.location))
    return np.asarray(1 - 3 * _quotient(spread, apart, (spread > 0) & (apart > round_off)))


def ssmd(negative: Moments, positive: Moments) -> np.ndarray:
    """(mean+ - mean-) / sqrt(sd+^2 + sd-^2), the strictly standardized mean difference; NaN where nothing spreads.

    Source:
        Zhang 2007, A pair of new statistical parameters for quality control in RNA interference high-throughput
        screening assays, for two independent groups.

    >>> round(float(ssmd(moments(np.array([0.0, 1.0, 2.0])), moments(np.array([20.0, 21.0, 22.0])))), 4)
    14.1421
    """
    spread = np.hypot(positive.spread, negative.spread)
    return _quotient(positive.location - negative.location, spread, spread > 0)


def auroc(negative: np.ndarray, positive: np.ndarray) -> np.ndarray:
    """Share of pairs of a positive and a negative well that are in order, a tie counting half.

    Args:
        negative: (..., well) scores.
        positive: (..., well) scores.

    >>> float(auroc(np.array([0.1, 0.6]), np.array([0.6, 0.9])))
    0.875
    """
    from scipy.stats import rankdata

    n_negative, n_positive = negative.shape[-1], positive.shape[-1]
    ranks = rankdata(np.concatenate([negative, positive], axis=-1), axis=-1)[..., n_negative:].sum(axis=-1)
    return np.asarray((ranks - n_positive * (n_positive + 1) / 2) / (n_negative * n_positive))


# Z' by the logarithm of 1 - Z', a spread over a distance. SSMD may be 0 or less: asinh is the logarithm far out.
_Z_SCALE: _Scale = (lambda z: np.log(1 - z), lambda x: 1 - math.exp(x))
_SSMD_SCALE: _Scale = (np.arcsinh, math.sinh)
_SCALES = {"z_prime": _Z_SCALE, "robust_z_prime": _Z_SCALE, "ssmd": _SSMD_SCALE, "robust_ssmd": _SSMD_SCALE}


@dataclass(frozen=True)
class Separation:
    """How well one score tells controls apart.

    Attributes:
        estimates: by metric; None where it is undefined.
        reasons: by metric, why it or its interval is undefined.
        n_negative: wells.
        n_positive: wells.
    """

    estimates: Mapping[str, Estimate | None]
    reasons: Mapping[str, str]
    n_negative: int
    n_positive: int

    def as_record(self) -> Record:
        """`n_negative`, `n_positive`, each metric, `above_gate` (of Z') and, where anything is undefined, `reasons`."""
        z = self.estimates["z_prime"]
        record = {
            "n_negative": self.n_negative,
            "n_positive": self.n_positive,
            **{name: self._interval(name) for name in METRICS},
            "above_gate": None if z is None else z.value >= GATE,
        }
        return record | ({"reasons": dict(self.reasons)} if self.reasons else {})

    def minus(self, other: Separation) -> dict[str, Interval | None]:
        """Paired differences of two scores of the same wells, by metric."""
        return {name: self._difference(name, other) for name in METRICS}

    def _difference(self, name: str, other: Separation) -> Interval | None:
        one, another = self.estimates[name], other.estimates[name]
        if one is None or another is None:
            return None
        difference = one.minus(another)
        if len(difference.replicates) and np.ptp(difference.replicates) == 0:
            return [difference.value, None, None]  # both tell every control apart: no draw shows how they differ
        return difference.interval() if name == "auroc" else student_interval(difference, self._n_fewer() - 1)

    def _interval(self, name: str) -> Interval | None:
        one = self.estimates[name]
        if one is None:
            return None
        if name == "auroc":
            is_perfect = one.value in (0, 1) and name not in self.reasons and len(one.replicates)
            return perfect_interval(one.value, self._n_fewer()) if is_perfect else one.interval()
        forward, back = _SCALES[name]
        on_scale = Estimate(float(forward(one.value)), forward(one.replicates))
        ends = student_interval(on_scale, self._n_fewer() - 1)[1:]
        return [one.value, *(sorted(back(end) for end in ends if end is not None) or (None, None))]

    def _n_fewer(self) -> int:
        return min(self.n_negative, self.n_positive)


def separate(wells: pd.DataFrame, columns: Sequence[ScoreColumn], draws: Draws) -> dict[str, Separation]:
    """Judge each score by the controls.

    Args:
        wells: of `aggregate_wells`, of one plate or of several; each has every score.
        columns: scores; all see the same draws, so that their differences are paired.
        draws: of wells with replacement within their plate and role: the intervals are of other wells on these plates.
    Returns:
        By name of the score.
    """
    wells = wells.sort_values("meta.well_id").reset_index(drop=True)
    rng = draws.rng()
    places = [_draw_within(wells, role, draws.n_replicates, rng) for role in (NEGATIVE, POSITIVE)]
    roles = [(wells["meta.control_role"] == role).to_numpy(dtype=bool) for role in (NEGATIVE, POSITIVE)]
    scores = {one.name: wells[one.of_wells].to_numpy(dtype=np.float64) for one in columns}
    return {
        name: _separation((score[roles[0]], score[roles[1]]), (score[places[0]], score[places[1]]))
        for name, score in scores.items()
    }


def _draw_within(wells: pd.DataFrame, role: str, n_replicates: int, rng: np.random.Generator) -> np.ndarray:
    """(replicate, well), places in `wells` of the wells of a role, as many of each plate as it has."""
    places = np.flatnonzero(wells["meta.control_role"] == role)
    plates = wells["meta.plate"].to_numpy(dtype=object)[places]
    parts = [places[plates == plate] for plate in sorted(set(plates))]
    drawn = [part[rng.integers(len(part), size=(n_replicates, len(part)))] for part in parts]
    return np.concatenate([np.empty((n_replicates, 0), dtype=np.int64), *drawn], axis=1)


def _separation(controls: tuple[np.ndarray, np.ndarray], drawn: tuple[np.ndarray, np.ndarray]) -> Separation:
    """Of the scores (well,) of negative and positive controls, and (replicate, well) of each draw of them."""
    counts = len(controls[0]), len(controls[1])
    if reason := _why_undefined(*controls):
        return Separation(dict.fromkeys(METRICS), dict.fromkeys(METRICS, reason), *counts)
    if min(counts) < MIN_WELLS:
        role = "negative" if counts[0] < MIN_WELLS else "positive"
        reasons = dict.fromkeys(METRICS, f"{min(counts)} {role} control well, {MIN_WELLS} are needed for a spread")
        value = Estimate(float(auroc(*controls)), np.empty(0))
        return Separation(dict.fromkeys(METRICS) | {"auroc": value}, reasons, *counts)
    values = _numbers(*controls, widen=False)
    of_draws = _numbers(*drawn, widen=True)
    estimates: dict[str, Estimate | None] = {
        name: Estimate(float(value), of_draws[name]) if np.isfinite(value) else None for name, value in values.items()
    }
    whys = {name: _why(name, one, *controls) for name, one in estimates.items()}
    return Separation(estimates, {name: why for name, why in whys.items() if why}, *counts)


def _numbers(negative: np.ndarray, positive: np.ndarray, widen: bool) -> dict[str, np.ndarray]:
    """Each metric of scores (..., well).

    Draws with replacement are widened: of n wells, their variance is (n - 1) / n of that of the wells on average.
    """
    factors = [math.sqrt(len_ / (len_ - 1)) if widen else 1.0 for len_ in (negative.shape[-1], positive.shape[-1])]
    plain = [moments(one).widened(by) for one, by in zip((negative, positive), factors, strict=True)]
    robust = [robust_moments(one).widened(by) for one, by in zip((negative, positive), factors, strict=True)]
    return {
        "z_prime": z_prime(*plain),
        "robust_z_prime": z_prime(*robust),
        "ssmd": ssmd(*plain),
        "robust_ssmd": ssmd(*robust),
        "auroc": auroc(negative, positive),
    }


def _why_undefined(negative: np.ndarray, positive: np.ndarray) -> str | None:
    """Why the controls tell nothing at all."""
    if not len(negative) and not len(positive):
        return "no control well"
    for role, own in (("negative", negative), ("positive", positive)):
        if not len(own):
            return f"no {role} control well: one control alone cannot be told apart from anything"
    if np.ptp(np.concatenate([negative, positive])) == 0:
        return f"all {len(negative) + len(positive)} control wells have the same score"
    return None


def _why(name: str, one: Estimate | None, negative: np.ndarray, positive: np.ndarray) -> str | None:
    if one is not None:
        return one.why_no_interval()
    of_each = [(robust_moments if name.startswith("robust") else moments)(own) for own in (negative, positive)]
    if not any(own.spread for own in of_each):
        return "no spread among the wells of either control"
    return f"negative and positive controls have the same {'median' if name.startswith('robust') else 'mean'}"


def _quotient(part: np.ndarray, whole: np.ndarray, where: np.ndarray) -> np.ndarray:
    result: np.ndarray = np.divide(part, whole, out=np.full(np.shape(whole), np.nan), where=where)
    return result
