"""Thresholds that are chosen on one split and judged on every split."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from zoo_core.evaluation.predictions import Predictions
from zoo_core.evaluation.ranking import why_undefined
from zoo_core.evaluation.split_rows import SplitRows, rows_of_split

CHOSEN_ON = "validation"
"""The split whose rows choose: on those that are judged, the best threshold would be too good to be true."""

SENSITIVITY = Fraction(9, 10)

LEAST_OF_EACH_CLASS = 10
"""Positives, and negatives, below which no threshold is chosen: of fewer, nine in ten are all of them."""

Point = dict[str, Any]
"""A `threshold` with what it was `chosen_on`, or a `reason` why there is none."""

Points = Mapping[str, Mapping[str, Point]]
"""By label and rule."""


@dataclass(frozen=True)
class Thresholds:
    """Every threshold that tells examples apart; positive is what reaches it.

    Attributes:
        values: (threshold,), falling.
        n_found: (threshold,), int, positives that reach it.
        n_false: (threshold,), int, negatives that reach it.
    """

    values: np.ndarray
    n_found: np.ndarray
    n_false: np.ndarray


def every_threshold(truth: np.ndarray, score: np.ndarray) -> Thresholds:
    """Count what each distinct score finds.

    Args:
        truth: (example,), 0 or 1.
        score: (example,), at least one.
    """
    order = np.argsort(-score, kind="stable")
    falling, n_found = score[order], np.cumsum(truth[order])
    last = np.flatnonzero(np.append(np.diff(falling) != 0, True))
    return Thresholds(falling[last], n_found[last], last + 1 - n_found[last])


def youden(thresholds: Thresholds) -> int:
    """Place of the highest threshold at which sensitivity + specificity is highest.

    Source:
        Youden 1950, Index for rating diagnostic tests.

    >>> youden(every_threshold(np.array([1, 0, 1, 0]), np.array([0.9, 0.8, 0.7, 0.1])))
    0
    """
    n_positive, n_negative = thresholds.n_found[-1], thresholds.n_false[-1]
    # Times n_positive * n_negative, so that two thresholds that are equally good are seen to be.
    return int(np.argmax(thresholds.n_found * n_negative - thresholds.n_false * n_positive))


def sensitivity_90(thresholds: Thresholds) -> int:
    """Place of the highest threshold that nine positives in ten reach.

    >>> sensitivity_90(every_threshold(np.array([1, 0, 1, 0]), np.array([0.9, 0.8, 0.7, 0.1])))
    2
    """
    enough = thresholds.n_found * SENSITIVITY.denominator >= thresholds.n_found[-1] * SENSITIVITY.numerator
    return int(np.argmax(enough))


RULES: Mapping[str, Callable[[Thresholds], int]] = {"youden": youden, "sensitivity_90": sensitivity_90}


def points_of(predictions: Predictions) -> Points:
    """The thresholds that predictions are judged at: those they bring along, or else chosen on their validation rows.

    Args:
        predictions: of binary labels.
    Returns:
        By label and rule: `threshold`; `calibrated_threshold`, the same among calibrated predictions, None where there
        are none; `chosen_on`: `split`, `n`, `n_positive`, `prevalence`, and there `sensitivity`, `specificity` and
        `ppv`. Where none could be chosen, `reason` alone.
    """
    if predictions.origin.operating_points is not None:
        return predictions.origin.operating_points
    rows = rows_of_split(predictions, CHOSEN_ON)
    return {label: _points_of_label(rows, label) for label in predictions.origin.binary_labels}


def _points_of_label(rows: SplitRows, label: str) -> dict[str, Point]:
    scores = rows.scores(label, f"prediction.{label}")
    if reason := _why_not_chosen(scores.truth):
        return {rule: {"reason": reason} for rule in RULES}
    thresholds = every_threshold(scores.truth, scores.score)
    return {rule: _point(rows, label, thresholds, choose(thresholds)) for rule, choose in RULES.items()}


def _why_not_chosen(truth: np.ndarray) -> str | None:
    n, n_positive = len(truth), int(truth.sum())
    if not n:
        return f"{why_undefined(truth)} in {CHOSEN_ON}, where thresholds are chosen"
    for count, name in ((n_positive, "positives"), (n - n_positive, "negatives")):
        if count < LEAST_OF_EACH_CLASS:
            return f"{count} {name} in {CHOSEN_ON}, where thresholds are chosen: {LEAST_OF_EACH_CLASS} are needed"
    return None


def _point(rows: SplitRows, label: str, thresholds: Thresholds, place: int) -> Point:
    n_found, n_false = int(thresholds.n_found[place]), int(thresholds.n_false[place])
    n_positive, n_negative = int(thresholds.n_found[-1]), int(thresholds.n_false[-1])
    threshold = float(thresholds.values[place])
    return {
        "threshold": threshold,
        "calibrated_threshold": _calibrated(rows, label, threshold),
        "chosen_on": {
            "split": CHOSEN_ON,
            "n": n_positive + n_negative,
            "n_positive": n_positive,
            "prevalence": n_positive / (n_positive + n_negative),
            "sensitivity": n_found / n_positive,
            "specificity": 1 - n_false / n_negative,
            "ppv": n_found / (n_found + n_false),
        },
    }


def _calibrated(rows: SplitRows, label: str, threshold: float) -> float | None:
    """What calibration made of the example that the threshold is the prediction of."""
    if f"calibrated.{label}" not in rows.rows:
        return None
    raw = rows.scores(label, f"prediction.{label}").score
    return float(rows.scores(label, f"calibrated.{label}").score[raw == threshold][0])
