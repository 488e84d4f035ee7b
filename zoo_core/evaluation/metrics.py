"""Every number of `metrics.json`, from predictions alone."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from zoo_core.evaluation.bootstrap import Scores
from zoo_core.evaluation.calibration import calibration_of_labels
from zoo_core.evaluation.decisions import judge_points
from zoo_core.evaluation.estimates import (
    Estimates,
    as_intervals,
    difference,
    estimate,
    mean_of,
    why_no_intervals,
)
from zoo_core.evaluation.operating_points import Points, points_of
from zoo_core.evaluation.predictions import Predictions
from zoo_core.evaluation.ranking import why_undefined
from zoo_core.evaluation.second_truth import judged_by_second_truth
from zoo_core.evaluation.split_rows import SplitRows, rows_of_split

Metrics = dict[str, Any]
"""Nested values, each number as [value, low, high]; None where it is undefined."""

N_REPLICATES = 1000
"""Draws behind each interval, unless told otherwise."""

SEED = 0
"""Of the draws, unless told otherwise."""

MODEL = "prediction"
"""Beside the kinds of baseline: the model's own scores."""


def evaluate(predictions: Predictions, n_replicates: int = N_REPLICATES, seed: int = SEED) -> Metrics:
    """Metrics of each split, with 95 % intervals from draws of whole groups.

    Args:
        predictions: of binary labels.
        n_replicates: draws behind each interval; with 0 there is none, which is quick.
        seed: of the draws, the same for every split.
    Returns:
        Per split `labels`, `mean`, `n`, `n_failed` and `bootstrap` (how the intervals were made). Per label the
        reported metrics with `n` and `n_positive`; `baselines`, by kind: the same metrics of the baseline and, in
        `difference`, of the model minus the baseline, paired; `calibration` and `operating_points`; a `reason` where a
        value or an interval is missing.
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
    rows, names = rows_of_split(predictions, split), predictions.origin.reported_metrics
    scores = {label.name: _scores(rows, label.name, predictions) for label in predictions.origin.labels}
    flat = [one for kinds in scores.values() for one in kinds.values()]
    estimated = iter(estimate(flat, rows.n_groups, names, n_replicates, np.random.default_rng(seed)))
    estimates = {label: {kind: next(estimated) for kind in kinds} for label, kinds in scores.items()}
    calibration = calibration_of_labels(predictions, split, n_replicates, seed)
    decisions = judge_points(predictions, points, split, n_replicates, seed)
    labels = {
        label: _of_label(scores[label][MODEL], kinds)
        | {"calibration": calibration[label], "operating_points": decisions[label]}
        for label, kinds in estimates.items()
    }
    n_failed = int(((predictions.table["split"] == split) & (predictions.table["status"] == "failed")).sum())
    return {
        "n": len(rows.rows),
        "n_failed": n_failed,
        "bootstrap": {"n_replicates": n_replicates, "seed": seed, "unit": "group_id", "n_groups": rows.n_groups},
        "labels": labels,
        "mean": _of_mean(list(estimates.values()), names),
        **judged_by_second_truth(predictions, split, n_replicates, seed),
    }


def _scores(rows: SplitRows, label: str, predictions: Predictions) -> dict[str, Scores]:
    """The model's scores, and those of each baseline that has some for this label."""
    columns = {MODEL: f"prediction.{label}"}
    columns |= {kind: f"baseline.{kind}.{label}" for kind in predictions.baselines()}
    return {kind: rows.scores(label, column) for kind, column in columns.items() if column in rows.rows}


def _of_label(scores: Scores, estimates: dict[str, Estimates]) -> Metrics:
    model = estimates[MODEL]
    counts = {"n": len(scores.truth), "n_positive": int(scores.truth.sum())}
    result: Metrics = as_intervals(model) | counts
    reason = why_undefined(scores.truth)
    if reason is None and (no_interval := why_no_intervals(model)):
        reason = scores.why_unvaried() or no_interval
    if reason:
        result["reason"] = reason
    baselines = {kind: own for kind, own in estimates.items() if kind != MODEL}
    result["baselines"] = {
        kind: as_intervals(own) | {"difference": as_intervals(difference(model, own))}
        for kind, own in baselines.items()
    }
    return result


def _of_mean(labels: Sequence[dict[str, Estimates]], names: Sequence[str]) -> Metrics:
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
