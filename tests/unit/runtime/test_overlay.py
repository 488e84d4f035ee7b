"""Pixels of an image in grey and of a map over it."""

import io

import numpy as np
import pytest
from PIL import Image

from zoo_core.runtime.overlay import MOST_SIDE_PX, OPACITY, PLASMA, grey_picture, overlay, png

GREY = np.full((6, 10), 100, np.uint8)


def test_an_image_keeps_its_proportion_and_is_never_enlarged():
    assert grey_picture(np.zeros((200, 320, 3), np.float32)).shape == (100, MOST_SIDE_PX)
    assert grey_picture(np.zeros((6, 10, 1), np.float32)).shape == (6, 10)


def test_grey_is_the_mean_of_the_channels_from_black_to_white():
    image = np.zeros((3, 2, 2), np.float32)
    image[0, 0], image[0, 1], image[1, 0] = [1, 1], [1, 0], [0.2, 0.4]
    assert grey_picture(image)[:2].tolist() == [[255, 128], [76, 0]]


def test_where_the_map_is_zero_the_image_shows_and_at_its_peak_the_last_colour_lies_over_it():
    one = np.zeros((3, 5), np.float32)
    one[1, 4] = 7
    pixels = overlay(GREY, one)
    assert pixels.shape == (6, 10, 3)
    assert (pixels[:, :7] == 100).all()
    strongest = np.abs(pixels.astype(int) - 100).sum(axis=2)
    row, column = np.unravel_index(strongest.argmax(), strongest.shape)
    assert (row // 2, column // 2) == (1, 4)
    one[:] = 7
    wanted = 100 * (1 - OPACITY) + PLASMA[-1] * OPACITY
    np.testing.assert_allclose(overlay(GREY, one)[0, 0], wanted, atol=0.51)


def test_a_map_of_zeros_leaves_the_image_as_it_is():
    assert (overlay(GREY, np.zeros((3, 5), np.float32)) == 100).all()


def test_colours_grow_lighter_towards_the_peak():
    # ITU-R BT.709: what an eye takes for brightness.
    luminance = PLASMA @ np.array([0.2126, 0.7152, 0.0722])
    assert (np.diff(luminance) > 0).all()


@pytest.mark.parametrize("pixels", [GREY, np.stack([GREY, GREY + 1, GREY + 2], axis=2)])
def test_a_png_holds_the_pixels_as_they_are(pixels):
    np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(png(pixels)))), pixels)
