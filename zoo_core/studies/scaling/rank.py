"""One rank of the study, or a process alone: does the job of a folder and leaves there what it measured.

python -m zoo_core.studies.scaling.rank FOLDER
"""

import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from zoo_core.contract import Communicator, Rank, ZooError
from zoo_core.studies.step_time import StepShape, drawn_batch, make_step, prepare
from zoo_core.studies.stock_keras import LEARNING_RATE, make_stock_step, prepare_stock

JOB = "job.json"
N_WARM_UP = 2
"""Steps before those that are counted: compilation, and memory that is taken from the system once."""

CLOSE_CYCLE_MS = 0.1
"""Horovod's cycle while all-reduces are measured alone: a sum waits for one once, however many messages it sends."""

Found = dict[str, Any]


@dataclass(frozen=True)
class Job:
    """What the ranks do, as one JSON file.

    Attributes:
        do: "stock" and "train" for steps, "all-reduce" for all-reduces alone.
        n_cores: of all ranks together; the first that there are.
        shape: of the step; its batch is that of all ranks.
        batches: images of all ranks, for each of which steps are measured.
        n_steps: that are counted.
        sizes_bytes: of all-reduces.
    """

    do: str
    n_cores: int
    shape: StepShape
    batches: tuple[int, ...] = ()
    n_steps: int = 0
    sizes_bytes: tuple[int, ...] = ()

    def write(self, folder: Path) -> None:
        """Into the folder of the ranks."""
        (folder / JOB).write_text(json.dumps(asdict(self)), encoding="utf-8")

    @classmethod
    def read(cls, folder: Path) -> "Job":
        """What `write` wrote."""
        values = json.loads((folder / JOB).read_text(encoding="utf-8"))
        return cls(**{**values, "shape": StepShape(**values["shape"])})


def main(folder: Path) -> int:
    """Do this rank's part; returns the exit code."""
    # Horovod is reached through the communicator alone, which is imported where there is more than one rank.
    from zoo_core.distributed.horovod import rank_of_environment

    rank = rank_of_environment() or Rank()
    _log_into(folder / f"rank-{rank.rank}.log")
    job = Job.read(folder)
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: job.n_cores])
    try:
        found = {"stock": _stock, "train": _train, "all-reduce": _all_reduces}[job.do](job, rank)
    except ZooError as error:
        found = {"mistake": str(error)}
    (folder / f"rank-{rank.rank}.json").write_text(json.dumps(found), encoding="utf-8")
    return 2 if "mistake" in found else 0


def share_of(n_images: int, rank: Rank) -> int:
    """Images of a rank, which differ by one at most."""
    return n_images // rank.size + (rank.rank < n_images % rank.size)


def _log_into(path: Path) -> None:
    with path.open("wb") as log:
        for stream in (1, 2):
            os.dup2(log.fileno(), stream)


def _stock(job: Job, rank: Rank) -> Found:  # noqa: ARG001 - as the others
    """Steps of stock Keras by one process."""
    prepare_stock(job.shape)
    step, model = make_stock_step(job.shape)
    timed = _timed_steps(job.n_steps, step, lambda: 0.0)
    return {"steps": {str(job.shape.batch_size): timed}, "n_parameters": _n_parameters(model)}


def _train(job: Job, rank: Rank) -> Found:
    """Steps of ours, of each batch in turn."""
    from zoo_core.studies.scaling.timed import Timed

    prepare(job.shape, rank)
    timed = Timed(_communicator(rank))
    step, _ = make_step(job.shape, timed)
    found = {}
    for n_images in job.batches:
        batch = drawn_batch(StepShape(job.shape.topology, "", job.shape.size_px, share_of(n_images, rank)))
        found[str(n_images)] = _timed_steps(
            job.n_steps,
            lambda: step([batch], LEARNING_RATE),  # noqa: B023 - called before the next batch is drawn
            lambda: float(timed.spent_s.numpy()),
        )
    return {"steps": found, "n_parameters": _n_parameters(step.model)}


def _all_reduces(job: Job, rank: Rank) -> Found:
    """Seconds of each all-reduce of each size, which all ranks begin together."""
    from zoo_core.distributed.horovod import CYCLE_TIME
    from zoo_core.runtime.process import prepare_process

    prepare_process(rank)
    os.environ[CYCLE_TIME] = f"{CLOSE_CYCLE_MS:g}"
    communicator = _communicator(rank)
    return {"seconds": {str(n): _timed_sums(communicator, n) for n in job.sizes_bytes}}


def _timed_sums(communicator: Communicator, n_bytes: int) -> list[float]:
    import tensorflow as tf

    values = tf.ones([n_bytes // 4])
    reduce = tf.function(lambda tensor: communicator.all_reduce_sum([tensor])[0], autograph=False)
    seconds = []
    for _ in range(N_WARM_UP + n_repeats(n_bytes)):
        communicator.barrier()
        start = time.perf_counter()
        reduce(values)
        seconds.append(time.perf_counter() - start)
    return seconds[N_WARM_UP:]


def n_repeats(n_bytes: int) -> int:
    """More of those that are short and scatter more.

    >>> n_repeats(1024), n_repeats(64 * 2**20)
    (40, 5)
    """
    return 40 if n_bytes <= 2**18 else 15 if n_bytes <= 2**22 else 5


def _timed_steps(n_steps: int, step: Callable[[], object], spent_s: Callable[[], float]) -> dict[str, list[float]]:
    """Seconds of each step, and those of them that were spent in all-reduces."""
    seconds, reduces = [], []
    for _ in range(N_WARM_UP + n_steps):
        before, start = spent_s(), time.perf_counter()
        step()
        seconds.append(time.perf_counter() - start)
        reduces.append(spent_s() - before)
    return {"step_s": seconds[N_WARM_UP:], "all_reduce_s": reduces[N_WARM_UP:]}


def _communicator(rank: Rank) -> Communicator:
    from zoo_core.distributed.horovod import HorovodRanks
    from zoo_core.distributed.single import SingleRank

    return HorovodRanks() if rank.size > 1 else SingleRank()


def _n_parameters(model: Any) -> int:
    return sum(int(v.value.shape.num_elements()) for v in model.trainable_variables)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
