import dataclasses

import numpy as np
import pandas as pd
import pytest

from zoo_core.contract import ArraySpec, ConfigError, DataError, DatasetCard, ImageError, Label
from zoo_core.data.fingerprint import fingerprint
from zoo_core.runtime import prepare as preparing
from zoo_core.runtime.config import SplitConfig
from zoo_core.runtime.prepare import leave_out_unreadable, make_split, prepare
from zoo_core.runtime.settings import configure

N_PATIENTS = 360


class Lab:
    """A lab's radiographs: one finding of the 14, a split of their own, one image that cannot be read."""

    specs = (ArraySpec("image", ("y", "x", "c"), (None, None, 1), "uint8", (0, 255)),)
    labels = (Label("Mass"), Label("Fracture"))
    group_columns = ("meta.patient_id", "meta.ward")
    split_name: str | None = "lab"

    def __init__(self, drawn: bool = False, bad: tuple[int, ...] = (0,)) -> None:
        self.card = DatasetCard("Lab", "", "", "", "", drawn=drawn)
        self.bad = bad

    def index(self) -> pd.DataFrame:
        number = np.arange(N_PATIENTS)
        part = np.where(number % 3 == 0, "test", "train")
        return pd.DataFrame(
            {
                "example_id": [f"i{i}" for i in number],
                "split": part,
                "label.Mass": number % 2,
                "label.Fracture": 0,
                "meta.patient_id": number,
                "meta.ward": number % 40,
            }
        )

    def read(self, i: int) -> dict[str, np.ndarray]:
        if i in self.bad:
            raise ImageError("is empty (0 bytes)")
        return {"image": np.zeros((4, 5, 1), np.uint8)}


@pytest.fixture
def prepared_with(monkeypatch):
    create = preparing.plugins.create

    def run(adapter):
        monkeypatch.setattr(
            preparing.plugins, "create", lambda kind, *rest: adapter if kind == "dataset" else create(kind, *rest)
        )
        return prepare(configure("chexnet", "default", [{"precision": {"name": "float32"}}]))

    return run


def test_the_sources_own_split_is_taken_unless_another_is_named():
    lab = Lab()
    assert make_split(lab, lab.index(), SplitConfig()).name == "lab"
    assert make_split(lab, lab.index(), SplitConfig(name="patient-hash")).name == "patient-hash"
    assert make_split(lab, lab.index(), SplitConfig(name="ward-hash", group_by="ward")).group_column == "meta.ward"


def test_without_a_split_of_its_own_a_source_is_split_by_its_first_group():
    lab = Lab()
    lab.split_name = None
    assert make_split(lab, lab.index(), SplitConfig()).name == "patient-hash"


def test_unknown_split_is_refused_with_those_there_are():
    lab = Lab()
    with pytest.raises(ConfigError, match=r"lab, patient-hash\. Received: 'official'"):
        make_split(lab, lab.index(), SplitConfig(name="official"))


def test_unreadable_images_leave_the_parts_and_the_split_keeps_its_hash(prepared_with):
    before = prepared_with(Lab())
    after = leave_out_unreadable(before, lambda: None)
    assert [bad.row for bad in after.unreadable] == [0]
    assert len(after.rows("test")) == len(before.rows("test")) - 1
    assert after.split.hash == before.split.hash


def test_too_many_unreadable_images_stop_the_run(prepared_with):
    with pytest.raises(DataError, match="in test 2 of 120 are"):
        leave_out_unreadable(prepared_with(Lab(bad=(0, 3))), lambda: None)


def test_drawn_images_are_not_read_beforehand(prepared_with):
    assert leave_out_unreadable(prepared_with(Lab(drawn=True)), lambda: None).unreadable == []


def test_labels_that_the_data_lack_are_unknown(prepared_with):
    prepared = prepared_with(Lab())
    truth = prepared.examples().truth(np.array([0, 1]))
    mass = [label.name for label in prepared.task.labels].index("Mass")
    assert truth[:, mass].tolist() == [0, 1]
    assert np.isnan(np.delete(truth, mass, axis=1)).all()


def test_a_batch_masks_what_is_unknown_and_has_no_nan(prepared_with):
    batch = prepared_with(Lab(bad=())).examples().batch(np.array([1, 2]))
    assert batch.known.sum() == 2
    assert np.isfinite(batch.targets).all()
    assert batch.images.shape == (2, 224, 224, 3)


def test_an_image_that_goes_bad_later_is_named(prepared_with):
    with pytest.raises(ImageError, match=r"Image 'i0' \(row 0\) is empty"):
        prepared_with(Lab()).examples().batch(np.array([0]))


def test_data_that_are_no_radiographs_are_refused_by_task_and_data_set(prepared_with):
    plate = Lab()
    plate.specs = (dataclasses.replace(Lab.specs[0], axes=("c", "y", "x")),)
    with pytest.raises(DataError, match=r"Task 'chexnet' on data set 'chest-phantom': the task needs 'image'"):
        prepared_with(plate)


def test_data_without_a_label_of_the_task_are_refused_with_both_lists(prepared_with):
    leaves = Lab()
    leaves.labels = (Label("Blight"),)
    with pytest.raises(DataError, match=r"\(Atelectasis, .*\)\. Received: Blight"):
        prepared_with(leaves)


def test_fingerprint_tells_two_copies_of_a_data_set_apart():
    index = Lab().index()
    assert fingerprint(index) == fingerprint(index.copy())
    assert fingerprint(index) != fingerprint(index.assign(**{"label.Mass": 0}))
