"""Batches are answered in their order, without what cannot be read, and let go of."""

import weakref
from collections.abc import Iterator

import numpy as np
import pandas as pd
import pytest

from zoo_core.contract import ArraySpec, Example, ImageError, Load
from zoo_core.data.reader import Examples
from zoo_core.runtime.inference import Inference
from zoo_core.runtime.predicting.reading import Batch, answers, batches_of, read_tolerantly


class Folder:
    """Pictures that show their row; some cannot be read."""

    specs = (ArraySpec("image", ("y", "x", "c"), (2, 3, 1), "uint8", (0, 255)),)

    def __init__(self, *bad: int) -> None:
        self.bad = bad

    def read(self, i: int) -> dict[str, np.ndarray]:
        if i in self.bad:
            raise ImageError("is empty (0 bytes)")
        return {"image": np.full((2, 3, 1), i, np.uint8)}


class Look:
    """A task that takes pictures as they are."""

    labels = ()

    def preprocess(self, example: Example, fitted: object) -> np.ndarray:
        return example.arrays["image"].astype(np.float32)


class Values:
    """A network that says what it was shown."""

    def outputs(self, images: np.ndarray) -> np.ndarray:
        return images[:, 0, 0, :]


def examples(*bad: int) -> Examples:
    index = pd.DataFrame({"example_id": [f"i{row}" for row in range(10)]})
    return Examples(Folder(*bad), Look(), index, {})  # type: ignore[arg-type]


def test_no_batch_holds_rows_of_two_parts() -> None:
    batches = list(batches_of([(4, np.arange(5)), (7, np.arange(5, 8))], 3))
    assert [(one.part, one.rows.tolist()) for one in batches] == [(4, [0, 1, 2]), (4, [3, 4]), (7, [5, 6, 7])]
    assert [one.ends_part for one in batches] == [False, True, True]


@pytest.mark.parametrize("bad", [(), (1,), (0, 2)])
def test_what_cannot_be_read_is_left_out_of_a_batch_with_its_reason(bad: tuple[int, ...]) -> None:
    left, images = read_tolerantly(examples(*bad), Batch(5, np.arange(3), ends_part=True))
    assert (left.part, left.ends_part) == (5, True)
    good = [row for row in range(3) if row not in bad]
    assert left.rows.tolist() == good
    assert [(one.row, one.example_id, one.reason) for one in left.unreadable] == [
        (row, f"i{row}", "is empty (0 bytes)") for row in bad
    ]
    assert images is not None
    assert images[:, 0, 0, 0].tolist() == good


def test_of_a_batch_none_of_which_can_be_read_there_are_no_images() -> None:
    left, images = read_tolerantly(examples(0, 1), Batch(0, np.arange(2)))
    assert (len(left.rows), len(left.unreadable), images) == (0, 2, None)


def test_another_error_than_of_an_image_is_no_row() -> None:
    with pytest.raises(IndexError):
        read_tolerantly(examples(), Batch(0, np.array([99])))


@pytest.mark.parametrize("n_streams", [1, 2])
@pytest.mark.parametrize("bad", [(), (0, 1), (2, 3, 4, 5), (8, 9), tuple(range(10))])
def test_outputs_stand_beside_the_batch_they_are_of(n_streams: int, bad: tuple[int, ...]) -> None:
    read = (read_tolerantly(examples(*bad), batch) for batch in batches_of([(0, np.arange(10))], 2))
    given = list(answers(read, Inference(Values(), Load(2, n_streams))))
    assert [row for one in given for row in one.batch.rows] == [row for row in range(10) if row not in bad]
    assert sorted(bad_one.row for one in given for bad_one in one.batch.unreadable) == list(bad)
    for one in given:
        outputs = [] if one.outputs is None else one.outputs[:, 0].tolist()
        assert outputs == one.batch.rows.tolist()
        assert (one.outputs is None) == (not len(one.batch.rows))


def test_images_are_let_go_of_when_they_are_answered() -> None:
    made: list[weakref.ref[np.ndarray]] = []

    class Known(np.ndarray):
        """An array that can be watched."""

    def read() -> Iterator[tuple[Batch, np.ndarray]]:
        for row in range(8):
            images = np.zeros((1, 2, 3, 1), np.float32).view(Known)
            made.append(weakref.ref(images))
            yield Batch(0, np.array([row])), images

    class Sum:
        def outputs(self, images: np.ndarray) -> np.ndarray:
            return np.asarray(images.sum(axis=(1, 2)))

    kept = []
    for one in answers(read(), Inference(Sum(), Load(1, 1))):
        kept.append(one)
        assert sum(ref() is not None for ref in made) <= 1
    assert len(kept) == len(made) == 8
