"""What one image says of its own quality: saturation, focus and contrast, channel by channel."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

FULL_SCALES = tuple(2**bits - 1 for bits in (8, 10, 12, 14, 16))
"""Largest values that cameras of 8, 10, 12, 14 and 16 bit give, whatever the dtype they are stored in."""
FOCUS_SIGMA_PX = 1.5
"""Below this size a detail is taken for noise."""


@dataclass(frozen=True)
class PlaneQuality:
    """One channel of one image.

    Attributes:
        smallest: value of any pixel.
        largest: value of any pixel.
        at_largest: share of pixels that have it.
        contrast: value of the 99.9th percentile above the median.
        focus: see `focus`; NaN where all pixels are of one value.
    """

    smallest: int
    largest: int
    at_largest: float
    contrast: float
    focus: float

    @property
    def is_flat(self) -> bool:
        """Whether all pixels are of one value."""
        return self.smallest == self.largest


def plane_quality(plane: np.ndarray) -> PlaneQuality:
    """Look at one channel of an image.

    Args:
        plane: (y, x), uint8 or uint16.
    """
    counts = np.bincount(plane.ravel())
    largest = len(counts) - 1
    smallest = int(np.flatnonzero(counts)[0])
    below = np.cumsum(counts)
    median, bright = np.searchsorted(below, np.array([0.5, 0.999]) * plane.size)
    return PlaneQuality(
        smallest=smallest,
        largest=largest,
        at_largest=float(counts[-1] / plane.size),
        contrast=float(bright - median),
        focus=float("nan") if smallest == largest else focus(plane),
    )


def focus(plane: np.ndarray) -> float:
    """Variance of the Laplacian of Gaussian, by that of the plane: how much of what differs in it is fine detail.

    It compares images of the same kind: cells that round up, or a well without any, change it as defocus does.

    Args:
        plane: (y, x), not all one value.
    Returns:
        A number from 0, larger for sharper images.
    Source:
        Pech-Pacheco et al. 2000, Diatom autofocusing in brightfield microscopy, ICPR: the variance of the Laplacian;
        here after a Gaussian, for noise, and divided by the plane's own, for brightness.
    """
    from scipy import ndimage

    values = plane.astype(np.float32)
    return float(ndimage.gaussian_laplace(values, FOCUS_SIGMA_PX).var() / values.var())


def full_scale(largest: int) -> int | None:
    """The camera's largest value, if this is one: only then can a pixel be saturated.

    >>> full_scale(4095), full_scale(4000)
    (4095, None)
    """
    return largest if largest in FULL_SCALES else None
