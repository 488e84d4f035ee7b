"""From a trained model to a converted one that is within its limits, or to nothing."""

import dataclasses
import os
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from zoo_core.contract import Load, Rank, SupportsAccuracyControl
from zoo_core.data.calibration import draw_calibration
from zoo_core.distributed.signals import StopRequests
from zoo_core.evaluation.conversion import Comparison, compare_conversion
from zoo_core.evaluation.gate import REFUSED
from zoo_core.runtime.converting.bench import N_TURNS, Contender, bench
from zoo_core.runtime.converting.folder import refuse_nothing_written, size_of, write_converted
from zoo_core.runtime.converting.judging import control_of, loaded, predicted, read_images
from zoo_core.runtime.converting.wish import CALIBRATED_ON, JUDGED_ON, Job
from zoo_core.runtime.machine import describe_machine
from zoo_core.runtime.precisions import REFERENCE, usable_backend, why_slower
from zoo_core.runtime.process import prepare_process
from zoo_core.runtime.progress import Shown
from zoo_core.runtime.record import recorded_versions
from zoo_core.runtime.trained_model import NETWORK
from zoo_core.runtime.whole_folder import whole_folder

PLAIN = "without control"
"""Beside the precision's name: the network that accuracy control was tried to better."""

Record = dict[str, Any]
How = Mapping[str, Any]


@dataclass(frozen=True)
class Outcome:
    """What came of it.

    Attributes:
        record: as in `conversion.json`; of a model that was refused without `network_files`, and `speed` None.
        folder: of the converted model; None where it was refused, and nothing is left.
    """

    record: Record
    folder: Path | None


@dataclass(frozen=True)
class _Attempt:
    """A converted network that was held against the limits."""

    folder: Path
    how: How
    contender: Contender
    comparison: Comparison

    @property
    def refused(self) -> bool:
        return bool(self.comparison["verdict"] == REFUSED)


@dataclass(frozen=True)
class _Found:
    """The last attempt, and what accuracy control did before it."""

    attempt: _Attempt
    plain: _Attempt
    control: Record | None = None


class _RefusedError(Exception):
    """Ends the writing of a folder."""


def quantize(job: Job) -> Outcome:
    """Convert, judge, and keep what is within the limits, whole; of a model that is refused nothing is left.

    Args:
        job: of `plan`.
    Raises:
        OutputError: the folder cannot be written.
        DataError: the trained network is damaged, or an image cannot be read.
        PluginError: the backend wrote no network.
        Stopped: by a signal; nothing is left.
    """
    progress = Shown()
    _say_what_is_done(job, progress)
    record: Record = {}
    try:
        with StopRequests() as requests, job.run.errors_named(), whole_folder(job.folder) as hidden:
            requests.all_is_saved()  # there is nothing to save: a signal ends this at once, and nothing is left
            prepare_process(Rank())
            record = _Conversion(job, hidden, progress).into()
            if record["verdict"] == REFUSED:
                raise _RefusedError
    except _RefusedError:
        return Outcome(record, None)
    with StopRequests():  # all is written: what comes now takes seconds
        _load_once(job)
    return Outcome(record, job.folder)


