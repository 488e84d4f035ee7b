"""Every kind of file comes out as the same kind of picture, and says what is odd of it."""

import json
import pickle
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import zarr
from PIL import Image

from zoo_core.contract import DataError, ImageError
from zoo_data_table.files import format_of

RAMP = (np.arange(35).reshape(7, 5) * 7).astype(np.uint8)
RGB = np.stack([RAMP, RAMP // 2, RAMP // 3], axis=-1)


def listing(lab: Any, *names: str) -> Any:
    """The lab with a table of these files."""
    lab.table = pd.DataFrame({"image": names, "Edema": "1"})
    lab.describe(group=None, metadata=None, labels={"Edema": "Edema"})
    return lab


def images(lab: Any) -> Path:
    return Path(lab.folder / "images")


@pytest.mark.parametrize(
    ("name", "wanted", "found"),
    [
        ("a/b.PNG", "auto", "picture"),
        ("a.jpeg", "auto", "picture"),
        ("a.npy", "auto", "numpy"),
        ("a.dcm", "auto", "dicom"),
        ("a.zarr", "auto", "zarr"),
        ("plate.ZARR/A/1/0", "auto", "zarr"),
        ("a.bmp", "auto", None),
        ("IM0001", "auto", None),
        ("IM0001", "dicom", "dicom"),
        ("a.png", "picture", "picture"),
    ],
)
def test_the_end_of_a_name_says_how_it_is_read_unless_the_description_does(
    name: str, wanted: str, found: str | None
) -> None:
    assert format_of(name, wanted) == found


@pytest.mark.parametrize("channels", ["grey", "rgb"])
@pytest.mark.parametrize("bits", [8, 16])
def test_every_format_comes_out_as_declared(lab: Any, shared_data: Any, channels: str, bits: int) -> None:
    lab.picture("a.png", RAMP)
    lab.picture("b.png", RGB)
    Image.fromarray(RAMP.astype(np.uint16) * 257).save(images(lab) / "c.tif")
    np.save(images(lab) / "d.npy", RAMP[np.newaxis, :, :, np.newaxis])
    zarr.save_array(str(images(lab) / "e.zarr"), RAMP.astype(np.uint16) * 257)
    (images(lab) / "f.dcm").symlink_to(shared_data("dicom") / "RG3_J2KR.dcm")
    content = (images(lab) / "f.dcm").read_bytes()
    (images(lab) / "f.dcm").unlink()
    (images(lab) / "f.dcm").write_bytes(content)
    data = listing(lab, *(f"{n}" for n in ("a.png", "c.tif", "d.npy", "e.zarr", "b.png", "f.dcm"))).open(
        image={"channels": channels, "bits": bits}
    )
    (spec,) = data.specs
    for row in range(6):
        image = data.read(row)["image"]
        assert (image.dtype, image.shape[2]) == (spec.dtype, {"grey": 1, "rgb": 3}[channels])
        assert spec.value_range[0] <= image.min() <= image.max() <= spec.value_range[1]
        if row < 4:
            wanted = RAMP.astype(int) * (257 if bits == 16 else 1)
            np.testing.assert_array_equal(image, np.repeat(wanted[:, :, np.newaxis], image.shape[2], axis=2))


@pytest.mark.parametrize(
    ("stored", "range_", "wanted"),
    [
        (np.array([[-1.0, 0.0], [1.0, 3.0]], np.float32), [-1.0, 1.0], [[0, 128], [255, 255]]),
        (np.array([[-1000, 0], [1000, 3000]], np.int16), [-1000.0, 3000.0], [[0, 64], [128, 255]]),
        (np.array([[False, True], [True, False]]), None, [[0, 255], [255, 0]]),
    ],
)
def test_arrays_are_scaled_from_the_range_that_is_black_and_white(
    lab: Any, stored: np.ndarray, range_: Any, wanted: Any
) -> None:
    np.save(images(lab) / "a.npy", stored)
    data = listing(lab, "a.npy").open(image={"range": range_} if range_ else {})
    np.testing.assert_array_equal(data.read(0)["image"][:, :, 0], wanted)
    outside = bool(range_) and stored.max() > range_[1]
    assert bool(data.remarks(0)) == outside
    if outside:
        assert data.remarks(0) == ("values outside image.range, -1 to 1, which become its ends",)


def test_arrays_without_a_range_ask_for_one(lab: Any, fails: Any) -> None:
    np.save(images(lab) / "a.npy", RAMP.astype(np.float32))
    text = fails(DataError, lambda: listing(lab, "a.npy").open().read(0))
    assert "Arrays of float32 need image.range" in text


def test_a_path_inside_a_store_is_read(lab: Any) -> None:
    zarr.save_group(str(images(lab) / "plate.zarr"), A1=RAMP, B1=RAMP[::-1].copy())
    inside = listing(lab, "plate.zarr/A1", "plate.zarr/B1").open()
    np.testing.assert_array_equal(inside.read(1)["image"][:, :, 0], RAMP[::-1])
    one = listing(lab, "plate.zarr").open(file={"column": "image", "path_inside": "A1"})
    np.testing.assert_array_equal(one.read(0)["image"][:, :, 0], RAMP)


class Bomb:
    """Raises when it is unpickled."""

    def __reduce__(self) -> Any:
        return exec, ("raise SystemExit('unpickled')",)


@pytest.mark.parametrize(
    "codecs",
    [
        {"filters": [{"id": "pickle", "protocol": 5}], "compressor": None, "dtype": "|O"},
        {"filters": None, "compressor": {"id": "pickle", "protocol": 5}, "dtype": "|u1"},
    ],
)
def test_nothing_is_unpickled(lab: Any, fails: Any, codecs: Any) -> None:
    np.save(images(lab) / "a.npy", np.array([Bomb()], dtype=object), allow_pickle=True)
    store = images(lab) / "b.zarr"
    store.mkdir()
    described = {"zarr_format": 2, "shape": [1, 1], "chunks": [1, 1], "fill_value": 0, "order": "C", **codecs}
    (store / ".zarray").write_text(json.dumps(described))
    (store / "0.0").write_bytes(pickle.dumps(Bomb()))
    data = listing(lab, "a.npy", "b.zarr").open()
    assert "holds object, where numbers are read" in fails(ImageError, lambda: data.read(0))
    assert "is no zarr array" in fails(ImageError, lambda: data.read(1))


def test_a_picture_that_is_huge_though_its_file_is_small_is_refused(lab: Any, fails: Any) -> None:
    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 0, 0, 0, 0)
    pixels = zlib.compress(b"\0" * 60_001)
    bomb = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    (images(lab) / "bomb.png").write_bytes(bomb)
    np.lib.format.write_array_header_1_0(
        (images(lab) / "bomb.npy").open("wb"), {"descr": "|u1", "fortran_order": False, "shape": (10**6, 10**6)}
    )
    zarr.create_array(str(images(lab) / "bomb.zarr"), shape=(10**6, 10**6), chunks=(100, 100), dtype="uint8")
    zarr.create_array(str(images(lab) / "chunk.zarr"), shape=(10, 10), chunks=(10**6, 10**6), dtype="uint8")
    data = listing(lab, "bomb.png", "bomb.npy", "bomb.zarr", "chunk.zarr").open()
    for row in range(4):
        text = fails(ImageError, lambda row=row: data.read(row))
        assert text.startswith(f"lab.csv, row {row + 2}: ")
        assert "more than" in text


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.npy", b"", "is no .npy file, or is damaged"),
        ("a.npy", b"\x93NUMPY\x01\x00", "is no .npy file, or is damaged"),
        ("a.dcm", b"no DICOM", "is no DICOM file"),
    ],
)
def test_a_damaged_file_says_so(lab: Any, fails: Any, name: str, content: bytes, words: str) -> None:
    (images(lab) / name).write_bytes(content)
    assert words in fails(ImageError, lambda: listing(lab, name).open().read(0))


