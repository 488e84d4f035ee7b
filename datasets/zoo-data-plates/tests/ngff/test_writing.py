import json
import multiprocessing
import os
import shutil
import signal
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import zarr
from ome_zarr_models.v05.hcs import HCS

from zoo_core.contract import DataError, OutputError
from zoo_data_plates.ngff.design import PlateDesign
from zoo_data_plates.ngff.layout import field_path, has_field
from zoo_data_plates.ngff.writing import create_plate, write_field, write_labels


def read(folder: Path, well: str, field: int, level: int = 0) -> np.ndarray:
    return zarr.open_array(folder / field_path(well, field) / str(level), mode="r")[...]


def plate_with(plate, **changes):
    plate.design = PlateDesign(**{**plate.design.__dict__, **changes})
    return plate


@pytest.mark.parametrize(
    "changes",
    [{}, {"dtype": "uint8"}, {"pixel_size_um": None}, {"times_h": (0.0, 1.5, 4.0)}, {"times_h": (0.0,), "n_z": 3}],
)
def test_a_plate_of_any_axes_is_valid_and_holds_what_was_written(small_plate, changes) -> None:
    plate = plate_with(small_plate, **changes).write()
    model = HCS.from_zarr(zarr.open_group(plate.folder, mode="r"))
    assert [well.path for well in model.ome_attributes.plate.wells] == ["A/1", "A/3", "B/2"]
    for well, n_fields in plate.wells.items():
        for number in range(n_fields):
            assert np.array_equal(read(plate.folder, well, number), plate.image(well, number))


def test_all_physical_rows_and_columns_stand_in_the_metadata(small_plate) -> None:
    ome = zarr.open_group(small_plate.write().folder, mode="r").attrs["ome"]
    assert [row["name"] for row in ome["plate"]["rows"]] == ["A", "B"]
    assert [column["name"] for column in ome["plate"]["columns"]] == ["1", "2", "3"]
    assert ome["plate"]["version"] == ome["version"] == "0.5"


def test_a_field_tells_its_channels_its_pixel_size_and_its_axes(small_plate) -> None:
    small_plate.write()
    group = zarr.open_group(small_plate.folder / "A/1/0", mode="r")
    multiscale, channels = group.attrs["ome"]["multiscales"][0], group.attrs["ome"]["omero"]["channels"]
    assert [axis.get("unit") for axis in multiscale["axes"]] == [None, "micrometer", "micrometer"]
    assert multiscale["datasets"][0]["coordinateTransformations"] == [{"type": "scale", "scale": [1.0, 0.65, 0.65]}]
    assert [channel["window"] for channel in channels] == [
        {"min": 0, "max": 65535, "start": 0, "end": 65535},
        {"min": 0, "max": 65535, "start": 10, "end": 200},
    ]
    assert group["0"].metadata.dimension_names == ("c", "y", "x")


def test_each_level_is_one_shard_of_chunks_of_one_plane(small_plate) -> None:
    small_plate.side_px = (1100, 600)
    small_plate.wells = {"A01": 1}
    small_plate.write()
    group = zarr.open_group(small_plate.folder / "A/1/0", mode="r")
    assert [group[name].shape[1:] for name in "0123"] == [(1100, 600), (550, 300), (275, 150), (138, 75)]
    assert "4" not in group
    assert group["0"].chunks == (1, 550, 600)
    assert [
        len([file for file in (small_plate.folder / f"A/1/0/{n}/c").rglob("*") if file.is_file()]) for n in "0123"
    ] == [1] * 4


def test_smaller_levels_are_means_of_the_area_and_say_where_they_lie(small_plate) -> None:
    small_plate.side_px = (257, 7)
    small_plate.wells = {"A01": 1}
    small_plate.write()
    full, half = read(small_plate.folder, "A01", 0), read(small_plate.folder, "A01", 0, 1)
    assert half.shape == (2, 129, 4)
    assert half[0, 3, 2] == np.floor(full[0, 6:8, 4:6].mean() + 0.5)
    assert half[1, 128, 3] == full[1, 256, 6]
    datasets = zarr.open_group(small_plate.folder / "A/1/0", mode="r").attrs["ome"]["multiscales"][0]["datasets"]
    assert [step["type"] for step in datasets[1]["coordinateTransformations"]] == ["scale", "translation"]
    assert datasets[1]["coordinateTransformations"][1]["translation"] == [0.0, 0.325, 0.325]


