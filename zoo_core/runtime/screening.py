"""Files of a screen: what its wells say together, where a task gathers fields to wells."""

import pandas as pd

from zoo_core.data.files import write_atomically
from zoo_core.evaluation.predictions import Predictions
from zoo_core.evaluation.screen.screen import evaluate_screen
from zoo_core.evaluation.screen.wells import ScoreColumn
from zoo_core.runtime.prepare import Prepared
from zoo_core.runtime.record import RunFolder

MODEL = "model"
"""Name of the network's own score."""

ORACLE = "oracle"
"""The baseline that drawn data bring along: a score of any scale, where the core's own are probabilities."""

SCHEMA_VERSION = 1
GROUP = "meta.well_id"


def write_screen(folder: RunFolder, prepared: Prepared, predictions: Predictions, part: str) -> None:
    """Write `screen.json`, `wells.parquet` and `dose_response.parquet`; nothing of a task without wells.

    Args:
        folder: of the run.
        prepared: data and task.
        predictions: with scores and baselines.
        part: of the split, that is judged.
    Raises:
        DataError: the data set's wells are not what a screen needs.
        OutputError: the folder cannot be written to.
    """
    if not prepared.task.reporting.wells:
        return
    screen = evaluate_screen(_with_wells(prepared, predictions), score_columns(predictions), split=part)
    folder.write_json(folder.screen, {"schema_version": SCHEMA_VERSION, **screen.record})
    write_atomically(folder.wells, screen.wells.to_parquet(index=False, compression="zstd"))
    write_atomically(folder.dose_response, screen.curves.to_parquet(index=False, compression="zstd"))


def score_columns(predictions: Predictions) -> list[ScoreColumn]:
    """The scores of the first label that wells are judged by: the network's, and those of each baseline.

    Args:
        predictions: of a task with `SupportsScores`.
    """
    label = predictions.origin.labels[0].name
    columns = {kind: f"baseline.{kind}.{label}" for kind in predictions.baselines()}
    there = [ScoreColumn(kind, name, kind != ORACLE) for kind, name in columns.items() if name in predictions.table]
    return [ScoreColumn(MODEL, f"score.{label}"), *there]


def _with_wells(prepared: Prepared, predictions: Predictions) -> pd.DataFrame:
    """Predictions with the wells that their examples are fields of, whatever the split's groups are."""
    wells = prepared.index.set_index("example_id")[GROUP]
    return predictions.table.assign(**{GROUP: predictions.table["example_id"].map(wells)})
