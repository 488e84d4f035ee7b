"""Every number of `metrics.json`, from predictions alone."""

from collections.abc import Mapping, Sequence
from typing import Any

from zoo_core.evaluation.bootstrap import Scores
from zoo_core.evaluation.calibration import calibration_of_labels
from zoo_core.evaluation.decisions import judge_points
from zoo_core.evaluation.draws import N_REPLICATES, SEED, Draws
from zoo_core.evaluation.estimates import (
    Estimates,
    as_intervals,
    difference,
    mean_of,
    why_no_intervals,
)
from zoo_core.evaluation.families import (
    CLASSIFICATION,
    RANKING,
    REGRESSION,
    Found,
    class_sets,
    confusion,
    judge_classes,
    judge_values,
    of_family,
    rank_labels,
    why_no_classes,
    why_no_values,
    why_unvaried_classes,
    why_unvaried_values,
)
from zoo_core.evaluation.operating_points import Points, points_of
from zoo_core.evaluation.predictions import Predictions
from zoo_core.evaluation.ranking import why_undefined
from zoo_core.evaluation.second_truth import judged_by_second_truth
from zoo_core.evaluation.split_rows import SplitRows, rows_of_split

Metrics = dict[str, Any]
"""Nested values, each number as [value, low, high]; None where it is undefined."""

MODEL = "prediction"
"""Beside the kinds of baseline: the model's own scores, and what their columns begin with."""


def evaluate(predictions: Predictions, n_replicates: int = N_REPLICATES, seed: int = SEED) -> Metrics:
    """Metrics of each split, with 95 % intervals from draws of whole groups.

    Args:
        predictions: of labels of any kind.
        n_replicates: draws behind each interval; with 0 there is none, which is quick.
        seed: of the draws, the same for every split.
    Returns:
        Per split `labels` (and `noun`, what a reader calls one), `mean`, `n`, `n_failed` and `bootstrap` (how the
        intervals were made). Per label the reported metrics with `n` and `n_positive`; `baselines`, by kind: the same
        metrics of the baseline and, in `difference`, of the model minus the baseline, paired; `calibration` and
        `operating_points`; a `reason` where a value or an interval is missing. Of a task of classes also `classes`, by
        the label that they are of: the
        metrics, `n`, `names` and `confusion` (true class, predicted class); of a task of values `values`, by label: the
        metrics and `n`; both with `baselines`.
    """
    splits, points = list(dict.fromkeys(predictions.table["split"])), points_of(predictions)
    return {split: _of_split(predictions, points, split, n_replicates, seed) for split in splits}


def metric_at(metrics: Metrics, split: str, path: str) -> float | None:
    """The value at a dotted path of a split, such as "mean.auroc"; None where it is undefined.

    >>> metric_at({"test": {"mean": {"auroc": [0.8, 0.7, 0.9]}}}, "test", "mean.auroc")
    0.8
    """
    node: Any = metrics[split]
    for key in path.split("."):
        node = node[key]
    return None if node is None else float(node[0])


def _of_split(predictions: Predictions, points: Points, split: str, n_replicates: int, seed: int) -> Metrics:
    rows, draws = rows_of_split(predictions, split), Draws(n_replicates, seed)
    labels, found = _of_labels(predictions, points, split, draws)
    values, found_values = _of_values(predictions, rows, draws)
    classes, found_classes = _of_classes(predictions, rows, draws)
    names = predictions.origin.reported_metrics
    n_failed = int(((predictions.table["split"] == split) & (predictions.table["status"] == "failed")).sum())
    result = {
        "noun": predictions.origin.noun,
        "n": len(rows.rows),
        "n_failed": n_failed,
        "bootstrap": {"n_replicates": n_replicates, "seed": seed, "unit": "group_id", "n_groups": rows.n_groups},
        "labels": labels,
        **({"classes": classes} if classes else {}),
        **({"values": values} if values else {}),
        "mean": _of_mean([(found, RANKING), (found_classes, CLASSIFICATION), (found_values, REGRESSION)], names),
    }
    return {**result, **judged_by_second_truth(predictions, split, n_replicates, seed)}


def _predictors(predictions: Predictions) -> dict[str, str]:
    return {MODEL: MODEL} | {kind: f"baseline.{kind}" for kind in predictions.baselines()}


def _of_labels(predictions: Predictions, points: Points, split: str, draws: Draws) -> tuple[Metrics, Found]:
    rows, origin = rows_of_split(predictions, split), predictions.origin
    names = of_family(origin.reported_metrics, RANKING)
    if not names:
        return {}, {}
    found = rank_labels(rows, origin.binary_labels, _predictors(predictions), names, draws)
    calibration = calibration_of_labels(predictions, split, draws.n_replicates, draws.seed)
    decisions = judge_points(predictions, points, split, draws.n_replicates, draws.seed)
    labels = {
        label: _of_label(rows.scores(label, f"{MODEL}.{label}"), kinds)
        | {"calibration": calibration[label], "operating_points": decisions[label]}
        for label, kinds in found.items()
    }
    return labels, found


