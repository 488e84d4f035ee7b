"""MobileNetV2 without its dense layer."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from zoo_core.contract import ConfigError, InputScaling, Plugin, Weights
from zoo_core.models.backbones import STRIDE_PX

SCALING = InputScaling(factor=255.0, mean=(127.5, 127.5, 127.5), std=(127.5, 127.5, 127.5))
"""From -1 to 1: keras.applications, imagenet_utils.py, mode "tf"."""

IMAGENET = {
    "imagenet": Weights(
        source="https://storage.googleapis.com/tensorflow/keras-applications/mobilenet_v2/"
        "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224_no_top.h5",
        licence="Apache-2.0",
        trained_on="ImageNet 2012",
        scaling=SCALING,
    ),
    "imagenet-2018": Weights(
        source="mobilenetv2_1.00_224_imagenet_notop.npz",
        licence="Apache-2.0",
        trained_on="ImageNet 2012",
        scaling=SCALING,
        checksum="sha256:d79e1d25003345e5183b6da584165b873eb6213a4c2746654c7d6df188c1e921",
    ),
}
"""Keras states no checksum of its file. The other is Keras 2.2's weights as arrays, recognised as a local file."""


@dataclass(frozen=True)
class MobileNetV2Config:
    """Nothing to set: the name stands for these numbers."""


@dataclass(frozen=True)
class MobileNetV2:
    """A topology whose network keras.applications draws.

    keras-cv has MobileNetV3 alone, and published weights are of V2.

    Attributes:
        weights: by name.
        scaling: of a network trained from random weights.
    """

    weights: Mapping[str, Weights] = field(default_factory=lambda: IMAGENET)
    scaling: InputScaling = SCALING

    def build(self, input_shape: tuple[int, int, int]) -> Any:
        """The network with random weights, without its head.

        Args:
            input_shape: (y, x, c).
        Returns:
            a Keras model from (example, y, x, c) to features (example, y, x, c).
        Raises:
            ConfigError: `input_shape` is smaller than one cell of the features.
        Source:
            Sandler et al. 2018, MobileNetV2, table 2.
        """
        height, width, _ = input_shape
        if min(height, width) < STRIDE_PX:
            raise ConfigError(
                f"Topology 'mobilenetv2' needs images of at least {STRIDE_PX} x {STRIDE_PX} px. "
                f"Received: {height} x {width} px. Choose a larger image size"
            )
        import keras

        return keras.applications.MobileNetV2(input_shape=tuple(input_shape), include_top=False, weights=None)


def create(_config: MobileNetV2Config) -> MobileNetV2:
    """The topology."""
    return MobileNetV2()


mobilenetv2 = Plugin(
    config=MobileNetV2Config, create=create, summary="MobileNetV2 without its dense layer, 2.3 million weights."
)
