"""One file as the picture that the description declares, and what is odd of the file."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from zoo_core.api import DICOM_RANGE, read_dicom, read_dicom_header, read_grey, read_rgb
from zoo_core.contract import ArraySpec, DataError, ImageError
from zoo_data_table.description import FileSection, ImageSection
from zoo_data_table.stored_arrays import read_npy, read_zarr

Format = Literal["picture", "numpy", "zarr", "dicom"]

FORMATS: dict[str, Format] = {
    ".png": "picture",
    ".jpg": "picture",
    ".jpeg": "picture",
    ".tif": "picture",
    ".tiff": "picture",
    ".npy": "numpy",
    ".zarr": "zarr",
    ".dcm": "dicom",
    ".dicom": "dicom",
}
"""By the end of a name, in lower case."""

N_CHANNELS = {"grey": 1, "rgb": 3}
WHITE = {8: 255, 16: 65535}


def format_of(name: str, wanted: str) -> Format | None:
    """How a file is read.

    Args:
        name: of the file, with "/" between folders.
        wanted: `auto` for what the end of the name says; a path within a zarr store is a zarr.
    Returns:
        None where the name does not say.
    """
    if wanted != "auto":
        return next(kind for kind in FORMATS.values() if kind == wanted)
    name = name.lower()
    return "zarr" if ".zarr/" in name else FORMATS.get(os.path.splitext(name)[1])  # noqa: PTH122 - of 100,000 names


def declared(image: ImageSection) -> ArraySpec:
    """What comes out, whatever the file."""
    shape = (None, None, N_CHANNELS[image.channels])
    names = ("red", "green", "blue") if image.channels == "rgb" else ()
    return ArraySpec("image", ("y", "x", "c"), shape, f"uint{image.bits}", (0, WHITE[image.bits]), names)


@dataclass(frozen=True)
class ImageReader:
    """Reads any file of a table as the same kind of picture.

    Attributes:
        files: how files are read.
        image: what comes out.
    """

    files: FileSection
    image: ImageSection

    def read(self, path: Path, format_: Format) -> np.ndarray:
        """(y, x, c), uint8 or uint16.

        Raises:
            ImageError: it cannot be read as such a picture; the text is the reason alone.
            DataError: the description does not say enough of files such as this.
        """
        if format_ == "picture":
            read = read_grey if self.image.channels == "grey" else read_rgb
            return read(path, self.image.bits)
        if format_ == "dicom":
            return self._with_channels(self._with_bits(read_dicom(path).image))
        return self._with_channels(self._scaled(self._stored(path, format_)))

    def remarks(self, path: Path, format_: Format) -> Iterator[str]:
        """What is odd of a file and does not show in what `read` makes of it, a few words each.

        Raises:
            ImageError: it cannot be opened.
        """
        if format_ == "picture":
            yield from self._remarks_of_picture(path)
        elif format_ == "dicom":
            if read_dicom_header(path).photometric == "MONOCHROME1":
                yield "MONOCHROME1, turned over"
        else:
            stored = self._stored(path, format_)
            low, high = self._range(stored)
            if stored.size and not low <= stored.min() <= stored.max() <= high:
                yield f"values outside image.range, {low:g} to {high:g}, which become its ends"

    def _stored(self, path: Path, format_: Format) -> np.ndarray:
        if format_ == "numpy":
            return _as_picture(read_npy(path))
        return _as_picture(read_zarr(path / self.files.path_inside))

    def _with_bits(self, sixteen: np.ndarray) -> np.ndarray:
        if self.image.bits == 16:
            return sixteen
        eight: np.ndarray = (sixteen / (DICOM_RANGE[1] / WHITE[8])).round().astype(np.uint8)
        return eight

    def _range(self, stored: np.ndarray) -> tuple[float, float]:
        if self.image.range is not None:
            return self.image.range
        if stored.dtype == bool:
            return 0, 1
        if stored.dtype.kind == "u":
            return 0, float(np.iinfo(stored.dtype).max)
        raise DataError(
            f"Arrays of {stored.dtype} need image.range in the TOML file, two numbers: which values are black and "
            "white. Received: none"
        )

    def _scaled(self, stored: np.ndarray) -> np.ndarray:
        low, high = self._range(stored)
        if stored.dtype.kind == "f" and not np.isfinite(stored).all():
            raise ImageError("holds values that are no numbers")
        share = (np.clip(stored.astype(np.float64), low, high) - low) / (high - low)
        scaled: np.ndarray = (share * WHITE[self.image.bits]).round().astype(f"uint{self.image.bits}")
        return scaled

    def _with_channels(self, image: np.ndarray) -> np.ndarray:
        wanted = N_CHANNELS[self.image.channels]
        if image.shape[-1] == wanted:
            return image
        if image.shape[-1] == 1:
            return np.repeat(image, wanted, axis=-1)
        raise ImageError(f"has {image.shape[-1]} channels where image.channels is '{self.image.channels}'")

    def _remarks_of_picture(self, path: Path) -> Iterator[str]:
        from PIL import Image, UnidentifiedImageError

        try:
            with Image.open(path) as image:
                mode, kind, n_pictures = image.mode, image.format, getattr(image, "n_frames", 1)
                transparent = "A" in mode or "transparency" in image.info
        except (OSError, UnidentifiedImageError, Image.DecompressionBombError) as error:
            raise ImageError(f"cannot be opened: {error}") from error
        if transparent:
            yield f"{mode}: transparency is dropped"
        elif mode in ("P", "CMYK", "YCbCr", "LAB", "HSV"):
            yield f"{mode}: colours are converted"
        if mode in ("I", "F") or mode.startswith("I;"):
            yield from ("16 bits, reduced to 8",) if self.image.bits == 8 else ()
        elif mode not in ("1", "L", "LA") and self.image.channels == "grey":
            yield "colours read as grey"
        if n_pictures > 1:
            yield "several pictures in one file: the first is read"
        if FORMATS.get(path.suffix.lower()) == "picture" and kind not in _KINDS[path.suffix.lower()]:
            yield f"{kind} named {path.suffix}"


_KINDS = {
    ".png": ("PNG",),
    ".jpg": ("JPEG", "MPO"),
    ".jpeg": ("JPEG", "MPO"),
    ".tif": ("TIFF",),
    ".tiff": ("TIFF",),
}
"""What Pillow calls the files that bear a name."""


def _as_picture(stored: np.ndarray) -> np.ndarray:
    """(y, x, c) of a stored array: axes of length 1 are left out, and a last axis of 3 is one of channels."""
    squeezed = stored.squeeze()
    if squeezed.ndim == 2:
        return squeezed[:, :, np.newaxis]
    if squeezed.ndim == 3 and squeezed.shape[-1] == 3:
        return squeezed
    raise ImageError(f"holds an array of shape {stored.shape}, where (y, x) or (y, x, 3) is read")
