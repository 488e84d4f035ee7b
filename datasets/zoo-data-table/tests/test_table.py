"""A table as a data set: labels, groups, splits and metadata by its columns; identifiers hashed; errors name rows."""

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from zoo_core.contract import ConfigError, DataError, DatasetAdapter, ImageError, OutputError, SupportsRemarks
from zoo_data_table.table import LabImages, TableConfig, plugin


def nan(*values: float | None) -> Any:
    return np.array([np.nan if value is None else value for value in values])


def test_a_table_becomes_an_index(lab: Any) -> None:
    data = lab.open()
    assert isinstance(data, DatasetAdapter)
    assert isinstance(data, SupportsRemarks)
    index = data.index()
    assert list(index) == [
        "example_id", "label.Effusion", "label.Edema", "meta.patient_id", "meta.age", "meta.table_row",
    ]  # fmt: skip
    np.testing.assert_array_equal(index["label.Effusion"], nan(1, 0, None, None, 1, 0))
    np.testing.assert_array_equal(index["meta.age"], nan(61, 62, None, 40, 41, 77))
    assert list(index["meta.table_row"]) == [2, 3, 4, 5, 6, 7]
    assert [label.name for label in data.labels] == ["Effusion", "Edema"]
    assert (data.group_columns, data.split_name) == (("meta.patient_id",), None)


def test_rows_are_read_as_they_are_declared_and_after_pickling(lab: Any) -> None:
    data = lab.open()
    (spec,) = data.specs
    image = data.read(2)["image"]
    assert (image.shape, image.dtype, spec.dtype) == ((7, 5, 1), np.uint8, "uint8")
    np.testing.assert_array_equal(image[:, :, 0], np.random.default_rng(2).integers(0, 255, (7, 5)))
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(data)).read(2)["image"], image)  # noqa: S301 - our own
    with pytest.raises(IndexError, match=r"rows 0 to 5\. Received: 6"):
        data.read(6)


@pytest.mark.parametrize(("policy", "value"), [("ignore", None), ("zero", 0), ("one", 1)])
def test_what_is_uncertain_becomes_what_the_policy_says(lab: Any, policy: str, value: float | None) -> None:
    data = lab.open(labels={"Effusion": {"column": "Effusion", "uncertain": policy}})
    np.testing.assert_array_equal(data.index()["label.Effusion"], nan(1, 0, None, value, 1, 0))
    assert any(note.startswith("Effusion: 1 uncertain (-1)") for note in data.card.notes)


def test_words_can_mean_present_and_absent(lab: Any) -> None:
    lab.column("Effusion", "ja", "nein", "NA", "", "True", "0")
    section = {"column": "Effusion", "positive": ["ja"], "negative": ["nein", "NA"]}
    index = lab.open(labels={"Effusion": section}).index()
    np.testing.assert_array_equal(index["label.Effusion"], nan(1, 0, 0, None, 1, 0))


def test_another_value_is_named_by_its_row(lab: Any, fails: Any) -> None:
    lab.column("Effusion", "1", "0", "2")
    text = fails(DataError, lambda: lab.open().index())
    assert text.startswith("lab.csv, row 4: 'Effusion' of label 'Effusion' needs 0, 1, -1 or nothing")
    assert text.endswith("Received: '2'")


def test_classes_and_values_are_labels_too(lab: Any) -> None:
    lab.column("kind", "wild", "mutant", "", "NA", "wild", "mutant")
    lab.column("area", "1.5", "", "2", "3", "4", "5")
    data = lab.open(
        labels={"kind": {"column": "kind", "kind": "class"}, "area": {"column": "area", "kind": "value", "unit": "mm2"}}
    )
    kind, area = data.labels
    assert (kind.kind, kind.class_names, area.kind, area.unit) == ("class", ("mutant", "wild"), "value", "mm2")
    np.testing.assert_array_equal(data.index()["label.kind"], nan(1, 0, None, None, 1, 0))
    np.testing.assert_array_equal(data.index()["label.area"], nan(1.5, None, 2, 3, 4, 5))


def test_a_class_that_is_not_listed_is_named_by_its_row(lab: Any, fails: Any) -> None:
    lab.column("kind", "wild", "mutant", "wald", "wild")
    labels = {"kind": {"column": "kind", "kind": "class", "classes": ["wild", "mutant"]}}
    text = fails(DataError, lambda: lab.open(labels=labels).index())
    assert text == "lab.csv, row 4: label 'kind' needs one of its classes (wild, mutant) or nothing. Received: 'wald'"


@pytest.mark.parametrize("key", ["file", "group", "split", "labels", "metadata"])
def test_a_column_that_is_not_there_is_answered_with_the_nearest(lab: Any, fails: Any, key: str) -> None:
    given = {
        "file": "imag",
        "group": "patient",
        "split": "yaers",
        "labels": {"Edema": "Edem"},
        "metadata": {"age": "yers"},
    }
    nearest = {"file": "image", "group": "Patient", "split": "years", "labels": "Edema", "metadata": "years"}
    text = fails(ConfigError, lambda: lab.open(**{key: given[key]}).index())
    assert f"did you mean '{nearest[key]}'?" in text
    assert f"Key '{key}." in text


