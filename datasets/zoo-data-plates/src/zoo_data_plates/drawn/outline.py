"""The shape of a leaf on the pixels of a picture: a stalk and an egg-shaped blade, and how deep in them pixels lie."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from zoo_data_plates.drawn.leaves import Leaf

FIELD_MM = 48.0
"""Side of what a picture shows: a pot and a little around it."""

PETIOLE_HALF_WIDTH_MM = 0.42

MARGIN_PX = 4
"""Around a leaf, for its shadow."""

_EGG = 0.22
_TINY = np.float32(1e-6)


@dataclass(frozen=True)
class Outline:
    """A leaf in its window of a picture; arrays are (y, x) float32.

    Attributes:
        window: rows and columns of the picture.
        depth: pixels from the edge, above 0 within the leaf.
        blade_depth: the same of the blade alone.
        along: 0 at the plant's middle, 1 at the tip.
        across: 0 on the midrib, about -1 and 1 at the sides of the blade.
    """

    window: tuple[slice, slice]
    depth: np.ndarray
    blade_depth: np.ndarray
    along: np.ndarray
    across: np.ndarray


def outline(leaf: Leaf, centre_px: tuple[float, float], size_px: int) -> Outline | None:
    """Where a leaf lies in a picture.

    Args:
        leaf: in millimetres.
        centre_px: (y, x) of the plant's middle, in pixels from the picture's upper left corner.
        size_px: side of the picture.
    Returns:
        The leaf; None where all of it lies outside.
    """
    px = size_px / FIELD_MM
    length, half_width = leaf.length_mm * px, leaf.half_width_mm * px
    window = _window(leaf, centre_px, (length, half_width), size_px)
    if window is None:
        return None
    y = np.arange(window[0].start, window[0].stop, dtype=np.float32)[:, np.newaxis] + np.float32(0.5 - centre_px[0])
    x = np.arange(window[1].start, window[1].stop, dtype=np.float32) + np.float32(0.5 - centre_px[1])
    cosine, sine = np.float32(np.cos(leaf.angle)), np.float32(np.sin(leaf.angle))
    p = x * cosine + y * sine
    along = p * np.float32(1 / length)
    q = y * cosine - x * sine - along * along * np.float32(leaf.bend * length)
    half_length = np.float32((1 - leaf.petiole) * length / 2)
    u = p * (1 / half_length) - np.float32(length / half_length - 1)
    broad = np.float32(half_width) * (1 + np.float32(_EGG) * np.clip(u, -1.5, 1.5))
    across = q / broad
    blade = _ellipse_depth((u, across), (half_length, broad))
    stalk = np.minimum(np.float32(PETIOLE_HALF_WIDTH_MM * px) - np.abs(q), p)
    stalk = np.minimum(stalk, np.float32(length) - half_length - p)
    return Outline(window, np.maximum(blade, stalk), blade, along, across)


def coverage(depth: np.ndarray) -> np.ndarray:
    """Share of each pixel that lies within, from how deep its middle does; any shape."""
    return np.asarray(np.clip(depth + np.float32(0.5), 0, 1))


def leaf_mask(outlines: Sequence[Outline], size_px: int) -> np.ndarray:
    """(y, x) uint8: 0 beside the plant, n where the n-th leaf is to be seen; the middle of a pixel decides."""
    mask = np.zeros((size_px, size_px), np.uint8)
    for number, shape in enumerate(outlines, start=1):
        mask[shape.window][shape.depth > 0] = number
    return mask


def _window(
    leaf: Leaf, centre_px: tuple[float, float], extent_px: tuple[float, float], size_px: int
) -> tuple[slice, slice] | None:
    """Rows and columns around a leaf, its bend and its shadow."""
    length, half_width = extent_px
    room = half_width * (1 + _EGG) + abs(leaf.bend) * length + MARGIN_PX
    ranges = []
    for middle, step in zip(centre_px, (np.sin(leaf.angle), np.cos(leaf.angle)), strict=True):
        ends = (middle, middle + length * step)
        low, high = max(0, int(min(ends) - room)), min(size_px, int(max(ends) + room) + 1)
        if low >= high:
            return None
        ranges.append(slice(low, high))
    return ranges[0], ranges[1]


def _ellipse_depth(place: tuple[np.ndarray, np.ndarray], half_axes: tuple[np.floating, np.ndarray]) -> np.ndarray:
    """Distance to an ellipse's edge, to first order; `place` in units of the half axes.

    Source:
        Taubin 1994, Distance approximations for rasterizing implicit curves: the value over its gradient's length.
    """
    u, v = place
    a, b = half_axes
    radius = np.sqrt(u * u + v * v) + _TINY
    slope = np.sqrt((u / a) ** 2 + (v / b) ** 2) + _TINY
    return np.asarray((1 - radius) * radius / slope)
