"""What predictions are worth at a threshold, as decisions: sensitivity, specificity and predictive values."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from zoo_core.evaluation.bootstrap import Scores
from zoo_core.evaluation.estimates import Estimate, Interval
from zoo_core.evaluation.group_sums import Sums, draw_sums, ratio, sums_of_groups
from zoo_core.evaluation.operating_points import Point, Points
from zoo_core.evaluation.predictions import Predictions
from zoo_core.evaluation.split_rows import rows_of_split

FOUND, CALLED, POSITIVE, ALL = range(4)
"""Quantities of an example: positive and called so, called positive, positive, and there."""

Decisions = dict[str, Any]
"""A threshold with its numbers."""


def judge_points(
    predictions: Predictions, points: Points, split: str, n_replicates: int, seed: int
) -> dict[str, dict[str, Decisions]]:
    """What each threshold gives on a split.

    Args:
        predictions: of binary labels.
        points: thresholds by label and rule, of `points_of`.
        split: its name.
        n_replicates: draws behind each interval.
        seed: of the draws.
    Returns:
        By label and rule the point as it is, and where it has a threshold: `sensitivity`, `specificity`, `ppv` and
        `npv` (positive and negative predictive value), `prevalence` on this split, and `ppv_at_chosen_prevalence`:
        what the PPV would be, with this sensitivity and specificity, at the prevalence the threshold was chosen at;
        a `reason` where something is missing.
    """
    rows = rows_of_split(predictions, split)
    scores = {name: rows.scores(name, f"prediction.{name}") for name in points}
    chosen = [(name, rule) for name, rules in points.items() for rule, point in rules.items() if "threshold" in point]
    tables = [_counts(scores[name], points[name][rule]["threshold"], rows.n_groups) for name, rule in chosen]
    sums = dict(zip(chosen, draw_sums(tables, n_replicates, np.random.default_rng(seed)), strict=True))
    return {
        name: {rule: _judged(point, sums.get((name, rule))) for rule, point in rules.items()}
        for name, rules in points.items()
    }


def sensitivity(sums: np.ndarray) -> np.ndarray:
    """(..., quantity) to (...): share of the positives that are called so."""
    return ratio(sums[..., FOUND], sums[..., POSITIVE])


def specificity(sums: np.ndarray) -> np.ndarray:
    """(..., quantity) to (...): share of the negatives that are called so."""
    negative = sums[..., ALL] - sums[..., POSITIVE]
    return ratio(negative - (sums[..., CALLED] - sums[..., FOUND]), negative)


def positive_predictive_value(sums: np.ndarray) -> np.ndarray:
    """(..., quantity) to (...): share of those called positive that are."""
    return ratio(sums[..., FOUND], sums[..., CALLED])


def negative_predictive_value(sums: np.ndarray) -> np.ndarray:
    """(..., quantity) to (...): share of those called negative that are."""
    called = sums[..., ALL] - sums[..., CALLED]
    return ratio(called - (sums[..., POSITIVE] - sums[..., FOUND]), called)


def ppv_at(prevalence: float) -> Callable[[np.ndarray], np.ndarray]:
    """The positive predictive value that sensitivity and specificity give at another prevalence.

    Source:
        Bayes; Altman and Bland 1994, Diagnostic tests 2: predictive values.

    >>> float(ppv_at(0.5)(np.array([8.0, 10.0, 10.0, 110.0])).round(3)), 8 / 10
    (0.976, 0.8)
    """

    def value(sums: np.ndarray) -> np.ndarray:
        found = prevalence * sensitivity(sums)
        false = (1 - prevalence) * (1 - specificity(sums))
        return ratio(found, found + false)

    return value


NUMBERS: Mapping[str, Callable[[np.ndarray], np.ndarray]] = {
    "sensitivity": sensitivity,
    "specificity": specificity,
    "ppv": positive_predictive_value,
    "npv": negative_predictive_value,
}


UNDEFINED: Mapping[str, str] = {
    "sensitivity": "no positive with a prediction",
    "specificity": "no negative with a prediction",
    "ppv": "no prediction reaches the threshold",
    "npv": "every prediction reaches the threshold",
    "ppv_at_chosen_prevalence": "sensitivity or specificity is undefined, or no prediction reaches the threshold",
}
"""Why a number is a share of nothing."""


def _counts(scores: Scores, threshold: float, n_groups: int) -> np.ndarray:
    """(group, quantity): how many examples of a group are what."""
    called = scores.score >= threshold
    quantities = (called & (scores.truth == 1), called, scores.truth, np.ones(len(called)))
    return sums_of_groups(scores.group, n_groups, np.column_stack(quantities))


def _judged(point: Point, sums: Sums | None) -> Decisions:
    if sums is None:
        return dict(point)
    at_chosen = ppv_at(point["chosen_on"]["prevalence"])
    numbers = {**NUMBERS, "ppv_at_chosen_prevalence": at_chosen}
    estimates = {name: sums.estimate(number) for name, number in numbers.items()}
    n_positive, n = sums.total[POSITIVE], sums.total[ALL]
    judged: Decisions = {name: interval_of_share(one) for name, one in estimates.items()}
    judged["prevalence"] = float(n_positive / n) if n else None
    reasons = [UNDEFINED[name] for name, one in estimates.items() if one is None]
    reasons += [reason for name, one in estimates.items() if one and (reason := why_no_interval_of_share(name, one))]
    return {**point, **judged, **({"reason": reasons[0]} if reasons else {})}


def interval_of_share(share: Estimate | None) -> Interval | None:
    """No interval where no draw differs: of 3 in 3, one from 1 to 1 would feign certainty."""
    if share is None:
        return None
    return [share.value, None, None] if _never_varies(share) else share.interval()


def why_no_interval_of_share(name: str, share: Estimate) -> str | None:
    """Why the draws give no interval of what is called `name`, or None where they do."""
    if _never_varies(share):
        return f"no interval of {name}: it is {share.value:g} in every draw of groups"
    reason = share.why_no_interval()
    return f"{name}: {reason}" if reason else None


def _never_varies(share: Estimate) -> bool:
    defined = share.replicates[np.isfinite(share.replicates)]
    return len(defined) > 0 and bool(np.ptp(defined) == 0)
