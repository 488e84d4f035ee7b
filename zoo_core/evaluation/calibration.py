"""Whether predictions are probabilities: calibration error, and intercept and slope of their log odds."""

from typing import Any

import numpy as np
from scipy.special import ndtri

from zoo_core.evaluation.bootstrap import MIN_GROUPS, Scores
from zoo_core.evaluation.estimates import LEVEL, Estimate, Interval
from zoo_core.evaluation.group_sums import Sums, draw_sums, ratio, sums_of_groups
from zoo_core.evaluation.logistic import fit_line, fit_shift, why_no_line
from zoo_core.evaluation.platt import log_odds, why_no_probabilities
from zoo_core.evaluation.predictions import Predictions
from zoo_core.evaluation.ranking import why_undefined
from zoo_core.evaluation.split_rows import rows_of_split

VERSIONS = {"raw": "prediction", "calibrated": "calibrated"}
"""What is judged, and the columns it stands in."""

MOST_BINS = 10
LEAST_PER_BIN = 20

UNIT = 2.0**-32
"""Of a gap: sums of whole numbers are exact, whatever the order of the examples and the number of threads."""

STANDARD_ERRORS = float(ndtri((1 + LEVEL) / 2))
"""From a coefficient to the ends of its interval."""

Calibration = dict[str, Any]
"""`ece`, `ece_by_chance`, `intercept` and `slope` of one label in one version, with a `reason`."""


def calibration_of_labels(
    predictions: Predictions, split: str, n_replicates: int, seed: int
) -> dict[str, dict[str, Calibration]]:
    """Calibration of each label, by version: "raw", and "calibrated" where the predictions have it.

    Args:
        predictions: of binary labels.
        split: its name.
        n_replicates: draws behind the interval of the calibration error; with 0 nothing has an interval.
        seed: of the draws.
    Returns:
        By label and version: `ece`, expected calibration error over ten bins of equally many examples, and
        `ece_by_chance`, what noise alone gives on average where the predictions are true probabilities; `intercept`,
        log odds by which they are too low on the whole, 0 at best; `slope`, 1 at best, below it where they are too
        extreme; `reason` where something is missing.
    Source:
        Cox 1958, Two further applications of a model for binary regression; Van Calster et al. 2019, Calibration: the
        Achilles heel of predictive analytics; Naeini et al. 2015, Obtaining well calibrated probabilities using
        Bayesian binning, for the error.
    """
    rows = rows_of_split(predictions, split)
    scores = {
        (label, version): rows.scores(label, f"{column}.{label}")
        for label in predictions.origin.binary_labels
        for version, column in VERSIONS.items()
        if f"{column}.{label}" in rows.rows
    }
    tables = [_gaps_of_groups(one, rows.n_groups) for one in scores.values()]
    sums = draw_sums(tables, n_replicates, np.random.default_rng(seed))
    result: dict[str, dict[str, Calibration]] = {label: {} for label in predictions.origin.binary_labels}
    for ((label, version), one), own in zip(scores.items(), sums, strict=True):
        result[label][version] = _calibration(one, own)
    return result


