"""Pictures of a microscope, PNG or TIFF, with the grey values that were acquired."""

import io
import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from zoo_core.contract import ImageError

if TYPE_CHECKING:
    from tifffile import TiffPage

ENDINGS = (".png", ".tif", ".tiff")
"""Of file names that are pictures, whatever their case."""

_PNG = b"\x89PNG\r\n\x1a\n"
_MAX_PIXELS = 1_000_000_000
"""A small file can hold a huge picture: larger ones are refused before they are decoded."""


@dataclass(frozen=True)
class Form:
    """What a picture is like before it is decoded.

    Attributes:
        height: pixels of y.
        width: pixels of x.
        dtype: "uint8" or "uint16".
        is_rgb: three colours a pixel instead of one grey value.
    """

    height: int
    width: int
    dtype: str
    is_rgb: bool = False

    def __str__(self) -> str:
        return f"{self.height} x {self.width} {self.dtype}{' RGB' if self.is_rgb else ''}"


def read_form(path: Path) -> Form:
    """What a picture is like, from its header alone.

    Raises:
        ImageError: as `read_plane`, as far as the header tells.
    """
    with _opened(path) as (file, is_png):
        if is_png:
            return _png_form(file)
        return _tiff_form(file)


def read_plane(path: Path) -> np.ndarray:
    """Read one picture; a palette of greys is decoded to its grey values.

    Args:
        path: PNG or TIFF, by what it holds and not by its name.
    Returns:
        (y, x), or (y, x, c) with red, green and blue; uint8 or uint16 as acquired.
    Raises:
        ImageError: the file is missing, damaged, neither PNG nor TIFF, of several pages, transparent, or of other than
            8 or 16 bit; the text is the reason alone.
    """
    with _opened(path) as (file, is_png):
        return _read_png(file) if is_png else _read_tiff(file)


@contextmanager
def _opened(path: Path) -> Iterator[tuple[io.BufferedReader, bool]]:
    try:
        with path.open("rb") as file, warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            start = file.read(8)
            file.seek(0)
            if start != _PNG and start[:4] not in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
                raise ImageError("is empty (0 bytes)" if not start else "is neither PNG nor TIFF")
            yield file, start == _PNG
    except ImageError:
        raise
    except Image.DecompressionBombError as error:
        raise ImageError(f"has more than {_MAX_PIXELS:,} pixels") from error
    except (OSError, SyntaxError, ValueError, KeyError, IndexError, struct.error) as error:
        raise ImageError(f"is damaged: {error}") from error


def _png_form(file: io.BufferedReader) -> Form:
    depth, color = file.read(26)[24:]
    file.seek(0)
    image = Image.open(file)
    if color in (4, 6) or "transparency" in image.info:
        raise ImageError("is transparent in places: save it without its alpha channel")
    if color == 2 and depth == 16:
        # Pillow would give 8 bit of the 16 without a word.
        raise ImageError("is a PNG of 16-bit colours: save it as TIFF, or each colour as a grey PNG")
    is_rgb = color == 2 or (color == 3 and _grey_values(image) is None)
    return _checked(Form(image.height, image.width, "uint16" if depth == 16 else "uint8", is_rgb))


def _read_png(file: io.BufferedReader) -> np.ndarray:
    form = _png_form(file)
    file.seek(0)
    image = Image.open(file)
    greys = _grey_values(image)
    if greys is not None:
        return np.asarray(greys[np.asarray(image)])
    colors = image.convert("RGB") if image.mode == "P" else image
    return np.asarray(colors).astype(form.dtype, copy=False)


def _grey_values(image: Image.Image) -> np.ndarray | None:
    """Grey value of each entry of a palette, uint8; None without a palette, or for one of colours."""
    if image.mode != "P":
        return None
    colors = np.zeros((256, 3), np.uint8)
    held = np.frombuffer(bytes(image.getpalette("RGB") or ()), np.uint8).reshape(-1, 3)
    colors[: len(held)] = held
    return colors[:, 0] if (held == held[:, :1]).all() else None


def _tiff_form(file: io.BufferedReader) -> Form:
    from tifffile import TiffFile

    with TiffFile(file) as tiff:
        return _page_form(_only_page(tiff))


def _read_tiff(file: io.BufferedReader) -> np.ndarray:
    from tifffile import TiffFile

    with TiffFile(file) as tiff:
        page = _only_page(tiff)
        form = _page_form(page)
        greys = _grey_colormap(page)
        values = _tiff_values(page, file, form)
    if greys is not None:
        return np.asarray(greys[values])
    if page.colormap is not None:
        values = (page.colormap[:, values] >> 8).astype(np.uint8)
    if form.is_rgb and values.shape[0] == 3 != values.shape[-1]:
        values = np.moveaxis(values, 0, -1)
    return np.ascontiguousarray(values.reshape(form.height, form.width, *((3,) if form.is_rgb else ())))


def _only_page(tiff: Any) -> "TiffPage":
    pages = [page for page in tiff.pages if not page.is_reduced]
    if len(pages) != 1:
        raise ImageError(f"holds {len(pages)} pictures: save each as a file of its own")
    page: TiffPage = pages[0]
    return page


def _page_form(page: "TiffPage") -> Form:
    if page.photometric == 0:
        raise ImageError("is stored with white as zero: save it with black as zero")
    is_palette = page.colormap is not None
    is_rgb = page.photometric in (2, 6) or (is_palette and _grey_colormap(page) is None)
    n_samples = 1 if is_palette or not is_rgb else 3
    if page.samplesperpixel != n_samples:
        raise ImageError(
            f"holds {page.samplesperpixel} values a pixel: save it as grey, or as RGB without alpha channel"
        )
    return _checked(Form(page.imagelength, page.imagewidth, "uint8" if is_palette else str(page.dtype), is_rgb))


def _grey_colormap(page: "TiffPage") -> np.ndarray | None:
    """Grey value of each entry of a page's palette, uint8; None without a palette, or for one of colours."""
    if page.colormap is None or (page.colormap != page.colormap[:1]).any():
        return None
    # A palette of TIFF holds 16 bit a colour, the grey value in the upper eight.
    return np.asarray(page.colormap[0] >> 8, np.uint8)


def _tiff_values(page: "TiffPage", file: io.BufferedReader, form: Form) -> np.ndarray:
    try:
        return np.asarray(page.asarray()).astype(page.dtype, copy=False)
    except ValueError as error:
        if "imagecodecs" not in str(error):
            raise
    # What tifffile needs another library for (LZW, JPEG) Pillow can read, but it makes 8 bit of 16-bit colours.
    file.seek(0)
    values = np.asarray(Image.open(file))
    if values.dtype.itemsize != np.dtype(form.dtype).itemsize:
        raise ImageError("is compressed as nothing here can read it: save it without compression")
    return values.astype(form.dtype, copy=False)


def _checked(form: Form) -> Form:
    if form.dtype not in ("uint8", "uint16"):
        raise ImageError(f"holds {form.dtype}: microscopes give 8 or 16 bit, save it as acquired")
    if form.height * form.width > _MAX_PIXELS:
        raise ImageError(f"has more than {_MAX_PIXELS:,} pixels")
    return form
