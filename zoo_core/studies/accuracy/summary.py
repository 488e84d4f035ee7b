"""What the seeds of each scheme say together, and what a reader must know before the numbers."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from zoo_core.evaluation.seeds import SeedMean, mean_over_seeds
from zoo_core.report.wording import Verdict
from zoo_core.studies.accuracy.plan import ALL, SHARDINGS, Effect
from zoo_core.studies.training.scheme import Scheme
from zoo_core.studies.training.scores import MEAN, Run, differences

Runs = Mapping[Scheme, Mapping[int, Run]]
"""Numbers by scheme and seed."""

WAYS = {"added": "Added in its turn", "alone": "Alone, in the talk's scheme"}
"""How a cause was looked at, in words."""


@dataclass(frozen=True)
class Point:
    """One scheme of a curve.

    Attributes:
        scheme: how it was trained.
        n_seeds: that it was trained with.
        value: the metric; None where it is undefined.
        difference: from one process, paired; None for one process, and where it is undefined.
        n_steps: of a training.
        seen: share of the training examples that an epoch sees, the mean over epochs and seeds.
        expected: the share that is expected of it.
        never_seen: share that no epoch saw, the mean over seeds.
    """

    scheme: Scheme
    n_seeds: int
    value: SeedMean | None
    difference: SeedMean | None
    n_steps: int
    seen: float
    expected: float
    never_seen: float


@dataclass(frozen=True)
class Measured:
    """What a cause was found to do.

    Attributes:
        effect: the cause, and what was compared.
        before: the metric without it.
        after: the metric with it.
        difference: after minus before, paired.
    """

    effect: Effect
    before: SeedMean | None
    after: SeedMean | None
    difference: SeedMean | None


def expected_share(scheme: Scheme) -> float:
    """Share of the examples that an epoch is expected to see.

    >>> round(expected_share(Scheme("vgg16", 8, "independent", "per-rank", "none")), 3)
    0.656
    """
    if scheme.sharding != "independent":
        return 1.0
    return float(1 - (1 - 1 / scheme.n_ranks) ** scheme.n_ranks)


def metric_of(runs: Mapping[int, Run], n_groups: int, label: str = MEAN) -> SeedMean | None:
    """A label's metric over the seeds; None where it is undefined."""
    defined = [one for run in runs.values() if (one := run[label])]
    return mean_over_seeds(defined, n_groups) if defined else None


def difference_of(
    runs: Mapping[int, Run], reference: Mapping[int, Run], n_groups: int, label: str = MEAN
) -> SeedMean | None:
    """A label's paired difference over the seeds that both have; None where it is undefined, or they share none."""
    paired = differences(runs, reference, label)
    return mean_over_seeds(paired, n_groups) if paired else None


def points(runs: Runs, kept: Mapping[Scheme, Sequence[Mapping[str, Any]]], n_groups: int, one: Scheme) -> list[Point]:
    """The points of the curves, by sharding and number of ranks.

    Args:
        runs: numbers of each scheme.
        kept: what is kept of each training of a scheme.
        n_groups: patients.
        one: the scheme of one process, which is the first point.
    """
    order = sorted(runs, key=lambda scheme: (scheme != one, SHARDINGS.index(scheme.sharding), scheme.n_ranks))
    return [_point(scheme, runs, kept[scheme], n_groups, one) for scheme in order]


def _point(scheme: Scheme, runs: Runs, kept: Sequence[Mapping[str, Any]], n_groups: int, one: Scheme) -> Point:
    own = runs[scheme]
    return Point(
        scheme,
        len(own),
        metric_of(own, n_groups),
        None if scheme == one else difference_of(own, runs.get(one, {}), n_groups),
        n_steps=int(kept[0]["n_steps"]),
        seen=float(np.mean([row["seen"] for row in kept])),
        expected=expected_share(scheme),
        never_seen=float(np.mean([row["never_seen"] for row in kept])),
    )


def measured_effects(found: Sequence[Effect], runs: Runs, n_groups: int) -> list[Measured]:
    """What each cause does.

    Args:
        found: causes whose schemes were trained.
        runs: numbers of each scheme.
        n_groups: patients.
    """
    return [
        Measured(
            effect,
            metric_of(runs[effect.without], n_groups),
            metric_of(runs[effect.scheme], n_groups),
            difference_of(runs[effect.scheme], runs[effect.without], n_groups),
        )
        for effect in found
    ]


def resolution(mean: SeedMean | None) -> str:
    """Whether a difference is told from zero, in words.

    >>> resolution(SeedMean(-0.02, -0.03, -0.01)), resolution(SeedMean(0.0, -0.01, 0.01)), resolution(None)
    ('lower', 'not resolved', 'undefined')
    """
    if mean is None:
        return "undefined"
    if mean.resolved is None:
        return "no interval"
    return ("higher" if mean.value > 0 else "lower") if mean.resolved else "not resolved"


def shown(mean: SeedMean | None, pattern: str = "{:.3f}") -> str:
    """A mean with its interval, in words.

    >>> shown(SeedMean(-0.021, -0.03, -0.012), "{:+.3f}")
    '-0.021 (-0.030 to -0.012)'
    """
    if mean is None:
        return "undefined"
    if mean.low is None or mean.high is None:
        return f"{pattern.format(mean.value)} (no interval)"
    return f"{pattern.format(mean.value)} ({pattern.format(mean.low)} to {pattern.format(mean.high)})"


def curve_verdicts(found: Sequence[Point]) -> Iterator[Verdict]:
    """For each sharding, what its largest number of ranks costs."""
    for sharding in SHARDINGS:
        own = [point for point in found if point.scheme.sharding == sharding and not point.scheme.is_one_process]
        if not own:
            continue
        last = own[-1]
        said = {
            "lower": "costs AUROC",
            "higher": "gains AUROC",
            "not resolved": "is not told from one process",
        }.get(resolution(last.difference), "has no interval")
        difference = shown(last.difference, "{:+.3f}")
        text = f"Against one process, 95 % interval over patients and {last.n_seeds} seeds: {difference}."
        lost = [str(p.scheme.n_ranks) for p in own if resolution(p.difference) == "lower"]
        text += f" Resolved as lower at {', '.join(lost)} ranks." if lost else ""
        yield Verdict("note", f"{sharding}, {last.scheme.n_ranks} ranks: {said}.", text)


def effect_verdicts(found: Sequence[Measured]) -> Iterator[Verdict]:
    """Which causes are told from zero, where they are added or else alone, and which are not."""
    causes = [one for one in found if one.effect.cause != ALL]
    told: dict[str, Measured] = {}
    for one in causes:
        if resolution(one.difference) in ("lower", "higher"):
            told.setdefault(one.effect.cause, one)
    for one in sorted(told.values(), key=lambda one: -abs(one.difference.value) if one.difference else 0.0):
        way = "costs" if resolution(one.difference) == "lower" else "gains"
        head = f"{one.effect.cause.capitalize()} {way} AUROC."
        yield Verdict("note", head, f"{WAYS[one.effect.way]}: {shown(one.difference, '{:+.3f}')}.")
    if rest := [cause for cause in dict.fromkeys(one.effect.cause for one in causes) if cause not in told]:
        text = (
            "Their intervals hold 0: more seeds or more test patients would narrow them. That is no proof of no effect."
        )
        yield Verdict("warning", f"Not resolved from zero: {', '.join(rest)}.", text)


def record_of(mean: SeedMean | None) -> dict[str, Any] | None:
    """As JSON has it."""
    return None if mean is None else asdict(mean)