def test_a_black_field_is_written_in_full(small_plate) -> None:
    create_plate(small_plate.folder, small_plate.design, {"A01": 1})
    write_field(small_plate.folder, small_plate.design, "A01", 0, np.zeros((2, 7, 5), np.uint16))
    assert (small_plate.folder / "A/1/0/0/c/0/0/0").is_file()


def test_several_processes_write_the_plate_that_one_writes(small_plate, tmp_path) -> None:
    create_plate(small_plate.folder, small_plate.design, small_plate.wells)
    fields = [(well, number) for well, n in small_plate.wells.items() for number in range(n)]
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        for job in [
            pool.submit(write_field, small_plate.folder, small_plate.design, *name, small_plate.image(*name))
            for name in fields
        ]:
            job.result()
    for name in fields:
        assert np.array_equal(read(small_plate.folder, *name), small_plate.image(*name))
    assert not list(small_plate.folder.rglob(".*"))


def write_for_ever(folder: Path, design: PlateDesign, first: int) -> None:
    image = np.random.default_rng(0).integers(1, 65535, (2, 900, 900), np.uint16)
    for number in range(first, 10_000):
        write_field(folder, design, "A01", number, image)


@pytest.mark.parametrize("n_whole", [1, 4])
def test_a_killed_writer_leaves_every_field_whole_or_absent(small_plate, n_whole) -> None:
    create_plate(small_plate.folder, small_plate.design, {"A01": 10_000})
    for start in (0, 100):
        writer = multiprocessing.get_context("spawn").Process(
            target=write_for_ever, args=(small_plate.folder, small_plate.design, start)
        )
        writer.start()
        while not has_field(small_plate.folder, "A01", start + n_whole - 1):
            assert writer.is_alive()
            time.sleep(0.001)
        os.kill(writer.pid, signal.SIGKILL)
        writer.join()
    places = list((small_plate.folder / "A/1").glob("[0-9]*"))
    assert len(places) >= 2 * n_whole
    for place in places:
        assert {level.name for level in place.iterdir()} == {"zarr.json", "0", "1", "2"}
        assert read(small_plate.folder, "A01", int(place.name)).all()


def test_a_field_that_is_there_is_not_written_over(small_plate) -> None:
    small_plate.write()
    before = read(small_plate.folder, "A01", 0)
    with pytest.raises(OutputError, match=r"Field 0 of well A01 .* is there already"):
        write_field(small_plate.folder, small_plate.design, "A01", 0, before + 1)
    assert np.array_equal(read(small_plate.folder, "A01", 0), before)


def test_an_unfinished_plate_of_the_same_design_is_gone_on_with(small_plate) -> None:
    small_plate.write()
    create_plate(small_plate.folder, small_plate.design, small_plate.wells)
    assert has_field(small_plate.folder, "A03", 2)


