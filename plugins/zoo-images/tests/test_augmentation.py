"""Laws of zoom and noise."""

import numpy as np

from zoo_images.augmentation import add_noise, zoom


def rng() -> np.random.Generator:
    return np.random.default_rng(7)


def test_a_zoom_moves_edges_from_the_middle_within_its_bounds_and_y_apart_from_x() -> None:
    square = np.zeros((50, 40, 60, 2), np.float32)
    square[:, 10:30, 20:40] = 1
    zoomed = zoom(square, 0.25, rng())
    assert (zoomed.shape, zoomed.dtype) == (square.shape, np.float32)
    heights, widths = zoomed[:, :, 30, 0].sum(axis=1), zoomed[:, 20, :, 0].sum(axis=1)
    for lengths in (heights, widths):
        assert 20 / 1.25 - 1 <= lengths.min() < 19
        assert 21 < lengths.max() <= 20 * 1.25 + 1
    assert (abs(heights - widths) > 1).any()
    middles = (zoomed[..., 0].sum(axis=2) * np.arange(40)).sum(axis=1) / zoomed[..., 0].sum(axis=(1, 2))
    np.testing.assert_allclose(middles, 19.5, atol=0.2)


def test_a_zoom_keeps_values_within_what_they_were_and_flat_pictures_as_they_are() -> None:
    images = np.random.default_rng(0).random((9, 7, 5, 3)).astype(np.float32)
    zoomed = zoom(images, 0.5, rng())
    assert images.min() <= zoomed.min() <= zoomed.max() <= images.max()
    np.testing.assert_allclose(zoom(np.full((4, 7, 5, 1), 0.3, np.float32), 0.5, rng()), 0.3, rtol=1e-6)
    assert zoom(np.ones((2, 1, 1, 1), np.float32), 0.5, rng()).tolist() == np.ones((2, 1, 1, 1)).tolist()


def test_noise_is_of_each_picture_its_own_the_same_in_all_channels_and_cut() -> None:
    grey = np.full((60, 20, 20, 3), 0.5, np.float32)
    noisy = add_noise(grey, 0.1, rng())
    assert noisy.dtype == np.float32
    np.testing.assert_array_equal(noisy[..., 0], noisy[..., 2])
    spreads = noisy.std(axis=(1, 2, 3))
    assert spreads.min() < 0.02
    assert 0.08 < spreads.max() < 0.12
    assert add_noise(np.ones((3, 4, 5, 1), np.float32), 0.5, rng()).max() == 1


def test_both_repeat_themselves_from_their_seed_and_leave_their_input_alone() -> None:
    images = np.random.default_rng(0).random((3, 7, 5, 3)).astype(np.float32)
    before = images.copy()
    for change in (zoom, add_noise):
        np.testing.assert_array_equal(change(images, 0.2, rng()), change(images, 0.2, rng()))
        assert (change(images, 0.2, rng()) != images).any()
    np.testing.assert_array_equal(images, before)
