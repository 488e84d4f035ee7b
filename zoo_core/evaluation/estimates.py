"""A number with its draws: differences and means of such numbers keep the draws, and so are paired."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from zoo_core.evaluation.bootstrap import Scores, replicate_metrics
from zoo_core.evaluation.ranking import ranking_metric

LEVEL = 0.95
"""Of every interval."""

MIN_DEFINED = 0.95
"""Share of the draws that must define a number; with fewer the interval would speak of the lucky draws alone."""

Interval = list[float | None]
"""[value, low, high]; low and high are None where there is no interval."""


@dataclass(frozen=True)
class Estimate:
    """A number, and what it was in each draw of groups.

    Attributes:
        value: of the examples as they are.
        replicates: (replicate,), NaN where a draw does not define it; of two estimates of one set of examples the same
            place is the same draw.
    """

    value: float
    replicates: np.ndarray

    def minus(self, other: Estimate) -> Estimate:
        """The paired difference."""
        return Estimate(self.value - other.value, self.replicates - other.replicates)

    def interval(self) -> Interval:
        """Value and 95 % percentile interval over the draws that define it.

        Source:
            Efron and Tibshirani 1993, An Introduction to the Bootstrap, chapter 13.
        """
        if not len(self.replicates) or self.why_no_interval():
            return [self.value, None, None]
        defined = self.replicates[np.isfinite(self.replicates)]
        low, high = np.quantile(defined, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
        return [self.value, float(low), float(high)]

    def why_no_interval(self) -> str | None:
        """Why the draws give no interval, or None where they do, or where there is no draw."""
        n_defined, n_replicates = int(np.isfinite(self.replicates).sum()), len(self.replicates)
        if n_defined >= MIN_DEFINED * n_replicates:
            return None
        return f"no interval: defined in {n_defined} of {n_replicates} draws of groups, {MIN_DEFINED:.0%} are needed"


Estimates = Mapping[str, Estimate | None]
"""By metric; None where the metric is undefined."""


def estimate(
    scores: Sequence[Scores], n_groups: int, names: Sequence[str], n_replicates: int, rng: np.random.Generator
) -> list[Estimates]:
    """Ranking metrics with their draws, of each of the scores; arguments as of `replicate_metrics`."""
    replicates = replicate_metrics(scores, n_groups, names, n_replicates, rng)
    return [
        {name: _estimate(name, one, drawn[k]) for k, name in enumerate(names)}
        for one, drawn in zip(scores, replicates, strict=True)
    ]


def difference(a: Estimates, b: Estimates) -> Estimates:
    """`a` minus `b` where both are defined."""
    pairs = ((name, one, b[name]) for name, one in a.items())
    return {name: one.minus(other) if one and other else None for name, one, other in pairs}


def mean_of(labels: Sequence[Estimates], name: str) -> Estimate | None:
    """Mean over the labels that are defined; a draw that does not define each of these does not define the mean."""
    defined = [one for label in labels if (one := label[name])]
    if not defined:
        return None
    draws = np.mean([one.replicates for one in defined], axis=0)
    return Estimate(float(np.mean([one.value for one in defined])), draws)


def as_intervals(estimates: Estimates) -> dict[str, Interval | None]:
    """What `metrics.json` holds of them."""
    return {name: one.interval() if one else None for name, one in estimates.items()}


def why_no_intervals(estimates: Estimates) -> str | None:
    """The first reason there is; metrics of one label are undefined in the same draws."""
    return next((reason for one in estimates.values() if one and (reason := one.why_no_interval())), None)


def _estimate(name: str, scores: Scores, replicates: np.ndarray) -> Estimate | None:
    value = ranking_metric(name, scores.truth, scores.score)
    return None if value is None else Estimate(value, replicates)
