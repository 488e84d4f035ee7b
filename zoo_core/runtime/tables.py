"""Rows of predictions, and where they come from; needs no TensorFlow."""

from typing import Any

import numpy as np
import pandas as pd

from zoo_core.contract import SupportsImageBaselines, SupportsScores, Task
from zoo_core.evaluation.predictions import Origin, label_columns
from zoo_core.runtime.prepare import Prepared


def predicted_table(prepared: Prepared, part: str, rows: np.ndarray, outputs: np.ndarray) -> pd.DataFrame:
    """One row an example that was predicted, with its truth and what the data bring along.

    Args:
        prepared: data, task and split.
        part: name of the part that the rows are of.
        rows: (example,) row numbers.
        outputs: (example, output), of the network.
    """
    task, labels = prepared.task, prepared.task.labels
    truth, predicted = prepared.examples().truth(rows), prepared.task.predict(outputs, prepared.fitted)
    table = _names(prepared, rows).assign(split=part, status="ok", reason=None)
    scores = {**label_columns("truth", labels, truth), **label_columns("prediction", labels, predicted)}
    if isinstance(task, SupportsScores):
        scores |= label_columns("score", labels, task.scores(outputs, prepared.fitted))
    carried = [_carried(prepared, rows), _second_truth(prepared, rows)]
    return pd.concat([table, pd.DataFrame(scores), *carried], axis=1)


def failed_table(prepared: Prepared, parts: tuple[str, ...]) -> pd.DataFrame:
    """One row an image of some parts that cannot be read, with its reason."""
    bad = [b for b in prepared.unreadable if prepared.split.part[b.row] in parts]
    rows = np.array([b.row for b in bad], dtype=np.int64)
    reasons = [b.reason for b in bad]
    return _names(prepared, rows).assign(split=prepared.split.part[rows], status="failed", reason=reasons)


def _names(prepared: Prepared, rows: np.ndarray) -> pd.DataFrame:
    groups = prepared.groups(prepared.split.group_column)
    table = pd.DataFrame({"example_id": prepared.index["example_id"], "group_id": groups})
    return table.iloc[rows].reset_index(drop=True).astype(str)


def _carried(prepared: Prepared, rows: np.ndarray) -> pd.DataFrame:
    """Metadata as they are; the scores of a drawn data set's oracle as a baseline, above any model's reach.

    Of the default group `group_id` says all; a plate or a treatment that a split went by is asked for by its name too.
    """
    index = prepared.index.iloc[rows].reset_index(drop=True)
    said = {prepared.split.group_column} & set(prepared.adapter.group_columns[:1])
    meta = index[[c for c in index.columns if c.startswith("meta.") and c not in said]]
    oracle = index[[c for c in index.columns if c.startswith("oracle.")]]
    return pd.concat([meta, oracle.add_prefix("baseline.")], axis=1)


def _second_truth(prepared: Prepared, rows: np.ndarray) -> pd.DataFrame:
    found = prepared.second_truth
    if found is None:
        return pd.DataFrame()
    return found.table.iloc[rows][list(found.findings)].reset_index(drop=True).add_prefix("second_truth.")


def _second_truth_origin(prepared: Prepared) -> dict[str, Any] | None:
    found = prepared.second_truth
    if found is None:
        return None
    return {"source": found.source, "findings": {name: list(of) for name, of in found.findings.items()}}


def origin_of(prepared: Prepared, model_hash: str) -> Origin:
    """Where predictions by a model with these weights come from."""
    return Origin(
        task=prepared.config.task.name,
        dataset=prepared.adapter.card.copy_of or prepared.config.data.name,
        drawn=prepared.adapter.card.drawn,
        labels=prepared.task.labels,
        model_hash=model_hash,
        split_name=prepared.split.name,
        split_hash=prepared.split.hash,
        reported_metrics=prepared.task.reporting.metrics,
        strata=prepared.task.reporting.strata,
        second_truth=_second_truth_origin(prepared),
        baseline_words=_baseline_words(prepared.task),
        noun=prepared.task.reporting.noun,
    )


def _baseline_words(task: Task) -> dict[str, str]:
    columns = {
        kind: f"{', '.join(column.removeprefix('meta.') for column in own)} alone"
        for kind, own in task.reporting.baselines.items()
    }
    return columns | (dict(task.image_baselines) if isinstance(task, SupportsImageBaselines) else {})
