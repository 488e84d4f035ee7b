"""Laws of the adapter of folders of leaves."""

import pickle
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from zoo_core.contract import DataError, DatasetAdapter, ImageError
from zoo_data_plates.leaf_folder import LeafFolder, LeafFolderConfig, plugin

PICTURES = {"healthy/a.png": (7, 5), "healthy/b.png": (3, 4), "blight/late/c.png": (5, 5), "blight/d.PNG": (2, 6)}
HEADER = "image,label,split,leaf_id"
ROWS = (
    "healthy/a.png,healthy,train,1",
    "healthy/b.png,healthy,val,2",
    "blight/late/c.png,blight,test,3",
    "blight/d.PNG,blight,train,4",
)


@pytest.fixture
def root(tmp_path: Path, write_picture: Callable[..., Path]) -> Path:
    for name, shape in PICTURES.items():
        write_picture(name, shape)
    (tmp_path / "notes.txt").write_text("two beds")
    return tmp_path


def write_table(root: Path, *rows: str, header: str = HEADER, name: str = "labels.csv") -> None:
    (root / name).write_text("\n".join((header, *rows)) + "\n")


def leaves(root: Path, **settings: str) -> LeafFolder:
    return LeafFolder(LeafFolderConfig(root=str(root), **settings))


def notes(adapter: LeafFolder) -> str:
    return " ".join(adapter.card.notes)


def test_adapter_satisfies_the_contract_also_without_a_root(root):
    for adapter in (leaves(root), plugin.create(plugin.config())):
        assert isinstance(adapter, DatasetAdapter)
        assert [(label.name, label.kind) for label in adapter.labels] == [("disease", "class")]
        assert adapter.split_name is None
        assert not adapter.card.drawn


def test_folders_are_classes_in_the_order_of_their_names(root):
    adapter = leaves(root)
    assert adapter.labels[0].class_names == ("blight", "healthy")
    index = adapter.index()
    assert list(index["example_id"]) == sorted(PICTURES)
    assert list(index["label.disease"]) == [0.0, 0.0, 1.0, 1.0]
    assert list(index.index) == [0, 1, 2, 3]
    assert "split" not in index


def test_hidden_files_beside_photographs_are_passed_over(root):
    (root / "healthy" / "._a.png").write_bytes(b"resource fork")
    (root / ".trash").mkdir()
    (root / ".trash" / "old.png").write_bytes(b"gone")
    assert len(leaves(root).index()) == len(PICTURES)


def test_row_and_photograph_belong_together(root):
    adapter = leaves(root)
    for i, name in enumerate(sorted(PICTURES)):
        image = adapter.read(i)["image"]
        assert image.dtype == np.uint8
        assert image.shape == (*PICTURES[name], 3)


def test_threads_and_a_pickled_copy_read_the_same(root):
    expected = [leaves(root).read(i)["image"] for i in range(4)]
    fresh = pickle.loads(pickle.dumps(leaves(root)))  # noqa: S301 - its own bytes
    with ThreadPoolExecutor(4) as pool:
        for image, wanted in zip(pool.map(lambda i: fresh.read(i)["image"], range(4)), expected, strict=True):
            np.testing.assert_array_equal(image, wanted)


def test_without_leaf_ids_each_photograph_is_its_own_group_and_the_card_says_what_that_means(root):
    adapter = leaves(root)
    assert adapter.group_columns == ("meta.image",)
    assert adapter.index()["meta.image"].is_unique
    assert "No plant or leaf ids are known" in notes(adapter)


def test_leaf_ids_of_the_table_are_the_groups(root):
    write_table(root, *ROWS)
    adapter = leaves(root)
    assert adapter.group_columns == ("meta.leaf_id",)
    assert list(adapter.index()["meta.leaf_id"]) == ["4", "3", "1", "2"]
    assert "No plant" not in notes(adapter)


def test_split_of_the_table_is_given_whatever_its_rows_order(root):
    write_table(root, *reversed(ROWS))
    adapter = leaves(root)
    assert adapter.split_name == "given"
    index = adapter.index()
    assert dict(zip(index["example_id"], index["split"], strict=True)) == {
        "healthy/a.png": "train",
        "healthy/b.png": "validation",
        "blight/late/c.png": "test",
        "blight/d.PNG": "train",
    }