def test_a_split_of_a_column_is_the_data_sets_own(lab: Any) -> None:
    lab.column("set", "train", "Training", "dev", "test", "TEST", "valid")
    data = lab.open(split={"column": "set", "name": "ours"})
    assert data.split_name == "ours"
    assert list(data.index()["split"]) == ["train", "train", "validation", "test", "test", "validation"]


def test_words_of_a_split_can_be_listed_and_others_are_refused(lab: Any, fails: Any) -> None:
    lab.column("set", "A", "A", "A", "B", "B", "C")
    split = {"column": "set", "train": ["A"], "test": ["B"]}
    assert "lab.csv, row 7: 'set' (split.column) needs one of a, " in fails(
        DataError, lambda: lab.open(split=split).index()
    )
    assert set(lab.open(split={**split, "validation": ["c"]}).index()["split"]) == {"train", "validation", "test"}


def test_names_of_patients_and_files_are_hashed(lab: Any) -> None:
    data = lab.open()
    index = data.index()
    text = f"{index.to_csv()} {data.card}"
    assert not any(name in text for name in (*lab.table["Patient"], *lab.table["image"]))
    groups = index["meta.patient_id"]
    assert groups[0] == groups[1] != groups[2]
    assert index["example_id"].is_unique
    assert index["example_id"].str.fullmatch("[0-9a-f]{16}").all()


def test_the_salt_is_made_once_beside_the_description(lab: Any) -> None:
    first = lab.open().index()
    salt = lab.folder / "lab.salt"
    assert salt.stat().st_mode & 0o077 == 0
    pd.testing.assert_frame_equal(lab.open().index(), first)
    salt.unlink()
    assert not (lab.open().index()["example_id"] == first["example_id"]).any()
    assert list(lab.folder.glob(".*")) == []


def test_a_salt_of_the_description_makes_no_file_and_the_same_names_anywhere(lab: Any) -> None:
    before = lab.open(salt="our secret").index()
    assert not (lab.folder / "lab.salt").exists()
    lab.folder.rename(lab.folder.parent / "elsewhere")
    moved = LabImages(TableConfig(str(lab.folder.parent / "elsewhere" / "lab.toml"))).index()
    pd.testing.assert_frame_equal(moved, before)


def test_two_tables_name_patients_alike_only_where_they_share_a_salt(lab: Any) -> None:
    card = {"group_namespace": "our-clinic"}
    spaces = [lab.open(card=card, salt=salt).card.group_namespace for salt in ("secret 1", "secret 1", "secret 2")]
    assert spaces[0] == spaces[1] != spaces[2]
    assert lab.open(card={}).card.group_namespace == ""


def test_an_empty_salt_or_a_place_that_cannot_be_written_is_one_line(
    lab: Any, fails: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    (lab.folder / "lab.salt").write_text("")
    assert "is empty: put back the salt" in fails(DataError, lambda: lab.open().index())
    (lab.folder / "lab.salt").unlink()

    def refuse(*_: Any) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("zoo_data_table.salt.create_file", refuse)
    assert "give permission there, or a key 'salt'" in fails(OutputError, lambda: lab.open().index())


@pytest.mark.parametrize(
    "name", ["../secret.png", "/etc/secret.png", "a/../../secret.png", "C:\\secret.png", "~/x.png"]
)
def test_a_path_that_climbs_out_of_the_root_is_refused(lab: Any, fails: Any, name: str) -> None:
    lab.table.loc[3, "image"] = name
    text = fails(DataError, lambda: lab.open().index())
    assert text.startswith("lab.csv, row 5: 'image' needs a path within the root")
    assert "secret" not in text


def test_a_link_out_of_the_root_is_refused_and_the_root_itself_may_be_one(lab: Any, fails: Any, tmp_path: Path) -> None:
    (lab.folder / "images" / "scan3.png").rename(tmp_path / "secret.png")
    (lab.folder / "images" / "scan3.png").symlink_to(tmp_path / "secret.png")
    data = lab.open()
    for question in (data.read, data.remarks):
        assert fails(ImageError, lambda question=question: question(3)).startswith("lab.csv, row 5: lies behind a link")
    (lab.folder / "linked").symlink_to(lab.folder / "images")
    assert lab.open(root="linked").read(0)["image"].shape == (7, 5, 1)


def test_paths_of_windows_are_paths(lab: Any) -> None:
    (lab.folder / "images" / "deep").mkdir()
    (lab.folder / "images" / "scan0.png").rename(lab.folder / "images" / "deep" / "scan0.png")
    lab.table.loc[0, "image"] = ".\\deep\\scan0.png"
    assert lab.open().read(0)["image"].shape == (7, 5, 1)


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        (("a.png", ""), "row 3: 'image' needs a file"),
        (("a.png", "b.png", "./a.png"), "row 4: names the file of row 2 again"),
        (("a.png", "b.bmp"), "row 3: 'image' needs a name that ends as a file that is read"),
    ],
)
def test_a_row_without_a_file_of_its_own_is_refused(lab: Any, fails: Any, cells: tuple[str, ...], words: str) -> None:
    lab.table = lab.table.iloc[: len(cells)].assign(image=list(cells))
    assert words in fails(DataError, lambda: lab.open().index())


