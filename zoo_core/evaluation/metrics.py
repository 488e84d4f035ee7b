"""Every number of `metrics.json`, from predictions alone."""

from typing import Any

import numpy as np
import pandas as pd

from zoo_core.evaluation.predictions import Predictions
from zoo_core.evaluation.ranking import ranking_metric, why_undefined

Metrics = dict[str, Any]
"""Nested values, each number as [value, low, high]; None where it is undefined."""


def evaluate(predictions: Predictions) -> Metrics:
    """Metrics of each split.

    Args:
        predictions: of binary labels.
    Returns:
        Per split `labels`, `mean`, `n` and `n_failed`; per label the reported metrics with `n` and `n_positive`, and
        the same metrics of each baseline.
    """
    splits = list(dict.fromkeys(predictions.table["split"]))
    return {split: _of_split(predictions, split) for split in splits}


def metric_at(metrics: Metrics, split: str, path: str) -> float | None:
    """The value at a dotted path of a split, such as "mean.auroc"; None where it is undefined.

    >>> metric_at({"test": {"mean": {"auroc": [0.8, 0.7, 0.9]}}}, "test", "mean.auroc")
    0.8
    """
    node: Any = metrics[split]
    for key in path.split("."):
        node = node[key]
    return None if node is None else float(node[0])


def _of_split(predictions: Predictions, split: str) -> Metrics:
    rows = predictions.of_split(split)
    names = predictions.origin.reported_metrics
    labels = {
        label.name: _of_label(rows, label.name, names, predictions.baselines()) for label in predictions.origin.labels
    }
    n_failed = int(((predictions.table["split"] == split) & (predictions.table["status"] == "failed")).sum())
    return {"n": len(rows), "n_failed": n_failed, "labels": labels, "mean": _means(labels, names)}


def _of_label(rows: pd.DataFrame, label: str, names: tuple[str, ...], baselines: list[str]) -> Metrics:
    known = rows[rows[f"truth.{label}"].notna()]
    truth = known[f"truth.{label}"].to_numpy(dtype=np.int64)
    result: Metrics = _scores(truth, known[f"prediction.{label}"], names)
    result |= {"n": len(truth), "n_positive": int(truth.sum())}
    if reason := why_undefined(truth):
        result["reason"] = reason
    columns = {kind: f"baseline.{kind}.{label}" for kind in baselines if f"baseline.{kind}.{label}" in rows}
    result["baselines"] = {kind: _scores(truth, known[column], names) for kind, column in columns.items()}
    return result


def _scores(truth: np.ndarray, score: "pd.Series[float]", names: tuple[str, ...]) -> Metrics:
    values = {name: ranking_metric(name, truth, score.to_numpy(dtype=np.float64)) for name in names}
    return {name: None if value is None else [value, None, None] for name, value in values.items()}


def _means(labels: Metrics, names: tuple[str, ...]) -> Metrics:
    kinds = list(dict.fromkeys(kind for label in labels.values() for kind in label["baselines"]))
    result = _mean(list(labels.values()), names)
    result["baselines"] = {
        kind: _mean([label["baselines"][kind] for label in labels.values() if kind in label["baselines"]], names)
        for kind in kinds
    }
    return result


def _mean(labels: list[Metrics], names: tuple[str, ...]) -> Metrics:
    defined = {name: [label[name][0] for label in labels if label[name] is not None] for name in names}
    result: Metrics = {
        name: [float(np.mean(values)), None, None] if values else None for name, values in defined.items()
    }
    return result | {"n_labels": max((len(values) for values in defined.values()), default=0)}
