"""Pictures that are negatives of what most of a data set's pictures look like."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from zoo_core.data.inspection.looks import Look

ALIKE = 0.6
"""Median correlation with the mean picture from which on pictures are alike enough to tell. Of 621 chest radiographs
(nih_cxr14_621) it is .82, of 300 photographs of leaves (plantvillage_potato) .34."""

NEGATIVE = -0.1
"""Correlation below which a picture is called a negative. Of the 621 radiographs two are below it, and a look at them
showed two negatives; of 198 that were turned over on purpose 197 are."""

N_ROUNDS = 10
"""Signs settle in two or three."""


@dataclass(frozen=True)
class Polarity:
    """What can be told.

    Attributes:
        alike: median correlation of the pictures with their mean, from 0 to 1.
        inverted: rows that are negatives of most others; empty also where pictures are not alike enough to tell.
    """

    alike: float
    inverted: tuple[int, ...]

    @property
    def can_tell(self) -> bool:
        """Whether pictures are alike enough."""
        return self.alike >= ALIKE


def find_inverted(looks: Sequence[Look]) -> Polarity:
    """Pictures whose correlation with the mean picture is negative.

    The mean is one of pictures that are turned so that they agree, which a third of negatives does not spoil. It tells
    which pictures are unlike the majority, and cannot tell whether the majority is right.

    Args:
        looks: at the pictures; those without a thumbnail are left out.
    """
    seen = [look for look in looks if look.thumbnail is not None]
    if len(seen) < 3:
        return Polarity(0.0, ())
    pictures = np.stack([look.thumbnail for look in seen if look.thumbnail is not None])
    correlation = _agreement(pictures)
    alike = float(np.median(np.abs(correlation)))
    if alike < ALIKE:
        return Polarity(alike, ())
    return Polarity(alike, tuple(seen[i].row for i in np.flatnonzero(correlation < NEGATIVE)))


def _agreement(pictures: np.ndarray) -> np.ndarray:
    """(picture,), correlation of each with the mean of all, turned so that most are positive."""
    sign = np.ones(len(pictures), np.float32)
    for _ in range(N_ROUNDS):
        mean = sign @ pictures
        length = np.linalg.norm(mean)
        correlation: np.ndarray = pictures @ mean / (length or 1.0)
        turned = np.where(correlation < 0, -1, 1).astype(np.float32)
        if (turned == sign).all():
            break
        sign = turned
    return -correlation if (correlation < 0).mean() > 0.5 else correlation
