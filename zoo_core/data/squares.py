"""Pictures of any data set as the squares that networks see: what is a picture, how large, and scaled how."""

from collections.abc import Sequence

import numpy as np

from zoo_core.contract import ArraySpec, Example
from zoo_core.data.images import resize

N_CHANNELS = 3
"""Of what a network sees: published weights were trained on red, green and blue."""

LOW_PERCENT, HIGH_PERCENT = 1.0, 99.8
"""Of a channel's values, that become 0 and 1: dark and hot pixels do not decide how bright a cell is."""


def why_no_picture(specs: Sequence[ArraySpec], most_channels: int = N_CHANNELS) -> str | None:
    """None, or why arrays such as these are no pictures of 1 to `most_channels` channels.

    Args:
        specs: of the data set.
        most_channels: that a task can use.
    """
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


def edge_of(specs: Sequence[ArraySpec], wanted_px: int, least_px: int = 1) -> np.ndarray:
    """The edge of the square that a network sees: no longer than pictures of one size have it.

    Args:
        specs: of the data set, with an `image`.
        wanted_px: by the configuration.
        least_px: to which smaller pictures of one size are enlarged, as far as `wanted_px` allows.
    Returns:
        (), int64, in px.
    """
    image = next(spec for spec in specs if spec.name == "image")
    lengths = [max(length, least_px) for length in (image.length("y"), image.length("x")) if length is not None]
    return np.array(min([wanted_px, *lengths]))


def by_range(example: Example, edge_px: int) -> np.ndarray:
    """The declared range as 0 ... 1, in a square.

    Args:
        example: with an `image` (y, x, c).
        edge_px: of the square.
    Returns:
        (y, x, c), float32, channels as `three_channels` has them.
    """
    low, high = example.spec("image").value_range
    image = resize(example.arrays["image"], (edge_px, edge_px))
    return three_channels(np.clip((image - np.float32(low)) / np.float32(high - low), 0, 1))


def by_percentiles(example: Example, edge_px: int) -> np.ndarray:
    """Each channel from its own dark to its own bright as 0 ... 1, in a square.

    Two plates that were stained or exposed otherwise look alike then. A channel of one value is 0 everywhere.

    Args:
        example: with an `image` (y, x, c).
        edge_px: of the square.
    Returns:
        (y, x, c), float32, channels as `three_channels` has them.
    """
    image = resize(example.arrays["image"], (edge_px, edge_px))
    low, high = np.percentile(image, [LOW_PERCENT, HIGH_PERCENT], axis=(0, 1)).astype(np.float32)
    return three_channels(np.clip((image - low) / np.where(high > low, high - low, 1), 0, 1))


def three_channels(image: np.ndarray) -> np.ndarray:
    """A picture of one or two channels with three: the first ones again, in their order; one of more as it is.

    Args:
        image: (y, x, c).

    >>> three_channels(np.array([[[1, 2]]])).tolist()
    [[[1, 2, 1]]]
    """
    return image[:, :, np.arange(max(N_CHANNELS, image.shape[2])) % image.shape[2]]
