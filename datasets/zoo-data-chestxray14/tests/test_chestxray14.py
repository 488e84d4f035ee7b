"""Laws of the adapter of NIH's folder."""

import gzip
import pickle
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from zoo_core.contract import ConfigError, DataError, DatasetAdapter, ImageError, SupportsBoxes, SupportsSecondTruth
from zoo_data_chestxray14.chestxray14 import ChestXray14, ChestXray14Config, plugin
from zoo_data_chestxray14.findings import FINDINGS


def test_adapter_satisfies_the_contract(small_root):
    adapter = small_root.open()
    assert isinstance(adapter, DatasetAdapter)
    assert isinstance(adapter, SupportsBoxes)
    assert isinstance(adapter, SupportsSecondTruth)
    assert [label.name for label in adapter.labels] == list(FINDINGS)
    assert not adapter.card.drawn


def test_images_in_several_folders_are_one_data_set_in_the_order_of_the_table(small_root):
    index = small_root.open().index()
    assert list(index["example_id"]) == [
        "00000001_000.png",
        "00000001_001.png",
        "00000002_000.png",
        "00000003_000.png",
    ]
    assert list(index.index) == [0, 1, 2, 3]


def test_images_in_one_folder_are_read_as_well(small_root):
    (small_root.folder / "images_002" / "images").rename(small_root.folder / "images")
    assert len(small_root.open().index()) == 4


def test_labels_are_multi_hot_and_no_finding_is_their_absence(small_root):
    index = small_root.open().index()
    labels = index[[f"label.{name}" for name in FINDINGS]]
    assert list(labels.sum(axis=1)) == [1, 2, 0, 2]
    assert index.loc[1, "label.Effusion"] == 1


def test_infiltrate_is_infiltration(small_root):
    assert small_root.open().index().loc[3, "label.Infiltration"] == 1


def test_metadata_are_typed_and_impossible_ages_are_missing(small_root):
    index = small_root.open().index()
    assert list(index["meta.patient_id"]) == ["1", "1", "2", "3"]
    assert list(index["meta.sex"]) == ["M", "M", "F", "F"]
    assert list(index["meta.view_position"]) == ["PA", "PA", "AP", "PA"]
    assert list(index["meta.follow_up"]) == [0, 1, 0, 0]
    np.testing.assert_allclose(index["meta.age"], [57, 58, np.nan, 11 / 12])


def test_official_split_is_named_where_both_lists_are_there(small_root):
    adapter = small_root.open()
    assert adapter.split_name == "official"
    assert list(adapter.index()["split"]) == ["train", "train", "test", "train"]


@pytest.mark.parametrize("name", ["train_val_list.txt", "test_list.txt"])
def test_one_list_alone_is_no_split_and_the_card_says_so(small_root, name):
    (small_root.folder / name).unlink()
    adapter = small_root.open()
    assert adapter.split_name is None
    assert "split" not in adapter.index()
    assert any("no official split" in note for note in adapter.card.notes)


def test_partial_download_works_on_what_is_there_and_says_how_many(small_root):
    (small_root.folder / "images_001" / "images" / "00000001_000.png").unlink()
    adapter = small_root.open()
    assert len(adapter.index()) == 3
    assert adapter.read(0)["image"].shape == (3, 5, 1)
    assert "3 of 4 images are there." in adapter.card.notes


def test_files_that_the_table_does_not_list_are_left_alone(small_root):
    small_root.write_image("images_001/images/holiday.png", (2, 2))
    assert len(small_root.open().index()) == 4


def test_packed_tables_are_read_and_have_the_hash_of_their_text(small_root):
    plain = small_root.open()
    notes, index = plain.card.notes, plain.index()
    for name in ("Data_Entry_2017.csv", "train_val_list.txt", "test_list.txt"):
        path = small_root.folder / name
        (small_root.folder / f"{name}.gz").write_bytes(gzip.compress(path.read_bytes()))
        path.unlink()
    packed = small_root.open()
    assert packed.index().equals(index)
    assert packed.card.notes[1].partition("SHA-256")[2] == notes[1].partition("SHA-256")[2]


def test_row_and_image_belong_together(small_root):
    adapter = small_root.open()
    for i, shape in enumerate([(2, 3), (3, 5), (5, 2), (5, 5)]):
        image = adapter.read(i)["image"]
        assert image.dtype == np.uint8
        assert image.shape == (*shape, 1)