class _Conversion:
    """One conversion at work.

    Args:
        job: what is wanted.
        hidden: folder to write into.
        progress: what a person sees.
    """

    def __init__(self, job: Job, hidden: Path, progress: Shown) -> None:
        self._job, self._hidden, self._progress = job, hidden, progress
        self._model = job.model.load_network()
        self._rows = _calibration_rows(job)
        self._images = read_images(job, self._rows, f"reading {len(self._rows)} training examples", progress)
        self._float32 = loaded(usable_backend(REFERENCE), job.model.folder)
        self._reference = predicted(job, REFERENCE, self._float32, progress)

    def into(self) -> Record:
        """Convert, and write all but what is refused."""
        found = self._found()
        record = self._record(found)
        if found.attempt.refused:
            return record
        record |= {"speed": self._speed(found), "bytes": self._sizes(found)}
        record = write_converted(self._job, found.attempt.folder, self._hidden, record)
        for folder in {found.attempt.folder, found.plain.folder}:
            shutil.rmtree(folder)
        return record

    def _found(self) -> _Found:
        job = self._job
        convert: Callable[..., How] = job.backend.convert  # type: ignore[attr-defined] # `plan` has seen to it
        self._progress.say(f"converting to {job.wish.precision}")
        folder = self._new_folder("plain")
        plain = self._judged(folder, convert(self._model, self._images, folder))
        if not plain.refused or job.wish.control_s is None or not isinstance(job.backend, SupportsAccuracyControl):
            return _Found(plain, plain)
        self._progress.say(f"{job.wish.precision} loses too much: {'; '.join(plain.comparison['reasons'])}")
        return self._controlled(plain, job.backend, job.wish.control_s)

    def _controlled(self, plain: _Attempt, backend: SupportsAccuracyControl, most_s: float) -> _Found:
        control = control_of(self._job, self._reference, most_s, self._progress)
        n_judged = len(self._job.prepared.rows(JUDGED_ON))
        self._progress.say(
            f"leaving layers in {REFERENCE}, scored on {len(control.images)} of {n_judged} examples of {JUDGED_ON}, "
            f"for {most_s / 60:g} minutes at most"
        )
        folder, begun = self._new_folder("controlled"), time.monotonic()
        how = backend.convert_within(self._model, self._images, control, folder)
        record = {
            "n_images": len(control.images),
            "most_s": most_s,
            "took_s": round(time.monotonic() - begun, 1),
            "float_layers": None if how is None else list(how["float_layers"]),
            "without": {key: plain.comparison[key] for key in ("verdict", "reasons", "mean")},
        }
        return _Found(plain if how is None else self._judged(folder, how), plain, record)

    def _judged(self, folder: Path, how: How) -> _Attempt:
        job = self._job
        refuse_nothing_written(folder, job.wish.precision)
        contender = loaded(job.backend, folder)
        converted = predicted(job, job.wish.precision, contender, self._progress)
        comparison = compare_conversion(self._reference, converted, JUDGED_ON, job.limits, job.wish.draws)
        return _Attempt(folder, how, contender, comparison)

    def _new_folder(self, name: str) -> Path:
        folder = self._hidden / name
        folder.mkdir()
        return folder

    def _record(self, found: _Found) -> Record:
        job = self._job
        return {
            "precision": job.wish.precision,
            "how": dict(found.attempt.how),
            "calibration": {
                "split": CALIBRATED_ON,
                "n": len(self._rows),
                "seed": job.wish.draws.seed,
                "example_ids": job.prepared.index["example_id"].iloc[self._rows].astype(str).tolist(),
            },
            "judged_on": JUDGED_ON,
            "draws": dataclasses.asdict(job.wish.draws),
            "comparison": found.attempt.comparison,
            "verdict": found.attempt.comparison["verdict"],
            "control": found.control,
            "speed": None,
            "model_hash": job.model.description["hash"],
            "machine": dataclasses.asdict(describe_machine()),
            "versions": recorded_versions(),
        }

    def _speed(self, found: _Found) -> Record:
        name = self._job.wish.precision
        contenders = {REFERENCE: self._float32, name: found.attempt.contender}
        if found.control:
            contenders[f"{name} {PLAIN}"] = found.plain.contender
        with self._progress.meter("measuring speed", N_TURNS * len(contenders)) as meter:
            return bench(contenders, self._images, meter.advance)

    def _sizes(self, found: _Found) -> Record:
        of_float32 = (self._job.model.folder / NETWORK).stat().st_size
        return {REFERENCE: of_float32, self._job.wish.precision: size_of(found.attempt.folder)}


def _calibration_rows(job: Job) -> np.ndarray:
    rows = job.prepared.rows(CALIBRATED_ON)
    binary = [label.kind == "binary" for label in job.prepared.task.labels]
    drawn = draw_calibration(job.prepared.examples().truth(rows)[:, binary], job.wish.n_examples, job.wish.draws.seed)
    chosen: np.ndarray = rows[drawn]
    return chosen


def _say_what_is_done(job: Job, progress: Shown) -> None:
    card = job.prepared.adapter.card
    drawn = " (DRAWN by a program)" if card.drawn else ""
    progress.say(f"{job.prepared.config.task.name} of '{job.run.path}' to {job.wish.precision}: {card.title}{drawn}")
    if slower := why_slower(job.wish.precision, job.backend):
        progress.say(slower)


def _load_once(job: Job) -> None:
    """What a backend keeps of a loaded network is then there when predictions are first asked for."""
    for use in (Load(1, 1), Load(32, len(os.sched_getaffinity(0)))):
        job.backend.load(job.folder, use)
