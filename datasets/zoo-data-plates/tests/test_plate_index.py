import json
import shutil
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import zarr
from ome_zarr_models.v05.hcs import HCS

from zoo_core.contract import DataError
from zoo_data_plates.ngff.writing import create_plate, finish_plate, write_field
from zoo_data_plates.plate_index import index_plate, open_index, read_index, write_index


def test_a_finished_plate_has_an_index_of_every_image_with_nothing_left_over(small_plate) -> None:
    small_plate.finish()
    index = open_index(small_plate.folder)
    assert list(index.images["well"] + "/" + index.images["field"].astype(str)) == [
        "A01/0",
        "A03/0",
        "A03/1",
        "A03/2",
        "B02/0",
    ]
    assert (index.name, index.version, index.axes, index.dtype) == ("P1", "0.5", ("c", "y", "x"), "uint16")
    assert (index.rows, index.columns, index.missing, index.whole) == (("A", "B"), (1, 2, 3), (), True)
    assert index.images["pixel_sizes_um"][0].tolist() == [0.65]
    assert index.images["heights"][0].tolist() == [7]
    assert index.images["time_h"].isna().all()
    assert sorted(path.name for path in small_plate.folder.iterdir()) == [
        "A",
        "B",
        "index.parquet",
        "wells.parquet",
        "zarr.json",
    ]


def test_an_index_that_is_written_reads_back_the_same(small_plate) -> None:
    small_plate.write()
    made = index_plate(small_plate.folder)
    write_index(small_plate.folder, made)
    read = read_index(small_plate.folder)
    assert {**made.__dict__, "images": None} == {**read.__dict__, "images": None}
    lists = ["levels", "heights", "widths", "pixel_sizes_um"]
    for column in lists:
        assert [list(value) for value in read.images[column]] == list(made.images[column])
    pd.testing.assert_frame_equal(read.images.drop(columns=lists), made.images.drop(columns=lists), check_dtype=False)


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_plates_of_other_programs_are_indexed_by_looking_once(tmp_path, version, foreign_plate) -> None:
    index = open_index(foreign_plate(version, "tcyx"))
    assert (index.name, index.version, index.whole, index.columns) == ("Theirs", version, False, (1, 2))
    assert [channel.name for channel in index.channels] == ["DNA", "GFP"]
    assert list(index.images["time_h"]) == [0, 0.5, 1] * 3
    assert np.allclose(index.images["pixel_sizes_um"][0], [0.325, 0.8125])  # ome-zarr: 5 px become 2
    assert not (tmp_path / "theirs.zarr" / "index.parquet").exists()


def test_a_pixel_size_without_unit_is_unknown(foreign_plate) -> None:
    assert open_index(foreign_plate(unit=None)).images["pixel_sizes_um"].map(np.isnan).map(np.all).all()


def test_a_missing_well_and_a_missing_field_are_named(foreign_plate) -> None:
    plate = foreign_plate()
    shutil.rmtree(plate / "B")
    shutil.rmtree(plate / "A/01/0")
    index = open_index(plate)
    assert index.missing == ("A01/0", "B02")
    assert list(index.images["field"]) == [1]
    shutil.rmtree(plate / "A")
    with pytest.raises(DataError, match="None of them is there"):
        open_index(plate)


def test_fields_that_were_never_written_are_named_and_taken_out_of_the_metadata(small_plate) -> None:
    create_plate(small_plate.folder, small_plate.design, small_plate.wells)
    for number in (0, 2):
        write_field(small_plate.folder, small_plate.design, "A03", number, small_plate.image("A03", number))
    missing = finish_plate(small_plate.folder, pd.DataFrame({"well": ["A01"]}))
    assert missing == ("A01/0", "A03/1", "B02/0") == read_index(small_plate.folder).missing

    assert HCS.from_zarr(zarr.open_group(small_plate.folder, mode="r")).n_wells == 1
    assert list(read_index(small_plate.folder).images["field"]) == [0, 2]


def test_an_unfinished_plate_says_so(small_plate) -> None:
    small_plate.write()
    with pytest.raises(DataError, match="is unfinished"):
        open_index(small_plate.folder)


def test_a_wrong_wells_table_leaves_the_plate_unfinished(small_plate) -> None:
    small_plate.write()
    with pytest.raises(DataError, match="well H12 is not on the plate"):
        finish_plate(small_plate.folder, pd.DataFrame({"well": ["H12"]}))
    assert not list(small_plate.folder.glob("*.parquet"))


def test_a_plate_without_any_field_is_not_finished(small_plate) -> None:
    create_plate(small_plate.folder, small_plate.design, {"A01": 1})
    with pytest.raises(DataError, match="at least one field"):
        finish_plate(small_plate.folder, pd.DataFrame({"well": ["A01"]}))


def edit(path, change) -> None:
    value = json.loads(path.read_text())
    change(value)
    path.write_text(json.dumps(value))


def test_metadata_of_version_03_are_refused(foreign_plate) -> None:
    plate = foreign_plate()
    edit(plate / "A/01/0/.zattrs", lambda value: value["multiscales"][0].update(version="0.3", axes=["c", "y", "x"]))
    with pytest.raises(DataError, match=r"0\.4 or 0\.5 are read. Received: 0\.3"):
        open_index(plate)
    edit(plate / ".zattrs", lambda value: value["plate"].update(version="0.3"))
    with pytest.raises(DataError, match=r"Received: 0\.3 in .*theirs\.zarr\. Import"):
        open_index(plate)