def test_threads_and_a_pickled_copy_read_the_same(small_root):
    adapter = small_root.open()
    expected = [adapter.read(i)["image"] for i in range(4)]
    fresh = pickle.loads(pickle.dumps(small_root.open()))  # noqa: S301
    with ThreadPoolExecutor(4) as pool:
        for image, wanted in zip(pool.map(lambda i: fresh.read(i)["image"], range(4)), expected, strict=True):
            np.testing.assert_array_equal(image, wanted)


def test_changing_the_index_does_not_change_the_adapter(small_root):
    adapter = small_root.open()
    index = adapter.index()
    index.loc[0, "label.Mass"] = 1
    assert adapter.index().loc[0, "label.Mass"] == 0


def test_image_with_an_alpha_channel_is_one_grey_channel(small_root):
    path = small_root.folder / "images_001" / "images" / "00000001_000.png"
    Image.fromarray(np.full((2, 3, 4), 77, np.uint8)).save(path)
    np.testing.assert_array_equal(small_root.open().read(0)["image"], np.full((2, 3, 1), 77))


@pytest.mark.parametrize(("content", "reason"), [(b"", "0 bytes"), (b"no image", "not an image")])
def test_bad_image_is_named_with_its_reason(small_root, fails, content, reason):
    (small_root.folder / "images_001" / "images" / "00000001_001.png").write_bytes(content)
    text = fails(ImageError, lambda: small_root.open().read(1))
    assert text.startswith("00000001_001.png ")
    assert reason in text


@pytest.mark.parametrize("i", [-1, 4])
def test_rows_that_are_not_there_are_refused(small_root, i):
    with pytest.raises(IndexError, match="0 to 3"):
        small_root.open().read(i)


def test_boxes_are_fractions_on_the_images_that_are_there(small_root):
    (small_root.folder / "BBox_List_2017.csv").write_text(
        "Image Index,Finding Label,Bbox [x,y,w,h],,,\n"
        "00000003_000.png,Infiltrate,256,512,128,64,,,\n"
        "00009999_000.png,Mass,1,2,3,4\n"
    )
    boxes = small_root.open().boxes()
    assert list(boxes.columns) == ["example_id", "label", "x_min", "y_min", "width", "height"]
    assert boxes.to_numpy().tolist() == [["00000003_000.png", "Infiltration", 0.25, 0.5, 0.125, 0.0625]]


def test_without_a_list_of_boxes_there_are_none(small_root):
    assert small_root.open().boxes().empty


def test_radiologists_speak_of_the_images_that_are_there_and_the_card_counts_them(small_root):
    small_root.write_radiologists("00000003_000.png,NO,YES", "00009999_000.png,YES,NO", "00000001_000.png,YES,NO")
    adapter = small_root.open()
    second = adapter.second_truth()
    assert second.table.to_numpy().tolist() == [["00000003_000.png", 0, 1], ["00000001_000.png", 1, 0]]
    assert list(second.table.columns) == ["example_id", "Pneumothorax", "Nodule or mass"]
    assert second.findings == {"Pneumothorax": ("Pneumothorax",), "Nodule or mass": ("Nodule", "Mass")}
    assert "Majkowska" in second.source
    assert "Radiologists read 2 of them again." in adapter.card.notes


def test_without_radiologists_there_is_no_second_truth_and_the_card_is_silent(small_root):
    adapter = small_root.open()
    assert adapter.second_truth() is None
    assert not any("Radiologists" in note for note in adapter.card.notes)


def test_radiologists_table_may_have_another_name_and_place(small_root, tmp_path, fails):
    small_root.write_radiologists("00000003_000.png,NO,YES", name="again.csv")
    assert small_root.open().second_truth() is None
    for name in ("again.csv", str(small_root.folder / "again.csv")):
        assert len(small_root.open(radiologist_file=name).second_truth().table) == 1
    text = fails(DataError, small_root.open(radiologist_file="absent.csv").second_truth)
    assert "data.radiologist_file" in text
    assert "absent.csv" in text


def test_changing_the_second_truth_does_not_change_the_adapter(small_root):
    small_root.write_radiologists("00000003_000.png,NO,YES")
    adapter = small_root.open()
    table = adapter.second_truth().table
    table.loc[0, "Pneumothorax"] = 1
    assert adapter.second_truth().table.loc[0, "Pneumothorax"] == 0


def test_card_needs_no_folder_and_reading_asks_for_it(fails):
    adapter = plugin.create(plugin.config())
    assert adapter.card.notes == ()
    assert isinstance(adapter, DatasetAdapter)
    for use in (adapter.index, adapter.boxes, adapter.second_truth, lambda: adapter.read(0)):
        assert "chestxray14=ROOT" in fails(DataError, use)


