"""The train step: forward, backward, all-reduce, apply; one rank and many run the same lines."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from zoo_core.contract import Arrays, Communicator, Rank, Task
from zoo_core.data.reader import Batch
from zoo_core.runtime.config import TrainerConfig
from zoo_core.runtime.parameters import flatten, make_parameters


class TrainStep:
    """One update of a model by one global batch.

    Args:
        model: from images (example, y, x, c) to outputs (example, output).
        task: gives the loss.
        fitted: what the task learned from the training rows.
        optimizer: not yet built.
        communicator: sums over the ranks.
    """

    def __init__(self, model: Any, task: Task, fitted: Arrays, optimizer: Any, communicator: Communicator) -> None:
        self.model = model
        self.optimizer = optimizer
        self.parameters = make_parameters(model.trainable_variables, optimizer)
        self._task = task
        self._fitted = fitted
        self._communicator = communicator
        optimizer.build(self.parameters.optimized)
        # Nothing in it may branch on values: translating it by AutoGraph would only take time, and write files in /tmp.
        self._update = tf.function(self._update_eagerly, autograph=False)

    @property
    def is_compiled(self) -> bool:
        """Whether a step was begun: the first one takes long."""
        return int(self._update.experimental_get_tracing_count()) > 0

    def __call__(self, batch: Batch, learning_rate: float) -> float:
        """Update by this rank's share of a batch; returns the mean loss over the known labels of the global batch."""
        self.optimizer.learning_rate.assign(learning_rate)
        return float(self._update(tf.constant(batch.images), tf.constant(batch.targets), tf.constant(batch.known)))

    def _update_eagerly(self, images: Any, targets: Any, known: Any) -> Any:
        with tf.GradientTape() as tape:
            outputs = self.model(images, training=True)
            loss = tf.reduce_sum(self._task.loss(targets, outputs, self._fitted) * known)
        gradients = tape.gradient(loss, [v.value for v in self.model.trainable_variables])
        # Sums over the ranks divided by the global count, never means of means:
        # ranks may know different numbers of labels.
        gradient, loss, count = self._communicator.all_reduce_sum([flatten(gradients), loss, tf.reduce_sum(known)])
        count = tf.maximum(count, 1.0)
        gradients = self.parameters.gradients(gradient / count)
        self.optimizer.apply_gradients(zip(gradients, self.parameters.optimized, strict=True))
        self.parameters.spread()
        return loss / count


def make_optimizer(config: TrainerConfig) -> Any:
    """The Keras optimizer that a configuration names."""
    match config.optimizer:
        case "adam":
            return keras.optimizers.Adam(config.learning_rate)
        case "adamw":
            return keras.optimizers.AdamW(config.learning_rate, weight_decay=config.weight_decay)
        case "sgd":
            return keras.optimizers.SGD(config.learning_rate, momentum=0.9, nesterov=True)
        case "lamb":
            return keras.optimizers.Lamb(config.learning_rate)


def synchronise(model: Any, communicator: Communicator) -> None:
    """Average what each rank keeps for itself (batch norm's moving statistics), in place on every rank."""
    for variable in _floating(model.non_trainable_variables):
        variable.assign(communicator.all_reduce_mean(variable.numpy()))


def own_statistics(model: Any, communicator: Communicator) -> np.ndarray:
    """What each rank keeps for itself, before `synchronise` averages it: (rank, value), float32, on every rank."""
    flat = [np.ravel(v.numpy()).astype(np.float32) for v in _floating(model.non_trainable_variables)]
    return communicator.all_gather(np.concatenate([*flat, np.empty(0, np.float32)])[np.newaxis])


def take_statistics(model: Any, statistics: np.ndarray, rank: Rank) -> None:
    """Give a rank its own statistics back, or the mean of all where there are now more ranks or fewer.

    Args:
        model: takes them.
        statistics: (rank, value), of `own_statistics`.
        rank: that takes them.
    """
    own = statistics[rank.rank] if len(statistics) == rank.size else statistics.mean(axis=0)
    start = 0
    for variable in _floating(model.non_trainable_variables):
        end = start + int(np.prod(variable.shape))
        variable.assign(own[start:end].reshape(variable.shape))
        start = end


def broadcast_state(step: TrainStep, communicator: Communicator) -> None:
    """Give every rank the root's weights and optimizer state."""
    if communicator.rank.size == 1:
        return
    for variable in [*step.model.variables, *step.optimizer.variables]:
        variable.assign(communicator.broadcast(variable.numpy()))
    step.parameters.gather()


def _floating(variables: list[Any]) -> list[Any]:
    return [v for v in variables if np.issubdtype(np.dtype(v.dtype), np.floating)]
