"""From a model to predictions of whole splits, with the baselines the data bring along."""

import dataclasses
from typing import Any

import numpy as np
import pandas as pd

from zoo_core.evaluation.baselines import MetadataBaseline, fit_metadata
from zoo_core.evaluation.metrics import evaluate, metric_at
from zoo_core.evaluation.predictions import Origin, Predictions, label_columns
from zoo_core.runtime.prediction import Predictor
from zoo_core.runtime.prepare import Prepared
from zoo_core.runtime.progress import Shown, Silent

PREDICTED_PARTS = ("validation", "test")


def primary_metric(prepared: Prepared, predictor: Predictor, progress: Shown | Silent) -> float | None:
    """The task's primary metric on the validation split; None where it is undefined."""
    predictions = predict_parts(prepared, predictor, progress, ("validation",), model_hash="")
    return metric_at(evaluate(predictions, n_replicates=0), "validation", prepared.task.primary_metric.name)


def predict_parts(
    prepared: Prepared, predictor: Predictor, progress: Shown | Silent, parts: tuple[str, ...], model_hash: str
) -> Predictions:
    """Predict whole parts of a split.

    Args:
        prepared: data, task and split.
        predictor: the model.
        progress: what a person sees.
        parts: names of parts.
        model_hash: SHA-256 of the weights.
    Returns:
        One row an example; images that cannot be read have a row with their reason.
    """
    tables = []
    for part in parts:
        rows = prepared.rows(part)
        with progress.meter(f"predicting {part}", len(rows)) as meter:
            predicted = predictor.predict(rows, meter.advance)
        tables.append(_table(prepared, part, rows, predicted))
    if any(prepared.split.part[bad.row] in parts for bad in prepared.unreadable):
        tables.append(_failed(prepared, parts))
    return Predictions(pd.concat(tables, ignore_index=True), _origin(prepared, model_hash))


def metadata_baseline(prepared: Prepared) -> MetadataBaseline:
    """What the training rows teach of the columns that the task reports strata of; nothing where there are none."""
    columns = [column for column in prepared.task.reporting.strata if column in prepared.index]
    labels = [label.name for label in prepared.task.labels] if columns else []
    return fit_metadata(prepared.index.iloc[prepared.rows("train")], columns, labels)


def with_metadata_baseline(prepared: Prepared, predictions: Predictions, baseline: MetadataBaseline) -> Predictions:
    """Add `baseline.metadata.NAME`, unless the data have none of the columns that the baseline looks at."""
    if not prepared.index.columns.intersection(baseline.columns).size:
        return predictions
    rows = prepared.index.set_index("example_id").loc[predictions.table["example_id"]]
    added = {f"baseline.metadata.{label}": scores for label, scores in baseline.scores(rows).items()}
    return dataclasses.replace(predictions, table=predictions.table.assign(**added))


def _table(prepared: Prepared, part: str, rows: np.ndarray, predicted: np.ndarray) -> pd.DataFrame:
    labels = prepared.task.labels
    truth = prepared.examples().truth(rows)
    table = _names(prepared, rows).assign(split=part, status="ok", reason=None)
    scores = {**label_columns("truth", labels, truth), **label_columns("prediction", labels, predicted)}
    carried = [_carried(prepared, rows), _second_truth(prepared, rows)]
    return pd.concat([table, pd.DataFrame(scores), *carried], axis=1)


def _failed(prepared: Prepared, parts: tuple[str, ...]) -> pd.DataFrame:
    bad = [b for b in prepared.unreadable if prepared.split.part[b.row] in parts]
    rows = np.array([b.row for b in bad], dtype=np.int64)
    reasons = [b.reason for b in bad]
    return _names(prepared, rows).assign(split=prepared.split.part[rows], status="failed", reason=reasons)


def _names(prepared: Prepared, rows: np.ndarray) -> pd.DataFrame:
    columns = {"example_id": "example_id", prepared.split.group_column: "group_id"}
    table: pd.DataFrame = prepared.index.iloc[rows][list(columns)].rename(columns=columns).reset_index(drop=True)
    return table.astype(str)


def _carried(prepared: Prepared, rows: np.ndarray) -> pd.DataFrame:
    """Metadata as they are; the scores of a drawn data set's oracle as a baseline, above any model's reach."""
    index = prepared.index.iloc[rows].reset_index(drop=True)
    meta = index[[c for c in index.columns if c.startswith("meta.") and c != prepared.split.group_column]]
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


def _origin(prepared: Prepared, model_hash: str) -> Origin:
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
    )