def test_root_that_is_missing_or_empty_or_not_nihs_says_what_was_looked_for(tmp_path, fails):
    def index(root: Path) -> str:
        return fails(DataError, ChestXray14(ChestXray14Config(root=str(root))).index)

    assert "is not a folder" in index(tmp_path / "gone")
    assert "is empty" in index(tmp_path)
    (tmp_path / "notes.txt").write_text("mine")
    text = index(tmp_path)
    assert "Data_Entry_2017*.csv" in text
    assert "images_001/images" in text


def test_folder_without_images_says_what_was_looked_for(small_root, fails):
    (small_root.folder / "images_001").rename(small_root.folder / "pictures")
    (small_root.folder / "images_002").rename(small_root.folder / "more")
    assert "neither images/ nor images_001/images" in fails(DataError, small_root.open().index)


def test_folder_with_none_of_the_listed_images_is_refused(small_root, rows, fails):
    small_root.write_labels(rows[0].replace("00000001", "00000009"))
    assert "none of the 1 images" in fails(DataError, small_root.open().index)


def test_one_of_several_label_files_must_be_chosen(small_root, rows, fails):
    small_root.write_labels(*rows[:2], name="Data_Entry_2017_v2020.csv")
    assert "data.label_file=NAME" in fails(DataError, small_root.open().index)
    assert len(small_root.open(label_file="Data_Entry_2017_v2020.csv").index()) == 2
    assert "no other.csv" in fails(DataError, small_root.open(label_file="other.csv").index)


def test_another_label_file_than_the_pinned_one_is_refused(small_root, fails):
    (note,) = (note for note in small_root.open().card.notes if "SHA-256" in note)
    right = note.partition("SHA-256 ")[2][:64]
    assert len(small_root.open(label_sha256=right).index()) == 4
    assert right in fails(DataError, small_root.open(label_sha256="0" * 64).index)
    assert "label_sha256" in fails(ConfigError, lambda: ChestXray14Config(label_sha256="abc"))


def test_image_in_both_lists_is_refused(small_root, fails):
    (small_root.folder / "test_list.txt").write_text("00000002_000.png\n00000001_001.png\n")
    assert "00000001_001.png is in both" in fails(DataError, small_root.open().index)


def test_image_in_neither_list_is_refused(small_root, fails):
    (small_root.folder / "test_list.txt").write_text("")
    text = fails(DataError, small_root.open().index)
    assert "1 images, such as 00000002_000.png" in text


def test_the_621_real_radiographs_are_read_from_a_partial_download(nih_root):
    adapter = ChestXray14(ChestXray14Config(root=str(nih_root)))
    index = adapter.index()
    assert adapter.split_name == "official"
    assert adapter.card.notes[0] == "621 of 112,120 images are there."
    assert "Data_Entry_2017_v2020" in adapter.card.notes[1]
    assert "no version known" not in adapter.card.notes[1]
    assert len(index) == index["meta.patient_id"].nunique() == 621
    assert adapter.read(0)["image"].shape == (256, 256, 1)
    assert set(adapter.boxes()["example_id"]) <= set(index["example_id"])
    again = index[index["example_id"].isin(adapter.second_truth().table["example_id"])]
    assert (len(again), (again["split"] == "test").sum()) == (11, 4)
    assert "Radiologists read 11 of them again." in adapter.card.notes


def test_real_labels_are_those_of_the_provenance_table(nih_root, shared_data):
    import pandas as pd

    index = ChestXray14(ChestXray14Config(root=str(nih_root))).index().set_index("example_id")
    wanted = pd.read_csv(shared_data("nih_cxr14_621") / "labels.csv").set_index("image").loc[index.index]
    for name in FINDINGS:
        np.testing.assert_array_equal(index[f"label.{name}"], wanted[name])
    np.testing.assert_array_equal(index["meta.age"], wanted["age"])


def test_real_originals_with_an_alpha_channel_are_one_grey_channel(shared_data, tmp_path, nih_root):
    originals = shared_data("nih_cxr14_621") / "originals_1024"
    (tmp_path / "images").symlink_to(originals, target_is_directory=True)
    (tmp_path / "Data_Entry_2017_v2020.csv").symlink_to(nih_root / "Data_Entry_2017_v2020.csv")
    adapter = ChestXray14(ChestXray14Config(root=str(tmp_path)))
    modes = {Image.open(path).mode for path in originals.glob("*.png")}
    assert "RGBA" in modes
    for i in range(len(adapter.index())):
        assert adapter.read(i)["image"].shape == (1024, 1024, 1)


def test_every_copy_has_the_patients_that_nih_numbered(small_root):
    assert small_root.open().card.group_namespace == "nih-chestxray14"
