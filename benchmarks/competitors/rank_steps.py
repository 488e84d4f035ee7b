"""Train steps of one rank, or of a process alone on a rank's cores; told and read by `ranks.py`.

python benchmarks/competitors/rank_steps.py ranks|alone TOPOLOGY PRECISION SIZE_PX BATCH_SIZE
"""

import sys

import numpy as np
from answering import answer

from zoo_core.contract import Rank
from zoo_core.distributed.horovod import HorovodRanks, rank_of_environment
from zoo_core.distributed.single import SingleRank
from zoo_core.studies.step_time import StepShape, make_step, prepare

LEARNING_RATE = 1e-3


def main(who: str, topology: str, precision: str, *sizes: str) -> None:
    """Answer each line of standard input by measured steps, those of ranks together with the other ranks."""
    shape = StepShape(topology, precision, *map(int, sizes))
    rank = rank_of_environment() or Rank()
    prepare(shape, rank)
    import keras

    together = who == "ranks" and rank.size > 1
    train, batch = make_step(shape, HorovodRanks() if together else SingleRank())
    n_parameters = sum(int(np.prod(v.shape)) for v in train.model.trainable_variables)
    answer(lambda: train([batch], LEARNING_RATE), n_parameters, f"keras {keras.__version__}")


if __name__ == "__main__":
    main(*sys.argv[1:])