@pytest.mark.parametrize("table", ["none", ""])
def test_table_can_be_left_alone_or_lie_elsewhere(root, table):
    write_table(root, *ROWS, name="labels.csv" if table else "other.csv")
    assert leaves(root, table=table).split_name is None


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_columns_may_bear_other_names_and_tables_be_csv_or_parquet(root, kind):
    write_table(root, *ROWS)
    columns = {"image": "file", "label": "sick", "split": "fold", "leaf_id": "plant"}
    table = pd.read_csv(root / "labels.csv").rename(columns=columns)
    (root / "labels.csv").unlink()
    path = root.parent / f"{root.name}.{kind}"
    table.to_csv(path, index=False) if kind == "csv" else table.to_parquet(path)
    names = {"image_column": "file", "label_column": "sick", "split_column": "fold", "leaf_column": "plant"}
    adapter = leaves(root, table=path.name, **names)
    assert adapter.split_name == "given"
    assert list(adapter.index()["meta.leaf_id"]) == ["4", "3", "1", "2"]


def test_labels_of_a_table_need_no_folders(tmp_path, write_picture):
    for name in ("a.jpg", "b.jpg"):
        write_picture(name)
    write_table(tmp_path, "a.jpg,rust", "b.jpg,healthy", header="image,label")
    index = leaves(tmp_path).index()
    assert list(index["label.disease"]) == [1.0, 0.0]


