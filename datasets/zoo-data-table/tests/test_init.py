"""`zoo data init` writes a TOML file that is right where the table is plain, and says where it is not sure."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from zoo_core.contract import DatasetAdapter
from zoo_data_table.description import Description, read_description
from zoo_data_table.guessing.columns import guess_columns, plain_name
from zoo_data_table.lab_table import LabTable
from zoo_data_table.table import LabImages, TableConfig


def described(lab: Any, zoo: Any, *more: str) -> tuple[Description, str]:
    """What init makes of the lab's table, and what it says."""
    lab.table.to_csv(lab.folder / "lab.csv", index=False)
    answer = zoo("data", "init", str(lab.folder / "lab.csv"), *more)
    assert answer["code"] == 0, answer["err"]
    return read_description(lab.toml), answer["out"]


def test_a_plain_table_is_described_without_a_doubt(lab: Any, zoo: Any) -> None:
    lab.column("Effusion", "1", "0")
    lab.column("set", "train", "train", "val", "test")
    lab.column("remark", "a", "b", "c", "d", "e", "f")
    found, said = described(lab, zoo)
    assert (found.table, found.root, found.file.column) == ("lab.csv", "images", "image")
    assert found.group is not None
    assert (found.group.column, found.group.name) == ("Patient", "patient_id")
    assert found.split is not None
    assert found.split.column == "set"
    assert {name: label.column for name, label in found.labels.items()} == {"Effusion": "Effusion", "Edema": "Edema"}
    assert (found.image.channels, found.image.bits) == ("grey", 8)
    assert said == f"{lab.toml}: read it, mend it, then 'zoo data check {lab.toml}'\n"
    assert "remark" in lab.toml.read_text()
    assert isinstance(LabImages(TableConfig(str(lab.toml))), DatasetAdapter)
    assert LabImages(TableConfig(str(lab.toml))).read(0)["image"].shape == (7, 5, 1)


def test_what_is_uncertain_is_a_doubt(lab: Any, zoo: Any) -> None:
    found, said = described(lab, zoo)
    assert found.labels["Effusion"].uncertain == "ignore"
    assert "not sure: -1 is in Effusion and taken as unknown" in said
    assert "1 of -1: ignore, zero or one" in lab.toml.read_text()
    assert "# NOT SURE: -1 is in Effusion" in lab.toml.read_text()


def test_files_without_an_ending_and_in_a_deep_folder_are_found(lab: Any, zoo: Any) -> None:
    (lab.folder / "images").rename(lab.folder / "deep")
    (lab.folder / "images").mkdir()
    (lab.folder / "deep").rename(lab.folder / "images" / "deep")
    lab.table["image"] = [f"scan{i}" for i in range(6)]
    found, _ = described(lab, zoo)
    assert (found.root, found.file.suffix) == ("images/deep", ".png")
    assert LabImages(TableConfig(str(lab.toml))).read(5)["image"].shape == (7, 5, 1)


def test_the_column_whose_files_are_there_wins_over_one_that_is_named_alike(lab: Any, zoo: Any) -> None:
    lab.table.insert(0, "file_path", [f"old/{i}.png" for i in range(6)])
    found, _ = described(lab, zoo)
    assert found.file.column == "image"


def test_files_that_are_not_there_are_a_doubt_and_a_root_can_be_given(lab: Any, zoo: Any, tmp_path: Path) -> None:
    (lab.folder / "images").rename(tmp_path / "far")
    found, said = described(lab, zoo)
    assert (found.file.column, found.root) == ("image", ".")
    assert "not sure: 6 of 6 files that were tried are not there: see root" in said
    assert "not sure: no file could be looked at" in said
    lab.toml.unlink()
    found, said = described(lab, zoo, "--root", str(tmp_path / "far"))
    assert found.root == "../far"


def test_colour_and_depth_are_seen_in_the_files(lab: Any, zoo: Any) -> None:
    for i in range(6):
        Image.fromarray(np.full((7, 5, 3), (9, i, 200), np.uint8)).save(lab.folder / "images" / f"scan{i}.png")
    assert described(lab, zoo)[0].image.channels == "rgb"
    lab.toml.unlink()
    for i in range(6):
        Image.fromarray(np.full((7, 5), 300 * i, np.uint16)).save(lab.folder / "images" / f"scan{i}.png")
    assert described(lab, zoo)[0].image.bits == 16


def test_a_range_is_guessed_where_the_type_does_not_say_it(lab: Any, zoo: Any) -> None:
    for i in range(6):
        np.save(lab.folder / "images" / f"scan{i}.npy", np.linspace(-1, i, 35).reshape(7, 5))
    lab.table["image"] = [f"scan{i}.npy" for i in range(6)]
    found, said = described(lab, zoo)
    assert found.image.range == (-1.0, 5.0)
    assert "not sure: which values are black and white is guessed" in said


def test_dicom_files_are_seen_and_their_headers_offered(lab: Any, zoo: Any) -> None:
    for i in range(6):
        (lab.folder / "images" / f"scan{i}.dcm").write_bytes(b"DICM")
    lab.table["image"] = [f"scan{i}.dcm" for i in range(6)]
    assert described(lab, zoo)[0].image.bits == 16
    assert 'metadata = ["view_position", "laterality", "photometric"]' in lab.toml.read_text()


