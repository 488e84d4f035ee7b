"""What the tasks do with a picture alike: a square of three channels from 0 to 1, and changes that change nothing."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from zoo_core.api import resize
from zoo_core.contract import Arrays, ArraySpec, ConfigError, Example

N_CHANNELS = 3
"""Of what a network sees: published weights were trained on red, green and blue."""

MOST_BRIGHTER = 0.2
"""Share by which augmentation makes a picture brighter or darker at most."""

LOW_PERCENT, HIGH_PERCENT = 1.0, 99.8
"""Of a channel's values, that become 0 and 1: dark and hot pixels do not decide how bright a cell is."""


def why_no_picture(specs: Sequence[ArraySpec], most_channels: int = N_CHANNELS) -> str | None:
    """None, or why arrays such as these are no pictures of 1 to 3 channels."""
    image = next((spec for spec in specs if spec.name == "image"), None)
    if image is None:
        return f"needs an array 'image'. Received: {', '.join(spec.name for spec in specs) or 'none'}"
    n_channels = image.length("c")
    if image.axes != ("y", "x", "c") or n_channels is None or not 1 <= n_channels <= most_channels:
        return (
            f"needs 'image' with axes (y, x, c) and 1 to {most_channels} channels. Received: axes "
            f"({', '.join(image.axes)}), {n_channels} channels"
        )
    return None


def edge_of(specs: Sequence[ArraySpec], wanted_px: int) -> np.ndarray:
    """The edge of the square that a network sees: no longer than pictures of one size have it.

    Args:
        specs: of the data set.
        wanted_px: by the configuration.
    """
    image = next(spec for spec in specs if spec.name == "image")
    lengths = [length for length in (image.length("y"), image.length("x")) if length is not None]
    return np.array(min([wanted_px, *lengths]))


def refuse_no_edge(image_size_px: int) -> None:
    """See that a picture has an edge.

    Raises:
        ConfigError: it has none.
    """
    if image_size_px < 1:
        raise ConfigError(f"task.image_size_px needs a number above 0. Received: {image_size_px}")


def by_range(example: Example, edge_px: int) -> np.ndarray:
    """(y, x, c) float32: the declared range as 0 ... 1, in a square of three channels."""
    low, high = example.spec("image").value_range
    image = resize(example.arrays["image"], (edge_px, edge_px))
    return three_channels(np.clip((image - np.float32(low)) / np.float32(high - low), 0, 1))


def by_percentiles(example: Example, edge_px: int) -> np.ndarray:
    """(y, x, c) float32: each channel from its own dark to its own bright, in a square of three channels.

    Two plates that were stained or exposed otherwise look alike then. A channel of one value is 0 everywhere.
    """
    image = resize(example.arrays["image"], (edge_px, edge_px))
    low, high = np.percentile(image, [LOW_PERCENT, HIGH_PERCENT], axis=(0, 1)).astype(np.float32)
    return three_channels(np.clip((image - low) / np.where(high > low, high - low, 1), 0, 1))


def three_channels(image: np.ndarray) -> np.ndarray:
    """(y, x, c) to three channels: the first ones again, in their order.

    >>> three_channels(np.array([[[1, 2]]])).tolist()
    [[[1, 2, 1]]]
    """
    return image[:, :, np.arange(N_CHANNELS) % image.shape[2]]


def turn_and_flip(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Turn each picture by a multiple of 90 degrees and mirror half of them: none of these has an up or a left.

    Args:
        images: (example, y, x, c), square.
        rng: chooses how.
    """
    turns, mirrored = rng.integers(4, size=len(images)), rng.random(len(images)) < 0.5
    turned = [np.rot90(image, turn) for image, turn in zip(images, turns.tolist(), strict=True)]
    return np.stack([image[:, ::-1] if mirror else image for image, mirror in zip(turned, mirrored, strict=True)])


def brighten(images: np.ndarray, most: float, rng: np.random.Generator) -> np.ndarray:
    """Multiply each picture's brightness by up to `1 + most` or divide it, and cut at 1.

    Args:
        images: (example, y, x, c), from 0 to 1.
        most: above 0.
        rng: chooses how much.
    """
    factor = np.power(1 + most, rng.uniform(-1, 1, size=(len(images), 1, 1, 1)))
    brightened: np.ndarray = np.minimum(images * factor.astype(np.float32), 1)
    return brightened


def border(image: np.ndarray, share: float) -> np.ndarray:
    """(pixel, c): the pixels of a frame along the edges.

    Args:
        image: (y, x, c).
        share: of the shorter edge that the frame is wide.
    """
    width = max(1, round(min(image.shape[:2]) * share))
    inside = np.zeros(image.shape[:2], dtype=bool)
    inside[width:-width, width:-width] = True
    frame: np.ndarray = image[~inside]
    return frame


class SquarePictures:
    """What tasks on pictures have in common: a square of three channels, which may be turned, mirrored and brightened.

    Attributes:
        config: with `augment`, whether training changes pictures.
    """

    config: Any

    def input_shape(self, fitted: Arrays) -> tuple[int, int, int]:
        """A square of three channels, as networks trained on photographs want it."""
        size = int(fitted["image_size_px"])
        return size, size, N_CHANNELS

    def preprocess(self, example: Example, fitted: Arrays) -> np.ndarray:
        """Resize, and scale the declared range to 0 ... 1."""
        return by_range(example, int(fitted["image_size_px"]))

    def augment(self, images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Turn and mirror, and change the brightness by up to a fifth, where the configuration says so."""
        return brighten(turn_and_flip(images, rng), MOST_BRIGHTER, rng) if self.config.augment else images
