"""What the optimizer updates: all trainable variables as one, or each by itself."""

from typing import Any, Protocol

import keras
import numpy as np
import tensorflow as tf

NEED_LAYERS = (keras.optimizers.Lamb,)
"""Optimizers whose update of a variable depends on the whole of that variable, such as on its norm."""


class Parameters(Protocol):
    """The trainable variables of a model, as an optimizer sees them."""

    @property
    def optimized(self) -> list[Any]:
        """Variables that the optimizer updates."""
        ...

    def gather(self) -> None:
        """Take the values of the model's variables."""
        ...

    def spread(self) -> None:
        """Give the model's variables their values."""
        ...

    def gradients(self, flat: Any) -> list[Any]:
        """The gradient of each of `optimized`, of one that `flatten` made."""
        ...


class FlatParameters:
    """All trainable variables as one.

    One update of one variable instead of hundreds: the graph is a third as large.

    Args:
        variables: float32 Keras variables; they follow the one that is optimized.
    """

    def __init__(self, variables: list[Any]) -> None:
        self._variables = variables
        self._sizes = sizes(variables)
        self._flat = keras.Variable(np.zeros(sum(self._sizes), np.float32), name="parameters", dtype="float32")
        self.optimized = [self._flat]
        self.gather()

    def gather(self) -> None:
        """Take the values of the model's variables."""
        self._flat.assign(flatten([v.value for v in self._variables]))

    def spread(self) -> None:
        """Give the model's variables their values."""
        for variable, piece in zip(self._variables, tf.split(self._flat.value, self._sizes), strict=True):
            variable.value.assign(tf.reshape(piece, variable.shape), read_value=False)

    def gradients(self, flat: Any) -> list[Any]:
        """The one gradient."""
        return [flat]


class LayerParameters:
    """Each trainable variable by itself, for an optimizer of `NEED_LAYERS`: a larger graph, and a slower start.

    Args:
        variables: float32 Keras variables.
    """

    def __init__(self, variables: list[Any]) -> None:
        self.optimized = variables

    def gather(self) -> None:
        """Nothing: the optimizer updates the model's own variables."""

    def spread(self) -> None:
        """Nothing, likewise."""

    def gradients(self, flat: Any) -> list[Any]:
        """The gradient of each variable, in its shape."""
        pieces = tf.split(flat, sizes(self.optimized))
        return [tf.reshape(piece, v.shape) for piece, v in zip(pieces, self.optimized, strict=True)]


def make_parameters(variables: list[Any], optimizer: Any) -> Parameters:
    """Parameters that an optimizer can update.

    Args:
        variables: float32 Keras variables.
        optimizer: of Keras.
    """
    return (LayerParameters if isinstance(optimizer, NEED_LAYERS) else FlatParameters)(variables)


def flatten(tensors: list[Any]) -> Any:
    """One tensor of many, in their order: the all-reduce is one message whatever the optimizer."""
    return tf.concat([tf.reshape(tensor, [-1]) for tensor in tensors], axis=0)


def sizes(variables: list[Any]) -> list[int]:
    """Number of values of each variable."""
    return [int(np.prod(v.shape)) for v in variables]
