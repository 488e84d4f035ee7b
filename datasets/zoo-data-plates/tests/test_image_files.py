"""Pictures keep the values that were acquired, or are refused with the reason."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from zoo_core.contract import ImageError
from zoo_data_plates.importing.image_files import Form, read_form, read_plane

GREY8 = (np.arange(35, dtype=np.uint8) * 7).reshape(7, 5)
GREY16 = (np.arange(35, dtype=np.uint16) * 1801).reshape(7, 5)
RGB8 = (np.arange(105, dtype=np.uint8) * 2).reshape(7, 5, 3)
RGB16 = (np.arange(105, dtype=np.uint16) * 601).reshape(7, 5, 3)


def pillow(values: np.ndarray, **options: object) -> Callable[[Path], None]:
    return lambda path: Image.fromarray(values).save(path, path.suffix[1:].upper(), **options)


def tiff(values: np.ndarray, **options: object) -> Callable[[Path], None]:
    return lambda path: tifffile.imwrite(path, values, **options)


def paletted(inks: np.ndarray) -> Callable[[Path], None]:
    """A picture of 35 palette entries: entry i has the colour inks[i]."""

    def save(path: Path) -> None:
        image = Image.fromarray(np.arange(35, dtype=np.uint8).reshape(7, 5), "P")
        image.putpalette(inks.tobytes())
        image.save(path, path.suffix[1:].upper())

    return save


GREY_INKS = np.repeat(GREY8.reshape(35, 1), 3, axis=1)

KEPT = [
    ("a.png", pillow(GREY8), GREY8),
    ("a.png", pillow(GREY16), GREY16),
    ("a.png", pillow(RGB8), RGB8),
    ("a.png", paletted(GREY_INKS), GREY8),
    ("a.png", paletted(RGB8.reshape(35, 3)), RGB8),
    ("a.tiff", pillow(GREY8, compression="tiff_lzw"), GREY8),
    ("a.tiff", pillow(GREY16, compression="tiff_lzw"), GREY16),
    ("a.tiff", pillow(RGB8, compression="tiff_lzw"), RGB8),
    ("a.tiff", paletted(GREY_INKS), GREY8),
    ("a.tiff", paletted(RGB8.reshape(35, 3)), RGB8),
    ("a.tif", tiff(GREY8), GREY8),
    ("a.tif", tiff(GREY16), GREY16),
    ("a.tif", tiff(GREY16, byteorder=">"), GREY16),
    ("a.tif", tiff(GREY16, compression="zlib"), GREY16),
    ("a.tif", tiff(GREY16, imagej=True), GREY16),
    ("a.tif", tiff(GREY16, bigtiff=True), GREY16),
    ("a.tif", tiff(RGB16, photometric="rgb"), RGB16),
    ("a.tif", tiff(np.moveaxis(RGB16, -1, 0), photometric="rgb", planarconfig="separate"), RGB16),
]


@pytest.mark.parametrize(("name", "save", "values"), KEPT)
def test_values_are_kept_as_acquired(
    tmp_path: Path, name: str, save: Callable[[Path], None], values: np.ndarray
) -> None:
    save(tmp_path / name)
    read = read_plane(tmp_path / name)
    assert read.dtype == values.dtype
    assert read.dtype.isnative
    np.testing.assert_array_equal(read, values)
    assert read_form(tmp_path / name) == Form(7, 5, str(values.dtype), values.ndim == 3)


REFUSED = [
    ("a.png", pillow(np.dstack([RGB8, GREY8])), "transparent"),
    ("a.png", lambda path: Image.fromarray(GREY8).save(path, transparency=7), "transparent"),
    ("a.tif", tiff(np.stack([GREY16, GREY16]), photometric="minisblack"), "holds 2 pictures"),
    ("a.tif", tiff(GREY8.astype(np.float32)), "holds float32"),
    ("a.tif", tiff(GREY8.astype(np.int16)), "holds int16"),
    ("a.tif", tiff(GREY8 > 9, photometric="minisblack"), "holds bool"),
    ("a.tif", tiff(GREY8, photometric="miniswhite"), "white as zero"),
    ("a.tif", tiff(np.dstack([RGB8, GREY8]), photometric="rgb", extrasamples=["unassalpha"]), "4 values a pixel"),
    ("a.png", lambda path: path.write_bytes(b""), "is empty"),
    ("a.png", lambda path: path.write_bytes(b"GIF89a and more"), "neither PNG nor TIFF"),
    ("a.png", lambda path: None, "No such file"),
    ("a.png", lambda path: path.write_bytes(b"\x89PNG\r\n\x1a\n and no more"), "is damaged"),
    ("a.tif", lambda path: path.write_bytes(b"II*\0\xff\xff\xff\0"), "is damaged|holds 0"),
]


@pytest.mark.parametrize(("name", "save", "reason"), REFUSED)
@pytest.mark.parametrize("read", [read_plane, read_form])
def test_what_would_not_be_kept_is_refused(
    tmp_path: Path, name: str, save: Callable[[Path], None], reason: str, read: Callable[[Path], object]
) -> None:
    save(tmp_path / name)
    with pytest.raises(ImageError, match=reason) as caught:
        read(tmp_path / name)
    assert "\n" not in str(caught.value)


def test_sixteen_bit_colours_of_a_png_are_not_made_eight(tmp_path: Path) -> None:
    import struct
    import zlib

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in RGB16)
    header = struct.pack(">IIBBBBB", 5, 7, 16, 2, 0, 0, 0)
    path = tmp_path / "a.png"
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    )
    with pytest.raises(ImageError, match="16-bit colours"):
        read_plane(path)


NOISE = np.random.default_rng(7).integers(0, 255, (70, 50), np.uint8)


@pytest.mark.parametrize(("name", "values"), [("a.png", NOISE), ("a.tif", NOISE)])
def test_a_file_that_was_cut_is_damaged(tmp_path: Path, name: str, values: np.ndarray) -> None:
    path = tmp_path / name
    (pillow if name == "a.png" else tiff)(values)(path)
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(ImageError, match="damaged"):
        read_plane(path)