def test_folder_of_a_class_may_be_a_link_and_links_further_down_are_left_alone(root, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (root / "healthy").rename(elsewhere / "healthy")
    (root / "healthy").symlink_to(elsewhere / "healthy")
    (root / "blight" / "again").symlink_to(root / "blight")
    assert list(leaves(root).index()["example_id"]) == sorted(PICTURES)


def test_photograph_without_a_class_is_unknown_and_told(root):
    write_table(root, *ROWS[:3], "blight/d.PNG,,train,4")
    adapter = leaves(root)
    assert np.isnan(adapter.index()["label.disease"][0])
    assert "1 photographs have no class in labels.csv." in adapter.card.notes


def test_rows_without_files_and_files_without_rows_are_left_out_and_told(root):
    write_table(root, *ROWS[:3], "blight/gone.png,blight,train,5")
    adapter = leaves(root)
    assert list(adapter.index()["example_id"]) == ["blight/late/c.png", "healthy/a.png", "healthy/b.png"]
    assert adapter.read(0)["image"].shape == (5, 5, 3)
    assert "1 rows of labels.csv have no file." in adapter.card.notes
    assert "1 photographs have no row in labels.csv and were left out." in adapter.card.notes
    assert "blight/gone.png" in notes(adapter)
    assert "blight/d.PNG" in notes(adapter)


@pytest.mark.parametrize("name", ["../outside.png", "/outside.png", "healthy/../../outside.png", "", "healthy\\a.png"])
def test_picture_outside_the_root_is_refused(root, fails, name):
    write_table(root, *ROWS, f"{name},healthy,train,9")
    text = fails(DataError, leaves(root).index)
    assert text.startswith("labels.csv, row 6: ")
    assert f"'{name}'" in text


def test_picture_in_two_rows_is_refused(root, fails):
    write_table(root, *ROWS, ROWS[1])
    assert "labels.csv, row 6: 'healthy/b.png' is listed already, in row 3" in fails(DataError, leaves(root).index)


def test_unknown_part_is_refused_and_can_be_left_alone(root, fails):
    write_table(root, *ROWS[:3], "blight/d.PNG,blight,holdout,4")
    text = fails(DataError, leaves(root).index)
    assert "labels.csv, row 5" in text
    assert "'holdout'" in text
    assert leaves(root, split_column="").split_name is None


def test_folder_and_table_that_contradict_each_other_are_refused(root, fails):
    write_table(root, ROWS[0], "healthy/b.png,blight,train,2", *ROWS[2:])
    assert "labels.csv, row 3: 'healthy/b.png' lies in the folder of one class" in fails(DataError, leaves(root).index)


def test_column_that_was_named_must_be_there(root, fails):
    write_table(root, *ROWS)
    text = fails(DataError, leaves(root, leaf_column="plant").index)
    assert "needs the column 'plant'. Received: image, label, split, leaf_id" in text
    assert "data.leaf_column" in text


@pytest.mark.parametrize("content", ["", "image,label,split\n", 'image\n"'])
def test_table_that_is_none_is_refused(root, fails, content):
    (root / "labels.csv").write_text(content)
    assert fails(DataError, leaves(root).index).startswith("labels.csv ")


def test_table_of_another_folder_is_refused(root, fails):
    write_table(root, "x/1.png,healthy,train,1")
    assert "'x/1.png'" in fails(DataError, leaves(root).index)


def test_table_that_is_not_there_is_refused(root, fails):
    assert "Received: 'gone.csv'" in fails(DataError, leaves(root, table="gone.csv").index)


def test_one_class_alone_is_refused(tmp_path, fails, write_picture):
    write_picture("healthy/a.png")
    assert "two classes to tell apart. Received: 1 (healthy)" in fails(DataError, leaves(tmp_path).index)


def test_folders_named_after_parts_of_a_split_are_no_classes(tmp_path, fails, write_picture):
    for part in ("train", "test"):
        write_picture(f"{part}/healthy/a.png")
    assert "parts of a split" in fails(DataError, leaves(tmp_path).index)


def test_loose_photograph_is_refused(root, fails, write_picture):
    write_picture("loose.png")
    assert "'loose.png', are in no class's folder" in fails(DataError, leaves(root).index)


def test_missing_and_empty_folders_are_named(tmp_path, fails):
    assert "--data leaf-folder=ROOT" in fails(DataError, LeafFolder(LeafFolderConfig()).index)
    assert "is not a folder" in fails(DataError, leaves(tmp_path / "gone").index)
    assert "is empty" in fails(DataError, leaves(tmp_path).index)
    (tmp_path / "notes.txt").write_text("nothing yet")
    assert "no photograph" in fails(DataError, leaves(tmp_path).index)


def test_damaged_parquet_table_is_named(root, fails):
    (root / "labels.parquet").write_bytes(b"PAR1 and then nothing")
    assert fails(DataError, leaves(root).index).startswith("labels.parquet needs to be a table")


def test_file_that_a_row_names_is_there_whatever_its_ending(root, fails):
    (root / "blight" / "e.data").write_bytes(b"no picture")
    write_table(root, *ROWS, "blight/e.data,blight,train,5")
    adapter = leaves(root)
    assert "blight/e.data is not an image" in fails(ImageError, lambda: adapter.read(1))


def test_damaged_photograph_is_named(root, fails):
    (root / "healthy" / "a.png").write_bytes(b"no picture")
    assert fails(ImageError, lambda: leaves(root).read(2)).startswith("healthy/a.png is not an image")


@pytest.mark.parametrize("i", [-1, 4])
def test_rows_that_are_not_there_are_refused(root, i):
    with pytest.raises(IndexError, match="rows 0 to 3"):
        leaves(root).read(i)


def test_changing_the_index_does_not_change_the_adapter(root):
    adapter = leaves(root)
    index = adapter.index()
    index.loc[0, "label.disease"] = 7
    assert adapter.index()["label.disease"][0] == 0


def test_potato_leaves_have_their_given_split(shared_data):
    adapter = leaves(shared_data("plantvillage_potato"))
    index = adapter.index()
    assert len(index) == 1152
    assert adapter.labels[0].class_names == ("Potato___Early_blight", "Potato___Late_blight", "Potato___healthy")
    assert list(index["label.disease"].value_counts(sort=False)) == [500, 500, 152]
    assert set(index["split"]) == {"train", "validation", "test"}
    assert index["example_id"].is_unique
    assert not index.isna().to_numpy().any()
    assert adapter.read(1151)["image"].shape == (256, 256, 3)
    assert "No plant or leaf ids are known" in notes(adapter)
    assert "have no" not in notes(adapter)
