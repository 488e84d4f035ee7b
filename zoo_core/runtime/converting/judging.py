"""Predictions of the examples that a conversion is judged on, and accuracy control's view of them."""

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from zoo_core.contract import Control, Load, PrecisionBackend, SupportsConversion
from zoo_core.data.reader import read_ahead
from zoo_core.evaluation.conversion import worst_margin
from zoo_core.evaluation.predictions import Predictions
from zoo_core.runtime.converting.bench import Contender
from zoo_core.runtime.converting.wish import JUDGED_ON, Job
from zoo_core.runtime.inference import Inference, predict_rows
from zoo_core.runtime.progress import Shown
from zoo_core.runtime.readout import with_readout
from zoo_core.runtime.tables import origin_of, predicted_table

BATCH_SIZE = 16
N_READERS = 2

MOST_CONTROL_BYTES = 2 * 2**30
"""Of images that accuracy control holds in memory."""


def loaded(backend: PrecisionBackend, folder: Path) -> Contender:
    """A network for many images: a converted one has a core for each of several calls; Keras's share all within one."""
    n_streams = len(os.sched_getaffinity(0)) if isinstance(backend, SupportsConversion) else 1
    use = Load(BATCH_SIZE, n_streams)
    return Contender(backend.load(folder, use), use)


def predicted(job: Job, name: str, one: Contender, progress: Shown) -> Predictions:
    """The examples that are judged on, by a network, read as the trained model's folder says.

    Raises:
        ImageError: an image cannot be read.
    """
    rows = job.prepared.rows(JUDGED_ON)
    with progress.meter(f"predicting {JUDGED_ON} in {name}", len(rows)) as meter:
        inference = Inference(one.network, one.use)
        found = predict_rows(job.prepared.examples(), rows, inference, N_READERS, meter.advance)
    return with_readout(job.model.folder, _predictions(job, rows, found))


def read_images(job: Job, rows: np.ndarray, what: str, progress: Shown) -> np.ndarray:
    """Preprocessed examples, all in memory.

    Args:
        job: whose data they are.
        rows: (example,) row numbers, at least one.
        what: they are for.
        progress: what a person sees.
    Returns:
        (example, y, x, c), float32.
    Raises:
        ImageError: an image cannot be read.
    """
    examples, batches = job.prepared.examples(), [rows[i : i + BATCH_SIZE] for i in range(0, len(rows), BATCH_SIZE)]
    images = np.empty((len(rows), *job.prepared.task.input_shape(job.prepared.fitted)), np.float32)
    with progress.meter(what, len(rows)) as meter:
        end = 0
        for batch in read_ahead(examples.batch, batches, N_READERS):
            images[end : end + len(batch.images)] = batch.images
            end += len(batch.images)
            meter.advance(len(batch.images))
    return images


def control_of(job: Job, reference: Predictions, most_s: float, progress: Shown) -> Control:
    """What accuracy control is held against: the gate's own margin, on the examples of the gate or an even share.

    Args:
        job: whose limits count.
        reference: predictions of float32.
        most_s: seconds that it may take.
        progress: what a person sees.
    """
    rows = control_rows(job, MOST_CONTROL_BYTES)
    images = read_images(job, rows, "reading images for accuracy control", progress)
    return Control(images, _margin(job, rows, reference), most_s)


def control_rows(job: Job, most_bytes: int) -> np.ndarray:
    """(example,) row numbers: all that are judged on, or as many as fit into memory, evenly drawn."""
    rows = job.prepared.rows(JUDGED_ON)
    image_bytes = int(np.prod(job.prepared.task.input_shape(job.prepared.fitted))) * np.dtype(np.float32).itemsize
    n = min(len(rows), max(1, most_bytes // image_bytes))
    return rows[np.linspace(0, len(rows) - 1, n).round().astype(np.int64)]


def _margin(job: Job, rows: np.ndarray, reference: Predictions) -> Callable[[np.ndarray], float]:
    those = set(job.prepared.index["example_id"].iloc[rows].astype(str))
    of_rows = Predictions(reference.table[reference.table["example_id"].isin(those)], reference.origin)

    def margin(outputs: np.ndarray) -> float:
        converted = _predictions(job, rows, outputs)
        return worst_margin(of_rows, converted, JUDGED_ON, job.limits, job.wish.draws)

    return margin


def _predictions(job: Job, rows: np.ndarray, found: np.ndarray) -> Predictions:
    table: pd.DataFrame = predicted_table(job.prepared, JUDGED_ON, rows, found)
    return Predictions(table, origin_of(job.prepared, job.model.description["hash"]))