def test_a_table_that_says_nothing_is_all_doubts(lab: Any, zoo: Any) -> None:
    lab.table = pd.DataFrame({"a": ["x", "y", "z"], "b": ["1.5", "2.5", "3.5"]})
    lab.table.to_csv(lab.folder / "lab.csv", index=False)
    said = zoo("data", "init", str(lab.folder / "lab.csv"))["out"]
    for doubt in ("no column seems to say whose images", "no column seems to be a label", "no file could be looked at"):
        assert f"not sure: {doubt}" in said


def test_nothing_is_overwritten(lab: Any, zoo: Any) -> None:
    described(lab, zoo)
    before = lab.toml.read_bytes()
    answer = zoo("data", "init", str(lab.folder / "lab.csv"))
    assert (answer["code"], lab.toml.read_bytes()) == (2, before)
    assert "is there already and stays as it is" in answer["err"]
    other = lab.folder / "sub" / "other.toml"
    assert zoo("data", "init", str(lab.folder / "lab.csv"), "--out", str(other))["code"] == 2  # no such folder
    other.parent.mkdir()
    assert zoo("data", "init", str(lab.folder / "lab.csv"), "--out", str(other))["code"] == 0
    found = read_description(other)
    assert (found.table, found.root) == ("../lab.csv", "../images")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nowhere.csv"], "No such file"),
        (["lab.csv", "--out", "lab.txt"], "--out needs a name that ends in .toml"),
        (["lab.csv", "--root", "nowhere"], "--root needs the folder of the images"),
        (["lab.csv", "--encoding", "no-such"], "Key 'encoding'"),
        (["lab.csv", "--rot", "images"], "--rot"),
    ],
)
def test_a_mistake_is_one_line_and_nothing_is_written(
    lab: Any, zoo: Any, monkeypatch: pytest.MonkeyPatch, arguments: list[str], words: str
) -> None:
    lab.table.to_csv(lab.folder / "lab.csv", index=False)
    monkeypatch.chdir(lab.folder)
    answer = zoo("data", "init", *arguments)
    assert (answer["code"], answer["err"].count("\n")) == (2, 1)
    assert words in answer["err"]
    assert sorted(path.name for path in lab.folder.iterdir()) == ["images", "lab.csv"]


def guessed(**columns: list[str]) -> Any:
    return guess_columns(LabTable(Path("lab.csv"), pd.DataFrame(columns), 2), "file")


def test_a_group_is_known_by_its_name_or_else_by_values_that_come_again() -> None:
    n = 60
    rows = {"file": [str(i) for i in range(n)], "PlantNr": [str(i // 2) for i in range(n)]}
    assert guessed(**rows, sid=[str(i // 2) for i in range(n)]).group == ("PlantNr", "plant_id")
    by_values = guessed(file=rows["file"], sid=rows["PlantNr"])
    assert (by_values.group, by_values.group_by_name) == (("sid", "sid"), False)
    assert guessed(file=rows["file"], note=rows["PlantNr"]).group == ("", "")
    assert guessed(file=rows["file"], Patient=["x", *[""] * (n - 1)]).group == ("", "")


def test_words_of_a_class_and_metadata_are_told_by_their_names() -> None:
    rows = {
        "file": list("abcd"),
        "Disease": ["rust", "blight", "rust", ""],
        "Gender": list("MFFM"),
        "Age (y)": list("1234"),
    }
    found = guessed(**rows)
    assert found.classes == {"Disease": ("blight", "rust")}
    assert found.metadata == {"age": "Age (y)", "sex": "Gender"}


def test_a_sex_of_0_and_1_is_metadata_and_a_column_of_one_value_no_label() -> None:
    found = guessed(file=list("abcd"), sex=list("0110"), Hernia=list("0000"), Edema=list("0101"))
    assert [guess.column for guess in found.binary] == ["Edema"]
    assert found.metadata == {"sex": "sex"}
    assert found.left_out == ("Hernia",)


@pytest.mark.parametrize(("column", "name"), [("Patient ID#", "patient_id"), ("3D", "column_3d"), ("Größe", "größe")])
def test_names_of_metadata_are_plain(column: str, name: str) -> None:
    assert plain_name(column) == name


def test_the_radiographs_of_the_nih_as_a_laboratorys_table(shared_data: Any, zoo: Any, tmp_path: Path) -> None:
    source = shared_data("nih_cxr14_621")
    findings = ["Atelectasis", "Cardiomegaly", "Effusion", "Infiltration", "Mass", "Pneumothorax"]
    columns = ["image", "patient_id", "age", "sex", "view", *findings]
    pd.read_csv(source / "labels.csv", dtype=str)[columns].to_csv(tmp_path / "lab.csv", index=False, sep=";")
    (tmp_path / "images").symlink_to(source / "images_256")
    assert zoo("data", "init", str(tmp_path / "lab.csv"))["out"].count("\n") == 1
    found = read_description(tmp_path / "lab.toml")
    assert (list(found.labels), found.root) == (findings, "images")
    assert dict(found.metadata) == {"age": "age", "sex": "sex", "view_position": "view"}
    # A salt decides the split: with one that is given, what is noted of its parts is always the same.
    (tmp_path / "lab.salt").write_text("known to everybody")
    answer = zoo("data", "check", str(tmp_path / "lab.toml"))
    assert answer["code"] == 0
    assert answer["out"].splitlines()[-1].startswith("Fit to train on; ")
    # Looked at: both show dark bones on bright lungs.
    assert "2 pictures like negatives of most others" in answer["out"]
    assert "table rows 363, 370." in answer["out"]
