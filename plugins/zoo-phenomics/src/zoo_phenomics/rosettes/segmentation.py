"""A rosette told from its pot by colour: which pixels of a picture are the plant in its middle.

Tuned by eye on pictures of two Arabidopsis plants; its numbers say what they stand for and hardly matter: others, a
fifth larger or smaller, change the areas of these pictures by a few percent.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from zoo_core.contract import DataError

LEAF_GREENNESS = 18.0
"""Least b* - a* of a leaf, which is high where a colour is green and yellow. Leaves of dim pictures have 27 to 38, of
well lit ones up to 70; soil has 0, with few pixels above 15; moss in specks may have as much as leaves."""

_OUTLINE_BLUR_PX, _CORE_BLUR_PX = 0.5, 1.0
"""Noise is of pixels, whatever the picture shows: half a pixel hardly moves an outline, one makes soil smooth."""

_CORE_PX = 3
"""Edge of the square that fits into the core of every plant, and not into specks of moss."""

_CENTRE = 0.2
"""Of the picture's sides, how far from the middle a plant's may well be; leaves of neighbours are at 0.4 and more."""

_LEAST_NEARNESS = 0.2
"""Of the pixel of a plant that is nearest to the middle, where the middle has 1: real plants have 0.99, leaves that
reach in from a neighbour's pot less than 0.1."""

_GAP = 0.4
"""Of its own diameter, how far a leaf may seem to be from the plant: petioles are pale, and thinner than a pixel."""

_LEAST_PART, _MOST_HOLE = 0.004, 0.002
"""Of the plant's area: a smaller part is no leaf, and a smaller hole is a pale spot and no soil between petioles."""


@dataclass(frozen=True)
class Rosette:
    """A plant as it was found in a picture.

    Attributes:
        mask: (y, x) bool, the plant's pixels; none of them where no plant was found.
        missing: why no plant was found; empty where one was.
    """

    mask: np.ndarray
    missing: str = ""

    @property
    def is_cut(self) -> bool:
        """Whether the plant reaches an edge of the picture, so that some of it may lie beyond."""
        edges = (self.mask[0], self.mask[-1], self.mask[:, 0], self.mask[:, -1])
        return any(bool(edge.any()) for edge in edges)


def find_rosette(image: np.ndarray, leaf_greenness: float = LEAF_GREENNESS) -> Rosette:
    """Find the plant in the middle of a picture.

    The outline lies where greenness is half way from that of the soil to that of the leaves, as blurred edges have it.
    Where leaves are a few pixels wide they come out too wide, and bleached leaves are missed in part. Moss in patches,
    which is as green as leaves, is taken for plant, and a plant that is purple is not found.

    Args:
        image: (y, x, 3) uint8, sRGB, a plant from above, whole pot or close crop.
        leaf_greenness: b* - a* of CIE L*a*b* that a leaf has at least; less for pictures that are darker or paler.
    Raises:
        DataError: `image` is something else.
    """
    _check(image)
    greenness = _greenness(image, _OUTLINE_BLUR_PX)
    smooth = _greenness(image, _CORE_BLUR_PX)
    core = _cores(smooth, leaf_greenness)
    if not core.any():
        return _none(image, "nothing in the picture is as green as leaves")
    soil = greenness[smooth <= leaf_greenness]
    threshold = (np.median(greenness[core]) + (np.median(soil) if soil.size else 0)) / 2
    mask = _plant(greenness > threshold, core)
    if _nearness(mask.shape)[mask].max() < _LEAST_NEARNESS:
        return _none(image, "what is green lies at an edge of the picture, as leaves of neighbours do")
    if np.median(smooth[mask]) < leaf_greenness:
        return _none(image, "what is green is less so than leaves, as moss is")
    return Rosette(_without_spots(mask))


def _check(image: np.ndarray) -> None:
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or min(image.shape[:2]) < _CORE_PX:
        raise DataError(
            f"A rosette is looked for in an image (y, x, 3) of uint8, red, green and blue, of at least {_CORE_PX} x "
            f"{_CORE_PX} px. Received: shape {image.shape}, {image.dtype}"
        )


def _none(image: np.ndarray, why: str) -> Rosette:
    return Rosette(np.zeros(image.shape[:2], dtype=bool), why)


def _greenness(image: np.ndarray, blur_px: float) -> np.ndarray:
    """(y, x), b* - a* of CIE L*a*b*: what is grey has 0, however bright it is."""
    from scipy import ndimage
    from skimage.color import rgb2lab

    lab = rgb2lab(ndimage.gaussian_filter(image / np.float32(255), (blur_px, blur_px, 0), mode="nearest"))
    greenness: np.ndarray = lab[:, :, 2] - lab[:, :, 1]
    return greenness


def _cores(smooth: np.ndarray, leaf_greenness: float) -> np.ndarray:
    """(y, x) bool: squares that are as green as leaves all over."""
    from scipy import ndimage

    cores: np.ndarray = ndimage.binary_opening(smooth > leaf_greenness, np.ones((_CORE_PX, _CORE_PX)))
    return cores


def _plant(green: np.ndarray, core: np.ndarray) -> np.ndarray:
    """The part that has most core near the middle, and the parts near to it, and near to those."""
    from scipy import ndimage

    parts, n_parts = ndimage.label(green, np.ones((3, 3)))
    area = np.bincount(parts.ravel(), minlength=n_parts + 1)
    weight = np.bincount(parts.ravel(), (green * core * _nearness(core.shape)).ravel(), minlength=n_parts + 1)
    chosen = np.arange(n_parts + 1) == weight.argmax()
    while True:
        plant: np.ndarray = chosen[parts]
        whole = np.count_nonzero(plant)
        gap = ndimage.minimum(ndimage.distance_transform_edt(~plant), parts, np.arange(n_parts + 1))
        near = gap <= _GAP * np.sqrt(4 * np.minimum(area, whole) / np.pi)
        leaves = near & (area >= _LEAST_PART * whole) & ~chosen
        leaves[0] = False
        if not leaves.any():
            return plant
        chosen |= leaves


def _nearness(shape: tuple[int, ...]) -> np.ndarray:
    """(y, x): 1 in the middle, and next to nothing at the edges."""
    y, x = (((np.arange(length) + 0.5) / length - 0.5) / _CENTRE for length in shape)
    nearness: np.ndarray = np.exp(-(y[:, np.newaxis] ** 2 + x**2))
    return nearness


def _without_spots(mask: np.ndarray) -> np.ndarray:
    from skimage.morphology import remove_small_holes

    filled: np.ndarray = remove_small_holes(mask, max_size=int(_MOST_HOLE * np.count_nonzero(mask)))
    return filled
