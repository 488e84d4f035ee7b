"""Train steps of the zoo, or of stock Keras's `fit` on the very same network; told and read by `training.py`.

python benchmarks/competitors/zoo_steps.py zoo|keras TOPOLOGY PRECISION SIZE_PX BATCH_SIZE
"""

import sys
from collections.abc import Callable
from typing import Any

import numpy as np
from answering import answer

from zoo_core import plugins
from zoo_core.contract import Rank
from zoo_core.runtime.process import prepare_process

LEARNING_RATE = 1e-3


def main(who: str, topology: str, precision: str, *sizes: str) -> None:
    """Answer each line of standard input by measured steps."""
    size_px, batch_size = map(int, sizes)
    prepare_process(Rank())
    import keras

    keras.utils.set_random_seed(0)
    policy = plugins.create("precision", precision, plugins.load("precision", precision).config()).policy()
    network = plugins.create("topology", topology, plugins.load("topology", topology).config())
    keras.config.set_dtype_policy(policy)
    make = {"zoo": _zoo_step, "keras": _keras_step}[who]
    answer(*make(network, size_px, batch_size), f"keras {keras.__version__}")


def _zoo_step(network: Any, size_px: int, batch_size: int) -> tuple[Callable[[], float], int]:
    import keras

    from zoo_core.contract import InputScaling
    from zoo_core.data.reader import Batch
    from zoo_core.distributed.single import SingleRank
    from zoo_core.models.assembly import build_backbone, build_model
    from zoo_core.runtime.step import TrainStep
    from zoo_radiology.chexnet import CheXNet, CheXNetConfig

    policy = keras.config.dtype_policy().name
    task = CheXNet(CheXNetConfig(image_size_px=size_px))
    fitted = {"positive_weights": np.ones(len(task.labels), np.float32)}
    backbone = build_backbone(network, (size_px, size_px, 3), policy)
    model = build_model(backbone, task, InputScaling(), policy)
    optimizer = keras.optimizers.Adam(LEARNING_RATE)
    train = TrainStep(model, task, fitted, optimizer, SingleRank())
    images, targets = _batch(size_px, batch_size)
    batch = Batch(images, targets, np.ones_like(targets))
    return lambda: train(batch, LEARNING_RATE), _n_parameters(model)


def _keras_step(network: Any, size_px: int, batch_size: int) -> tuple[Callable[[], float], int]:
    """One step of `fit`: the same network without any change, the loss and the optimizer as Keras has them."""
    import keras
    import tensorflow as tf

    backbone = network.build((size_px, size_px, 3))
    pooled = keras.layers.GlobalAveragePooling2D(dtype="float32")(backbone.output)
    model = keras.Model(backbone.input, keras.layers.Dense(14, dtype="float32")(pooled))
    model.compile(keras.optimizers.Adam(LEARNING_RATE), keras.losses.BinaryCrossentropy(from_logits=True))
    # One endless `fit` would be measured from within; a `fit` of one step pays for its start at each. `train_step` as
    # Keras compiles it is what both are made of.
    model.make_train_function()
    images, targets = _batch(size_px, batch_size)
    batches = iter(tf.data.Dataset.from_tensors((images, targets)).repeat())

    def step() -> float:
        return float(model.train_function(batches)["loss"])

    return step, _n_parameters(model)


def _batch(size_px: int, batch_size: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    images = rng.random((batch_size, size_px, size_px, 3), np.float32)
    return images, (rng.random((batch_size, 14)) < 0.1).astype(np.float32)


def _n_parameters(model: Any) -> int:
    return int(sum(np.prod(v.shape) for v in model.trainable_variables))


if __name__ == "__main__":
    main(*sys.argv[1:])
