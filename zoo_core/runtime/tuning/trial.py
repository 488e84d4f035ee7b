"""One trial of a candidate: `python -m zoo_core.runtime.tuning.trial FILE`, in processes that end with their parent.

FILE holds the settings of a run, and the rows to train on. The root answers each line of standard input, `train
GLOBAL_BATCH_SIZE N_STEPS`, `compute GLOBAL_BATCH_SIZE N_STEPS` or `predict N_STREAMS N_BATCHES`, with images a second.
With several ranks this is their launcher first, as that of a run.
"""

import ctypes
import dataclasses
import json
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from zoo_core.contract import Communicator, Rank, ZooError
from zoo_core.distributed.horovod import HorovodRanks, rank_of_environment
from zoo_core.distributed.launch import launch_local
from zoo_core.distributed.single import SingleRank

if TYPE_CHECKING:
    from zoo_core.runtime.prepare import Prepared
    from zoo_core.runtime.tuning.measuring import Bench

PR_SET_PDEATHSIG = 1
"""Of prctl(2)."""

ABILITIES = ("train", "compute", "predict")
END = (-1, 0, 0)


def main(file: Path) -> int:
    """Launch ranks, or be one; the exit code."""
    _end_with_parent()
    content = json.loads(file.read_bytes())
    n_ranks = content["settings"]["launch"]["n_ranks"]
    rank = rank_of_environment()
    try:
        if n_ranks > 1 and rank is None:
            return launch_local([sys.executable, "-m", "zoo_core.runtime.tuning.trial", str(file)], n_ranks)
        _answer(content, rank)
    except ZooError as error:
        sys.stderr.write(f"{' '.join(str(error).split())}\n")
        return 2
    return 0


def _answer(content: dict[str, Any], rank: Rank | None) -> None:
    from zoo_core.runtime.process import prepare_process

    prepare_process(rank or Rank(), content["settings"]["launch"]["n_threads"])
    from zoo_core.runtime.tuning.measuring import Bench

    prepared = _prepared(content)
    many_sums = prepared.config.trainer.batch_norm == "cross-rank"
    communicator: Communicator = HorovodRanks(many_sums=many_sums) if rank else SingleRank()
    bench = Bench(prepared, communicator)
    while (command := _next_command(communicator))[0] >= 0:
        speed = _measured(bench, *command)
        if communicator.rank.is_root:
            sys.stdout.write(f"{speed}\n")
            sys.stdout.flush()


def _measured(bench: "Bench", ability: int, size: int, count: int) -> float:
    measure: Callable[[int, int], float] = getattr(bench, ABILITIES[ability])
    return measure(size, count)


def _next_command(communicator: Communicator) -> tuple[int, int, int]:
    """What the root is told; every rank gets it. There is no more where nobody tells any longer."""
    command = END
    if communicator.rank.is_root and (words := sys.stdin.readline().split()):
        command = (ABILITIES.index(words[0]), int(words[1]), int(words[2]))
    ability, size, count = communicator.broadcast(np.array(command, np.int32)).tolist()
    return ability, size, count


def _prepared(content: dict[str, Any]) -> "Prepared":
    """The run, with the chosen rows alone to train on."""
    from zoo_core.runtime.prepare import prepare
    from zoo_core.runtime.settings import run_config

    prepared = prepare(run_config(content["settings"]))
    part = np.full_like(prepared.split.part, "")
    part[content["rows"]] = "train"
    return dataclasses.replace(prepared, split=dataclasses.replace(prepared.split, part=part))


def _end_with_parent() -> None:
    """Have the system kill this process when its parent ends in whatever way, even while this one is held."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
