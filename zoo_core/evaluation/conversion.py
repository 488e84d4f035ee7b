"""A converted model against the one it was made from: the same examples, the same draws of groups, and a verdict."""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from zoo_core.evaluation.bootstrap import Scores
from zoo_core.evaluation.calibration import calibration_of_labels
from zoo_core.evaluation.decisions import judge_points
from zoo_core.evaluation.estimates import Estimates, Interval, difference, estimate, mean_of
from zoo_core.evaluation.gate import (
    FEW,
    REFUSED,
    Judgement,
    Limits,
    judge,
    judge_label,
    judge_mean,
    label_margin,
    mean_margin,
    why_unjudged,
)
from zoo_core.evaluation.metrics import N_REPLICATES, SEED
from zoo_core.evaluation.operating_points import Point, points_of
from zoo_core.evaluation.pairing import Pair, paired
from zoo_core.evaluation.predictions import Predictions

Comparison = dict[str, Any]
"""JSON has all its values; pairs are of the reference and of the converted model."""

WORST = -1.0
"""Margin of predictions that are no numbers: no metric can lose more."""

DECISION_NUMBERS = ("sensitivity", "specificity")
CALIBRATION_NUMBERS = ("ece", "intercept", "slope")


@dataclass(frozen=True)
class Draws:
    """Draws of groups.

    Attributes:
        n_replicates: how many.
        seed: of them.
    """

    n_replicates: int = N_REPLICATES
    seed: int = SEED


DRAWS = Draws()
"""Unless told otherwise."""


@dataclass(frozen=True)
class _Compared:
    """A label.

    Attributes:
        why_unjudged: None where it has the examples for a verdict.
        reference: its metric; None where it is undefined.
        converted: likewise.
        difference: converted minus reference.
    """

    why_unjudged: str | None
    reference: Estimates
    converted: Estimates
    difference: Estimates


def compare_conversion(
    reference: Predictions, converted: Predictions, split: str, limits: Limits, draws: Draws = DRAWS
) -> Comparison:
    """Hold a converted model against its limits.

    Args:
        reference: of float32, for binary labels, read as the model's folder says.
        converted: of the same examples, read likewise.
        split: that is compared on.
        limits: what may be lost.
        draws: of groups, behind each interval.
    Returns:
        `verdict` and `reasons`; `n`, `n_groups`, `limits`, `largest_change` of a probability; `mean` over the labels
        that are judged, `n_labels`, with `reference`, `converted` and `difference` as [value, low, high]; `labels`, by
        name `verdict`, `reason`, `n`, `n_positive`, the three intervals, `largest_change`, `operating_points` (by rule
        `threshold`, `n_changed`: examples that are called otherwise, and pairs `sensitivity`, `specificity`) and
        `calibration` (`version`, and pairs `ece`, `intercept`, `slope`). What is undefined is None.
    Raises:
        DataError: the two do not hold the same examples, or float32's predictions are no numbers.
    """
    pair = paired(reference, converted, split)
    compared, names = _compared(pair, limits, draws), [label.name for label in reference.origin.labels]
    judgements = {name: _judge_label(pair, compared, name, limits) for name in names}
    judged = [one for name, one in compared.items() if judgements[name].verdict != FEW]
    mean = _means(judged, limits)
    verdict, reasons = judge(judgements, judge_mean(mean["difference"], limits))
    details = _details(pair, reference, converted, split)
    labels = {
        name: _label(pair, name, judgements[name], compared.get(name), limits) | details[name] for name in judgements
    }
    return {
        "verdict": verdict,
        "reasons": reasons,
        "n": len(pair.rows.rows),
        "n_groups": pair.rows.n_groups,
        "limits": dataclasses.asdict(limits),
        "mean": {key: one and one.interval() for key, one in mean.items()} | {"n_labels": len(judged)},
        "labels": labels,
        "largest_change": _largest([one["largest_change"] for one in labels.values()]),
    }


def worst_margin(
    reference: Predictions, converted: Predictions, split: str, limits: Limits, draws: Draws = DRAWS
) -> float:
    """How far a converted model is within its limits, at the limit that it is nearest to.

    Arguments as of `compare_conversion`, which refuses with the same draws where this is below 0. Where no label can be
    judged, the mean over all that are defined counts.

    Returns:
        0 at a limit, below 0 beyond it; of the reference itself the width of the narrower limit.
    Raises:
        DataError: as `compare_conversion`.
    """
    pair = paired(reference, converted, split)
    if pair.broken:
        return WORST
    compared = _compared(pair, limits, draws)
    judged = [one for name, one in compared.items() if _judge_label(pair, compared, name, limits).verdict != FEW]
    mean = _means(judged or list(compared.values()), limits)["difference"]
    margins = [label_margin(found, limits) for one in judged if (found := one.difference[limits.metric])]
    return min([mean_margin(mean, limits) if mean else limits.mean, *margins])


