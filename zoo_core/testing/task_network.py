"""A small network for the checks of a task, trained by the zoo's own step; TensorFlow is imported when one is made."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from zoo_core.contract import Arrays, InputScaling, Task
from zoo_core.data.reader import Batch

N_STEPS = 250
LEARNING_RATE = 0.01
CONSTANT_RATE = 0.1
MAP_PX, N_PROJECTED, N_FEATURES = 2, 32, 64
POLICY = "float32"


@dataclass(frozen=True)
class Memory:
    """What became of a network that was trained on a few examples.

    Attributes:
        model: trained.
        loss: mean of the known labels, at the end.
        loss_of_constant: the least that outputs reach which do not depend on the image.
    """

    model: Any
    loss: float
    loss_of_constant: float


def small_network(task: Task, images: np.ndarray) -> Any:
    """A network with the task's head, whose features tell the given images apart whatever they show.

    Args:
        task: gives the head.
        images: (example, y, x, c), which differ.
    """
    import keras

    from zoo_core.models.assembly import build_model

    keras.utils.set_random_seed(0)
    image = keras.Input(images.shape[1:])
    values = keras.layers.Dense(MAP_PX * MAP_PX * N_PROJECTED, trainable=False, name="projection")(
        keras.layers.Flatten()(image)
    )
    features = keras.layers.Conv2D(N_FEATURES, 1, activation="relu", name="mixing")(
        keras.layers.Reshape((MAP_PX, MAP_PX, N_PROJECTED))(values)
    )
    backbone = keras.Model(image, features)
    backbone.get_layer("projection").set_weights(_projection(images))
    return build_model(backbone, task, InputScaling(), POLICY)


def memorised(task: Task, fitted: Arrays, batch: Batch) -> Memory:
    """Train a small network on a batch, step by step on the whole of it.

    Args:
        task: gives head and loss.
        fitted: what the task learned.
        batch: the examples.
    """
    from zoo_core.distributed.single import SingleRank
    from zoo_core.runtime.config import TrainerConfig
    from zoo_core.runtime.sharing import Sharing
    from zoo_core.runtime.step import TrainStep, make_optimizer

    model = small_network(task, batch.images)
    step = TrainStep(model, task, fitted, make_optimizer(TrainerConfig()), Sharing(SingleRank()))
    for number in range(N_STEPS):
        step([batch], LEARNING_RATE * (1 + math.cos(math.pi * number / N_STEPS)) / 2)
    loss = mean_loss(task, fitted, batch, np.asarray(model(batch.images, training=False)))
    return Memory(model, loss, _loss_of_constant(task, fitted, batch, model.output_shape[-1]))


def losses(task: Task, fitted: Arrays, targets: np.ndarray, outputs: np.ndarray) -> np.ndarray:
    """The task's loss, as an array."""
    import tensorflow as tf

    found = task.loss(tf.constant(targets, tf.float32), tf.constant(outputs, tf.float32), fitted)
    return np.asarray(found)


def mean_loss(task: Task, fitted: Arrays, batch: Batch, outputs: np.ndarray) -> float:
    """Mean of the loss over the known labels, as the trainer takes it."""
    found = losses(task, fitted, batch.targets, outputs)
    return float((found * batch.known).sum() / max(1.0, batch.known.sum()))


def gradients(task: Task, fitted: Arrays, batch: Batch) -> dict[str, np.ndarray | None]:
    """Gradient of the summed loss by each trainable variable of the head, None where none reaches it."""
    import tensorflow as tf

    model = small_network(task, batch.images)
    variables = model.get_layer("head").trainable_variables
    with tf.GradientTape() as tape:
        outputs = model(tf.constant(batch.images), training=True)
        loss = tf.reduce_sum(task.loss(tf.constant(batch.targets), outputs, fitted) * tf.constant(batch.known))
    found = tape.gradient(loss, [variable.value for variable in variables])
    pairs = zip(variables, found, strict=True)
    return {variable.path: None if one is None else np.asarray(one) for variable, one in pairs}


def _projection(images: np.ndarray) -> list[np.ndarray]:
    """Kernel and bias that bring the images' mean to 0 and their deviations from it to about 1."""
    flat = images.reshape(len(images), -1).astype(np.float64)
    mean, spread = flat.mean(axis=0), flat.std(axis=0)
    scale = 1 / max(float(np.linalg.norm(spread)), 1e-6)
    kernel = np.random.default_rng(0).normal(0, scale, (flat.shape[1], MAP_PX * MAP_PX * N_PROJECTED))
    return [kernel.astype(np.float32), (-mean @ kernel).astype(np.float32)]


def _loss_of_constant(task: Task, fitted: Arrays, batch: Batch, n_outputs: int) -> float:
    import keras
    import tensorflow as tf

    outputs, optimizer = keras.Variable(np.zeros((1, n_outputs), np.float32)), keras.optimizers.Adam(CONSTANT_RATE)
    optimizer.build([outputs])
    targets, known = tf.constant(batch.targets), tf.constant(batch.known)

    def loss_of(one: Any) -> Any:
        repeated = tf.repeat(one, len(batch.images), axis=0)
        return tf.reduce_sum(task.loss(targets, repeated, fitted) * known) / tf.maximum(tf.reduce_sum(known), 1.0)

    def update() -> Any:
        with tf.GradientTape() as tape:
            loss = loss_of(outputs.value)
        gradient = tape.gradient(loss, outputs.value)
        if gradient is not None:
            optimizer.apply_gradients([(gradient, outputs)])
        return loss

    compiled = tf.function(update, autograph=False)
    return min(float(compiled()) for _ in range(N_STEPS))
