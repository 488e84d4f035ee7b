"""Reading the pixels of a plate: many at once, from several threads, each chunk checked."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from zoo_core.contract import ImageError

_OPEN_ARRAYS = 1024  # opened again in a tenth of a millisecond; more of them would only fill memory
_FAILURES = (ValueError, OSError, KeyError, IndexError, RuntimeError)  # what tensorstore raises


@dataclass(frozen=True)
class Cut:
    """What is read of an image.

    Attributes:
        path: of its array in the plate, such as "A/1/0/0".
        time: number of the time point.
        y: from and to, in pixels of the array; None for all.
        x: likewise.
        name: what the image is called in a mistake.
    """

    path: str
    time: int
    y: tuple[int, int] | None
    x: tuple[int, int] | None
    name: str


class PlatePixels:
    """Pixels of one plate; nothing is opened before it is asked for. Safe from several threads, never to be forked.

    Attributes:
        folder: the plate's.
        axes: of its images.
        whole: every chunk was written, so that one that is missing is damage; in plates of other programs it is 0.
        channels: numbers of the channels to read, in their order.
        z: number of the plane along z; None for the largest value of all.
    """

    def __init__(  # noqa: PLR0913 - what a plate's index says of all its images
        self, folder: Path, version: str, axes: Sequence[str], whole: bool, channels: Sequence[int], z: int | None
    ) -> None:
        self.folder = folder
        self.axes = tuple(axes)
        self.whole = whole
        self.channels = list(channels)
        self.z = z
        self._driver = "zarr3" if version == "0.5" else "zarr"
        self._array = lru_cache(_OPEN_ARRAYS)(self._open)

    def request(self, cut: Cut) -> Callable[[], np.ndarray]:
        """Begin to read.

        Returns:
            Waits for the image: (y, x, c), as it is stored; raises ImageError if it cannot be read.
        """
        try:
            future = self._view(self._array(cut.path), cut).read()
        except _FAILURES as error:
            raise _unreadable(cut, error) from error

        def wait() -> np.ndarray:
            try:
                read = future.result()
            except _FAILURES as error:
                raise _unreadable(cut, error) from error
            return self._channels_last(read)

        return wait

    @cached_property
    def _context(self) -> Any:
        import tensorstore

        # Each chunk is wanted once an epoch: nothing to keep in memory.
        return tensorstore.Context({"cache_pool": {"total_bytes_limit": 0}})

    def _open(self, path: str) -> Any:
        import tensorstore

        spec = {
            "driver": self._driver,
            "kvstore": {"driver": "file", "path": str(self.folder / path)},
            "fill_missing_data_reads": not self.whole,
        }
        return tensorstore.open(spec, open=True, read=True, context=self._context).result()

    def _view(self, array: Any, cut: Cut) -> Any:
        """The part of an array to read, of axes c where there is one, z where all planes are wanted, y and x."""
        import tensorstore

        chosen: dict[str, Any] = {
            "t": cut.time,
            "c": self.channels,
            "z": slice(None) if self.z is None else self.z,
            "y": slice(None) if cut.y is None else slice(*cut.y),
            "x": slice(None) if cut.x is None else slice(*cut.x),
        }
        if "c" in self.axes and self.channels == list(range(array.shape[self.axes.index("c")])):
            chosen["c"] = slice(None)  # read as it lies; a list of numbers is gathered value by value
        # From the last axis to the first: the positions of those still to come stay what they are.
        for position, axis in reversed(list(enumerate(self.axes))):
            if chosen[axis] != slice(None):
                array = array[tensorstore.d[position][chosen[axis]]]
        return array

    def _channels_last(self, read: np.ndarray) -> np.ndarray:
        left = [axis for axis in self.axes if axis != "t" and not (axis == "z" and self.z is not None)]
        if "z" in left:
            read = read.max(axis=left.index("z"))
        planes = read if "c" in left else read[np.newaxis]
        return np.ascontiguousarray(np.moveaxis(planes, 0, -1))


def _unreadable(cut: Cut, error: Exception) -> ImageError:
    reason = str(error).splitlines()[0] if str(error) else type(error).__name__
    # The place on this machine says nothing that the field's name does not, and must not enter a record.
    reason = re.sub(r' (?:in|at) local file "[^"]*"|local file "[^"]*"/?| \[\w+=.*', "", reason)
    return ImageError(f"{cut.name} cannot be read: a chunk is damaged or missing ({reason[:200]})")
