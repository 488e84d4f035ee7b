"""What metadata alone predict: fitted on the training rows, and shown beside a model's predictions."""

import dataclasses

from zoo_core.evaluation.baselines import MetadataBaseline, fit_metadata
from zoo_core.evaluation.predictions import Predictions
from zoo_core.runtime.prepare import Prepared


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
