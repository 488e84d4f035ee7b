"""What could be told from an image without a network: fitted on the training rows, and shown beside predictions."""

import dataclasses
import os
from collections.abc import Mapping

import numpy as np

from zoo_core.contract import SupportsImageBaselines
from zoo_core.data.reader import read_ahead
from zoo_core.evaluation.baselines import FeatureBaseline, fit_features
from zoo_core.evaluation.predictions import Predictions
from zoo_core.runtime.prepare import Prepared
from zoo_core.runtime.progress import Shown, Silent

ImageBaselines = Mapping[str, FeatureBaseline]
"""By kind."""

N_AT_ONCE = 16
"""Images that a thread reads in one request."""


def image_baselines(prepared: Prepared, progress: Shown | Silent) -> dict[str, FeatureBaseline]:
    """What the training rows teach of the numbers that the task takes of an image; none of a task that takes none."""
    if not isinstance(prepared.task, SupportsImageBaselines):
        return {}
    rows, task = prepared.rows("train"), prepared.task
    truth = prepared.examples().truth(rows)
    by_label = {label.name: truth[:, i] for i, label in enumerate(task.labels)}
    values = [label.name for label in task.labels if label.kind == "value"]
    features = _features(prepared, rows, list(task.image_baselines), progress)
    return {kind: fit_features(own, by_label, values) for kind, own in features.items()}


def with_image_baselines(
    prepared: Prepared, predictions: Predictions, baselines: ImageBaselines, progress: Shown | Silent
) -> Predictions:
    """Add `baseline.KIND.NAME` to the rows that were predicted."""
    if not baselines or not isinstance(prepared.task, SupportsImageBaselines):
        return predictions
    there = predictions.table["status"] == "ok"
    if not there.any():
        return predictions
    place = {str(name): row for row, name in enumerate(prepared.index["example_id"])}
    rows = np.array([place[name] for name in predictions.table.loc[there, "example_id"]], dtype=np.int64)
    table = predictions.table.copy()
    for kind, features in _features(prepared, rows, list(baselines), progress).items():
        for label, scores in baselines[kind].scores(features).items():
            table.loc[there, f"baseline.{kind}.{label}"] = scores
    return dataclasses.replace(predictions, table=table)


def _features(
    prepared: Prepared, rows: np.ndarray, kinds: list[str], progress: Shown | Silent
) -> dict[str, np.ndarray]:
    """(example, feature) of each kind, each image read once."""
    examples, task = prepared.examples(), prepared.task
    parts = [rows[start : start + N_AT_ONCE] for start in range(0, len(rows), N_AT_ONCE)]

    def of_part(part: np.ndarray) -> dict[str, list[np.ndarray]]:
        read = [examples.example(int(row), arrays) for row, arrays in zip(part, examples.read(part), strict=True)]
        return {kind: [task.baseline_features(kind, one) for one in read] for kind in kinds}  # type: ignore[attr-defined] # callers have seen to it

    found: dict[str, list[np.ndarray]] = {kind: [] for kind in kinds}
    with progress.meter("looking at images without a network", len(rows)) as meter:
        for own in read_ahead(of_part, parts, len(os.sched_getaffinity(0))):
            for kind in kinds:
                found[kind] += own[kind]
            meter.advance(len(own[kinds[0]]))
    return {kind: np.stack(own).astype(np.float64) for kind, own in found.items()}
