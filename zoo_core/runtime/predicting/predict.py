"""From examples to predictions: read ahead, answered, written part by part."""

import dataclasses
import os
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import psutil

from zoo_core.contract import Rank
from zoo_core.data.reader import read_ahead
from zoo_core.distributed.signals import StopRequests
from zoo_core.runtime.inference import Inference
from zoo_core.runtime.machine import describe_machine
from zoo_core.runtime.predicting.parts import Parts
from zoo_core.runtime.predicting.reading import Answered, answers, batches_of, read_tolerantly
from zoo_core.runtime.predicting.request import Request
from zoo_core.runtime.predicting.rows import predictions_of
from zoo_core.runtime.process import prepare_process
from zoo_core.runtime.progress import Shown

PART_SIZE = 256
"""Examples of a part, about: what a kill loses."""

Record = dict[str, Any]

NOTHING_NOW: Record = {
    "n_now": 0,
    **dict.fromkeys(("end_to_end", "compute", "first_result_s", "machine")),
}
"""Of a call that had parts to join alone."""


def predict(request: Request, folder: Path, resume: bool = False) -> Record:
    """Predict all that is missing in a folder.

    Args:
        request: what is asked for.
        folder: of the prediction.
        resume: whether it was begun.
    Returns:
        What `predict.json` holds as `came`: `n_ok`, `n_failed`, the first `failures`; of this call `n_now` examples,
        `end_to_end` and `compute` (`seconds`, `images_per_s`; None where nothing was left to do) and `first_result_s`
        after the process began (None where none came); `machine`.
    Raises:
        ZooError: a user's mistake.
        Stopped: by a signal; the parts that are written stay.
    """
    parts, asked, progress = Parts(folder), request.described(), Shown()
    with StopRequests() as requests:
        requests.all_is_saved()  # what is done lies in parts: a signal ends this at once
        return _go_on(request, parts, asked, progress) if resume else _begin(request, parts, asked, progress)


def _begin(request: Request, parts: Parts, asked: Record, progress: Shown) -> Record:
    parts.refuse_existing()
    call = _Call(request, progress)
    inference = call.loaded(call.numbers)  # before anything is written: where it is damaged, nothing is
    parts.begin(asked)
    with parts.held():
        came = call.predict(call.numbers, inference, parts)
        return parts.finish(len(call.numbers), asked, came)


def _go_on(request: Request, parts: Parts, asked: Record, progress: Shown) -> Record:
    parts.refuse_other(asked)
    with parts.held():
        if (came := parts.came()) is not None:
            progress.say(f"the prediction in '{parts.folder}' is finished")
            parts.remove_parts()  # a process may have been killed while it did
            return came
        call = _Call(request, progress)
        missing = parts.missing(len(call.numbers))
        progress.say(f"{len(missing)} of {len(call.numbers)} parts are missing")
        came = call.predict(missing, call.loaded(missing), parts) if missing else NOTHING_NOW
        return parts.finish(len(call.numbers), asked, came)


class _Call:
    """One call at work.

    Args:
        request: what is asked for.
        progress: what a person sees.
    Attributes:
        numbers: of all parts.
    """

    def __init__(self, request: Request, progress: Shown) -> None:
        self._request, self._progress = request, progress
        # Whole batches, so that none is filled up but the last.
        size = max(PART_SIZE // request.batch_size, 1) * request.batch_size
        rows = request.rows
        self._rows = [rows[i : i + size] for i in range(0, len(rows), size)]
        self.numbers = range(len(self._rows))
        self._first_result_s: float | None = None

    def loaded(self, numbers: Sequence[int]) -> Inference:
        """The network, for some parts."""
        network = self._request.network
        for line in self._request.remarks():
            self._progress.say(line)
        self._progress.say(f"loading the network in {network.precision}")
        if network.needs_keras:
            prepare_process(Rank())
        return network.load(self._request.batch_size, self._n_examples(numbers))

    def predict(self, numbers: Sequence[int], inference: Inference, parts: Parts) -> Record:
        """Predict some parts, and write each as soon as it is there."""
        n_now, start = self._n_examples(numbers), time.perf_counter()
        with self._progress.meter(f"predicting in {self._request.network.precision}", n_now) as meter:
            answered = list[Answered]()
            for one in self._answers(numbers, inference, meter.advance):
                answered.append(one)
                if one.batch.ends_part:
                    parts.add(one.batch.part, predictions_of(self._request, answered))
                    answered.clear()
        seconds = time.perf_counter() - start
        return {
            "n_now": n_now,
            "end_to_end": _speed(n_now, seconds),
            "compute": _speed(inference.n_images, inference.busy_s),
            "first_result_s": self._first_result_s,
            "machine": dataclasses.asdict(describe_machine()),
        }

    def _n_examples(self, numbers: Sequence[int]) -> int:
        return sum(len(self._rows[number]) for number in numbers)

    def _answers(
        self, numbers: Sequence[int], inference: Inference, advance: Callable[[int], None]
    ) -> Iterator[Answered]:
        examples, n_readers = self._request.prepared.examples(), len(os.sched_getaffinity(0))
        batches = batches_of(((number, self._rows[number]) for number in numbers), inference.use.batch_size)
        read = read_ahead(lambda batch: read_tolerantly(examples, batch), batches, n_readers)
        for one in answers(read, inference):
            if self._first_result_s is None and one.outputs is not None:
                self._first_result_s = time.time() - psutil.Process().create_time()
            advance(len(one.batch.rows) + len(one.batch.unreadable))
            yield one


def _speed(n: int, seconds: float) -> Record:
    return {"seconds": seconds, "images_per_s": n / seconds if seconds else None}
