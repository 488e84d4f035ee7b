"""What each rank of a run does, whoever started it."""

import json
import os
import sys
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from zoo_core.contract import Communicator, Rank
from zoo_core.distributed.beats import Beats
from zoo_core.distributed.channel import LOST
from zoo_core.distributed.horovod import HorovodRanks, rank_of_environment, tells_of_lost_rank
from zoo_core.distributed.signals import StopRequests
from zoo_core.distributed.single import SingleRank
from zoo_core.runtime.process import prepare_process
from zoo_core.runtime.record import RunFolder


class RankLostError(Exception):
    """Another rank is gone, so that this one cannot go on: no fault of its own, and nothing to show."""

    def end_process(self) -> NoReturn:
        """End this process at once: Horovod would wait for the rank that is gone."""
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(LOST)


def run_rank(
    folder: Path, n_threads: int, requests: StopRequests, beats: Beats, cores: list[int] | None = None
) -> None:
    """Do this rank's part of the run in a folder; the environment says which rank this is.

    Args:
        folder: of the run.
        n_threads: TensorFlow's; 0 for one a core.
        requests: signals to this process.
        beats: hear what it does.
        cores: that it has; None for its share of those of the host.
    Raises:
        RankLostError: another rank is gone.
        ZooError: a user's mistake.
        Stopped: by a signal.
    """
    from zoo_core.runtime.resume import prepared_in

    rank = rank_of_environment() or Rank()
    beats.begins("importing TensorFlow")
    cores = prepare_process(rank, n_threads, cores)
    from zoo_core.runtime.run import execute

    run_folder = RunFolder(folder)
    beats.begins("looking at the data")
    prepared = prepared_in(run_folder)
    beats.begins("meeting the other ranks")
    try:
        many_sums = prepared.config.trainer.batch_norm == "cross-rank"
        communicator: Communicator = HorovodRanks(many_sums=many_sums) if rank.size > 1 else SingleRank()
        record_ranks(run_folder, communicator, cores, n_threads)
        execute(run_folder, prepared, communicator, requests, beats)
    except Exception as error:
        if rank.size > 1 and tells_of_lost_rank(error):
            raise RankLostError from error
        raise


def record_ranks(folder: RunFolder, communicator: Communicator, cores: list[int], n_threads: int) -> None:
    """Write into `run.json` where each rank is: its host by number, its cores, its threads; every rank calls it."""
    own = {"host": os.uname().nodename, "cores": cores, "n_threads": n_threads or len(cores)}
    ranks = gathered(communicator, own)
    if communicator.rank.is_root:
        hosts = list(dict.fromkeys(rank["host"] for rank in ranks))
        folder.extend({"ranks": [{**rank, "host": hosts.index(rank["host"])} for rank in ranks]})


def gathered(communicator: Communicator, record: dict[str, Any]) -> list[dict[str, Any]]:
    """A record of each rank, by rank; every rank calls it."""
    text = np.frombuffer(json.dumps(record).encode(), np.uint8)
    sizes = communicator.all_gather(np.array([len(text)], np.int64))
    texts = communicator.all_gather(text)
    ends = np.cumsum(sizes)
    return [json.loads(texts[end - size : end].tobytes()) for size, end in zip(sizes, ends, strict=True)]
