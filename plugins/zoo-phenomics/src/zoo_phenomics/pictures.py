"""What this distribution's tasks do with a picture alike: its frame, and changes that change nothing."""

from typing import Any

import numpy as np

from zoo_core.api import brighten, by_range, turn_and_flip
from zoo_core.contract import Arrays, ConfigError, Example

N_CHANNELS = 3
"""Of what a network sees: published weights were trained on red, green and blue."""

MOST_BRIGHTER = 0.2
"""Share by which augmentation makes a picture brighter or darker at most."""


def refuse_no_edge(image_size_px: int) -> None:
    """See that a picture has an edge.

    Raises:
        ConfigError: it has none.
    """
    if image_size_px < 1:
        raise ConfigError(f"task.image_size_px needs a number above 0. Received: {image_size_px}")


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
