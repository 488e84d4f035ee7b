"""Train steps of the zoo, or of stock Keras's `fit` on the very same network; told and read by `training.py`.

python benchmarks/competitors/zoo_steps.py zoo|keras TOPOLOGY PRECISION SIZE_PX BATCH_SIZE
"""

import os
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
from answering import answer

from zoo_core import plugins
from zoo_core.studies.step_time import StepShape, make_step, prepare

LEARNING_RATE = 1e-3


def main(who: str, topology: str, precision: str, *sizes: str) -> None:
    """Answer each line of standard input by measured steps."""
    shape = StepShape(topology, precision, *map(int, sizes))
    {"zoo": prepare, "keras": _as_it_comes}[who](shape)
    import keras

    answer(*{"zoo": _zoo_step, "keras": _keras_step}[who](shape), f"keras {keras.__version__}")


def _as_it_comes(_: StepShape) -> None:
    """TensorFlow as its own defaults have it: all cores, and oneDNN where TensorFlow itself asks for it."""
    os.environ["KERAS_BACKEND"] = "tensorflow"
    import keras

    keras.utils.set_random_seed(0)


def _zoo_step(shape: StepShape) -> tuple[Callable[[], float], int]:
    train, batch = make_step(shape)
    return lambda: train([batch], LEARNING_RATE), _n_parameters(train.model)


def _keras_step(shape: StepShape) -> tuple[Callable[[], float], int]:
    """One step of `fit`: the same network without any change, the loss and the optimizer as Keras has them."""
    import keras
    import tensorflow as tf

    precision = plugins.create("precision", shape.precision, plugins.load("precision", shape.precision).config())
    keras.config.set_dtype_policy(precision.policy())
    network = plugins.create("topology", shape.topology, plugins.load("topology", shape.topology).config())
    backbone = network.build((shape.size_px, shape.size_px, 3))
    pooled = keras.layers.GlobalAveragePooling2D(dtype="float32")(backbone.output)
    model = keras.Model(backbone.input, keras.layers.Dense(14, dtype="float32")(pooled))
    model.compile(keras.optimizers.Adam(LEARNING_RATE), keras.losses.BinaryCrossentropy(from_logits=True))
    # One endless `fit` would be measured from within; a `fit` of one step pays for its start at each. `train_step` as
    # Keras compiles it is what both are made of.
    model.make_train_function()
    images, targets = _batch(shape)
    batches = iter(tf.data.Dataset.from_tensors((images, targets)).repeat())

    def step() -> float:
        return float(model.train_function(batches)["loss"])

    return step, _n_parameters(model)


def _batch(shape: StepShape) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    images = rng.random((shape.batch_size, shape.size_px, shape.size_px, 3), np.float32)
    return images, (rng.random((shape.batch_size, 14)) < 0.1).astype(np.float32)


def _n_parameters(model: Any) -> int:
    return int(sum(np.prod(v.shape) for v in model.trainable_variables))


if __name__ == "__main__":
    main(*sys.argv[1:])
