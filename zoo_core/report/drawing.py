"""Curves as paths of an SVG picture: places alone, no colours and no text."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from zoo_core.report.evidence import Evidence, Node
from zoo_core.report.wording import metric_title, short, value

SIDE = 100.0
"""Length of an axis in the picture's units."""

MODEL, CALIBRATED = "model", "calibrated"
"""Predictors, as `curves.parquet` names them."""

NUMBER = "1"
"""The unit of what is counted, which nobody needs to be told."""

LEAST_REACH = 0.05
"""Of an axis of differences, and the step in which it grows."""

OF_THEIR_OWN = ("metadata", "oracle")
"""Kinds of baselines that have a class of the style sheet; the others, which tasks name, share these in their order."""

SHARED = ("other", "run-1", "run-2", "run-5", "run-6")

Point = tuple[float, float]


@dataclass(frozen=True)
class Line:
    """A line of a panel.

    Attributes:
        kind: what it shows, a class of the style sheet: "model", "calibrated", "oracle", "metadata", "diagonal".
        path: of an SVG `path`.
        dots: places of points that are marked.
    """

    kind: str
    path: str
    dots: tuple[Point, ...] = ()


@dataclass(frozen=True)
class Panel:
    """One small picture.

    Attributes:
        title: name of the finding.
        note: its number, or why there is none.
        lines: the last is drawn on top.
        ends: what stands at the origin and at the end of the x axis and of the y axis.
    """

    title: str
    note: str
    lines: tuple[Line, ...]
    ends: tuple[str, str, str, str] = ("0", "1", "0", "1")


@dataclass(frozen=True)
class Forest:
    """The metric of a row of the table on a line.

    Attributes:
        whisker: the interval's ends in the picture's units; None without one.
        dot: the value.
        baselines: kind and place of each baseline.
    """

    whisker: tuple[float, float] | None
    dot: float
    baselines: tuple[tuple[str, float], ...]


def line_classes(kinds: Iterable[str]) -> dict[str, str]:
    """Class of the style sheet of each kind of baseline: no two of one page look alike.

    >>> line_classes(["position", "oracle", "border"])
    {'position': 'other', 'oracle': 'oracle', 'border': 'run-1'}
    """
    kinds = list(kinds)
    others = [kind for kind in kinds if kind not in OF_THEIR_OWN]
    return {kind: kind if kind in OF_THEIR_OWN else SHARED[others.index(kind) % len(SHARED)] for kind in kinds}


def roc_panels(evidence: Evidence) -> list[Panel]:
    """One a finding: the model's curve over those of the baselines."""
    panels = []
    classes = line_classes(evidence.metrics[evidence.split]["mean"]["baselines"])
    for name, label, curves in _findings(evidence, "roc"):
        kinds = [kind for kind in curves["predictor"].unique() if kind != MODEL]
        drawn = [Line(classes.get(kind, kind), _path(_points(curves, kind))) for kind in [*kinds, MODEL] if len(curves)]
        panels.append(Panel(name, _note(label, "auroc", curves), (_diagonal(), *drawn)))
    return panels


def pr_panels(evidence: Evidence) -> list[Panel]:
    """One a finding, over a line at the prevalence: what a guess would reach."""
    panels = []
    for name, label, curves in _findings(evidence, "pr"):
        if curves.empty:
            panels.append(Panel(name, _note(label, "auprc", curves), ()))
            continue
        share = label["n_positive"] / label["n"]
        guess = Line("diagonal", _path([(0, share), (1, share)]))
        lines = (guess, Line(MODEL, _path(_points(curves, MODEL))))
        panels.append(Panel(name, _note(label, "auprc", curves), lines))
    return panels


def reliability_panels(evidence: Evidence) -> list[Panel]:
    """One a finding, both axes to the highest of its bins: scores of rare findings are all near 0."""
    panels = []
    for name, label, curves in _findings(evidence, "reliability"):
        bins = {kind: points for kind in (MODEL, CALIBRATED) if (points := _points(curves, kind))}
        top = max((c for points in bins.values() for point in points for c in point), default=1.0) or 1.0
        scaled = {kind: [(x / top, y / top) for x, y in points] for kind, points in bins.items()}
        end = f"{top:.2g}"
        lines = (_dotted(kind, points) for kind, points in scaled.items())
        note = f"{label['n_positive']:,} of {label['n']:,} positive"
        panels.append(Panel(name, note, (_diagonal(), *lines), ("0", end, "0", end)))
    return panels


def value_panels(evidence: Evidence) -> list[Panel]:
    """One a value: predicted against true, both axes from the lowest to the highest of either."""
    drawn = evidence.curves
    drawn = drawn[(drawn["split"] == evidence.split) & (drawn["curve"] == "values")]
    panels = []
    for name, one in evidence.metrics[evidence.split].get("values", {}).items():
        points = _points(drawn[drawn["label"] == name], MODEL)
        note = ", ".join([f"{one['n']:,} examples", *([one["unit"]] if one["unit"] not in (None, "", NUMBER) else [])])
        if not points:
            panels.append(Panel(name, str(one.get("reason", note)), ()))
            continue
        low, high = min(c for point in points for c in point), max(c for point in points for c in point)
        dots = tuple(_place((_share(x, low, high), _share(y, low, high))) for x, y in points)
        ends = (short(low), short(high))
        panels.append(Panel(name, note, (_diagonal(), Line("points", "", dots)), (*ends, *ends)))
    return panels


def training_panels(evidence: Evidence) -> list[Panel]:
    """Loss, and the primary metric on the validation split, by epoch."""
    epochs = evidence.epochs()
    titles = {"loss": "Training loss", "validation": "Validation, primary metric"}
    return [_by_epoch(title, [(e["epoch"], e[key]) for e in epochs]) for key, title in titles.items()]


