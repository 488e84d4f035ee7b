"""Backbones of keras-cv, described by numbers; keras-cv, a second to import, is imported when one is built."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from zoo_core.contract import ConfigError, InputScaling, Weights

STRIDE_PX = 32
"""Edge of the square of the image that one cell of the features stands for, in each of these networks."""


@dataclass(frozen=True)
class KerasCVBackbone:
    """A topology whose network is a keras-cv family with its numbers.

    keras-cv's own size aliases (`DenseNet121Backbone`) ask a model hub for their numbers; the families do not.

    Attributes:
        name: of the topology.
        family: class in `keras_cv.models`.
        numbers: arguments of that class.
        weights: by name.
        scaling: of a network trained from random weights.
    """

    name: str
    family: str
    numbers: Mapping[str, Any]
    weights: Mapping[str, Weights]
    scaling: InputScaling = field(default_factory=InputScaling)

    def build(self, input_shape: tuple[int, int, int]) -> Any:
        """The network with random weights, without its head.

        Args:
            input_shape: (y, x, c).
        Returns:
            a Keras model from (example, y, x, c) to features (example, y, x, c).
        Raises:
            ConfigError: `input_shape` is smaller than one cell of the features.
        """
        height, width, _ = input_shape
        if min(height, width) < STRIDE_PX:
            raise ConfigError(
                f"Topology '{self.name}' needs images of at least {STRIDE_PX} x {STRIDE_PX} px. "
                f"Received: {height} x {width} px. Choose a larger image size"
            )
        import keras_cv

        family = getattr(keras_cv.models, self.family)
        return family(include_rescaling=False, input_shape=tuple(input_shape), **self.numbers)
