"""A train step of stock Keras 3: its own batch norm and optimizer, and TensorFlow as its own defaults have it."""

import os
from collections.abc import Callable
from typing import Any

from zoo_core import plugins
from zoo_core.studies.step_time import N_LABELS, StepShape, drawn_batch

LEARNING_RATE = 1e-3


def prepare_stock(shape: StepShape) -> None:
    """All cores of this process, oneDNN where TensorFlow itself asks for it, and the same random weights each time."""
    plugins.find("topology", shape.topology)
    os.environ["KERAS_BACKEND"] = "tensorflow"
    import keras

    keras.utils.set_random_seed(0)


def make_stock_step(shape: StepShape) -> tuple[Callable[[], float], Any]:
    """One step of `fit` on the network without any change, the loss and the optimizer as Keras has them.

    Returns:
        the step, which returns the loss, and the model.
    """
    import keras
    import tensorflow as tf

    from zoo_core.runtime.precisions import training_policy
    from zoo_core.runtime.settings import plugin_choice

    keras.config.set_dtype_policy(training_policy(plugin_choice("precision", {"name": shape.precision})))
    network = plugins.create("topology", shape.topology, plugins.load("topology", shape.topology).config())
    backbone = network.build((shape.size_px, shape.size_px, 3))
    pooled = keras.layers.GlobalAveragePooling2D(dtype="float32")(backbone.output)
    model = keras.Model(backbone.input, keras.layers.Dense(N_LABELS, dtype="float32")(pooled))
    model.compile(keras.optimizers.Adam(LEARNING_RATE), keras.losses.BinaryCrossentropy(from_logits=True))
    # One endless `fit` would be measured from within; a `fit` of one step pays for its start at each. `train_step` as
    # Keras compiles it is what both are made of.
    model.make_train_function()
    batch = drawn_batch(shape)
    batches = iter(tf.data.Dataset.from_tensors((batch.images, batch.targets)).repeat())
    return lambda: float(model.train_function(batches)["loss"]), model
