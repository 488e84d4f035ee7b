"""What some of the files hold: grey or colour, 8 or 16 bits, values without a range."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from zoo_core.api import MAX_PIXELS
from zoo_core.contract import ImageError
from zoo_data_table.files import Format, format_of
from zoo_data_table.stored_arrays import read_npy, read_zarr

N_LOOKED_AT = 8


@dataclass(frozen=True)
class PictureGuess:
    """What the files seem to hold.

    Attributes:
        channels: `grey` or `rgb`.
        bits: 8 or 16.
        range: of arrays whose type does not say which values are black and white.
        n_seen: files that could be looked at.
        has_dicom: whether some are DICOM.
        mixed: whether some are grey and some in colour.
    """

    channels: str = "grey"
    bits: int = 8
    range: tuple[float, float] | None = None
    n_seen: int = 0
    has_dicom: bool = False
    mixed: bool = False


@dataclass(frozen=True)
class _Seen:
    is_colour: bool
    is_deep: bool
    range: tuple[float, float] | None = None
    is_dicom: bool = False


def guess_pictures(paths: Sequence[Path]) -> PictureGuess:
    """Look at a few files."""
    step = max(len(paths) // N_LOOKED_AT, 1)
    seen = [one for path in paths[::step][:N_LOOKED_AT] if (one := _look(path))]
    ranges = [one.range for one in seen if one.range]
    colours = {one.is_colour for one in seen}
    return PictureGuess(
        channels="rgb" if True in colours else "grey",
        bits=16 if any(one.is_deep for one in seen) else 8,
        range=(min(low for low, _ in ranges), max(high for _, high in ranges)) if ranges else None,
        n_seen=len(seen),
        has_dicom=any(one.is_dicom for one in seen),
        mixed=len(colours) > 1,
    )


def _look(path: Path) -> _Seen | None:
    """None where it cannot be looked at: `zoo data check` will say why."""
    format_: Format | None = format_of(path.as_posix(), "auto")
    if format_ == "dicom":
        return _Seen(is_colour=False, is_deep=True, is_dicom=True)
    try:
        if format_ == "picture":
            return _look_at_picture(path)
        return _look_at_array(read_npy(path) if format_ == "numpy" else read_zarr(path))
    except (ImageError, OSError, UnidentifiedImageError, Image.DecompressionBombError, ValueError):
        return None


def _look_at_picture(path: Path) -> _Seen | None:
    with Image.open(path) as image:
        if image.width * image.height > MAX_PIXELS:
            return None
        is_deep = image.mode in ("I", "F") or image.mode.startswith("I;")
        if is_deep or image.mode in ("1", "L", "LA"):
            return _Seen(is_colour=False, is_deep=is_deep)
        # Radiographs are often stored in three equal channels.
        rgb = np.asarray(image.convert("RGB"))
    return _Seen(is_colour=bool((rgb != rgb[:, :, :1]).any()), is_deep=False)


def _look_at_array(stored: np.ndarray) -> _Seen:
    own = stored.dtype == bool or stored.dtype.kind == "u"
    squeezed = stored.squeeze()
    is_colour = squeezed.ndim == 3 and squeezed.shape[-1] == 3
    deep = stored.dtype.itemsize > 1
    return _Seen(is_colour, deep, None if own else (float(np.nanmin(stored)), float(np.nanmax(stored))))
