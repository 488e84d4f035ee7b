"""Two ranks that sum, until the second does something else; writes whether a rank takes the other for lost."""

import os
import signal
import sys
from pathlib import Path

import numpy as np

from zoo_core.distributed.channel import LOST, take_work
from zoo_core.distributed.horovod import HorovodRanks, rank_of_environment, tells_of_lost_rank
from zoo_core.runtime.process import prepare_process

N_SUMS, IN_THE_MIDDLE = 6, 3


def sums(how, is_compiled):
    import tensorflow as tf

    communicator = HorovodRanks()
    compiled = tf.function(lambda x: communicator.all_reduce_sum([x])[0], input_signature=[tf.TensorSpec([None])])
    for i in range(N_SUMS):
        size = 5
        if communicator.rank.rank == 1 and i == IN_THE_MIDDLE:
            match how:
                case "killed":
                    os.kill(os.getpid(), signal.SIGKILL)
                case "ended":
                    sys.exit(3)
                case "out of step":
                    size = 4
        array = np.ones(size, np.float32)
        compiled(array) if is_compiled else communicator.all_reduce_mean(array)


if __name__ == "__main__":
    work, _ = take_work()
    rank = rank_of_environment()
    prepare_process(rank)
    try:
        sums(work.arguments["how"], work.arguments["is_compiled"])
    except Exception as error:  # noqa: BLE001 - whatever TensorFlow makes of it
        is_lost = tells_of_lost_rank(error)
        Path(work.arguments["folder"], f"rank-{rank.rank}").write_text(str(is_lost))
        os._exit(LOST if is_lost else 1)
