"""The train step: forward, backward, all-reduce, apply; one rank and many run the same lines."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from zoo_core.contract import Arrays, Communicator, Task
from zoo_core.data.reader import Batch, cut, joined
from zoo_core.models.batch_norm import share_moments
from zoo_core.runtime.config import TrainerConfig
from zoo_core.runtime.parameters import flatten, make_parameters, sizes
from zoo_core.runtime.sharing import Sharing
from zoo_core.runtime.statistics import RankStatistics

HIGHEST_FLOAT16 = 2.0**15
"""No sum of gradients on the wire is larger; what is 2^39 times smaller is lost."""


class TrainStep:
    """One update of a model by one global batch.

    Args:
        model: from images (example, y, x, c) to outputs (example, output).
        task: gives the loss.
        fitted: what the task learned from the training rows.
        optimizer: not yet built.
        sharing: the ranks, and how they share the work.
    """

    def __init__(self, model: Any, task: Task, fitted: Arrays, optimizer: Any, sharing: Sharing) -> None:
        self.model = model
        self.optimizer = optimizer
        self.parameters = make_parameters(model.trainable_variables, optimizer)
        self.statistics = RankStatistics(model, sharing)
        self._task = task
        self._fitted = fitted
        self._sharing = sharing
        self._sums: list[Any] = []
        optimizer.build(self.parameters.optimized)
        if sharing.batch_norm == "cross-rank" and sharing.communicator.rank.size > 1:
            share_moments(model, sharing.communicator.all_reduce_sum)
        # Nothing in it may branch on values: translating it by AutoGraph would only take time, and write files in /tmp.
        self._update = tf.function(self._update_eagerly, autograph=False)
        self._accumulate = tf.function(self._accumulate_eagerly, autograph=False)
        self._end = tf.function(self._end_eagerly, autograph=False)

    @property
    def is_compiled(self) -> bool:
        """Whether a step was begun: the first one takes long."""
        return any(int(f.experimental_get_tracing_count()) > 0 for f in (self._update, self._accumulate))

    def __call__(self, batches: Sequence[Batch], learning_rate: float) -> float:
        """Update by the shares of the ranks that this process plays, of each the number that `Sharing` says.

        Returns:
            the mean loss over the known labels of the global batch.
        """
        self.optimizer.learning_rate.assign(learning_rate)
        parts = self._parts(batches)
        if len(parts) == 1:
            return float(self._update(*_tensors(parts[0][1])))
        if not self._sums:
            n_values = sum(sizes(self.model.trainable_variables))
            self._sums = [tf.Variable(tf.zeros(shape), trainable=False) for shape in ([n_values], [], [])]
        for number, part in parts:
            self._accumulate(tf.constant(number), *_tensors(part))
        return float(self._end())

    def _parts(self, batches: Sequence[Batch]) -> list[tuple[int, Batch]]:
        """What is computed at a time, and the number of the rank whose it is."""
        parts = [cut(batch, self._sharing.n_accumulations) for batch in batches]
        if self._sharing.batch_norm == "cross-rank":
            return [(0, joined(of_ranks)) for of_ranks in zip(*parts, strict=True)]
        return [(number, part) for number, of_rank in enumerate(parts) for part in of_rank]

    def _update_eagerly(self, images: Any, targets: Any, known: Any) -> Any:
        return self._apply(*self._gradient(images, targets, known))

    def _accumulate_eagerly(self, number: Any, images: Any, targets: Any, known: Any) -> None:
        self.statistics.load(number)
        values = self._gradient(images, targets, known)
        self.statistics.keep(number)
        for total, value in zip(self._sums, values, strict=True):
            total.assign_add(value)

    def _end_eagerly(self) -> Any:
        loss = self._apply(*[total.read_value() for total in self._sums])
        for total in self._sums:
            total.assign(tf.zeros_like(total))
        return loss

    def _gradient(self, images: Any, targets: Any, known: Any) -> tuple[Any, Any, Any]:
        """Gradient of the summed loss, the summed loss, and the count of known labels."""
        with tf.GradientTape() as tape:
            outputs = self.model(images, training=True)
            loss = tf.reduce_sum(self._task.loss(targets, outputs, self._fitted) * known)
        gradients = tape.gradient(loss, [v.value for v in self.model.trainable_variables])
        return flatten(gradients), loss, tf.reduce_sum(known)

    def _apply(self, gradient: Any, loss: Any, count: Any) -> Any:
        # Sums over the ranks divided by the global count, never means of means:
        # ranks may know different numbers of labels.
        gradient, loss, count = self._over_ranks(gradient, loss, count)
        count = tf.maximum(count, 1.0)
        gradients = self.parameters.gradients(gradient / count)
        self.optimizer.apply_gradients(zip(gradients, self.parameters.optimized, strict=True))
        self.parameters.spread()
        return loss / count

    def _over_ranks(self, gradient: Any, loss: Any, count: Any) -> list[Any]:
        communicator = self._sharing.communicator
        if self._sharing.all_reduce_dtype == "float32" or communicator.rank.size == 1:
            return communicator.all_reduce_sum([gradient, loss, count])
        # No element of the sum is above the sum of what each rank has at most; a power of two costs no digit.
        bound = tf.reduce_max(tf.abs(gradient))
        bound, loss, count = communicator.all_reduce_sum([bound, loss, count])
        scale = tf.where(bound > 0, 2.0 ** tf.floor(tf.math.log(HIGHEST_FLOAT16 / bound) / np.log(2.0)), 1.0)
        (half,) = communicator.all_reduce_sum([tf.cast(gradient * scale, tf.float16)])
        return [tf.cast(half, tf.float32) / scale, loss, count]


def _tensors(batch: Batch) -> tuple[Any, Any, Any]:
    return tf.constant(batch.images), tf.constant(batch.targets), tf.constant(batch.known)


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


def broadcast_state(step: TrainStep, communicator: Communicator) -> None:
    """Give every rank the root's weights and optimizer state."""
    if communicator.rank.size == 1:
        return
    variables = [*step.model.variables, *step.optimizer.variables]
    # Hundreds of broadcasts would each wait for a cycle of Horovod's.
    for dtype in dict.fromkeys(str(v.dtype) for v in variables):
        own = [v for v in variables if str(v.dtype) == dtype]
        flat = communicator.broadcast(np.concatenate([np.ravel(v.numpy()) for v in own]))
        for variable, piece in zip(own, np.split(flat, np.cumsum(sizes(own))[:-1]), strict=True):
            variable.assign(piece.reshape(variable.shape))
    step.parameters.gather()