def score_bins(score: np.ndarray) -> np.ndarray:
    """Put examples into bins of about equally many by score; equal scores are never cut apart.

    Args:
        score: (example,), float64, at least one.
    Returns:
        (example,), int, number of the bin, from 0 to at most 9; fewer bins where they would hold fewer than 20.
    """
    n_bins = int(np.clip(len(score) // LEAST_PER_BIN, 1, MOST_BINS))
    edges = np.unique(np.quantile(score, np.arange(1, n_bins) / n_bins))
    return np.searchsorted(edges, score, side="right")


def _gaps_of_groups(scores: Scores, n_groups: int) -> np.ndarray:
    """(group, bin + 1): truth less prediction in units, added up in each bin, and the number of examples."""
    quantities = np.zeros((len(scores.truth), MOST_BINS + 1))
    if len(scores.truth):
        score = scores.score.astype(np.float64)
        quantities[np.arange(len(score)), score_bins(score)] = np.round((scores.truth - score) / UNIT)
    quantities[:, -1] = 1
    return sums_of_groups(scores.group, n_groups, quantities)


def _calibration(scores: Scores, sums: Sums) -> Calibration:
    if reason := _why_unjudged(scores):
        return {"ece": None, "ece_by_chance": None, "intercept": None, "slope": None, "reason": reason}
    with_interval = len(sums.drawn) > 0
    error, error_reason = _error(scores, sums)
    weak, weak_reason = _intercept_and_slope(scores, with_interval)
    reasons = [reason for reason in (weak_reason, error_reason) if reason]
    return {**error, **weak, **({"reason": reasons[0]} if reasons else {})}


def _why_unjudged(scores: Scores) -> str | None:
    if not len(scores.truth):
        return why_undefined(scores.truth)
    return why_no_probabilities(scores.score)


def _error(scores: Scores, sums: Sums) -> tuple[Calibration, str | None]:
    """The calibration error with its interval, and why it has none."""
    error = Estimate(float(_expected_error(sums.total)), _expected_error(sums.drawn))
    without: Calibration = {"ece": [error.value, None, None], "ece_by_chance": None}
    if not len(sums.drawn):
        return without, None
    if (n_groups := len(np.unique(scores.group))) < MIN_GROUPS:
        return without, f"no interval: the examples are of {n_groups} group, {MIN_GROUPS} are needed"
    if reason := error.why_no_interval():
        return without, reason
    by_chance = _error_by_chance(sums)
    return {"ece": _error_interval(error, by_chance), "ece_by_chance": float(np.nanmean(by_chance))}, None


def _expected_error(sums: np.ndarray) -> np.ndarray:
    """(..., bin + 1) to (...): the mean gap between share of positives and mean prediction, over the examples."""
    return ratio(UNIT * np.abs(sums[..., :-1]).sum(axis=-1), sums[..., -1])


def _error_by_chance(sums: Sums) -> np.ndarray:
    """(replicate,): the error of draws from which the gaps that there are have been taken away."""
    centred = sums.drawn.copy()
    centred[:, :-1] -= sums.total[:-1]
    return _expected_error(centred)


def _error_interval(error: Estimate, by_chance: np.ndarray) -> Interval:
    """As far below the value as the draws reach above, and from 0 where noise alone may give as much.

    A draw adds its own noise to that of the sample, and a gap counts whichever sign it has: the draws lie too high, and
    so would a percentile interval, which never holds the 0 of true probabilities. In simulation this one holds the
    error in 88 to 97 of 100 samples, from true probabilities to an error of 0.1 (benchmarks/coverage.py).
    """
    high = float(np.nanquantile(error.replicates, (1 + LEVEL) / 2))
    low = 2 * error.value - high
    if error.value <= np.nanquantile(by_chance, LEVEL):
        low = 0.0
    return [error.value, min(max(low, 0.0), error.value), max(high, error.value)]


def _intercept_and_slope(scores: Scores, with_interval: bool) -> tuple[Calibration, str | None]:
    """Both with intervals from errors that know of groups, and why one is missing."""
    if reason := why_undefined(scores.truth):
        return {"intercept": None, "slope": None}, reason
    no_interval = scores.why_unvaried() if with_interval else None
    # Sorted, so that the order of the examples does not change the last digit.
    order = np.lexsort((scores.group, scores.truth, scores.score))
    odds, truth = log_odds(scores.score[order]), scores.truth[order]
    group = scores.group[order] if with_interval and not no_interval else None
    no_line = why_no_line(odds, truth)
    slope = None if no_line else _slope(odds, truth, group)
    return {"intercept": _intercept(odds, truth, group), "slope": slope}, no_line or no_interval


def _intercept(odds: np.ndarray, truth: np.ndarray, group: np.ndarray | None) -> Interval:
    fit = fit_shift(odds, truth)
    return _around(float(fit.coefficients[0]), None if group is None else float(fit.errors(group)[0]))


def _slope(odds: np.ndarray, truth: np.ndarray, group: np.ndarray | None) -> Interval:
    line = fit_line(odds, truth)
    return _around(line.slope, None if group is None else line.slope_error(group))


def _around(value: float, error: float | None) -> Interval:
    if error is None or not np.isfinite(error):
        return [value, None, None]
    return [value, value - STANDARD_ERRORS * error, value + STANDARD_ERRORS * error]
