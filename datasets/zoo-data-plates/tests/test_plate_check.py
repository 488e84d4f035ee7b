import json
import shutil

import numpy as np
import pandas as pd
import pytest
from scipy import ndimage

from zoo_core.contract import DataError
from zoo_data_plates.ngff.design import Channel, PlateDesign
from zoo_data_plates.ngff.writing import create_plate, finish_plate, write_field
from zoo_data_plates.plate_check import CheckReport, check_plate
from zoo_data_plates.plate_quality import focus, plane_quality
from zoo_data_plates.wells_table import checked_wells, write_wells

WELLS = [f"{row}{column:02d}" for row in "AB" for column in range(1, 7)]


def check(folder) -> CheckReport:
    return check_plate(folder, lambda _done, _of: None)


def kinds(findings) -> list[tuple[str, str]]:
    return [(finding.kind, finding.where) for finding in findings]


def cells(seed: int, high: int = 200) -> np.ndarray:
    """(c, y, x): two channels of a few blurred spots on a dark ground with some noise."""
    drawn = np.random.default_rng(seed)
    spots = ndimage.gaussian_filter((drawn.random((2, 40, 50)) > 0.985).astype(float), (0, 2, 2))
    noisy = 10 + (high - 10) * spots / spots.max() + drawn.normal(0, 1, spots.shape)
    return np.clip(np.round(noisy), 0, 255).astype(np.uint8)


def write_plate(folder, images, roles=None, dtype="uint8"):
    """A plate of 12 wells of one field, with the images of some of them changed."""
    design = PlateDesign("Q", 2, 6, (Channel("DNA"), Channel("GFP")), dtype)
    create_plate(folder, design, dict.fromkeys(WELLS, 1))
    for number, well in enumerate(WELLS):
        write_field(folder, design, well, 0, images.get(well, cells(number).astype(dtype)))
    finish_plate(folder, pd.DataFrame({"well": WELLS, "control_role": [(roles or {}).get(well) for well in WELLS]}))
    return folder


def test_a_good_plate_is_found_good_and_its_report_is_json(small_plate) -> None:
    told = []
    report = check_plate(small_plate.finish().folder, lambda done, of: told.append((done, of)))
    assert report.ok
    assert report.notices == ()
    assert told == [(1, 5), (2, 5), (3, 5), (4, 5), (5, 5)]
    assert (report.plate, report.n_wells, report.n_images, report.sizes_px) == ("P1", 3, 5, ((7, 5),))
    assert [(one.well, one.channel, one.n_images) for one in report.wells[2:4]] == [
        ("A03", "DNA", 3),
        ("A03", "GFP", 3),
    ]
    assert json.loads(json.dumps(report.as_json()))["ok"] is True


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_plates_of_other_programs_are_checked(foreign_plate, version) -> None:
    folder = foreign_plate(version, "tczyx")
    write_wells(folder, checked_wells(pd.DataFrame({"well": ["A01", "B02"]}), ["A", "B"], [1, 2]))
    report = check(folder)
    assert (report.version, report.n_images, report.problems) == (version, 9, ())


def test_a_folder_that_is_no_plate_is_refused(tmp_path) -> None:
    for folder in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(DataError, match="A plate in OME-Zarr"):
            check(folder)


def test_metadata_of_version_03_and_wrong_axes_are_problems(foreign_plate) -> None:
    folder = foreign_plate()
    file = folder / "A/01/0/.zattrs"
    value = json.loads(file.read_text())
    for changes, words in (
        ({"axes": [{"name": "x"}, {"name": "y"}, {"name": "c"}]}, "Received: x, y, c"),
        ({"version": "0.3"}, "Received: 0.3"),
    ):
        value["multiscales"][0].update(changes)
        file.write_text(json.dumps(value))
        report = check(folder)
        assert kinds(report.problems) == [("metadata", "theirs.zarr")]
        assert words in report.problems[0].what


def test_metadata_that_ome_zarr_models_refuses_are_a_problem(small_plate) -> None:
    file = small_plate.finish().folder / "A/3/1/0/zarr.json"
    value = json.loads(file.read_text())
    value["dimension_names"] = ["c", "x", "y"]
    file.write_text(json.dumps(value))
    report = check(small_plate.folder)
    assert kinds(report.problems) == [("metadata", "P1")]
    assert "does not match the dimension names" in report.problems[0].what


def test_a_missing_well_is_a_problem(foreign_plate) -> None:
    folder = foreign_plate()
    write_wells(folder, checked_wells(pd.DataFrame({"well": ["A01", "B02"]}), ["A", "B"], [1, 2]))
    shutil.rmtree(folder / "B")
    report = check(folder)
    assert report.missing == ("B02",)
    assert kinds(report.problems) == [("missing", "B02"), ("wells", "B02")]


@pytest.mark.parametrize("level", ["0", "1"])
def test_a_truncated_chunk_of_any_level_is_a_problem_of_its_field(small_plate, level) -> None:
    small_plate.side_px = (300, 5)
    chunk = small_plate.finish().folder / f"A/3/1/{level}/c/0/0/0"
    chunk.write_bytes(chunk.read_bytes()[:50])
    report = check(small_plate.folder)
    assert kinds(report.problems) == [("unreadable", "A03/1")]
    assert [one.n_images for one in report.wells if one.well == "A03"] == [2, 2]


