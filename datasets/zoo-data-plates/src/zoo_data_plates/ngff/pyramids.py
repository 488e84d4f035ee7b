"""Smaller and smaller copies of an image, so that a viewer or a network need not read all of it."""

from __future__ import annotations

import numpy as np

SMALLEST_PX = 256
"""A level whose longer side is below this is the last."""


def image_pyramid(image: np.ndarray) -> list[np.ndarray]:
    """Halve an image again and again by the mean of 2 x 2 pixels, rounded half up.

    A side of odd length ends in pixels that average what there is: the means of all levels agree, nothing is cut off.

    Args:
        image: (..., y, x), an unsigned dtype of at most 16 bit.
    Returns:
        The image itself and its halves, until the longer side is below 256 px.
    """
    levels = [image]
    while max(levels[-1].shape[-2:]) >= SMALLEST_PX:
        levels.append(_area_means(levels[-1]))
    return levels


def label_pyramid(labels: np.ndarray) -> list[np.ndarray]:
    """Halve labels as often as an image of their size, by one pixel of each 2 x 2: numbers of objects have no mean.

    Args:
        labels: (..., y, x), whole numbers.
    Returns:
        As many levels, of the same sizes, as `image_pyramid` gives.
    """
    levels = [labels]
    while max(levels[-1].shape[-2:]) >= SMALLEST_PX:
        levels.append(levels[-1][..., ::2, ::2])
    return levels


def _area_means(image: np.ndarray) -> np.ndarray:
    height, width = image.shape[-2:]
    padding = [(0, 0)] * (image.ndim - 2) + [(0, height % 2), (0, width % 2)]
    wide = np.pad(image, padding, mode="edge") if height % 2 or width % 2 else image
    quarters = [wide[..., y::2, x::2].astype(np.uint32) for y in (0, 1) for x in (0, 1)]
    means: np.ndarray = ((quarters[0] + quarters[1] + quarters[2] + quarters[3] + 2) // 4).astype(image.dtype)
    return means
