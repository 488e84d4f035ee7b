"""DICOM files of a table: pixels as on a screen, and headers as metadata only where they are asked for, read once."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pydicom
import pytest

from zoo_core.contract import DataError, ImageError

FACTS = ["photometric", "laterality", "view_position"]


@pytest.fixture
def dicom_lab(lab: Any, shared_data: Any) -> Any:
    """Both taggings of one chest, a leg, and a file that is none."""
    files = sorted(shared_data("dicom").glob("*.dcm"))
    chosen = [next(f for f in files if f.name.startswith("1.2.276")), *(f for f in files if f.name.startswith("Fake"))]
    chosen.append(next(f for f in files if f.name == "RG3_J2KR.dcm"))
    for name, file in zip(("a.dcm", "b.dcm", "c"), chosen, strict=True):
        shutil.copy(file, lab.folder / "images" / name)
    (lab.folder / "images" / "d.dcm").write_bytes(b"no DICOM")
    lab.table = pd.DataFrame({"image": ["a.dcm", "b.dcm", "c", "d.dcm"], "Patient": list("xxyz"), "Edema": "1"})
    lab.describe(file={"column": "image", "format": "dicom"}, labels={"Edema": "Edema"}, metadata=None)
    return lab


def test_two_taggings_of_one_image_are_inverses(dicom_lab: Any) -> None:
    data = dicom_lab.open(image={"bits": 16})
    upright, inverse = (data.read(row)["image"] for row in (0, 1))
    np.testing.assert_array_equal(inverse, 65535 - upright)
    assert (data.remarks(0), data.remarks(1)) == ((), ("MONOCHROME1, turned over",))


def test_headers_become_metadata_where_they_are_asked_for(dicom_lab: Any) -> None:
    assert not any(f"meta.{fact}" in dicom_lab.open().index() for fact in FACTS)
    index = dicom_lab.open(dicom={"metadata": FACTS}).index()
    assert list(index["meta.photometric"].fillna("-")) == ["MONOCHROME2", "MONOCHROME1", "MONOCHROME1", "-"]
    assert list(index["meta.view_position"].fillna("-")) == ["PA", "PA", "AP", "-"]
    assert list(index["meta.laterality"].fillna("-")) == ["-", "-", "R", "-"]


def test_headers_are_read_once_and_kept_by_hashed_names(dicom_lab: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    first = dicom_lab.open(dicom={"metadata": FACTS}).index()
    kept = dicom_lab.folder / "lab.headers.parquet"
    table = pd.read_parquet(kept)
    assert list(table.index) == list(first["example_id"])[:3]  # the one that could not be read is tried again
    asked: list[str] = []

    def read(path: Path) -> Any:
        asked.append(path.name)
        raise ImageError("is no DICOM file")

    monkeypatch.setattr("zoo_data_table.headers.read_dicom_header", read)
    pd.testing.assert_frame_equal(dicom_lab.open().index(), first)
    assert asked == ["d.dcm"]


def test_a_damaged_file_of_headers_is_one_line(dicom_lab: Any, fails: Any) -> None:
    (dicom_lab.folder / "lab.headers.parquet").write_bytes(b"PAR1")
    assert "remove it" in fails(DataError, lambda: dicom_lab.open(dicom={"metadata": FACTS}).index())


def test_no_patients_name_or_number_of_a_header_comes_out(dicom_lab: Any) -> None:
    headers = [pydicom.dcmread(dicom_lab.folder / "images" / name) for name in ("a.dcm", "b.dcm", "c")]
    identifiers = {str(h.get(k)) for h in headers for k in ("PatientID", "PatientName", "SOPInstanceUID") if h.get(k)}
    data = dicom_lab.open(dicom={"metadata": FACTS})
    text = f"{data.index().to_csv()} {data.card} {[data.remarks(row) for row in range(3)]}"
    assert identifiers
    assert not any(identifier in text for identifier in identifiers)


def test_a_dicom_without_pixel_data_is_named_by_its_row(dicom_lab: Any, fails: Any) -> None:
    header = pydicom.dcmread(dicom_lab.folder / "images" / "a.dcm", stop_before_pixels=True)
    header.save_as(dicom_lab.folder / "images" / "d.dcm")
    text = fails(ImageError, lambda: dicom_lab.open().read(3))
    assert text == "lab.csv, row 5: holds no pixel data, or ends before them"
