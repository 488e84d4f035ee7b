"""Reading and resizing pictures, one way for every adapter and task."""

import io
import warnings
from pathlib import Path
from typing import Literal

import numpy as np
from PIL import Image, UnidentifiedImageError

from zoo_core.contract import ImageError

MAX_PIXELS = 100_000_000
"""Larger pictures are refused before they are decoded: a small file can hold a huge one."""


def read_grey(path: Path, n_bits: Literal[8, 16] = 8) -> np.ndarray:
    """Read a PNG, JPEG or TIFF file as one grey channel.

    Colour and palettes become luminance, an alpha channel is dropped, and a file of other bits is scaled
    to those that are wanted.

    Args:
        path: the file.
        n_bits: of what is returned.
    Returns:
        (y, x, c) with one channel, uint8 from 0 to 255, or uint16 from 0 to 65535.
    Raises:
        ImageError: the file is missing, empty, truncated, too large, or no image, or its colours cannot be turned into
            those that are wanted; the text is the reason alone.
    """
    with _decoded(path) as image:
        if _is_deep(image):
            grey = _deep_grey(image, n_bits)
        else:
            grey = _converted(image, "L")
            grey = grey * np.uint16(257) if n_bits == 16 else grey
    return grey[:, :, np.newaxis]


def read_rgb(path: Path, n_bits: Literal[8, 16] = 8) -> np.ndarray:
    """Read a PNG, JPEG or TIFF file as red, green and blue.

    Grey becomes three equal channels, an alpha channel is dropped, and a file of other bits is scaled to those that are
    wanted.

    Args:
        path: the file.
        n_bits: of what is returned.
    Returns:
        (y, x, c) with three channels, uint8 from 0 to 255, or uint16 from 0 to 65535.
    Raises:
        ImageError: as `read_grey`.
    """
    with _decoded(path) as image:
        if _is_deep(image):
            return np.repeat(_deep_grey(image, n_bits)[:, :, np.newaxis], 3, axis=-1)
        rgb = _converted(image, "RGB")
    return rgb * np.uint16(257) if n_bits == 16 else rgb


def resize(image: np.ndarray, size_px: tuple[int, int]) -> np.ndarray:
    """Resize each channel with a triangle filter that also averages when it shrinks.

    Args:
        image: (y, x, c), any real dtype.
        size_px: new length of y and x; where it is the old one, values stay what they are.
    Returns:
        (y, x, c), float32, in the range of `image`.
    """
    if image.shape[:2] == size_px:
        return image.astype(np.float32)  # what the filter gives too, after much longer
    height, width = size_px
    channels = [
        np.asarray(_as_floats(channel).resize((width, height), Image.Resampling.BILINEAR))
        for channel in np.moveaxis(image, -1, 0)
    ]
    return np.stack(channels, axis=-1)


def _decoded(path: Path) -> Image.Image:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ImageError(f"cannot be opened: {error.strerror}") from error
    if not content:
        raise ImageError("is empty (0 bytes)")
    try:
        with warnings.catch_warnings():
            # Our own limit is below both of Pillow's.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            image = Image.open(io.BytesIO(content))
        if image.width * image.height > MAX_PIXELS:
            raise Image.DecompressionBombError
        image.load()
    except Image.DecompressionBombError as error:
        raise ImageError(f"has more than {MAX_PIXELS:,} pixels") from error
    except UnidentifiedImageError as error:
        raise ImageError("is not an image that can be read (PNG, JPEG or TIFF)") from error
    except (OSError, SyntaxError, ValueError) as error:
        raise ImageError(f"is damaged: {error}") from error
    return image


def _as_floats(channel: np.ndarray) -> Image.Image:
    """A channel (y, x) as Pillow's float32."""
    if channel.dtype == np.uint8:
        # Pillow takes four bytes a pixel in three times as long as it converts one.
        return Image.fromarray(channel).convert("F")
    return Image.fromarray(channel.astype(np.float32))


def _converted(image: Image.Image, mode: str) -> np.ndarray:
    try:
        return np.asarray(image.convert(mode))
    except ValueError as error:  # of colours that Pillow can open and not convert
        raise ImageError(f"cannot be turned into the channels that are wanted: {error}") from error


def _is_deep(image: Image.Image) -> bool:
    """Whether a picture is grey with more than 8 bits, which Pillow's own conversions would cut off at 255."""
    return image.mode.startswith("I") or image.mode == "F"


def _deep_grey(image: Image.Image, n_bits: int) -> np.ndarray:
    sixteen = np.clip(np.asarray(image), 0, 65535)
    grey: np.ndarray = sixteen.astype(np.uint16) if n_bits == 16 else (sixteen / 257).round().astype(np.uint8)
    return grey