def test_a_wells_table_that_is_not_there_or_not_the_plates_is_a_problem(small_plate) -> None:
    small_plate.finish()
    write_wells(small_plate.folder, pd.DataFrame({"well": ["H12"]}))
    assert "H12 is not on the plate" in check(small_plate.folder).problems[0].what
    write_wells(
        small_plate.folder,
        checked_wells(
            pd.DataFrame({"well": ["A01", "A02", "A03", "B03"], "control_role": [None, None, None, "empty"]}),
            "AB",
            [1, 2, 3],
        ),
    )
    assert kinds(check(small_plate.folder).problems) == [("wells", "A02"), ("wells", "B02")]
    (small_plate.folder / "wells.parquet").unlink()
    assert "needs a table" in check(small_plate.folder).problems[0].what


def test_an_unfinished_plate_is_checked_and_said_to_be_unfinished(small_plate) -> None:
    report = check(small_plate.write().folder)
    assert kinds(report.problems)[0] == ("layout", "P1")
    assert report.n_images == 5


def test_an_index_of_other_images_is_a_problem(small_plate) -> None:
    shutil.rmtree(small_plate.finish().folder / "A/3/2")
    assert ("layout", "P1") in kinds(check(small_plate.folder).problems)


def test_a_field_of_another_size_is_a_problem(small_plate) -> None:
    create_plate(small_plate.folder, small_plate.design, {"A01": 3})
    for number, side in enumerate((7, 7, 6)):
        image = np.arange(2 * side * 5, dtype=np.uint16).reshape(2, side, 5)
        write_field(small_plate.folder, small_plate.design, "A01", number, image)
    finish_plate(small_plate.folder, pd.DataFrame({"well": ["A01"]}))
    report = check(small_plate.folder)
    assert kinds(report.problems) == [("shape", "A01/2")]
    assert report.sizes_px == ((6, 5), (7, 5))


def test_a_plate_that_is_all_one_value_is_a_problem(tmp_path) -> None:
    report = check(write_plate(tmp_path / "p", {well: np.full((2, 9, 7), 3, np.uint8) for well in WELLS}))
    assert kinds(report.problems) == [("flat", "Q"), ("flat", "Q")]
    assert "channel 'GFP': 3" in report.problems[1].what
    assert all(one.focus is None for one in report.wells)


def test_a_saturated_well_is_noticed_in_its_channel(tmp_path) -> None:
    bright = cells(7)
    bright[1, :5] = 255
    report = check(write_plate(tmp_path / "p", {"B03": bright}))
    assert report.ok
    assert [where for kind, where in kinds(report.notices) if kind == "saturation"] == ["B03"]
    assert "12.5% of the pixels of channel 'GFP'" in report.notices[0].what


def test_a_camera_of_12_bit_saturates_below_what_its_dtype_holds(tmp_path) -> None:
    bright = cells(7).astype(np.uint16) * 16
    bright[0, :5] = 4095
    images = {well: cells(number).astype(np.uint16) * 16 for number, well in enumerate(WELLS)} | {"B03": bright}
    report = check(write_plate(tmp_path / "p", images, dtype="uint16"))
    assert [where for kind, where in kinds(report.notices) if kind == "saturation"] == ["B03"]


def test_a_well_out_of_focus_is_noticed(tmp_path) -> None:
    blurred = ndimage.gaussian_filter(cells(4).astype(float), (0, 3, 3)).round().astype(np.uint8)
    report = check(write_plate(tmp_path / "p", {"A05": blurred}))
    assert set(kinds(report.notices)) == {("focus", "A05")}


def test_wells_that_look_empty_are_compared_with_what_the_table_says(tmp_path) -> None:
    noise = np.random.default_rng(0).normal(10, 1, (2, 40, 50)).round().astype(np.uint8)
    report = check(write_plate(tmp_path / "p", {"A02": noise, "B06": noise}, {"B06": "empty", "B01": "empty"}))
    assert (report.empty_declared, report.empty_found) == (("B01", "B06"), ("A02", "B06"))
    assert kinds(report.notices) == [("empty", "A02"), ("empty", "B01")]


def test_focus_falls_with_blur_and_not_with_brightness() -> None:
    sharp = cells(0)[0]
    blurs = [focus(ndimage.gaussian_filter(sharp.astype(float), sigma)) for sigma in (0, 1, 2, 4)]
    assert blurs == sorted(blurs, reverse=True)
    assert focus(sharp // 2 * 2) == pytest.approx(focus(sharp // 2), rel=1e-5)


def test_a_plane_is_described_by_its_own_values() -> None:
    plane = np.array([[0, 1, 2], [3, 9, 9]], np.uint8)
    quality = plane_quality(plane)
    assert (quality.smallest, quality.largest, quality.at_largest) == (0, 9, 2 / 6)
    assert quality.contrast == 9 - 2
    assert not quality.is_flat
    assert plane_quality(np.full((3, 2), 7, np.uint16)).is_flat