def test_a_folder_that_holds_something_else_is_left_alone(small_plate, tmp_path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").touch()
    with pytest.raises(OutputError, match="holds something else"):
        create_plate(tmp_path / "mine", small_plate.design, {"A01": 1})
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["thesis.tex"]
    small_plate.write()
    with pytest.raises(OutputError, match="something else"):
        create_plate(small_plate.folder, small_plate.design, {"A01": 7})


@pytest.mark.parametrize(
    ("wells", "words"),
    [
        ({}, "at least one well"),
        ({"C01": 1}, "rows A to B and columns 1 to 3. Received: well C01"),
        ({"A04": 1}, "Received: well A04"),
        ({"A01": 0}, "A01 has 0 fields"),
        ({"A01": 1, "a1": 1}, "A01 comes twice"),
        ({"../A1": 1}, "Received: '../A1'"),
    ],
)
def test_wells_that_cannot_be_leave_no_plate(small_plate, wells, words) -> None:
    with pytest.raises(DataError, match=words):
        create_plate(small_plate.folder, small_plate.design, wells)
    assert not small_plate.folder.exists()


@pytest.mark.parametrize(
    ("image", "words"),
    [
        (np.zeros((7, 5, 2), np.uint16), r"uint16 with axes \(c=2, y=any, x=any\). Received: uint16, \(7, 5, 2\)"),
        (np.zeros((7, 5), np.uint16), r"Received: uint16, \(7, 5\)"),
        (np.zeros((2, 7, 5), np.uint8), "Received: uint8"),
        (np.zeros((2, 0, 5), np.uint16), r"\(2, 0, 5\)"),
    ],
)
def test_an_image_that_is_not_the_designs_is_refused(small_plate, image, words) -> None:
    create_plate(small_plate.folder, small_plate.design, {"A01": 1})
    with pytest.raises(DataError, match=words):
        write_field(small_plate.folder, small_plate.design, "A01", 0, image)
    assert not has_field(small_plate.folder, "A01", 0)


@pytest.mark.parametrize(("well", "field"), [("A01", 1), ("A02", 0), ("A01", -1)])
def test_a_field_that_was_not_planned_is_refused(small_plate, well, field) -> None:
    create_plate(small_plate.folder, small_plate.design, {"A01": 1})
    with pytest.raises(DataError):
        write_field(small_plate.folder, small_plate.design, well, field, small_plate.image("A01", 0))


def test_labels_lie_beside_the_image_and_keep_the_plate_valid(small_plate) -> None:
    small_plate.side_px = (300, 5)
    small_plate.write()
    nuclei = np.arange(1500, dtype=np.uint16).reshape(300, 5)
    write_labels(small_plate.folder, small_plate.design, "A01", 0, "nuclei", nuclei)
    write_labels(small_plate.folder, small_plate.design, "A01", 0, "cells", nuclei.astype(np.int32))
    HCS.from_zarr(zarr.open_group(small_plate.folder, mode="r"))
    labels = zarr.open_group(small_plate.folder / "A/1/0/labels", mode="r")
    assert labels.attrs["ome"]["labels"] == ["nuclei", "cells"]
    assert np.array_equal(labels["nuclei/0"][...], nuclei)
    assert np.array_equal(labels["nuclei/1"][...], nuclei[::2, ::2])
    with pytest.raises(OutputError, match="there already"):
        write_labels(small_plate.folder, small_plate.design, "A01", 0, "nuclei", nuclei)


@pytest.mark.parametrize(
    ("name", "labels", "words"),
    [
        ("../x", np.zeros((7, 5), int), "Received: '../x'"),
        ("x", np.zeros((7, 5)), "whole numbers"),
        ("x", np.zeros((2, 7, 5), int), "3 axes"),
    ],
)
def test_labels_that_cannot_be_are_refused(small_plate, name, labels, words) -> None:
    small_plate.write()
    with pytest.raises(DataError, match=words):
        write_labels(small_plate.folder, small_plate.design, "A01", 0, name, labels)


def test_labels_of_a_killed_writer_are_written_again(small_plate) -> None:
    small_plate.write()
    nuclei = np.ones((7, 5), np.uint16)
    write_labels(small_plate.folder, small_plate.design, "A01", 0, "cells", nuclei)
    shutil.copytree(small_plate.folder / "A/1/0/labels/cells", small_plate.folder / "A/1/0/labels/nuclei")
    shutil.copytree(small_plate.folder / "A/1/0/labels/cells", small_plate.folder / "A/1/0/labels/.nuclei.7.ab")
    write_labels(small_plate.folder, small_plate.design, "A01", 0, "nuclei", nuclei * 2)
    assert np.array_equal(zarr.open_array(small_plate.folder / "A/1/0/labels/nuclei/0", mode="r")[...], nuclei * 2)
    assert not list(small_plate.folder.rglob(".*"))


def test_a_place_that_cannot_be_written_to_is_told_and_left_clean(small_plate, tmp_path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="cannot be written to"):
        create_plate(tmp_path / "file" / "plate.zarr", small_plate.design, {"A01": 1})
    create_plate(small_plate.folder, small_plate.design, {"A01": 1})
    shutil.rmtree(small_plate.folder / "A/1")
    (small_plate.folder / "A/1").touch()
    with pytest.raises(OutputError, match="Field 0 of well A01 of plate 'P1' cannot be written"):
        write_field(small_plate.folder, small_plate.design, "A01", 0, small_plate.image("A01", 0))


def test_no_field_is_written_into_a_finished_plate(small_plate) -> None:
    small_plate.wells = {"A01": 1, "A03": 1, "B02": 2}
    small_plate.finish()
    shutil.rmtree(small_plate.folder / "B/2/1")
    with pytest.raises(OutputError, match="comes after the plate was finished"):
        write_field(small_plate.folder, small_plate.design, "B02", 1, small_plate.image("B02", 1))


def test_a_plate_whose_own_note_is_damaged_is_refused(small_plate) -> None:
    file = small_plate.write().folder / "zarr.json"
    value = json.loads(file.read_text())
    del value["attributes"]["zoo"]["design"]["dtype"]
    file.write_text(json.dumps(value))
    with pytest.raises(DataError, match="attribute 'zoo'"):
        create_plate(small_plate.folder, small_plate.design, small_plate.wells)
