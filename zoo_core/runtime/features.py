"""What the network makes of the fields of wells before its head: embeddings, for profiles."""

from typing import Any

import keras
import numpy as np
import pandas as pd

from zoo_core.data.files import write_atomically
from zoo_core.distributed.single import SingleRank
from zoo_core.runtime.prediction import Batching, Predictor
from zoo_core.runtime.prepare import Prepared
from zoo_core.runtime.progress import Shown, Silent
from zoo_core.runtime.record import RunFolder

BATCH_SIZE = 32


def write_features(folder: RunFolder, prepared: Prepared, model: Any, part: str, progress: Shown | Silent) -> None:
    """Write `features.parquet`: the mean over the picture of the backbone's map, one row a field of a part.

    Of a task without wells there is none. Columns are `example_id`, `split`, `meta.NAME` and `feature.NUMBER`, float32.

    Args:
        folder: of the run.
        prepared: data and task.
        model: trained.
        part: of the split.
        progress: what a person sees.
    Raises:
        OutputError: the folder cannot be written to.
    """
    if not prepared.task.reporting.wells:
        return
    rows = prepared.rows(part)
    pooled = keras.layers.GlobalAveragePooling2D(dtype="float32")(model.get_layer("features").output)
    batching = Batching(BATCH_SIZE, prepared.config.trainer.n_readers)
    predictor = Predictor(keras.Model(model.input, pooled), prepared.examples(), SingleRank(), batching)
    with progress.meter("embedding wells", len(rows)) as meter:
        features = predictor.predict(rows, meter.advance)
    table = _named(prepared, rows, part).join(pd.DataFrame(features.astype(np.float32)).rename(columns=_feature_name))
    write_atomically(folder.features, table.to_parquet(index=False, compression="zstd"))


def _named(prepared: Prepared, rows: np.ndarray, part: str) -> pd.DataFrame:
    meta = [name for name in prepared.index.columns if name.startswith("meta.")]
    return prepared.index.iloc[rows][["example_id", *meta]].reset_index(drop=True).assign(split=part)


def _feature_name(number: int) -> str:
    return f"feature.{number:04}"
