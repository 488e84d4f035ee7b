"""Laws of augmentation: what may change, and how far."""

from collections.abc import Callable

import numpy as np
import pytest

from zoo_core.data.augmentation import brighten, flip_left_right, shift, turn_and_flip

Change = Callable[[np.ndarray, np.random.Generator], np.ndarray]

IMAGES = np.random.default_rng(0).random((40, 3, 5, 2)).astype(np.float32)


def rng() -> np.random.Generator:
    return np.random.default_rng(7)


def test_a_flip_mirrors_whole_pictures_along_x_alone() -> None:
    flipped = flip_left_right(IMAGES, rng())
    mirrored = [(after == before[:, ::-1]).all() for before, after in zip(IMAGES, flipped, strict=True)]
    kept = [(after == before).all() for before, after in zip(IMAGES, flipped, strict=True)]
    assert all(m != k for m, k in zip(mirrored, kept, strict=True))
    assert 5 < sum(mirrored) < 35


def test_a_shift_moves_at_most_so_far_and_repeats_the_edge() -> None:
    image = np.zeros((30, 9, 11, 1), np.float32)
    image[:, 4, 5] = 1
    for moved in shift(image, 2, rng()):
        y, x = np.argwhere(moved[..., 0] == 1)[0]
        assert abs(y - 4) <= 2
        assert abs(x - 5) <= 2
    constant = np.ones((3, 4, 5, 1), np.float32)
    assert (shift(constant, 3, rng()) == 1).all()


def test_turns_and_flips_move_pixels_and_change_none() -> None:
    squares = IMAGES[:, :, :3]
    turned = turn_and_flip(squares, rng())
    assert turned.shape == squares.shape
    np.testing.assert_array_equal(np.sort(turned.reshape(40, -1)), np.sort(squares.reshape(40, -1)))
    ways = {
        (turns, mirror)
        for before, after in zip(squares, turned, strict=True)
        for turns in range(4)
        for mirror in (False, True)
        if (np.rot90(before, turns)[:, :: -1 if mirror else 1] == after).all()
    }
    assert len(ways) == 8


def test_brightness_changes_by_one_factor_a_picture_within_its_bounds() -> None:
    dark = IMAGES / 2
    factors = brighten(dark, 0.25, rng()) / dark
    assert factors.dtype == np.float32
    np.testing.assert_allclose(factors, factors[:, :1, :1, :1] * np.ones_like(factors), rtol=1e-5)
    assert 1 / 1.25 - 1e-6 <= factors.min() < 0.95
    assert 1.05 < factors.max() <= 1.25 + 1e-6
    assert brighten(np.ones((9, 2, 3, 1), np.float32), 0.25, rng()).max() == 1


@pytest.mark.parametrize("change", [flip_left_right, turn_and_flip, lambda x, r: shift(x, 1, r)])
def test_changes_repeat_themselves_from_their_seed_and_leave_their_input_alone(change: Change) -> None:
    before = IMAGES[:, :, :3].copy()
    np.testing.assert_array_equal(change(before, rng()), change(before, rng()))
    assert (change(before, rng()) != change(before, np.random.default_rng(8))).any()
    np.testing.assert_array_equal(before, IMAGES[:, :, :3])
