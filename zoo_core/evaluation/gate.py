"""What a converted model may lose, and the verdict on what it did: passed, refused, or not enough evidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from zoo_core.contract import ConfigError, DataError, PrimaryMetric
from zoo_core.evaluation.estimates import Estimate
from zoo_core.evaluation.families import (
    CLASSIFICATION,
    RANKING,
    REGRESSION,
    ClassSet,
    confusion,
    why_unvaried_classes,
    why_unvaried_values,
)
from zoo_core.evaluation.ranking import why_undefined
from zoo_core.evaluation.split_rows import SplitRows

PASSED, REFUSED, FEW = "passed", "refused", "not enough evidence"
"""Verdicts."""

LEAST_POSITIVES = 30
"""And negatives, as an AUROC treats both classes alike: of fewer, one example shows in its second decimal."""

LABEL_LIMIT = 0.01
"""What a label may lose, unless told otherwise."""

MEAN = "mean."
"""A primary metric that begins so is a mean over the labels."""

METRICS = (*RANKING, *CLASSIFICATION, "r2")
"""That differences have draws of, and that are on a scale on which limits mean the same whatever the data."""


@dataclass(frozen=True)
class Limits:
    """What may be lost.

    Attributes:
        metric: of a label, such as "auroc".
        direction: `max` where more is better.
        mean: that the mean over the labels may be worse, at the worse end of its interval.
        label: that a label may be worse where its interval excludes 0.
    """

    metric: str
    direction: Literal["max", "min"] = "max"
    mean: float = 0.005
    label: float = LABEL_LIMIT

    def gain(self, difference: Estimate) -> Estimate:
        """A difference, converted minus reference, turned so that above 0 is better."""
        return Estimate(self._better * difference.value, self._better * difference.replicates)

    def allowed(self, loss: float) -> str:
        """A loss as a change of the metric, in words."""
        return f"{-self._better * loss:+g}"

    @property
    def _better(self) -> int:
        return 1 if self.direction == "max" else -1


@dataclass(frozen=True)
class Judgement:
    """The verdict on a label, or on the mean.

    Attributes:
        verdict: a word of the gate's.
        reason: what it rests on; None of a label that has passed.
    """

    verdict: str
    reason: str | None = None


def limits_of(primary: PrimaryMetric, mean: float | None = None, label: float = LABEL_LIMIT) -> Limits:
    """The limits of a task.

    Args:
        primary: of the task.
        mean: that the mean may lose; None for the task's tolerance.
        label: that a label may lose.
    Raises:
        ConfigError: the metric is no mean over the labels that has draws.

    >>> limits_of(PrimaryMetric("mean.auroc", tolerance=0.002))
    Limits(metric='auroc', direction='max', mean=0.002, label=0.01)
    """
    metric = primary.name.removeprefix(MEAN)
    if not primary.name.startswith(MEAN) or metric not in METRICS:
        offered = ", ".join(MEAN + name for name in METRICS)
        raise ConfigError(
            f"A conversion is judged by a task's primary metric, one of {offered}. Received: '{primary.name}': a model "
            "of this task cannot be converted"
        )
    return Limits(metric, primary.direction, primary.tolerance if mean is None else mean, label)


def why_unjudged(n: int, n_positive: int) -> str | None:
    """Why a label has not the examples that a verdict needs, or None where it has.

    >>> why_unjudged(500, 12)
    '12 positives, 30 are needed'
    """
    for count, name in ((n_positive, "positives"), (n - n_positive, "negatives")):
        if count < LEAST_POSITIVES:
            return f"{count} {name}, {LEAST_POSITIVES} are needed"
    return None


def why_unit_unjudged(rows: SplitRows, name: str, labels: Sequence[str], metric: str) -> str | None:
    """Why a label, or a set of classes, has not the examples that a verdict needs, or None where it has.

    Args:
        rows: of the split that is judged on.
        name: of the label or set.
        labels: whose predictions it is judged by.
        metric: that judges.
    """
    if metric in REGRESSION:
        n = len(rows.values(name, f"truth.{name}").truth)
        return f"{n} examples, {LEAST_POSITIVES} are needed" if n < LEAST_POSITIVES else why_unvaried_values(rows, name)
    if metric in CLASSIFICATION:
        one = ClassSet(name, tuple(labels))
        counts = confusion(rows, one, "truth").sum(axis=1)
        few = [f"{n} of {label}" for label, n in zip(labels, counts.tolist(), strict=True) if n < LEAST_POSITIVES]
        return f"{', '.join(few)}, {LEAST_POSITIVES} are needed" if few else why_unvaried_classes(rows, one)
    scores = rows.scores(name, f"prediction.{name}")
    return why_unjudged(len(scores.truth), int(scores.truth.sum())) or scores.why_unvaried()


def refuse_unjudgeable(truth: Mapping[str, np.ndarray], split: str, metric: str = "auroc") -> None:
    """See that a split tells anything of at least one label.

    Args:
        truth: by label that the metric judges, or by class of one, (example,), of those whose truth is known.
        split: they are of.
        metric: that judges.
    Raises:
        DataError: no label has both positives and negatives, or two values.
    """
    reasons = {label: reason for label, known in truth.items() if (reason := _why_untold(known, metric))}
    if len(reasons) == len(truth):
        said = "; ".join(f"{label}: {reason}" for label, reason in reasons.items())
        wanted = "values that differ" if metric in REGRESSION else "positives and negatives"
        raise DataError(
            f"A conversion needs a label with {wanted} in {split}. Received: {said}: take a run whose data have one"
        )


def _why_untold(known: np.ndarray, metric: str) -> str | None:
    if metric not in REGRESSION:
        return why_undefined(known)
    n_different = len(np.unique(known))
    return f"{len(known)} values, {n_different} different" if n_different < 2 else None


def judge_label(difference: Estimate, limits: Limits) -> Judgement:
    """The verdict on a label that has the examples for one.

    Args:
        difference: converted minus reference.
        limits: what may be lost.
    """
    if reason := _why_no_interval(difference):
        return Judgement(FEW, reason)
    words = f"{_metric(limits)} {_words(difference)}, where {limits.allowed(limits.label)} is allowed"
    return Judgement(REFUSED, words) if label_margin(difference, limits) < 0 else Judgement(PASSED)


def judge_mean(difference: Estimate | None, limits: Limits) -> Judgement:
    """The verdict on the mean over the labels that are judged.

    Args:
        difference: converted minus reference; None where no label is judged.
        limits: what may be lost.
    """
    if difference is None:
        return Judgement(FEW, f"no label has {_least(limits)} and an interval")
    if reason := _why_no_interval(difference):
        return Judgement(FEW, f"mean {_metric(limits)}: {reason}")
    allowed = f"where {limits.allowed(limits.mean)} is allowed at the worse end"
    words = f"mean {_metric(limits)} {_words(difference)}, {allowed}"
    return Judgement(REFUSED if mean_margin(difference, limits) < 0 else PASSED, words)


def judge(labels: Mapping[str, Judgement], mean: Judgement) -> tuple[str, list[str]]:
    """The verdict on a converted model, and its reasons.

    Args:
        labels: by name, those that are not judged too.
        mean: over those that are.
    """
    refused = [f"{name}: {one.reason}" for name, one in labels.items() if one.verdict == REFUSED]
    if mean.verdict == REFUSED or refused:
        return REFUSED, [str(mean.reason)] * (mean.verdict == REFUSED) + refused
    return mean.verdict, [str(mean.reason)]


def label_margin(difference: Estimate, limits: Limits) -> float:
    """How far a label is within its limit: below 0 where it lost more, and chance does not account for it."""
    value, _, better = limits.gain(difference).interval()
    return max(end for end in (float(value or 0) + limits.label, better) if end is not None)


def mean_margin(difference: Estimate, limits: Limits) -> float:
    """How far the worse end of the mean is within its limit; the mean itself where it has no interval."""
    value, worse, _ = limits.gain(difference).interval()
    return float(value or 0 if worse is None else worse) + limits.mean


def _why_no_interval(difference: Estimate) -> str | None:
    return difference.why_no_interval() if len(difference.replicates) else "no interval: nothing was drawn"


def _least(limits: Limits) -> str:
    """What a verdict on a label needs, in words."""
    if limits.metric in REGRESSION:
        return f"{LEAST_POSITIVES} examples"
    if limits.metric in CLASSIFICATION:
        return f"{LEAST_POSITIVES} examples of each class"
    return f"{LEAST_POSITIVES} positives, {LEAST_POSITIVES} negatives"


def _metric(limits: Limits) -> str:
    return limits.metric.upper()


def _words(difference: Estimate) -> str:
    value, low, high = difference.interval()
    return f"{value:+.4f} ({low:+.4f} to {high:+.4f})"
