"""What an import will write is known from names and headers, and contradictions are known before a pixel is written."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import tifffile
from PIL import Image

from zoo_core.contract import ConfigError, DataError
from zoo_data_plates.importing.image_files import Form
from zoo_data_plates.importing.pattern import compile_pattern
from zoo_data_plates.importing.places import find_places
from zoo_data_plates.importing.plan import ImportPlan, Wanted, plan_import
from zoo_data_plates.importing.source import walk

GREY = np.arange(35, dtype=np.uint8).reshape(7, 5)
UUID = "C9E6F1B8-2C3D-4E5F-8A9B-0123456789AB"


def fill(folder: Path, *names: str, values: np.ndarray = GREY) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        if name.lower().endswith(".png"):
            Image.fromarray(values).save(folder / name)
        else:
            tifffile.imwrite(folder / name, values, photometric="rgb" if values.ndim == 3 else "minisblack")
    return folder


def plan(folder: Path, pattern: str, wells: tuple[str, ...] = ("A01",), **wanted: object) -> ImportPlan:
    source = walk(folder, without=folder / "plate")
    places = find_places(source, compile_pattern(pattern))
    return plan_import(
        places, source.root, Wanted("p", **wanted), pd.DataFrame({"well": wells}), lambda done, total: None
    )


def files(found: ImportPlan) -> dict[tuple[str, int], Mapping[tuple[int, int, int], str]]:
    return {(one.well, one.field): dict(one.files) for one in found.fields}


def test_names_are_grouped_into_wells_fields_channels_times_and_z(tmp_path: Path) -> None:
    names = [
        f"{well}_s{field}_c{channel}_t{time}_z{z}.png"
        for well in ("A01", "B10")
        for field in (9, 10)
        for channel in ("DNA", "GFP")
        for time in (2, 4)
        for z in (1, 2, 3)
    ]
    found = plan(
        fill(tmp_path, *names), "{well}_s{field}_c{channel}_t{time}_z{z}.png", time_step_h=0.5, pixel_size_um=0.3
    )
    assert found.n_fields == {"A01": 2, "B10": 2}
    assert found.design.axes == ("t", "c", "z", "y", "x")
    assert found.design.times_h == (0.0, 1.0)
    assert [channel.name for channel in found.design.channels] == ["DNA", "GFP"]
    assert (found.design.n_rows, found.design.n_columns) == (8, 12)
    assert files(found)["B10", 1][1, 0, 2] == "B10_s10_cDNA_t4_z3.png"
    assert found.n_pictures == 48
    assert found.form == Form(7, 5, "uint8")


def test_folders_of_imagexpress_are_read_without_thumbnails_and_projections(tmp_path: Path) -> None:
    fill(
        tmp_path,
        *(f"TimePoint_1/ZStep_{z}/P_B03_s1_w{w}{UUID}.TIF" for z in (1, 2) for w in (1, 2)),
        f"TimePoint_1/ZStep_1/P_B03_s1_w1_thumb{UUID}.TIF",
        f"TimePoint_1/P_B03_s1_w1{UUID}.TIF",
        "TimePoint_1/overview.png",
        values=GREY.astype(np.uint16),
    )
    (tmp_path / "P.HTD").write_text("settings")
    found = plan(tmp_path, "imagexpress", channels={"2": "DNA"})
    assert list(files(found)) == [("B03", 0)]
    assert (found.design.dtype, found.design.n_z, found.design.times_h) == ("uint16", 2, ())
    assert [channel.name for channel in found.design.channels] == ["1", "DNA"]
    assert found.n_ignored == {"thumbnail": 1, "projection": 1, "unmatched": 1, "other": 1, "link": 0}


def test_rgb_without_a_channel_in_the_name_is_three_channels(tmp_path: Path) -> None:
    fill(tmp_path, "A1.png", "A2.tif", values=np.dstack([GREY, GREY, GREY + 1]))
    found = plan(tmp_path, "{well}.png")
    assert [channel.name for channel in found.design.channels] == ["R", "G", "B"]
    assert plan(tmp_path, "{well}.tif", channels={"R": "red"}).design.channels[0].name == "red"
    fill(tmp_path, "1-B01.png", values=np.dstack([GREY] * 3))
    with pytest.raises(DataError, match="are RGB, and the pattern gives each a channel, such as '1'"):
        plan(tmp_path, "{channel}-{well}.png")


@pytest.mark.parametrize(
    ("well", "size"),
    [
        ("B03", (2, 3)),
        ("C04", (3, 4)),
        ("A6", (4, 6)),
        ("F01", (6, 8)),
        ("H12", (8, 12)),
        ("P24", (16, 24)),
        ("Q1", (32, 48)),
    ],
)
def test_a_plate_is_the_smallest_standard_one_that_holds_its_wells(
    tmp_path: Path, well: str, size: tuple[int, int]
) -> None:
    design = plan(fill(tmp_path, f"{well}.png"), "{well}.png").design
    assert (design.n_rows, design.n_columns) == size


def test_what_is_missing_is_listed(tmp_path: Path) -> None:
    fill(
        tmp_path,
        "A01_1_G.png",
        "A01_1_D.png",
        "A01_2_G.png",
        "A01_2_D.png",
        "A02_1_D.png",
        "A03_1_D.png",
        "A03_2_G.png",
    )
    found = plan(tmp_path, "{well}_{field}_{channel}.png", ("A01", "A02", "B02"))
    gaps = found.gaps
    assert gaps.wells == ("B02",)
    assert gaps.rows == ("A03",)
    assert gaps.fields == ("A02: 1 of 2 fields",)
    assert list(found.wells["missing_channels"].fillna("-")) == ["-", "G", "G, D", "-"]
    assert gaps.channels == {"A02": ("G",), "A03": ("G", "D")}


MISTAKES: list[tuple[tuple[str, ...], str, dict[str, object], type[Exception], str]] = [
    (("A01.png", "B/A01.png"), "{well}.png", {}, DataError, "'A01.png' and 'B/A01.png'"),
    (("A01.png", "a1.png"), "{well}.png", {}, DataError, "Two files belong at one place, well A01"),
    (("A00.png",), "{well}.png", {}, DataError, "'A00.png': A well is named"),
    (("A01_1.png", "A01_2.png"), "{well}_{time}.png", {}, ConfigError, "Give --time-step-h HOURS"),
    (("A01_1.png", "A01_2.png"), "{well}_{time}.png", {"time_step_h": 0.0}, ConfigError, "above 0"),
    (("A01_1.png",), "{well}_{time}.png", {"time_step_h": 1.0}, ConfigError, "--time-step-h needs"),
    (("A01_1.png",), "{well}_{channel}.png", {"channels": {"2": "GFP"}}, ConfigError, "Received: '2'"),
    (("P_A01_w1.tif", "P_A02.tif"), "imagexpress", {}, DataError, "Either all names or none say the channel"),
    (("AZ01.png",), "{well}.png", {}, ConfigError, "52 rows and 1 columns"),
]


@pytest.mark.parametrize("mistake", MISTAKES)
def test_names_that_contradict_each_other_are_refused(
    tmp_path: Path, mistake: tuple[tuple[str, ...], str, dict[str, object], type[Exception], str]
) -> None:
    names, pattern, wanted, kind, reason = mistake
    with pytest.raises(kind, match=reason):
        plan(fill(tmp_path, *names), pattern, **wanted)


def test_a_pattern_that_matches_nothing_shows_three_names(tmp_path: Path) -> None:
    fill(tmp_path, "b.png", "a/c.png", "e.png", "d.png")
    (tmp_path / "A.txt").write_text("no picture")
    with pytest.raises(DataError, match=r"Received: 'a/c.png', 'b.png', 'd.png' \.\.\.: write") as caught:
        plan(tmp_path, "{well}.png")
    assert "matches none of the 5 files" in str(caught.value)


def test_a_folder_without_files_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="Received: no file"):
        plan(tmp_path, "{well}.png")
    with pytest.raises(DataError, match="no folder"):
        plan(tmp_path / "absent", "{well}.png")


@pytest.mark.parametrize("other", [GREY.astype(np.uint16), GREY[:, :4], np.dstack([GREY] * 3)])
def test_pictures_of_two_forms_are_refused(tmp_path: Path, other: np.ndarray) -> None:
    fill(tmp_path, "A01.png", "A02.png")
    fill(tmp_path, "A03.tif", values=other)
    fill(tmp_path, "A04.tif")
    for path in list(tmp_path.iterdir()):
        path.rename(path.with_suffix(".image"))
    with pytest.raises(DataError, match=r"3 of 7 x 5 uint8, such as 'A01\.image'; 1 of .*'A03\.image'"):
        plan(tmp_path, "{well}.image")


def test_a_picture_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    fill(tmp_path, "A01.png")
    (tmp_path / "A02.png").write_bytes(b"")
    with pytest.raises(DataError, match=r"'A02\.png' is empty"):
        plan(tmp_path, "{well}.png")


def test_a_well_of_the_table_must_be_on_the_plate(tmp_path: Path) -> None:
    fill(tmp_path, "H12.png")
    with pytest.raises(DataError, match=r"names well I01, .* 8 rows and 12 columns"):
        plan(tmp_path, "{well}.png", ("A01", "I01"))
    assert plan(tmp_path, "{well}.png", ("A01", "I01"), size=(16, 24)).gaps.wells == ("A01", "I01")


def test_no_link_leads_out_of_the_source_and_what_is_written_is_no_source(tmp_path: Path) -> None:
    outside = fill(tmp_path / "outside", "A02.png", "A03.png")
    source = fill(tmp_path / "source", "A01.png", "kept/x.png", ".A09.png", ".hidden/A08.png")
    (source / "A02.png").symlink_to(outside / "A02.png")
    (source / "A04.png").symlink_to(source / "kept" / "x.png")
    (source / "folder").symlink_to(outside, target_is_directory=True)
    (source / "circle").symlink_to(source, target_is_directory=True)
    fill(source, "plate/A05.png", "plates/A06.png")
    found = plan(source, "{well}.png")
    assert found.n_fields == {"A01": 1, "A04": 1, "A06": 1}
    assert found.n_ignored["link"] == 3
