"""A converted model against the one it was made from: the same examples, the same draws of groups, and a verdict."""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from zoo_core.evaluation.calibration import calibration_of_labels
from zoo_core.evaluation.decisions import judge_points
from zoo_core.evaluation.draws import SEED, Draws
from zoo_core.evaluation.estimates import Estimates, Interval, difference, mean_of
from zoo_core.evaluation.families import RANKING, Units, estimate_units, units_of
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
    why_unit_unjudged,
)
from zoo_core.evaluation.operating_points import Point, points_of
from zoo_core.evaluation.pairing import Pair, paired
from zoo_core.evaluation.predictions import Predictions

Comparison = dict[str, Any]
"""JSON has all its values; pairs are of the reference and of the converted model."""

WORST = -1.0
"""Margin of predictions that are no numbers: no metric can lose more."""

NO_DETAILS: Comparison = {"operating_points": {}, "calibration": None}
"""Of a label that has neither thresholds nor probabilities, or no numbers."""

DECISION_NUMBERS = ("sensitivity", "specificity")
CALIBRATION_NUMBERS = ("ece", "intercept", "slope")


DRAWS = Draws()
"""Unless told otherwise."""


@dataclass(frozen=True)
class _Compared:
    """A label, or a set of classes.

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
        reference: of float32, read as the model's folder says.
        converted: of the same examples, read likewise.
        split: that is compared on.
        limits: what may be lost.
        draws: of groups, behind each interval.
    Returns:
        `verdict` and `reasons`; `n`, `n_groups`, `limits`, `largest_change` of a prediction; `mean` over the labels
        that are judged, `n_labels`, with `reference`, `converted` and `difference` as [value, low, high]; `labels`, by
        name `verdict`, `reason`, `n`, `n_positive`, the three intervals, `largest_change`, `operating_points` (by rule
        `threshold`, `n_changed`: examples that are called otherwise, and pairs `sensitivity`, `specificity`) and
        `calibration` (`version`, and pairs `ece`, `intercept`, `slope`). Where the metric is of classes, `labels` are
        the labels that they are of. What is undefined is None, and so is what only labels that are present or absent
        have.
    Raises:
        DataError: the two do not hold the same examples, or float32's predictions are no numbers.
    """
    pair = paired(reference, converted, split)
    units = units_of(reference.origin.labels, limits.metric)
    compared = _compared(pair, units, limits, draws)
    judgements = {name: _judge_label(pair, compared, units, name, limits) for name in units}
    judged = [one for name, one in compared.items() if judgements[name].verdict != FEW]
    mean = _means(judged, limits)
    verdict, reasons = judge(judgements, judge_mean(mean["difference"], limits))
    details = _details(pair, reference, converted, split)
    labels = {
        name: {
            **dataclasses.asdict(judgements[name]),
            **_label(pair, units[name], compared.get(name), limits),
            **details.get(name, NO_DETAILS),
        }
        for name in units
    }
    return {
        "noun": reference.origin.noun,
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
    pair, units = paired(reference, converted, split), units_of(reference.origin.labels, limits.metric)
    if pair.broken:
        return WORST
    compared = _compared(pair, units, limits, draws)
    judged = [one for name, one in compared.items() if _judge_label(pair, compared, units, name, limits).verdict != FEW]
    mean = _means(judged or list(compared.values()), limits)["difference"]
    margins = [label_margin(found, limits) for one in judged if (found := one.difference[limits.metric])]
    return min([mean_margin(mean, limits) if mean else limits.mean, *margins])


def _compared(pair: Pair, units: Units, limits: Limits, draws: Draws) -> dict[str, _Compared]:
    """Both models' metric of each unit whose predictions are numbers, of the same draws."""
    whole = {name: labels for name, labels in units.items() if not pair.broken.keys() & set(labels)}
    both = {"reference": "prediction", "converted": "converted"}
    found = estimate_units(pair.rows, whole, both, limits.metric, draws)
    return {name: _of_unit(pair, whole, name, found[name], limits) for name in whole}


def _of_unit(pair: Pair, units: Units, name: str, found: Mapping[str, Estimates], limits: Limits) -> _Compared:
    why = why_unit_unjudged(pair.rows, name, units[name], limits.metric)
    return _Compared(why, found["reference"], found["converted"], difference(found["converted"], found["reference"]))


def _judge_label(pair: Pair, compared: Mapping[str, _Compared], units: Units, name: str, limits: Limits) -> Judgement:
    if n := sum(pair.broken.get(label, 0) for label in units[name]):
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


def _label(pair: Pair, labels: Sequence[str], compared: _Compared | None, limits: Limits) -> Comparison:
    truth = pair.rows.rows[f"truth.{labels[0]}"].dropna()
    changes = np.concatenate([pair.changes(label) for label in labels])
    whole = compared is not None and len(changes) > 0
    return {
        "n": len(truth),
        "n_positive": int(truth.sum()) if limits.metric in RANKING else None,
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
    names = [name for name in reference.origin.binary_labels if name in pair.labels]
    both = [_with_labels(one, names) for one in (reference, converted)]
    stored = points_of(reference)
    points = {name: stored[name] for name in names}
    judged = [judge_points(one, points, split, 0, SEED) for one in both]
    calibration = [calibration_of_labels(one, split, 0, SEED) for one in both]
    return {
        name: {
            "operating_points": _points(pair, name, *(one[name] for one in judged)),
            "calibration": _calibration(*(one[name] for one in calibration)),
        }
        for name in names
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
