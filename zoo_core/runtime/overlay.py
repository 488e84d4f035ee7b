"""A map laid over its image, as pixels."""

import io

import numpy as np
from PIL import Image

from zoo_core.data.images import resize

MOST_SIDE_PX = 160
"""Longest side of a picture: a page holds some eighty of them, and a map has few cells."""

OPACITY = 0.5
"""Of the colour where the map is highest: what lies below stays visible."""

PLASMA = np.array(
    [
        [0x0D, 0x08, 0x87],
        [0x4C, 0x02, 0xA1],
        [0x7E, 0x03, 0xA8],
        [0xA9, 0x23, 0x95],
        [0xCC, 0x46, 0x78],
        [0xE5, 0x6B, 0x5D],
        [0xF8, 0x94, 0x41],
        [0xFD, 0xC3, 0x28],
        [0xF0, 0xF9, 0x21],
    ],
    dtype=np.float32,
)
"""(stop, c) colours at equal distances from 0 to 1: equal steps look equal, and none looks like the grey of an image.

Source: `plasma` of Smith and van der Walt 2015 (matplotlib; CC0), at nine places."""


def picture_size(height: int, width: int) -> tuple[int, int]:
    """(y, x) of the picture of an image: as it is, or smaller in the same proportion.

    >>> picture_size(224, 448), picture_size(64, 32)
    ((80, 160), (64, 32))
    """
    scale = min(1.0, MOST_SIDE_PX / max(height, width))
    return max(1, round(height * scale)), max(1, round(width * scale))


def grey_picture(image: np.ndarray) -> np.ndarray:
    """An image in grey, small.

    Args:
        image: (y, x, c), from 0 to 1; several channels become their mean.
    Returns:
        (y, x), uint8.
    """
    small = resize(image.mean(axis=2, keepdims=True), picture_size(*image.shape[:2]))[:, :, 0]
    return np.asarray(np.rint(small * 255), np.uint8)


def colour_picture(image: np.ndarray, value_range: tuple[float, float]) -> np.ndarray:
    """An image in colour, small.

    Args:
        image: (y, x, c), one channel, or the first three as red, green and blue; of two the first alone.
        value_range: that becomes black and full.
    Returns:
        (y, x, c) of red, green and blue, uint8.
    """
    low, high = value_range
    n_channels = image.shape[2]
    seen = image[:, :, :3] if n_channels > 2 else image[:, :, [0, 0, 0]]
    small = (resize(seen, picture_size(*image.shape[:2])) - low) / (high - low)
    return np.asarray(np.rint(255 * np.clip(small, 0, 1)), np.uint8)


def overlay(grey: np.ndarray, one: np.ndarray) -> np.ndarray:
    """A map in colours over its image, clear where it is 0 and strongest at its peak.

    Args:
        grey: (y, x), uint8.
        one: (y, x) of few cells, from 0: the map.
    Returns:
        (y, x, c) of red, green and blue, uint8, as large as `grey`.
    """
    share = one / one.max() if one.max() > 0 else one
    strength = np.clip(resize(share[:, :, np.newaxis], (grey.shape[0], grey.shape[1])), 0, 1)
    stops = np.linspace(0, 1, len(PLASMA))
    colour = np.concatenate([np.interp(strength, stops, channel) for channel in PLASMA.T], axis=2)
    mixed = grey[:, :, np.newaxis] * (1 - OPACITY * strength) + colour * OPACITY * strength
    return np.asarray(np.rint(mixed), np.uint8)


def png(pixels: np.ndarray) -> bytes:
    """A PNG file of (y, x) or (y, x, c) pixels, uint8."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG", optimize=True)
    return buffer.getvalue()
