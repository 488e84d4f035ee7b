"""Steps of a small network on this rank's share of global batches; writes the rank's variables, once for each variant.

python train_steps.py FOLDER VARIANTS

VARIANTS is JSON: settings of `Sharing` by the name of the variant; `liar` is the rank that changes its weights by a bit
after the first step.
"""

import json
import sys
from pathlib import Path

import numpy as np

from zoo_core.contract import MachineError, Rank
from zoo_core.distributed.horovod import HorovodRanks, rank_of_environment
from zoo_core.distributed.single import SingleRank
from zoo_core.runtime.process import prepare_process

N_EXAMPLES, N_LABELS, N_STEPS = 13, 3, 20


class Logistic:
    def loss(self, targets, outputs, fitted):
        from keras import ops

        return targets * ops.softplus(-outputs) + (1 - targets) * ops.softplus(outputs)


def network(seed):
    import keras

    # Each rank starts from weights of its own: only the broadcast makes them equal to the root's.
    keras.utils.set_random_seed(seed)
    layers = keras.layers
    block = [
        layers.Conv2D(4, 3, use_bias=False),
        layers.BatchNormalization(),
        layers.Activation("tanh"),
        layers.Conv2D(3, 2, use_bias=False),
        layers.BatchNormalization(momentum=0.9),
    ]
    return keras.Sequential([keras.Input((6, 5, 2)), *block, layers.Flatten(), layers.Dense(N_LABELS)])


def train(communicator, liar=None, **how):
    from zoo_core.data.reader import Batch
    from zoo_core.models.batch_norm import fuse_batch_norm
    from zoo_core.runtime.config import TrainerConfig
    from zoo_core.runtime.replicas import make_equal, refuse_difference
    from zoo_core.runtime.sharing import Sharing
    from zoo_core.runtime.step import TrainStep, make_optimizer

    rank, n_played = communicator.rank, how.get("n_played", 1)
    size, numbers = rank.size * n_played, range(rank.rank * n_played, (rank.rank + 1) * n_played)
    model = fuse_batch_norm(network(rank.rank))
    step = TrainStep(
        model, Logistic(), {}, make_optimizer(TrainerConfig(optimizer="sgd")), Sharing(communicator, **how)
    )
    make_equal(step, communicator)
    rng = np.random.default_rng(0)
    losses = []
    for n_done in range(N_STEPS):
        images = 2 + 3 * rng.random((N_EXAMPLES, 6, 5, 2), np.float32)
        targets = rng.integers(0, 2, (N_EXAMPLES, N_LABELS)).astype(np.float32)
        known = (rng.random((N_EXAMPLES, N_LABELS)) < 0.5).astype(np.float32)
        known[0::2] = 0  # of two ranks, the root knows nothing
        known[0, 0] = 1
        shares = [slice(number, None, size) for number in numbers]
        losses.append(step([Batch(images[s], targets[s], known[s]) for s in shares], learning_rate=0.05))
        if liar == rank.rank and n_done == 0:
            (weights,) = step.parameters.optimized
            weights.assign(np.nextafter(weights.numpy(), np.float32(np.inf)))
    words = ""
    try:
        refuse_difference(step, communicator, N_STEPS)
    except MachineError as error:
        words = str(error)
    own = step.statistics.gathered()
    step.statistics.average()
    variables = {f"{i}": np.asarray(v) for i, v in enumerate(model.variables)}
    return {"losses": np.array(losses), "own": own, "words": np.array(words), **variables}


if __name__ == "__main__":
    rank = rank_of_environment()
    prepare_process(rank or Rank())
    communicator = HorovodRanks() if rank else SingleRank()
    for name, how in json.loads(sys.argv[2]).items():
        np.savez(Path(sys.argv[1]) / f"{name}-{communicator.rank.rank}.npz", **train(communicator, **how))
