"""What metadata alone predict: fitted on the training rows, and shown beside a model's predictions."""

import dataclasses
from collections.abc import Mapping

import numpy as np

from zoo_core.evaluation.baselines import MetadataBaseline, fit_metadata
from zoo_core.evaluation.predictions import Predictions
from zoo_core.runtime.prepare import Prepared

METADATA = "metadata"
"""The kind of baseline that looks at the columns that a task reports strata of."""

MetadataBaselines = Mapping[str, MetadataBaseline]
"""By kind: `METADATA`, and those that a task names, such as "position"."""


def metadata_baselines(prepared: Prepared) -> dict[str, MetadataBaseline]:
    """What the training rows teach of metadata; nothing of a kind whose columns are not there."""
    reporting, train = prepared.task.reporting, prepared.index.iloc[prepared.rows("train")]
    names = {kind: [one.name for one in prepared.task.labels if one.kind == kind] for kind in ("binary", "value")}
    fitted = {}
    for kind, wanted in {METADATA: reporting.strata, **reporting.baselines}.items():
        columns = [column for column in wanted if column in prepared.index]
        labels, values = (names["binary"], names["value"]) if columns else ([], [])
        fitted[kind] = fit_metadata(train, columns, labels, values)
    return fitted


def with_metadata_baselines(prepared: Prepared, predictions: Predictions, baselines: MetadataBaselines) -> Predictions:
    """Add `baseline.KIND.NAME`, unless the data have none of the columns that the baseline looks at."""
    rows = prepared.index.set_index("example_id").loc[predictions.table["example_id"]]
    added: dict[str, np.ndarray] = {}
    for kind, baseline in baselines.items():
        if rows.columns.intersection(baseline.columns).size:
            added |= {f"baseline.{kind}.{label}": scores for label, scores in baseline.scores(rows).items()}
    return dataclasses.replace(predictions, table=predictions.table.assign(**added))