def _of_classes(predictions: Predictions, rows: SplitRows, draws: Draws) -> tuple[Metrics, Found]:
    """Of each set of classes how well they are told apart, and which is taken for which."""
    sets, names = class_sets(predictions.origin.labels), of_family(predictions.origin.reported_metrics, CLASSIFICATION)
    found = judge_classes(rows, sets, _predictors(predictions), names, draws)
    classes = {}
    for one in sets:
        table = confusion(rows, one, MODEL)
        reason = why_no_classes(rows, one) or (draws.n_replicates and why_unvaried_classes(rows, one)) or None
        counts = {"n": int(table.sum()), "names": list(one.classes), "confusion": table.tolist()}
        classes[one.name] = _with_baselines(found[one.name], counts, reason)
    return classes, found


def _of_values(predictions: Predictions, rows: SplitRows, draws: Draws) -> tuple[Metrics, Found]:
    names = of_family(predictions.origin.reported_metrics, REGRESSION)
    labels = {label.name: label for label in predictions.origin.labels if label.kind == "value"}
    found = judge_values(rows, list(labels), _predictors(predictions), names, draws)
    values = {}
    for name, label in labels.items():
        reason = why_no_values(rows, name) or (draws.n_replicates and why_unvaried_values(rows, name)) or None
        counts = {"n": len(rows.values(name, f"truth.{name}").truth), "unit": label.unit}
        values[name] = _with_baselines(found[name], counts, reason)
    return values, found


def _of_label(scores: Scores, estimates: Mapping[str, Estimates]) -> Metrics:
    reason = why_undefined(scores.truth)
    if reason is None and (no_interval := why_no_intervals(estimates[MODEL])):
        reason = scores.why_unvaried() or no_interval
    counts = {"n": len(scores.truth), "n_positive": int(scores.truth.sum())}
    return _with_baselines(estimates, counts, reason)


def _with_baselines(estimates: Mapping[str, Estimates], counts: Metrics, reason: str | None) -> Metrics:
    """A label's metrics beside those of each baseline."""
    model = estimates[MODEL]
    result: Metrics = as_intervals(model) | counts
    if reason := reason or why_no_intervals(model):
        result["reason"] = reason
    baselines = {kind: own for kind, own in estimates.items() if kind != MODEL}
    result["baselines"] = {
        kind: as_intervals(own) | {"difference": as_intervals(difference(model, own))}
        for kind, own in baselines.items()
    }
    return result


def _of_mean(families: Sequence[tuple[Found, Sequence[str]]], names: Sequence[str]) -> Metrics:
    """Means over what each family judges; `n_labels` and `reason` are of the family that the first metric is of."""
    parts = [_mean_of_family(list(found.values()), of_family(names, family)) for found, family in families if found]
    nothing = dict.fromkeys(names)
    result: Metrics = {"n_labels": 0, "baselines": {}, **nothing}
    for part in sorted(parts, key=lambda part: names[0] in part):  # the last to be merged stands
        baselines = {
            kind: {**nothing, **result["baselines"].get(kind, {}), **own}
            | {
                "difference": {
                    **nothing,
                    **result["baselines"].get(kind, {}).get("difference", {}),
                    **own["difference"],
                }
            }
            for kind, own in part["baselines"].items()
        }
        result |= part | {"baselines": result["baselines"] | baselines}
    return result


def _mean_of_family(labels: Sequence[Mapping[str, Estimates]], names: Sequence[str]) -> Metrics:
    result = _mean([label[MODEL] for label in labels], names)
    kinds = list(dict.fromkeys(kind for label in labels for kind in label if kind != MODEL))
    result["baselines"] = {}
    for kind in kinds:
        both = [label for label in labels if kind in label]
        differences = [difference(label[MODEL], label[kind]) for label in both]
        result["baselines"][kind] = _mean([label[kind] for label in both], names)
        result["baselines"][kind]["difference"] = _mean(differences, names)
    return result


def _mean(labels: Sequence[Estimates], names: Sequence[str]) -> Metrics:
    means = {name: mean_of(labels, name) for name in names}
    n_labels = max((sum(label[name] is not None for label in labels) for name in names), default=0)
    result: Metrics = as_intervals(means) | {"n_labels": n_labels}
    if reason := why_no_intervals(means):
        result["reason"] = reason
    return result