def _compared(pair: Pair, limits: Limits, draws: Draws) -> dict[str, _Compared]:
    """Both models' metric of each label, of the same draws."""
    scores = {name: pair.scores(name) for name in pair.labels}
    flat = [one for both in scores.values() for one in both]
    rng = np.random.default_rng(draws.seed)
    found = iter(estimate(flat, pair.rows.n_groups, [limits.metric], draws.n_replicates, rng))
    return {name: _of_label(both[0], next(found), next(found)) for name, both in scores.items()}


def _of_label(scores: Scores, reference: Estimates, converted: Estimates) -> _Compared:
    why = why_unjudged(len(scores.truth), int(scores.truth.sum())) or scores.why_unvaried()
    return _Compared(why, reference, converted, difference(converted, reference))


def _judge_label(pair: Pair, compared: Mapping[str, _Compared], name: str, limits: Limits) -> Judgement:
    if n := pair.broken.get(name):
        return Judgement(REFUSED, f"{n} of {len(pair.rows.rows)} predictions are no numbers")
    one = compared[name]
    found = one.difference[limits.metric]
    if one.why_unjudged or found is None:
        return Judgement(FEW, one.why_unjudged)
    return judge_label(found, limits)


def _means(labels: Sequence[_Compared], limits: Limits) -> dict[str, Any]:
    """Estimates of the mean over labels; None where there is none."""
    return {
        key: mean_of([getattr(one, key) for one in labels], limits.metric)
        for key in ("reference", "converted", "difference")
    }


def _label(pair: Pair, name: str, judgement: Judgement, compared: _Compared | None, limits: Limits) -> Comparison:
    truth = pair.scores(name)[0].truth
    changes = pair.changes(name)
    whole = compared is not None and len(changes) > 0
    return {
        **dataclasses.asdict(judgement),
        "n": len(truth),
        "n_positive": int(truth.sum()),
        **{key: _interval(compared, key, limits) for key in ("reference", "converted", "difference")},
        "largest_change": float(changes.max()) if whole else None,
    }


def _interval(compared: _Compared | None, key: str, limits: Limits) -> Interval | None:
    found = None if compared is None else getattr(compared, key)[limits.metric]
    return found.interval() if found else None


def _largest(changes: Sequence[float | None]) -> float | None:
    """None where one is not known: it may be the largest."""
    return max(changes) if changes and None not in changes else None  # type: ignore[type-var]


def _details(pair: Pair, reference: Predictions, converted: Predictions, split: str) -> dict[str, Comparison]:
    """What becomes of decisions and of calibration; of labels without numbers nothing."""
    both = [_with_labels(one, pair.labels) for one in (reference, converted)]
    points = {name: points_of(reference)[name] for name in pair.labels}
    judged = [judge_points(one, points, split, 0, SEED) for one in both]
    calibration = [calibration_of_labels(one, split, 0, SEED) for one in both]
    nothing: dict[str, Comparison] = {name: {"operating_points": {}, "calibration": None} for name in pair.broken}
    return nothing | {
        name: {
            "operating_points": _points(pair, name, *(one[name] for one in judged)),
            "calibration": _calibration(*(one[name] for one in calibration)),
        }
        for name in pair.labels
    }


def _with_labels(predictions: Predictions, names: Sequence[str]) -> Predictions:
    labels = tuple(label for label in predictions.origin.labels if label.name in names)
    return dataclasses.replace(predictions, origin=dataclasses.replace(predictions.origin, labels=labels))


def _points(pair: Pair, name: str, reference: Mapping[str, Point], converted: Mapping[str, Point]) -> Comparison:
    return {
        rule: {
            "threshold": point["threshold"],
            **_pairs(reference[rule], converted[rule], DECISION_NUMBERS),
            "n_changed": pair.n_called_otherwise(name, point["threshold"]),
        }
        for rule, point in reference.items()
        if "threshold" in point
    }


def _calibration(reference: Mapping[str, Any], converted: Mapping[str, Any]) -> Comparison:
    version = "calibrated" if "calibrated" in reference else "raw"
    return {"version": version, **_pairs(reference[version], converted[version], CALIBRATION_NUMBERS)}


def _pairs(reference: Mapping[str, Any], converted: Mapping[str, Any], names: Sequence[str]) -> Comparison:
    """Values without intervals, None where undefined."""
    return {name: [interval and interval[0] for interval in (reference[name], converted[name])] for name in names}
