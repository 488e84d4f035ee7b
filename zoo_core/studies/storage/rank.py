"""One rank of the study: a process that is told line by line what to read, and answers with what it measured.

python -m zoo_core.studies.storage.rank JOB
"""

import gc
import json
import sys
import time
from collections.abc import Generator, Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from zoo_core.contract import Rank
from zoo_core.distributed.cores import bind_to_cores
from zoo_core.runtime.process import prepare_process
from zoo_core.studies.storage.formats import FORMATS, Epoch, Shape, Share

FEWEST_STEPS = 4
"""Of an accelerator's, however long one takes."""


@dataclass(frozen=True)
class Job:
    """What a rank reads, as one JSON text.

    Attributes:
        format: of `FORMATS`.
        folder: of its files.
        shape: of the data set.
        rank: from 0.
        size: number of ranks.
    """

    format: str
    folder: str
    shape: Shape
    rank: int
    size: int

    def to_json(self) -> str:
        """To be read by `from_json`."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "Job":
        """What `to_json` wrote."""
        values = json.loads(text)
        return cls(**{**values, "shape": Shape(**values["shape"])})


def main(text: str) -> None:
    """Answer each line of standard input."""
    job = Job.from_json(text)
    rank = Rank(job.rank, job.size, job.rank, job.size)
    # TensorFlow takes its cores when it is imported; the other formats do without it.
    cores = prepare_process(rank) if job.format == "tfrecord" else bind_to_cores(rank)
    share = Share(Path(job.folder), job.shape, rank, len(cores))
    audited = Audited(FORMATS[job.format].files(share.folder))
    warm_up(FORMATS[job.format].epoch(share, 0))
    _say({"ready": True})
    for line in sys.stdin:
        command = json.loads(line)
        epoch = FORMATS[job.format].epoch(share, command["seed"])
        _say({"open": True})
        go = json.loads(sys.stdin.readline())
        n_opens = audited.count
        measured = read_epoch(epoch, go["at"]) if command["do"] == "read" else train(epoch, command, go["at"])
        measured["n_opens"] = audited.count - n_opens
        # Files that are still mapped could not be put out of memory before the next epoch.
        del epoch
        gc.collect()
        _say(measured)


class Audited:
    """Counts how often Python opens some files in this process, from now on.

    Args:
        files: that are counted.
    Attributes:
        count: how often.
    """

    def __init__(self, files: Iterable[Path]) -> None:
        self.count = 0
        self._files = {str(path) for path in files}
        sys.addaudithook(self._hear)

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        # What is opened by the number of an open file is opened already.
        if event == "open" and isinstance(arguments[0], str) and arguments[0] in self._files:
            self.count += 1


def warm_up(epoch: Epoch) -> None:
    """Read an epoch that is not measured: what a process loads and allocates once is no property of a place."""
    for _ in epoch():
        pass


def close(batches: Iterator[np.ndarray]) -> None:
    """End the threads that read ahead of a consumer that has gone."""
    if isinstance(batches, Generator):
        batches.close()


def read_epoch(epoch: Epoch, at: float) -> dict[str, Any]:
    """Read a share as fast as it comes.

    Args:
        epoch: the share.
        at: when every rank begins, by the clock that all processes of a machine share.
    Returns:
        `n_images`, `end`, `waits_s` for each whole batch, and `device_bytes` that the kernel fetched for this process.
    """
    waits: list[float] = []
    sizes: list[int] = []
    fetched = device_bytes()
    last = wait_until(at)
    for batch in epoch():
        now = time.monotonic()
        waits.append(now - last)
        sizes.append(len(batch))
        last = now
    whole = [wait for wait, size in zip(waits, sizes, strict=True) if size == sizes[0]]
    after = device_bytes()
    device = None if fetched is None or after is None else after - fetched
    return {"n_images": sum(sizes), "end": last, "waits_s": whole, "device_bytes": device}


def train(epoch: Epoch, command: dict[str, Any], at: float) -> dict[str, Any]:
    """Read a share as an accelerator would take it: a batch, then nothing for as long as a step lasts.

    The first step is not counted: it waits for what every start waits for.

    Args:
        epoch: the share.
        command: `step_s`, and `most_s` after which no further step begins.
        at: when every rank begins.
    Returns:
        `n_steps`, `compute_s` and `total_s`.
    """
    wait_until(at)
    batches = epoch()
    try:
        next(batches)
        time.sleep(command["step_s"])
        return _steps(batches, command["step_s"], command["most_s"])
    finally:
        close(batches)


def wait_until(at: float) -> float:
    """Sleep until a moment of the clock, or not at all, and return the moment at which work begins to be owed."""
    time.sleep(max(0.0, at - time.monotonic()))
    return at


def device_bytes() -> int | None:
    """Bytes that the kernel fetched from a device for this process; None where it does not say."""
    try:
        text = Path("/proc/self/io").read_text(encoding="ascii")
    except OSError:
        return None
    return next((int(line.split()[1]) for line in text.splitlines() if line.startswith("read_bytes:")), None)


def _steps(batches: Iterator[np.ndarray], step_s: float, most_s: float) -> dict[str, Any]:
    n_steps, compute_s, start = 0, 0.0, time.monotonic()
    while n_steps < FEWEST_STEPS or time.monotonic() - start < most_s:
        if next(batches, None) is None:
            break
        begun = time.monotonic()
        time.sleep(step_s)
        # As long as it really slept: a sleep is a little longer than it was asked to be.
        compute_s += time.monotonic() - begun
        n_steps += 1
    return {"n_steps": n_steps, "compute_s": compute_s, "total_s": time.monotonic() - start}


def _say(record: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(record) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
