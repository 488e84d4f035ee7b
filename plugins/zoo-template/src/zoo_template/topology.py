"""Topology `template-topology`: a few convolutions, each of which halves the picture."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from zoo_core.contract import ConfigError, InputScaling, Plugin, Weights

SCALING = InputScaling(mean=(0.5, 0.5, 0.5), std=(0.25, 0.25, 0.25))
"""Pictures come from 0 to 1; the network sees them about 0."""


@dataclass(frozen=True)
class TemplateTopologyConfig:
    """What can be set, by `--set topology.KEY=VALUE` or in a TOML file.

    Attributes:
        n_filters: of the first convolution; each further one has twice as many.
        n_stages: convolutions, each of which halves y and x.
    """

    n_filters: int = 16
    n_stages: int = 4

    def __post_init__(self) -> None:
        if self.n_filters < 1 or self.n_stages < 1:
            raise ConfigError(
                "topology.n_filters and topology.n_stages need at least 1. "
                f"Received: {self.n_filters} and {self.n_stages}"
            )


@dataclass(frozen=True)
class TemplateTopology:
    """A network without its head.

    Attributes:
        config: how wide and deep it is.
        weights: by name; those that are published for this network go here, each with source, licence and checksum.
        scaling: of a network trained from random weights.
    """

    config: TemplateTopologyConfig
    weights: Mapping[str, Weights] = field(default_factory=dict)
    scaling: InputScaling = SCALING

    def build(self, input_shape: tuple[int, int, int]) -> Any:
        """The network with random weights, without its head.

        To change: layers of Keras that name no dtype, so that a precision can choose it.

        Args:
            input_shape: (y, x, c).
        Returns:
            a Keras model from (example, y, x, c) to features (example, y, x, c).
        Raises:
            ConfigError: `input_shape` is smaller than one cell of the features.
        """
        height, width, _ = input_shape
        smallest_px = 2**self.config.n_stages
        if min(height, width) < smallest_px:
            raise ConfigError(
                f"Topology 'template-topology' needs images of at least {smallest_px} x {smallest_px} px. "
                f"Received: {height} x {width} px. Choose a larger image size, or fewer stages"
            )
        import keras

        image = features = keras.Input(input_shape)
        for i in range(self.config.n_stages):
            n_filters = self.config.n_filters * 2**i
            features = keras.layers.Conv2D(n_filters, 3, strides=2, padding="same", use_bias=False)(features)
            features = keras.layers.BatchNormalization()(features)
            features = keras.layers.Activation("relu")(features)
        return keras.Model(image, features)


plugin = Plugin(
    config=TemplateTopologyConfig,
    create=TemplateTopology,
    summary="A few convolutions, each of which halves the picture.",
)
