"""Metrics by what they judge: labels that are present or absent, sets of classes, and values; one way to ask for all.

Every family draws whole groups, and of one seed the same ones: differences are paired across families too.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from zoo_core.contract import Label
from zoo_core.evaluation.bootstrap import MIN_GROUPS
from zoo_core.evaluation.draws import Draws
from zoo_core.evaluation.estimates import Estimate, Estimates, estimate
from zoo_core.evaluation.group_sums import Sums, draw_sums, ratio, sums_of_groups
from zoo_core.evaluation.split_rows import SplitRows

RANKING = ("auroc", "auprc")
"""Of a label that is present or absent."""

CLASSIFICATION = ("macro_f1",)
"""Of the classes of a label, of which each example has one."""

REGRESSION = ("r2", "mae", "rmse")
"""Of a value. R2 is 1 at best, and 0 where predictions are no better than the mean."""

LEAST_EXAMPLES = 3
"""Of values, below which nothing is said of their spread."""


@dataclass(frozen=True)
class ClassSet:
    """The classes of a label, of which each example has one.

    Attributes:
        name: of the label.
        classes: names of the binary labels that stand for them.
    """

    name: str
    classes: tuple[str, ...]


Units = Mapping[str, tuple[str, ...]]
"""What a metric judges, a label or a set of classes, by name; and the labels whose predictions it is judged by."""

Found = dict[str, dict[str, Estimates]]
"""By label or set, and by predictor."""


def of_family(names: Iterable[str], family: Sequence[str]) -> tuple[str, ...]:
    """Those of some metrics that are of a family, in their order."""
    return tuple(name for name in names if name in family)


def judged_place(metric: str) -> tuple[str, tuple[str, ...]]:
    """Where `metrics.json` has what a metric judges, and the metrics of its family.

    >>> judged_place("macro_f1")
    ('classes', ('macro_f1',))
    """
    families = {"labels": RANKING, "classes": CLASSIFICATION, "values": REGRESSION}
    return next((place, family) for place, family in families.items() if metric in family)


def class_sets(labels: Iterable[Label]) -> tuple[ClassSet, ...]:
    """The sets of classes among labels, in their order.

    >>> class_sets([Label("blight", class_of="disease"), Label("healthy", class_of="disease"), Label("wet")])
    (ClassSet(name='disease', classes=('blight', 'healthy')),)
    """
    found: dict[str, list[str]] = {}
    for label in labels:
        if label.class_of is not None:
            found.setdefault(label.class_of, []).append(label.name)
    return tuple(ClassSet(name, tuple(classes)) for name, classes in found.items())


def units_of(labels: Iterable[Label], metric: str) -> dict[str, tuple[str, ...]]:
    """What a metric judges.

    >>> units_of([Label("a", class_of="kind"), Label("b", class_of="kind"), Label("size", "value")], "macro_f1")
    {'kind': ('a', 'b')}
    """
    if metric in CLASSIFICATION:
        return {one.name: one.classes for one in class_sets(labels)}
    kind = "value" if metric in REGRESSION else "binary"
    return {label.name: (label.name,) for label in labels if label.kind == kind}


def estimate_units(rows: SplitRows, units: Units, predictors: Mapping[str, str], metric: str, draws: Draws) -> Found:
    """One metric of what it judges. Arguments as of `rank_labels`."""
    if metric in CLASSIFICATION:
        sets = [ClassSet(name, classes) for name, classes in units.items()]
        return judge_classes(rows, sets, predictors, [metric], draws)
    judge = judge_values if metric in REGRESSION else rank_labels
    return judge(rows, list(units), predictors, [metric], draws)


def rank_labels(
    rows: SplitRows, labels: Sequence[str], predictors: Mapping[str, str], names: Sequence[str], draws: Draws
) -> Found:
    """Ranking metrics of binary labels.

    Args:
        rows: of one split.
        labels: their names.
        predictors: by name what a column of theirs begins with, such as "prediction"; one that has no column for a
            label is left out there.
        names: of metrics.
        draws: behind intervals.
    """
    scores = {
        (label, who): rows.scores(label, f"{prefix}.{label}")
        for label in labels
        for who, prefix in predictors.items()
        if f"{prefix}.{label}" in rows.rows
    }
    estimates = estimate(list(scores.values()), rows.n_groups, names, draws.n_replicates, draws.rng())
    return _gathered(labels, dict(zip(scores, estimates, strict=True)))


def judge_classes(
    rows: SplitRows, sets: Sequence[ClassSet], predictors: Mapping[str, str], names: Sequence[str], draws: Draws
) -> Found:
    """Metrics of sets of classes; a predictor says the class that it scores highest. Arguments as of `rank_labels`."""
    there = {
        (one.name, who): _confusion_of_groups(rows, one, prefix)
        for one in sets
        for who, prefix in predictors.items()
        if all(f"{prefix}.{name}" in rows.rows for name in one.classes)
    }
    sums = draw_sums(list(there.values()), draws.n_replicates, draws.rng())
    unvaried = {one.name: why_unvaried_classes(rows, one) for one in sets}
    estimates = {
        key: _estimates(own, {name: _CLASSIFICATION[name] for name in names}, varied=not unvaried[key[0]])
        for key, own in zip(there, sums, strict=True)
    }
    return _gathered([one.name for one in sets], estimates)


def judge_values(
    rows: SplitRows, labels: Sequence[str], predictors: Mapping[str, str], names: Sequence[str], draws: Draws
) -> Found:
    """Metrics of values. Arguments as of `rank_labels`."""
    there = {
        (label, who): _errors_of_groups(rows, label, f"{prefix}.{label}")
        for label in labels
        for who, prefix in predictors.items()
        if f"{prefix}.{label}" in rows.rows
    }
    sums = draw_sums(list(there.values()), draws.n_replicates, draws.rng())
    varied = {label: why_unvaried_values(rows, label) is None for label in labels}
    estimates = {
        key: _estimates(own, {name: _REGRESSION[name] for name in names}, varied[key[0]])
        for key, own in zip(there, sums, strict=True)
    }
    return _gathered(labels, estimates)


def confusion(rows: SplitRows, one: ClassSet, prefix: str) -> np.ndarray:
    """(true class, predicted class), int: examples.

    Args:
        rows: of one split.
        one: set of classes.
        prefix: what the columns of its scores begin with.
    """
    truth, predicted, _ = _classes_of(rows, one, prefix)
    table = np.zeros((len(one.classes), len(one.classes)), dtype=np.int64)
    np.add.at(table, (truth, predicted), 1)
    return table


def macro_f1(counts: np.ndarray) -> np.ndarray:
    """Mean over classes of F1, the harmonic mean of precision and recall; NaN where a class has no example.

    Args:
        counts: (..., true class, predicted class).

    >>> macro_f1(np.array([[2, 0], [1, 1]])).round(3).item()
    0.733
    """
    right = np.diagonal(counts, axis1=-2, axis2=-1)
    true, called = counts.sum(axis=-1), counts.sum(axis=-2)
    means: np.ndarray = ratio(2 * right, true + called).mean(axis=-1)
    return np.where((true > 0).all(axis=-1), means, np.nan)


def why_no_classes(rows: SplitRows, one: ClassSet) -> str | None:
    """Why metrics of a set are undefined, or None where they are defined."""
    truth, _, _ = _classes_of(rows, one, "truth")
    missing = [name for number, name in enumerate(one.classes) if number not in truth]
    if not len(truth):
        return "no example has its class known"
    return f"no example of class '{missing[0]}' among {len(truth)}" if missing else None


def why_unvaried_classes(rows: SplitRows, one: ClassSet) -> str | None:
    """Why draws of groups tell nothing of a set, or None where they do."""
    truth, _, group = _classes_of(rows, one, "truth")
    for number, name in enumerate(one.classes):
        n_groups = len(np.unique(group[truth == number]))
        if n_groups < MIN_GROUPS:
            return f"no interval: class '{name}' lies in {n_groups} group, {MIN_GROUPS} are needed"
    return None


def why_no_values(rows: SplitRows, label: str) -> str | None:
    """Why metrics of a value are undefined, or None where they are defined."""
    truth = rows.values(label, f"truth.{label}").truth
    if len(truth) < LEAST_EXAMPLES:
        return f"{len(truth)} examples have this value known, {LEAST_EXAMPLES} are needed"
    return "all values are the same" if np.ptp(truth) == 0 else None


def why_unvaried_values(rows: SplitRows, label: str) -> str | None:
    """Why draws of groups tell nothing of a value, or None where they do."""
    n_groups = len(np.unique(rows.values(label, f"truth.{label}").group))
    return (
        f"no interval: the values are of {n_groups} group, {MIN_GROUPS} are needed" if n_groups < MIN_GROUPS else None
    )


def _gathered(units: Sequence[str], estimates: Mapping[tuple[str, str], Estimates]) -> Found:
    return {unit: {who: own for (name, who), own in estimates.items() if name == unit} for unit in units}


def _estimates(
    sums: Sums, numbers: Mapping[str, Callable[[np.ndarray], np.ndarray]], varied: bool
) -> dict[str, Estimate | None]:
    drawn = sums.drawn if varied else np.full_like(sums.drawn, np.nan)
    return {name: Sums(sums.total, drawn).estimate(number) for name, number in numbers.items()}


def _classes_of(rows: SplitRows, one: ClassSet, prefix: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """True and predicted class, and the group, of the examples whose class is known."""
    table = rows.rows
    known = table[[f"truth.{name}" for name in one.classes]].notna().all(axis=1).to_numpy()
    columns = [[f"{kind}.{name}" for name in one.classes] for kind in ("truth", prefix)]
    truth, predicted = (table.loc[known, names].to_numpy(dtype=np.float64).argmax(axis=1) for names in columns)
    return truth, predicted, rows.group[known]


def _confusion_of_groups(rows: SplitRows, one: ClassSet, prefix: str) -> np.ndarray:
    """(group, true class x predicted class)."""
    truth, predicted, group = _classes_of(rows, one, prefix)
    cells = np.zeros((len(truth), len(one.classes) ** 2))
    cells[np.arange(len(truth)), truth * len(one.classes) + predicted] = 1
    return sums_of_groups(group, rows.n_groups, cells)


def _of_cells(sums: np.ndarray) -> np.ndarray:
    n_classes = int(np.sqrt(sums.shape[-1]))
    return macro_f1(sums.reshape(*sums.shape[:-1], n_classes, n_classes))


COUNT, TRUTH, TRUTH_SQUARED, ERROR, ERROR_SQUARED = range(5)
"""Quantities of an example; truth is taken from its mean, or the squares would lose what is wanted of them."""


def _errors_of_groups(rows: SplitRows, label: str, column: str) -> np.ndarray:
    """(group, quantity)."""
    found = rows.values(label, column)
    truth = found.truth - (found.truth.mean() if len(found.truth) else 0.0)
    error = np.abs(found.value - found.truth)
    quantities = np.stack([np.ones(len(truth)), truth, truth**2, error, error**2], axis=1)
    return sums_of_groups(found.group, rows.n_groups, quantities)


def _r2(sums: np.ndarray) -> np.ndarray:
    spread = sums[..., TRUTH_SQUARED] - ratio(sums[..., TRUTH] ** 2, sums[..., COUNT])
    return np.asarray(1 - ratio(sums[..., ERROR_SQUARED], spread))


def _mae(sums: np.ndarray) -> np.ndarray:
    return ratio(sums[..., ERROR], sums[..., COUNT])


def _rmse(sums: np.ndarray) -> np.ndarray:
    return np.asarray(np.sqrt(ratio(sums[..., ERROR_SQUARED], sums[..., COUNT])))


_CLASSIFICATION = {"macro_f1": _of_cells}
_REGRESSION = {"r2": _r2, "mae": _mae, "rmse": _rmse}
