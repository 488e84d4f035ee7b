"""Three steps of a small network on this rank's share of seven examples; writes the rank's variables."""

import sys
from pathlib import Path

import numpy as np

from zoo_core.contract import Rank
from zoo_core.distributed.horovod import HorovodRanks, rank_of_environment
from zoo_core.distributed.single import SingleRank
from zoo_core.runtime.process import prepare_process

N_EXAMPLES, N_LABELS, N_STEPS = 7, 3, 3


class Logistic:
    def loss(self, targets, outputs, fitted):
        from keras import ops

        return targets * ops.softplus(-outputs) + (1 - targets) * ops.softplus(outputs)


def train(communicator):
    import keras

    from zoo_core.data.reader import Batch
    from zoo_core.runtime.config import TrainerConfig
    from zoo_core.runtime.step import TrainStep, broadcast_state, make_optimizer

    rank = communicator.rank
    # Each rank starts from weights of its own: only the broadcast makes them equal to the root's.
    keras.utils.set_random_seed(rank.rank)
    layers = [keras.layers.Conv2D(2, 3, activation="tanh"), keras.layers.Flatten(), keras.layers.Dense(N_LABELS)]
    model = keras.Sequential([keras.Input((5, 4, 2)), *layers])
    step = TrainStep(model, Logistic(), {}, make_optimizer(TrainerConfig(optimizer="sgd")), communicator)
    broadcast_state(step, communicator)
    rng = np.random.default_rng(0)
    losses = []
    for _ in range(N_STEPS):
        images = rng.random((N_EXAMPLES, 5, 4, 2), np.float32)
        targets = rng.integers(0, 2, (N_EXAMPLES, N_LABELS)).astype(np.float32)
        known = (rng.random((N_EXAMPLES, N_LABELS)) < 0.5).astype(np.float32)
        known[0::2] = 0  # of two ranks, the root knows nothing
        share = slice(rank.rank, None, rank.size)
        losses.append(step(Batch(images[share], targets[share], known[share]), learning_rate=0.5))
    return {"losses": np.array(losses), **{v.path: np.asarray(v) for v in model.variables}}


if __name__ == "__main__":
    rank = rank_of_environment()
    prepare_process(rank or Rank())
    arrays = train(HorovodRanks() if rank else SingleRank())
    np.savez(Path(sys.argv[1]) / f"rank-{rank.rank if rank else 0}.npz", **arrays)
