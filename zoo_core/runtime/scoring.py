"""From a model to predictions of whole splits, with the baselines the data bring along."""

import pandas as pd

from zoo_core.evaluation.metrics import evaluate, metric_at
from zoo_core.evaluation.predictions import Predictions
from zoo_core.runtime.prediction import Predictor
from zoo_core.runtime.prepare import Prepared
from zoo_core.runtime.progress import Shown, Silent
from zoo_core.runtime.tables import failed_table, origin_of, predicted_table

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
            outputs = predictor.predict(rows, meter.advance)
        tables.append(predicted_table(prepared, part, rows, outputs))
    if any(prepared.split.part[bad.row] in parts for bad in prepared.unreadable):
        tables.append(failed_table(prepared, parts))
    return Predictions(pd.concat(tables, ignore_index=True), origin_of(prepared, model_hash))
