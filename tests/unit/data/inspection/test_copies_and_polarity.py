"""Copies are found though they were changed, negatives though there are many; neither where there is none."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from zoo_core.data.inspection.copies import find_copies
from zoo_core.data.inspection.looks import Look, look_at
from zoo_core.data.inspection.polarity import find_inverted


def looks_at(adapter: Any) -> list[Look]:
    return look_at(adapter, np.arange(len(adapter.pictures)), 2, lambda: None)


def stored_again(image: np.ndarray) -> np.ndarray:
    file = io.BytesIO()
    Image.fromarray(image[:, :, 0]).resize((45, 65)).save(file, "JPEG", quality=70)
    return np.asarray(Image.open(file))[:, :, np.newaxis]


@pytest.mark.parametrize(
    "change",
    [
        lambda image: image,
        stored_again,
        lambda image: image // 2 + np.uint8(20),
    ],
    ids=["the same", "resized and stored with loss", "less contrast"],
)
def test_a_changed_copy_is_found_and_others_are_not(squares: Any, picture: Any, change: Any) -> None:
    pictures = [picture(seed) for seed in range(12)]
    assert find_copies(looks_at(squares(pictures))) == []
    copied = [*pictures, change(pictures[3]), pictures[7], pictures[3]]
    assert find_copies(looks_at(squares(copied))) == [(3, 12, 14), (7, 13)]


def test_pictures_of_one_value_and_those_that_cannot_be_read_are_no_copies(squares: Any) -> None:
    constant = np.full((40, 40, 1), 7, np.uint8)
    assert find_copies(looks_at(squares([constant, constant, None, None]))) == []


@pytest.fixture(scope="session")
def radiographs(shared_data: Any) -> list[np.ndarray]:
    folder: Path = shared_data("nih_cxr14_621") / "images_256"
    return [np.asarray(Image.open(path).convert("L"))[:, :, np.newaxis] for path in sorted(folder.iterdir())[:150]]


def test_no_two_patients_radiographs_are_copies(squares: Any, radiographs: list[np.ndarray]) -> None:
    assert find_copies(looks_at(squares([*radiographs, radiographs[5]]))) == [(5, 150)]


def test_radiographs_that_were_turned_over_are_found(squares: Any, radiographs: list[np.ndarray]) -> None:
    before = find_inverted(looks_at(squares(radiographs)))
    assert before.can_tell
    turned = set(range(0, 150, 7)) - set(before.inverted)
    pictures = [255 - image if i in turned else image for i, image in enumerate(radiographs)]
    assert set(find_inverted(looks_at(squares(pictures))).inverted) == {*turned, *before.inverted}


def test_the_minority_is_named_whoever_is_right(squares: Any, picture: Any) -> None:
    pictures = [picture(seed) if seed == 4 else 255 - picture(seed) for seed in range(9)]
    assert find_inverted(looks_at(squares(pictures))).inverted == (4,)


def test_nothing_is_told_of_pictures_that_are_not_alike(squares: Any) -> None:
    rng = np.random.default_rng(0)
    polarity = find_inverted(looks_at(squares([rng.integers(0, 255, (40, 40, 1)).astype(np.uint8) for _ in range(9)])))
    assert (polarity.can_tell, polarity.inverted) == (False, ())
    assert not find_inverted([]).can_tell
