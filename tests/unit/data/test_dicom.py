"""A DICOM file comes out as a screen would show it, or says why it is no picture."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from pydicom.dataset import FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import UID, DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian, JPEGLSLossless

from zoo_core.api import DICOM_RANGE, read_dicom, read_dicom_header
from zoo_core.contract import ImageError, MachineError
from zoo_core.data import dicom

WHITE = DICOM_RANGE[1]
RAMP = np.arange(35, dtype=np.uint16).reshape(7, 5) * 100
CR = "1.2.840.10008.5.1.4.1.1.1"


def write(path: Path, pixels: np.ndarray | None = RAMP, syntax: UID = ExplicitVRLittleEndian, **elements: Any) -> Path:
    made = pydicom.Dataset()
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = syntax
    made.SOPClassUID, made.SOPInstanceUID, made.PatientName = CR, "1.2.3", "Somebody^Known"
    if pixels is not None:
        bits = pixels.dtype.itemsize * 8
        made.Rows, made.Columns = pixels.shape
        made.SamplesPerPixel, made.PhotometricInterpretation, made.PixelRepresentation = 1, "MONOCHROME2", 0
        made.BitsAllocated = made.BitsStored = bits
        made.HighBit = bits - 1
        made.add_new("PixelData", "OW", pixels.tobytes())
    for name, value in elements.items():
        setattr(made, name, value)
    made.save_as(path, enforce_file_format=True)
    return path


def lookup(entries: list[int], first: int, n_bits: int) -> Sequence:
    table = pydicom.Dataset()
    table.add_new("LUTDescriptor", "US", [len(entries), first, n_bits])
    table.add_new("LUTData", "US", entries)
    return Sequence([table])


def shown(path: Path) -> np.ndarray:
    return read_dicom(path).image[:, :, 0]


def test_one_image_tagged_both_ways_comes_out_as_inverses(shared_data: Any) -> None:
    folder = shared_data("dicom")
    files = [next(folder.glob("1.2.276.*.dcm")), folder / "Fake_MONOHR1.dcm"]
    np.testing.assert_array_equal(*(pydicom.dcmread(file).pixel_array for file in files))
    upright, inverse = (read_dicom(file) for file in files)
    assert [read.header.photometric for read in (upright, inverse)] == ["MONOCHROME2", "MONOCHROME1"]
    np.testing.assert_array_equal(inverse.image, WHITE - upright.image)


def test_a_thorax_of_16_bits_has_dark_lungs_and_a_bright_spine(shared_data: Any) -> None:
    read = read_dicom(shared_data("dicom") / "RG1_J2KI.dcm")
    assert (read.image.shape, read.image.dtype, read.window) == ((1955, 1841, 1), np.uint16, "window")
    assert read.header == dicom.DicomHeader("MONOCHROME1", "", "PA")
    image = read.image[:, :, 0].astype(float)
    # Boxes of the upper lungs and of the spine between them, as seen in the picture.
    lungs = [image[350:500, 500:650].mean(), image[350:500, 1150:1300].mean()]
    spine = image[350:500, 850:950].mean()
    assert max(lungs) < 0.75 * WHITE < spine


@pytest.mark.parametrize("name", ["RG3_J2KI.dcm", "RG3_J2KR.dcm"])
def test_laterality_and_view_position_come_from_the_header(shared_data: Any, name: str) -> None:
    path = shared_data("dicom") / name
    header = read_dicom_header(path)
    assert (header.laterality, header.view_position) == ("R", "AP")
    assert read_dicom(path).header == header


def test_a_window_is_applied_after_the_rescale(tmp_path: Path) -> None:
    # Rescaled values are 0, 1 ... 34; the window is open from 9.5 to 19.5.
    elements = {"RescaleSlope": "0.01", "RescaleIntercept": "0", "WindowCenter": "15", "WindowWidth": "11"}
    pixels = shown(write(tmp_path / "x.dcm", **elements)).ravel()
    assert set(pixels[:10]) == {0}
    assert set(pixels[20:]) == {WHITE}
    assert pixels[12] == round((12 - 9.5) / 10 * WHITE)


def test_what_is_monochrome1_is_turned_over_after_the_window(tmp_path: Path) -> None:
    window = {"WindowCenter": "1500", "WindowWidth": "1001"}
    upright = shown(write(tmp_path / "a.dcm", **window))
    inverse = shown(write(tmp_path / "b.dcm", **window, PhotometricInterpretation="MONOCHROME1"))
    np.testing.assert_array_equal(inverse, WHITE - upright)


def test_a_rescale_that_turns_values_over_is_followed(tmp_path: Path) -> None:
    turned = write(
        tmp_path / "x.dcm", RescaleSlope="-1", RescaleIntercept="3400", WindowCenter="1700", WindowWidth="3401"
    )
    assert (np.diff(shown(turned).ravel().astype(int)) <= 0).all()


def test_a_modality_table_comes_before_a_voi_table_and_a_voi_table_before_a_window(tmp_path: Path) -> None:
    small = np.array([[0, 1, 2], [3, 2, 1]], np.uint8)
    elements = {
        "ModalityLUTSequence": lookup([3, 2, 1, 0], 0, 16),
        "VOILUTSequence": lookup([0, 100, 200, 1023], 0, 10),
        "WindowCenter": "1",
        "WindowWidth": "1",
    }
    read = read_dicom(write(tmp_path / "x.dcm", small, **elements))
    wanted = np.array([[1023, 200, 100], [0, 100, 200]])
    assert read.window == "VOI LUT"
    np.testing.assert_array_equal(read.image[:, :, 0], np.round(wanted / 1023 * WHITE))


def test_a_long_table_of_8_bits_does_not_wrap(tmp_path: Path) -> None:
    entries = [i // 4 for i in range(1024)]
    path = write(tmp_path / "x.dcm", np.array([[0, 512, 1023]], np.uint16), VOILUTSequence=lookup(entries, 0, 8))
    np.testing.assert_array_equal(shown(path), np.round(np.array([[0, 128, 255]]) / 255 * WHITE))


def test_without_a_window_8_bits_keep_their_values_and_more_are_stretched(tmp_path: Path) -> None:
    eight = read_dicom(write(tmp_path / "a.dcm", np.array([[10, 20, 200]], np.uint8)))
    assert (eight.window, eight.image.ravel().tolist()) == ("stored range", [10 * 257, 20 * 257, 200 * 257])
    sixteen = read_dicom(write(tmp_path / "b.dcm", RAMP))
    assert (sixteen.window, sixteen.image.min(), sixteen.image.max()) == ("own range", 0, WHITE)


def test_one_grey_level_is_black(tmp_path: Path) -> None:
    assert not shown(write(tmp_path / "x.dcm", np.full((3, 2), 700, np.uint16))).any()


@pytest.mark.parametrize(
    ("elements", "words"),
    [
        ({"NumberOfFrames": 3}, "3 frames"),
        ({"PhotometricInterpretation": "RGB", "SamplesPerPixel": 3}, "colour (RGB)"),
        ({"PhotometricInterpretation": "PALETTE COLOR"}, "colour (PALETTE COLOR)"),
        ({"BitsAllocated": 32}, "32 bits"),
        ({"Rows": 60_000, "Columns": 60_000}, "more than 100,000,000 pixels"),
        ({"Rows": 0}, "no pixels"),
        ({"Rows": 8}, "is damaged"),
        ({"WindowCenter": "15", "WindowWidth": "0"}, "cannot be applied"),
        ({"EncapsulatedDocument": b"%PDF", "MIMETypeOfEncapsulatedDocument": "application/pdf"}, "application/pdf"),
    ],
)
def test_what_is_no_single_grey_picture_is_refused_by_name(
    tmp_path: Path, fails: Any, elements: dict[str, Any], words: str
) -> None:
    path = write(tmp_path / "x.dcm", **elements)
    text = fails(ImageError, lambda: read_dicom(path))
    assert words in text
    assert "Somebody" not in text


def test_a_file_without_pixel_data_is_refused(tmp_path: Path, fails: Any) -> None:
    path = write(tmp_path / "x.dcm", None)
    assert fails(ImageError, lambda: read_dicom(path)) == "holds no pixel data, or ends before them"


def test_a_file_that_hides_its_size_is_refused(tmp_path: Path, fails: Any) -> None:
    path = write(tmp_path / "x.dcm", syntax=DeflatedExplicitVRLittleEndian)
    assert "deflated" in fails(ImageError, lambda: read_dicom(path))


@pytest.mark.parametrize("content", [b"", b"no DICOM at all" * 40])
def test_another_file_is_refused(tmp_path: Path, fails: Any, content: bytes) -> None:
    path = tmp_path / "x.dcm"
    path.write_bytes(content)
    assert "no DICOM file" in fails(ImageError, lambda: read_dicom(path))
    assert "cannot be opened" in fails(ImageError, lambda: read_dicom(tmp_path / "nowhere.dcm"))


def test_a_truncated_file_is_refused(shared_data: Any, tmp_path: Path, fails: Any) -> None:
    path = tmp_path / "x.dcm"
    path.write_bytes((shared_data("dicom") / "RG3_J2KR.dcm").read_bytes()[:100_000])
    assert "ends before them" in fails(ImageError, lambda: read_dicom(path))


@pytest.mark.parametrize("name", ["RG3_J2KR.dcm", "Fake_MONOHR1.dcm"])
def test_a_compressed_picture_of_another_size_than_its_header_is_not_decoded(
    shared_data: Any, tmp_path: Path, fails: Any, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    made = pydicom.dcmread(shared_data("dicom") / name)
    made.Rows = made.Columns = 8
    made.save_as(tmp_path / "x.dcm")
    monkeypatch.setattr("pydicom.pixels.utils.pixel_array", lambda _: pytest.fail("it was decoded"))
    assert "its header says another size" in fails(ImageError, lambda: read_dicom(tmp_path / "x.dcm"))


def test_files_are_read_the_same_from_several_threads(shared_data: Any) -> None:
    files = sorted(shared_data("dicom").glob("*.dcm"))
    alone = [read_dicom(file).image for file in files]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda i: read_dicom(files[i % len(files)]).image, range(3 * len(files))))
    for i, image in enumerate(together):
        np.testing.assert_array_equal(image, alone[i % len(files)])


def test_without_pydicom_or_a_decoder_the_extra_is_named(
    tmp_path: Path, fails: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = pydicom.dcmread(write(tmp_path / "x.dcm"))
    made.PixelData = pydicom.encaps.encapsulate([b"\xff\xd8"])
    made["PixelData"].is_undefined_length = True
    made.file_meta.TransferSyntaxUID = JPEGLSLossless
    made.save_as(tmp_path / "y.dcm", enforce_file_format=True)
    monkeypatch.setattr(pydicom.pixels.decoders.base.JPEGLSLosslessDecoder, "_available", {})
    assert "zoo-core[dicom]" in fails(MachineError, lambda: read_dicom(tmp_path / "y.dcm"))
    dicom._pydicom.cache_clear()
    monkeypatch.setitem(__import__("sys").modules, "pydicom", None)
    assert "zoo-core[dicom]" in fails(MachineError, lambda: read_dicom(tmp_path / "x.dcm"))
