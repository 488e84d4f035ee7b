"""Laws of pictures as squares: what is one, how large it gets, how values become 0 to 1."""

import re

import numpy as np
import pytest

from zoo_core.contract import ArraySpec, Example
from zoo_core.data.squares import by_percentiles, by_range, edge_of, three_channels, why_no_picture


def spec(n_channels: int | None = 1, size: tuple[int | None, int | None] = (None, None)) -> ArraySpec:
    return ArraySpec("image", ("y", "x", "c"), (*size, n_channels), "uint16", (0, 4095))


@pytest.mark.parametrize("n_channels", [1, 2, 3])
def test_pictures_of_one_to_three_channels_are_pictures(n_channels: int) -> None:
    assert why_no_picture([spec(n_channels)]) is None


@pytest.mark.parametrize(
    ("specs", "words"),
    [
        ([], "Received: none"),
        ([ArraySpec("mask", ("y", "x"), (7, 5), "uint8", (0, 1))], "Received: mask"),
        ([ArraySpec("image", ("c", "y", "x"), (3, 7, 5), "uint8", (0, 255))], r"axes \(c, y, x\), 3 channels"),
        ([spec(4)], "1 to 3 channels.* 4 channels"),
        ([spec(None)], "None channels"),
    ],
)
def test_what_is_no_picture_is_refused_in_words(specs: list[ArraySpec], words: str) -> None:
    assert re.search(words, why_no_picture(specs) or "")


def test_a_task_may_take_more_channels() -> None:
    assert why_no_picture([spec(5)], most_channels=5) is None


@pytest.mark.parametrize(
    ("size", "least", "edge"), [((None, None), 1, 64), ((28, 30), 1, 28), ((28, 30), 40, 40), ((28, 30), 99, 64)]
)
def test_small_pictures_of_one_size_are_enlarged_to_the_least_and_no_further(
    size: tuple[int | None, int | None], least: int, edge: int
) -> None:
    assert edge_of([spec(size=size)], 64, least) == edge


@pytest.mark.parametrize("n_channels", [1, 2, 3, 5])
def test_the_declared_range_becomes_zero_to_one_in_at_least_three_channels(n_channels: int) -> None:
    image = np.random.default_rng(0).integers(0, 4096, (7, 5, n_channels), np.uint16)
    image[:4], image[4:] = 0, 4095
    before = image.copy()
    made = by_range(Example({"image": image}, (spec(n_channels),), {}), 4)
    assert (made.shape, made.dtype) == ((4, 4, max(3, n_channels)), np.float32)
    assert (made.min(), made.max()) == (0, 1)
    np.testing.assert_array_equal(image, before)


def test_percentiles_take_each_channel_from_its_own_dark_to_its_own_bright() -> None:
    random = np.random.default_rng(0)
    image = np.stack([random.integers(0, 100, (9, 9)), random.integers(2000, 4000, (9, 9)), np.full((9, 9), 7)], -1)
    made = by_percentiles(Example({"image": image.astype(np.uint16)}, (spec(3),), {}), 9)
    assert made.min(axis=(0, 1)).tolist() == [0, 0, 0]
    assert made.max(axis=(0, 1)).tolist() == [1, 1, 0]


def test_the_first_channels_fill_what_is_missing_of_three() -> None:
    assert three_channels(np.array([[[5]]])).ravel().tolist() == [5, 5, 5]
    assert three_channels(np.array([[[5, 6, 7, 8]]])).ravel().tolist() == [5, 6, 7, 8]
