"""What a topology owes: a network without its head, and the weights that exist for it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable


@dataclass(frozen=True)
class InputScaling:
    """How the images were scaled when the weights were trained; it becomes part of the network.

    Images come from 0 to 1; the network sees `(image * factor - mean) / std`, channel by channel, in `channel_order`.

    Attributes:
        factor: 1 or 255.
        mean: per channel, after `factor`.
        std: per channel, after `factor`.
        channel_order: "rgb", or "bgr" for weights that came from Caffe.
    """

    factor: float = 1.0
    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    std: tuple[float, float, float] = (1.0, 1.0, 1.0)
    channel_order: str = "rgb"


@dataclass(frozen=True)
class Weights:
    """Weights that exist for a topology.

    Attributes:
        source: `preset:NAME` for a keras-cv preset, or the address of a weights file.
        licence: of the weights.
        trained_on: data set.
        scaling: the input they were trained with.
        checksum: `sha256:...` or `md5:...` as its publisher states it; None where the publisher states none.
    """

    source: str
    licence: str
    trained_on: str
    scaling: InputScaling
    checksum: str | None = None


@runtime_checkable
class Topology(Protocol):
    """A network without its head.

    Attributes:
        weights: by name, such as "imagenet".
        scaling: of a network trained from random weights.
    """

    @property
    def weights(self) -> Mapping[str, Weights]: ...
    @property
    def scaling(self) -> InputScaling: ...

    def build(self, input_shape: tuple[int, int, int]) -> Any:
        """A Keras model from (example, y, x, c) to features (example, y, x, c), with random weights.

        Raises:
            ConfigError: `input_shape` is too small for this network.
        """
        ...
