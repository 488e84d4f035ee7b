import dataclasses
import threading

import numpy as np
import pandas as pd
import pytest

from zoo_core.contract import ArraySpec, ImageError, Label, PluginError
from zoo_core.data.reader import Examples, read_ahead, read_windows


@pytest.mark.parametrize("n_threads", [1, 2, 5])
def test_batches_come_in_the_order_of_keys(n_threads):
    assert list(read_ahead(lambda key: key * 10, range(7), n_threads)) == [k * 10 for k in range(7)]


def test_the_next_batch_is_made_while_one_is_in_use():
    second_was_made = threading.Event()

    def make(key: int) -> int:
        if key == 1:
            second_was_made.set()
        return key

    reader = read_ahead(make, range(3), n_threads=1)
    assert next(reader) == 0
    assert second_was_made.wait(timeout=10)


def test_an_error_comes_out_at_its_batch_and_not_before():
    def make(key: int) -> int:
        if key == 2:
            raise ValueError("bad row")
        return key

    reader = read_ahead(make, range(5), n_threads=3)
    assert [next(reader), next(reader)] == [0, 1]
    with pytest.raises(ValueError, match="bad row"):
        next(reader)


def test_a_reader_that_is_left_early_leaves_no_thread():
    reader = read_ahead(lambda key: key, range(1000), n_threads=2)
    next(reader)
    reader.close()
    assert not [t for t in threading.enumerate() if t.name.startswith("zoo-reader")]


class Pictures:
    """One number a picture; says which requests came."""

    specs = (ArraySpec("image", ("y", "x", "c"), (1, 1, 1), "uint8", (0, 255)),)

    def __init__(self):
        self.requests = []

    def read(self, i):
        self.requests.append([i])
        if i == 13:
            raise ImageError("is empty")
        return {"image": np.full((1, 1, 1), i, np.uint8)}


class PicturesByTheBatch(Pictures):
    def read_batch(self, rows):
        self.requests.append(rows.tolist())
        return {"image": rows.astype(np.uint8)[:, np.newaxis, np.newaxis, np.newaxis]}


class Doubled:
    labels = (Label("Mass"),)

    def preprocess(self, example, fitted):
        return example.arrays["image"] * np.float32(2) + example.row["meta.shift"]


def examples_of(adapter):
    numbers = np.arange(20)
    index = pd.DataFrame({"example_id": [f"i{n}" for n in numbers], "label.Mass": numbers % 2, "meta.shift": 100})
    return Examples(adapter, Doubled(), index, {})


ROWS = np.array([5, 2, 2, 17])


@pytest.mark.parametrize("adapter", [Pictures(), PicturesByTheBatch()])
def test_a_batch_is_the_same_read_together_and_one_by_one(adapter):
    batch = examples_of(adapter).batch(ROWS)
    assert batch.images.ravel().tolist() == [110, 104, 104, 134]
    assert batch.targets.ravel().tolist() == [1, 0, 0, 1]


def test_a_data_set_that_reads_batches_is_asked_once_a_batch():
    adapter = PicturesByTheBatch()
    examples_of(adapter).batch(ROWS)
    assert adapter.requests == [ROWS.tolist()]


def test_an_image_that_cannot_be_read_is_named():
    with pytest.raises(ImageError, match=r"Image 'i13' \(row 13\) is empty"):
        examples_of(Pictures()).batch(np.array([1, 13]))


class Writes(Doubled):
    def preprocess(self, example, fitted):
        example.arrays["image"][...] = 0
        return super().preprocess(example, fitted)


@pytest.mark.parametrize("adapter", [Pictures(), PicturesByTheBatch()])
def test_a_task_that_writes_to_what_it_is_given_is_refused(adapter):
    examples = dataclasses.replace(examples_of(adapter), task=Writes())
    with pytest.raises(PluginError, match=r"Task 'Writes' needs to leave the arrays .* row 5, .*read-only"):
        examples.batch(ROWS)


def test_what_an_adapter_keeps_can_be_written_to_by_the_adapter_afterwards():
    kept = {"image": np.ones((1, 1, 1), np.uint8)}
    examples_of(Pictures()).preprocessed(np.array([3]), [kept])
    assert kept["image"].flags.writeable


def test_an_error_of_the_tasks_own_stays_as_it_is():
    class Broken(Doubled):
        def preprocess(self, example, fitted):
            raise ValueError("a fault of the task")

    with pytest.raises(ValueError, match=r"^a fault of the task$"):
        dataclasses.replace(examples_of(Pictures()), task=Broken()).batch(ROWS)


def test_windows_give_every_batch_its_own_rows_and_one_request_a_window():
    adapter = PicturesByTheBatch()
    windows = [[np.array([3, 1]), np.array([4])], [np.array([9]), np.array([7, 8])]]
    found = [
        (rows.tolist(), [int(a["image"][0, 0, 0]) for a in arrays])
        for rows, arrays in read_windows(examples_of(adapter), windows)
    ]
    assert found == [([3, 1], [3, 1]), ([4], [4]), ([9], [9]), ([7, 8], [7, 8])]
    assert adapter.requests == [[3, 1, 4], [9, 7, 8]]


def test_the_next_window_is_read_while_one_is_in_use():
    second_was_read = threading.Event()

    class Watched(PicturesByTheBatch):
        def read_batch(self, rows):
            if 9 in rows:
                second_was_read.set()
            return super().read_batch(rows)

    reader = read_windows(examples_of(Watched()), [[np.array([1]), np.array([2])], [np.array([9])], [np.array([4])]])
    next(reader)
    assert second_was_read.wait(timeout=10)