@pytest.mark.parametrize(
    ("stored", "words"),
    [
        (np.zeros((4, 7, 5), np.uint8), "holds an array of shape (4, 7, 5)"),
        (np.zeros((7, 5, 3), np.uint8), "has 3 channels where image.channels is 'grey'"),
        (np.zeros((0, 5), np.uint8), "holds no values"),
        (np.array([["a", "b"]]), "where numbers are read"),
    ],
)
def test_an_array_that_is_no_picture_says_why(lab: Any, fails: Any, stored: np.ndarray, words: str) -> None:
    np.save(images(lab) / "a.npy", stored)
    assert words in fails(ImageError, lambda: listing(lab, "a.npy").open().read(0))


def test_numbers_that_are_none_are_refused(lab: Any, fails: Any) -> None:
    np.save(images(lab) / "a.npy", np.array([[0.0, np.nan], [1.0, 1.0]]))
    data = listing(lab, "a.npy").open(image={"range": [0.0, 1.0]})
    assert "values that are no numbers" in fails(ImageError, lambda: data.read(0))


def test_an_empty_folder_is_no_zarr(lab: Any, fails: Any) -> None:
    (images(lab) / "a.zarr").mkdir()
    assert "is no zarr array" in fails(ImageError, lambda: listing(lab, "a.zarr").open().read(0))


@pytest.mark.parametrize(
    ("mode", "remarks"),
    [
        ("L", ()),
        ("LA", ("LA: transparency is dropped",)),
        ("RGBA", ("RGBA: transparency is dropped", "colours read as grey")),
        ("RGB", ("colours read as grey",)),
        ("P", ("P: colours are converted", "colours read as grey")),
        ("I;16", ("16 bits, reduced to 8",)),
    ],
)
def test_what_is_odd_of_a_picture_is_remarked(lab: Any, mode: str, remarks: tuple[str, ...]) -> None:
    picture = Image.fromarray(RAMP.astype(np.uint16)) if mode == "I;16" else Image.fromarray(RAMP).convert(mode)
    picture.save(images(lab) / "a.png")
    assert listing(lab, "a.png").open().remarks(0) == remarks


def test_a_picture_under_a_wrong_name_and_one_of_many_pages_are_remarked(lab: Any) -> None:
    Image.fromarray(RAMP).save(images(lab) / "a.png", format="JPEG")
    Image.fromarray(RAMP).save(images(lab) / "b.tif", save_all=True, append_images=[Image.fromarray(RAMP)])
    data = listing(lab, "a.png", "b.tif").open()
    assert data.remarks(0) == ("JPEG named .png",)
    assert data.remarks(1) == ("several pictures in one file: the first is read",)


def test_the_odd_originals_of_the_nih_are_remarked(lab: Any, shared_data: Any) -> None:
    folder = shared_data("nih_cxr14_621") / "originals_1024"
    modes = {path.name: Image.open(path).mode for path in sorted(folder.glob("*.png"))}
    data = listing(lab, *modes).open(root=str(folder))
    found = [any("RGBA" in remark for remark in data.remarks(row)) for row in range(len(modes))]
    assert found == [mode == "RGBA" for mode in modes.values()]
    assert any(found)