def test_prefix_and_suffix_make_files_of_numbers(lab: Any) -> None:
    lab.table["image"] = [str(i) for i in range(6)]
    data = lab.open(file={"column": "image", "prefix": "scan", "suffix": ".png"})
    assert data.read(5)["image"].shape == (7, 5, 1)


def test_a_row_without_a_patient_is_named(lab: Any, fails: Any) -> None:
    lab.table.loc[2, "Patient"] = "NA"
    assert fails(DataError, lambda: lab.open().index()).startswith(
        "lab.csv, row 4: 'Patient' (group.column) needs a name"
    )


def test_without_a_group_each_file_is_one_and_the_card_says_so(lab: Any) -> None:
    data = lab.open(group=None)
    index = data.index()
    assert data.group_columns == ("meta.file",)
    assert (index["meta.file"] == index["example_id"]).all()
    assert any("No patient, plant or other group is known" in note for note in data.card.notes)


def test_the_card_is_the_laboratorys(lab: Any) -> None:
    card = lab.open(card={"title": "Our chests", "licence": "ours", "drawn": True, "notes": ["One scanner."]}).card
    assert (card.title, card.licence, card.drawn, card.notes[0]) == ("Our chests", "ours", True, "One scanner.")
    assert card.notes[1] == "6 images of lab.csv."


def test_before_a_description_is_named_there_is_a_card_and_a_spec(fails: Any) -> None:
    data = plugin.create(plugin.config())
    assert data.card.title == "A laboratory's own table"
    assert (len(data.specs), data.labels, data.group_columns, data.split_name) == (1, (), ("meta.file",), None)
    assert "--data table=FILE.toml" in fails(DataError, data.index)


def test_a_root_that_is_not_there_is_one_line(lab: Any, fails: Any) -> None:
    assert "key 'root' needs the folder of the images" in fails(DataError, lambda: lab.open(root="imges").index())


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (Path.unlink, "cannot be opened: No such file or directory"),
        (lambda path: path.write_bytes(b""), "is empty"),
        (lambda path: path.write_bytes(path.read_bytes()[:50]), "is damaged"),
    ],
)
def test_a_file_that_cannot_be_read_is_named_by_its_row(lab: Any, fails: Any, damage: Any, words: str) -> None:
    data = lab.open()
    damage(lab.folder / "images" / "scan2.png")
    text = fails(ImageError, lambda: data.read(2))
    assert text.startswith("lab.csv, row 4: ")
    assert words in text
    assert "scan2" not in text


N_MANY = 100_000


def test_a_folder_that_vanishes_is_named_and_asked_for_no_longer_than_it_takes(lab: Any, fails: Any) -> None:
    lab.table = pd.DataFrame({"image": [f"a/{i}.png" for i in range(N_MANY)], "Edema": "1"})
    data = lab.open(group=None, labels={"Edema": "Edema"}, metadata=None)
    assert len(data.index()) == N_MANY  # though none of the files is there
    (lab.folder / "images").rename(lab.folder / "gone")
    text = fails(ImageError, lambda: data.read(N_MANY - 1))
    assert text == f"lab.csv, row {N_MANY + 1}: cannot be opened: the folder '{lab.folder / 'images'}' is not there"


def test_a_check_of_a_folder_that_vanished_is_a_few_lines(lab: Any, zoo: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    n = 5000
    lab.table = pd.DataFrame({"image": [f"a/{i}.png" for i in range(n)], "Edema": [str(i % 2) for i in range(n)]})
    lab.describe(group=None, labels={"Edema": "Edema"}, metadata=None)
    answer = zoo("data", "check", str(lab.write()))
    assert answer["code"] == 1
    assert len(answer["out"].splitlines()) < 20
    assert "cannot be read, and at most 1% may be; such as lab.csv, row" in answer["out"]


def test_a_run_on_a_folder_that_vanished_ends_with_one_line_that_names_it(
    lab: Any, zoo: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The folder goes when the index has been read: a run reads every image before its first step.
    monkeypatch.chdir(lab.folder)
    n = 500
    lab.table = pd.DataFrame({"image": [f"a/{i}.png" for i in range(n)], "Edema": [str(i % 2) for i in range(n)]})
    lab.describe(group=None, labels={"Edema": "Edema"}, metadata=None)
    images, before = lab.folder / "images", LabImages.index

    def index(self: LabImages) -> pd.DataFrame:
        found = before(self)
        if images.exists():
            images.rename(lab.folder / "gone")
        return found

    monkeypatch.setattr(LabImages, "index", index)
    answer = zoo("run", "chexnet", "--preset", "smoke", "--data", f"table={lab.write()}", "--out", "run")
    assert answer["code"] == 2
    assert answer["err"].splitlines()[-1].startswith("zoo: error: At most 1% of a split's images may be unreadable")
    assert f"the folder '{images}' is not there" in answer["err"].splitlines()[-1]
