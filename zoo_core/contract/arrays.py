"""What an array holds, said before any of it is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

Arrays = Mapping[str, "np.ndarray"]
"""Named arrays: one example as an adapter reads it, or what a task learned from the training rows."""


@dataclass(frozen=True)
class ArraySpec:
    """Name, axes and range of one array of every example.

    Attributes:
        name: `image` for the picture a network sees.
        axes: one letter an axis, of t c z y x (OME-NGFF); channels last: ("y", "x", "c").
        shape: length of each axis; None where it differs between examples.
        dtype: NumPy's name, such as "uint8".
        value_range: smallest and largest value that can occur.
        channel_names: names along c, or empty where there is nothing to tell apart.
    """

    name: str
    axes: tuple[str, ...]
    shape: tuple[int | None, ...]
    dtype: str
    value_range: tuple[float, float]
    channel_names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if len(self.axes) != len(self.shape):
            raise ValueError(
                f"Array '{self.name}' needs one length an axis. Received: axes {self.axes}, shape {self.shape}"
            )

    def length(self, axis: str) -> int | None:
        """Length along `axis`; None where it differs between examples or the axis is not there."""
        return self.shape[self.axes.index(axis)] if axis in self.axes else None
