"""Rows of a part: as `zoo evaluate` writes them, with the model's baseline, calibration and thresholds."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from zoo_core.evaluation.predictions import Origin, Predictions, label_columns
from zoo_core.runtime.metadata import with_metadata_baselines
from zoo_core.runtime.predicting.reading import Answered
from zoo_core.runtime.predicting.request import Request
from zoo_core.runtime.prepare import Prepared
from zoo_core.runtime.readout import with_readout
from zoo_core.runtime.tables import failed_table, origin_of, predicted_table


def predictions_of(request: Request, answered: Sequence[Answered]) -> Predictions:
    """One row an example, in their order, whether it could be read or not.

    Args:
        request: whose they are.
        answered: batches, at least one.
    Raises:
        DataError: a file of the model's folder is damaged.
    """
    bad = [one for each in answered for one in each.batch.unreadable]
    rows = np.concatenate([*(each.batch.rows for each in answered), np.array([one.row for one in bad], dtype=np.int64)])
    # Of these rows alone, so that what is looked up in the index does not take longer the more there are.
    prepared = dataclasses.replace(request.prepared, unreadable=bad)
    here = dataclasses.replace(prepared, index=prepared.index.iloc[rows])
    table = _table(prepared, request.part, answered).iloc[np.argsort(rows)].reset_index(drop=True)
    predictions = with_metadata_baselines(here, Predictions(table, _origin(request)), request.model.baselines.metadata)
    predictions = with_readout(request.model.folder, predictions)
    if request.inputs:
        predictions = dataclasses.replace(predictions, table=predictions.table.assign(group_id=None))
    return predictions


def _table(prepared: Prepared, part: str, answered: Sequence[Answered]) -> pd.DataFrame:
    tables = []
    outputs = [each.outputs for each in answered if each.outputs is not None]
    if outputs:
        rows = np.concatenate([each.batch.rows for each in answered])
        tables.append(predicted_table(prepared, part, rows, np.concatenate(outputs)))
    if prepared.unreadable:
        tables.append(failed_table(prepared, (part,)))
    table = pd.concat(tables, ignore_index=True)
    return table if outputs else table.assign(**_nothing(prepared, len(table)))


def _nothing(prepared: Prepared, n: int) -> dict[str, Any]:
    """Columns of rows none of which could be read, in the widths that they have elsewhere."""
    labels = prepared.task.labels
    return {
        **label_columns("truth", labels, np.full((n, len(labels)), np.nan)),
        **label_columns("prediction", labels, np.full((n, len(labels)), np.nan, np.float32)),
    }


def _origin(request: Request) -> Origin:
    origin = origin_of(request.prepared, request.model.description["hash"])
    overlap = dataclasses.asdict(request.overlap) if request.overlap else None
    return dataclasses.replace(origin, overlap=overlap)