def forests(result: Node, metric: str) -> tuple[float, dict[str, Forest]]:
    """Where the axis of the table begins, and each label's marks; labels without a value have none."""
    defined = {name: label for name, label in result["labels"].items() if label[metric]}
    ends = [end for label in defined.values() for end in label[metric] if end is not None]
    others = [one[metric][0] for label in defined.values() for one in label["baselines"].values() if one[metric]]
    start = float(np.floor(min([0.5, *ends, *others]) * 10) / 10)
    classes = line_classes(result["mean"]["baselines"])
    return start, {name: _forest(label, metric, start, classes) for name, label in defined.items()}


def forest_place(number: float, start: float) -> float:
    """Place of a number on an axis from `start` to 1."""
    return round(SIDE * (number - start) / (1 - start), 1)


@dataclass(frozen=True)
class Difference:
    """A difference on an axis with zero in the middle.

    Attributes:
        kind: of which run, a class of the style sheet.
        whisker: the interval's ends in the picture's units; None without one.
        dot: the difference; None where it is undefined.
    """

    kind: str
    whisker: tuple[float, float] | None
    dot: float | None


def difference_rows(
    rows: Sequence[Sequence[Sequence[Any] | None]], kinds: Sequence[str]
) -> tuple[float, list[list[Difference]]]:
    """How far the axis reaches to both sides of zero, and the marks of each row.

    Args:
        rows: of each finding the difference of each run, as [value, low, high].
        kinds: of the runs.
    """
    ends = [abs(end) for row in rows for one in row if one for end in one if end is not None]
    reach = float(np.ceil(max([*ends, LEAST_REACH]) / LEAST_REACH)) * LEAST_REACH
    return reach, [[_difference(kind, one, reach) for kind, one in zip(kinds, row, strict=True)] for row in rows]


def _difference(kind: str, one: Sequence[Any] | None, reach: float) -> Difference:
    if one is None:
        return Difference(kind, None, None)
    dot, low, high = (None if end is None else round(SIDE * (end + reach) / (2 * reach), 1) for end in one)
    return Difference(kind, None if low is None or high is None else (low, high), dot)


def interval_forest(interval: Sequence[Any], marks: Mapping[str, Sequence[Any] | None], start: float) -> Forest:
    """A number with its interval, and the marks that are defined, on an axis from `start` to 1."""
    number, low, high = interval
    whisker = None if low is None else (forest_place(low, start), forest_place(high, start))
    places = tuple((kind, forest_place(one[0], start)) for kind, one in marks.items() if one)
    return Forest(whisker, forest_place(number, start), places)


def _forest(label: Node, metric: str, start: float, classes: Mapping[str, str]) -> Forest:
    marks = {kind: one[metric] for kind, one in label["baselines"].items()}
    forest = interval_forest(label[metric], marks, start)
    return replace(forest, baselines=tuple((classes.get(kind, kind), place) for kind, place in forest.baselines))


def _findings(evidence: Evidence, curve: str) -> Iterable[tuple[str, Node, pd.DataFrame]]:
    drawn = evidence.curves
    drawn = drawn[(drawn["split"] == evidence.split) & (drawn["curve"] == curve)]
    for name, label in evidence.metrics[evidence.split]["labels"].items():
        yield name, label, drawn[drawn["label"] == name]


def _note(label: Node, metric: str, curves: pd.DataFrame) -> str:
    """The metric below a curve where the task reports it, else counts; or why there is no curve."""
    if curves.empty:
        return str(label["reason"])
    positives = f"{label['n_positive']:,} of {label['n']:,} positive"
    return f"{metric_title(metric)} {value(label[metric])}" if metric in label else positives


def _points(curves: pd.DataFrame, predictor: str) -> list[Point]:
    rows = curves[curves["predictor"] == predictor]
    return list(zip(rows["x"].tolist(), rows["y"].tolist(), strict=True))


def _by_epoch(title: str, values: Sequence[tuple[int, float | None]]) -> Panel:
    known = [(epoch, number) for epoch, number in values if number is not None]
    if not known:
        return Panel(title, "undefined in every epoch", (), ("", "", "", ""))
    numbers = [number for _, number in known]
    first, last = values[0][0], values[-1][0]
    low, high = min(numbers), max(numbers)
    scaled = [(_share(epoch, first, last), _share(number, low, high)) for epoch, number in known]
    note = f"{value([numbers[0]])} in the first epoch, {value([numbers[-1]])} in the last"
    ends = (f"epoch {first}", f"epoch {last}" if last > first else "", *_range(low, high))
    return Panel(title, note, (_dotted(MODEL, scaled),), ends)


def _range(low: float, high: float) -> tuple[str, str]:
    return (value([low]), value([high])) if high > low else ("", "")


def _share(number: float, low: float, high: float) -> float:
    return (number - low) / (high - low) if high > low else 0.5


def _dotted(kind: str, points: Sequence[Point]) -> Line:
    return Line(kind, _path(points), tuple(map(_place, points)))


def _diagonal() -> Line:
    return Line("diagonal", _path([(0, 0), (1, 1)]))


def _place(point: Point) -> Point:
    """Of a point whose coordinates are 0 to 1; an SVG picture's y points down."""
    return round(SIDE * point[0], 1), round(SIDE * (1 - point[1]), 1)


def _path(points: Sequence[Point]) -> str:
    return "M" + "L".join(f"{x:g},{y:g}" for x, y in map(_place, points)) if points else ""