@pytest.mark.parametrize("names", [("y", "x", "c"), ("x", "y"), ("c", "y", "q"), ("c", "t", "y"), ("c", "y", "y")])
def test_wrong_axes_are_refused_with_what_was_wanted_and_what_came(names, foreign_plate) -> None:
    plate = foreign_plate()
    axes = [{"name": name} for name in names]
    edit(plate / "A/01/0/.zattrs", lambda value: value["multiscales"][0].update(axes=axes))
    with pytest.raises(DataError, match=f"t, c, z, y, x in this order.*Received: {', '.join(names)}"):
        open_index(plate)


@pytest.mark.parametrize(
    ("file", "change", "words"),
    [
        (".zattrs", lambda value: value.pop("plate"), "'plate' in its metadata"),
        (".zattrs", lambda value: value["plate"].pop("rows"), "rows and columns with 'name'"),
        (".zattrs", lambda value: value["plate"]["wells"][0].update(path="../../etc"), "paths that stay inside"),
        (".zattrs", lambda value: value["plate"]["wells"][0].update(path="/etc/passwd"), "paths that stay inside"),
        (".zattrs", lambda value: value["plate"]["wells"][0].update(path="B/02"), "each well once"),
        (".zattrs", lambda value: value["plate"]["wells"][0].update(path="C/01"), "on one of its rows"),
        ("A/01/.zattrs", lambda value: value.pop("well"), "needs 'images'"),
        ("A/01/.zattrs", lambda value: value["well"]["images"][0].update(path=".."), "paths that stay inside"),
        ("A/01/0/.zattrs", lambda value: value.pop("multiscales"), "needs 'multiscales'"),
        ("A/01/0/.zattrs", lambda value: value["multiscales"][0].pop("datasets"), "datasets with 'path'"),
        (
            "A/01/0/.zattrs",
            lambda value: value["multiscales"][0]["datasets"][0].update(path="../../../../x"),
            "paths that stay inside",
        ),
        ("A/01/0/s0/.zarray", lambda value: value.update(dtype="<f4"), "uint8 or uint16. Received: float32"),
        ("A/01/0/s0/.zarray", lambda value: value.update(shape=[7, 5]), "needs 3 axes"),
        ("A/01/0/s0/.zarray", lambda value: value.pop("shape"), "damaged"),
        (
            "A/01/1/s0/.zarray",
            lambda value: value.update(dtype="<u2"),
            "of the first. Received: .* in A01/0, .* in A01/1",
        ),
    ],
)
def test_damaged_metadata_are_refused_in_one_line(file, change, words, foreign_plate) -> None:
    plate = foreign_plate()
    edit(plate / file, change)
    with pytest.raises(DataError, match=words) as mistake:
        open_index(plate)
    assert "\n" not in str(mistake.value)


def test_what_is_no_plate_is_refused(tmp_path) -> None:
    for folder in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(DataError, match="A plate in OME-Zarr is a folder"):
            open_index(folder)
    (tmp_path / "zarr.json").write_text("{")
    with pytest.raises(DataError, match="needs to be JSON"):
        open_index(tmp_path)


def test_a_damaged_index_is_refused(small_plate) -> None:
    small_plate.finish()
    (small_plate.folder / "index.parquet").write_bytes(b"nothing")
    with pytest.raises(DataError, match="make it again"):
        open_index(small_plate.folder)


def test_paths_of_an_index_must_stay_in_the_plate(small_plate) -> None:
    index = read_index(small_plate.finish().folder)
    for column, value in (("path", "../other/A/1/0"), ("levels", ["/etc"])):
        images = index.images.copy()
        images[column] = [value] * len(images)
        write_index(small_plate.folder, replace(index, images=images))
        with pytest.raises(DataError, match="paths that stay inside"):
            open_index(small_plate.folder)


def test_fields_that_come_after_a_finish_that_was_cut_short_are_named_again(small_plate) -> None:
    wells = pd.DataFrame({"well": ["A01"]})
    create_plate(small_plate.folder, small_plate.design, small_plate.wells)
    write_field(small_plate.folder, small_plate.design, "A03", 1, small_plate.image("A03", 1))
    finish_plate(small_plate.folder, wells)
    (small_plate.folder / "index.parquet").unlink()
    small_plate.wells = {"A01": 1, "A03": 3, "B02": 1}
    for well, number in (("A01", 0), ("A03", 0), ("A03", 2), ("B02", 0)):
        write_field(small_plate.folder, small_plate.design, well, number, small_plate.image(well, number))
    assert finish_plate(small_plate.folder, wells) == ()
    assert len(open_index(small_plate.folder).images) == 5
    assert HCS.from_zarr(zarr.open_group(small_plate.folder, mode="r")).n_wells == 3


def test_times_of_unequal_distance_are_kept(small_plate) -> None:
    small_plate.design = replace(small_plate.design, times_h=(0.0, 1.5, 4.0))
    assert list(open_index(small_plate.finish().folder).images["time_h"]) == [0.0, 1.5, 4.0] * 5


def test_what_killed_processes_left_is_gone_from_a_finished_plate(small_plate) -> None:
    small_plate.write()
    (small_plate.folder / ".index.parquet.77.ab").touch()
    shutil.copytree(small_plate.folder / "A/3/0", small_plate.folder / "A/3/.1.77.ab")
    finish_plate(small_plate.folder, pd.DataFrame({"well": ["A01"]}))
    assert not list(small_plate.folder.rglob(".*"))
    assert len(open_index(small_plate.folder).images) == 5
