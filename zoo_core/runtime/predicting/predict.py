"""From pictures to predictions: read ahead, answered, written part by part."""

import dataclasses
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import psutil

from zoo_core.contract import ImageError, Rank
from zoo_core.data.reader import Examples, read_ahead
from zoo_core.data.soundness import Unreadable
from zoo_core.distributed.signals import StopRequests
from zoo_core.evaluation.predictions import Origin, Predictions
from zoo_core.runtime.inference import Inference
from zoo_core.runtime.machine import describe_machine
from zoo_core.runtime.metadata import with_metadata_baseline
from zoo_core.runtime.predicting.parts import Parts
from zoo_core.runtime.predicting.request import Request, with_overlap
from zoo_core.runtime.prepare import Prepared
from zoo_core.runtime.process import prepare_process
from zoo_core.runtime.progress import Meter, Shown
from zoo_core.runtime.readout import with_readout
from zoo_core.runtime.tables import failed_table, origin_of, predicted_table

N_READERS = 2
N_SHOWN = 5
"""Failures that are told of one by one."""

PART_SIZE = 512
"""Examples of a part: what a kill loses, and what is in memory at a time."""


@dataclass(frozen=True)
class _Read:
    """A batch as far as it could be read."""

    rows: np.ndarray
    images: np.ndarray
    unreadable: list[Unreadable]


def predict(request: Request, folder: Path, resume: bool) -> dict[str, Any]:
    """Predict all that is missing in a folder.

    Args:
        request: what is asked for.
        folder: of the prediction.
        resume: whether it was begun.
    Returns:
        What `predicted.json` holds: the question, `n_failed`, `failures` (the first few), `machine`; where this call
        predicted `n_now` examples, `end_to_end` and `compute` (`seconds`, `images_per_s`), and `first_result_s` since
        the process began.
    Raises:
        ZooError: a user's mistake.
        Stopped: by a signal; what is written stays.
    """
    parts = Parts(folder)
    if resume and parts.is_finished:
        parts.begin(request.described(), resume)
        return parts.answer()
    with StopRequests() as requests:
        requests.all_is_saved()  # what is done is in parts: a signal ends this at once
        parts.begin(request.described(), resume)
        return _Session(request, parts).run()


class _Session:
    """One call at work.

    Args:
        request: what is asked for.
        parts: where it goes.
    """

    def __init__(self, request: Request, parts: Parts) -> None:
        self._request, self._parts, self._progress = request, parts, Shown()
        rows = request.rows
        self._parts_of_rows = [rows[i : i + PART_SIZE] for i in range(0, len(rows), PART_SIZE)]
        self._examples = request.prepared.examples()
        self._first_result_s: float | None = None

    def run(self) -> dict[str, Any]:
        """Predict the parts that are missing, and join them all."""
        missing = [number for number in range(len(self._parts_of_rows)) if number not in self._parts]
        speeds = self._run(missing) if missing else {}
        answer = self._answer() | speeds
        self._parts.finish(len(self._parts_of_rows), answer)
        return answer

    def _run(self, missing: Sequence[int]) -> dict[str, Any]:
        inference, n_now = self._inference(), sum(len(self._parts_of_rows[number]) for number in missing)
        start = time.perf_counter()
        with self._progress.meter(f"predicting in {self._request.precision}", n_now) as meter:
            for number in missing:
                self._parts.add(number, self._predicted(self._parts_of_rows[number], inference, meter))
        return {
            "n_now": n_now,
            "end_to_end": _speed(n_now, time.perf_counter() - start),
            "compute": _speed(inference.n_images, inference.busy_s),
            "first_result_s": self._first_result_s,
        }

    def _inference(self) -> Inference:
        if self._request.needs_tensorflow:
            prepare_process(Rank())
        use = self._request.use
        return Inference(self._request.backend.load(self._request.folder, use), use)

    def _predicted(self, rows: np.ndarray, inference: Inference, meter: Meter) -> Predictions:
        read, outputs = self._answered(rows, inference, meter)
        model, unreadable = self._request.model, [bad for one in read for bad in one.unreadable]
        prepared = dataclasses.replace(self._request.prepared, unreadable=unreadable)
        table = _table(prepared, self._request.part, np.concatenate([one.rows for one in read]), outputs)
        predictions = with_metadata_baseline(prepared, Predictions(table, self._origin), model.baseline)
        return with_readout(model.folder, predictions)

    def _answered(self, rows: np.ndarray, inference: Inference, meter: Meter) -> tuple[list[_Read], list[np.ndarray]]:
        size, read = inference.use.batch_size, list[_Read]()
        batches = [rows[i : i + size] for i in range(0, len(rows), size)]

        def images() -> Iterator[np.ndarray]:
            for one in read_ahead(lambda batch: _read(self._examples, batch), batches, N_READERS):
                read.append(one)
                meter.advance(len(one.unreadable))
                if len(one.rows):
                    yield one.images

        outputs = []
        for answer in inference.outputs(images()):
            if self._first_result_s is None:
                self._first_result_s = time.time() - psutil.Process().create_time()
            outputs.append(answer)
            meter.advance(len(answer))
        return read, outputs

    @cached_property
    def _origin(self) -> Origin:
        origin = origin_of(self._request.prepared, self._request.model.description["hash"])
        return dataclasses.replace(origin, overlap=with_overlap(self._request))

    def _answer(self) -> dict[str, Any]:
        failed = self._parts.failures(len(self._parts_of_rows))
        return {
            **self._request.described(),
            "n_failed": len(failed),
            "failures": failed[:N_SHOWN],
            "machine": dataclasses.asdict(describe_machine()),
            "n_now": 0,
        }


def _table(prepared: Prepared, part: str, rows: np.ndarray, outputs: Sequence[np.ndarray]) -> pd.DataFrame:
    """A row an example, whether it could be read or not."""
    tables = []
    if len(rows):
        tables.append(predicted_table(prepared, part, rows, prepared.task.predict(np.concatenate(outputs))))
    if prepared.unreadable:
        tables.append(failed_table(prepared, (part,)))
    names = [f"{kind}.{label.name}" for kind in ("truth", "prediction") for label in prepared.task.labels]
    joined = pd.concat(tables, ignore_index=True)
    return joined if len(rows) else joined.assign(**dict.fromkeys(names, np.nan))


def _speed(n: int, seconds: float) -> dict[str, float | None]:
    return {"seconds": seconds, "images_per_s": n / seconds if seconds else None}


def _read(examples: Examples, rows: np.ndarray) -> _Read:
    """A batch at once, or row by row where one of it cannot be read."""
    try:
        return _Read(rows, examples.batch(rows).images, [])
    except ImageError:
        return _read_singly(examples, rows)


def _read_singly(examples: Examples, rows: np.ndarray) -> _Read:
    good, images, bad = [], [], []
    for row in rows:
        try:
            arrays = [examples.adapter.read(int(row))]
        except ImageError as error:
            bad.append(Unreadable(int(row), str(examples.index["example_id"].iloc[row]), str(error)))
            continue
        good.append(row)
        images.append(examples.preprocessed(np.array([row]), arrays).images)
    stacked = np.concatenate(images) if images else np.empty(0, np.float32)
    return _Read(np.array(good, dtype=np.int64), stacked, bad)
