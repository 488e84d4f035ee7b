import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from zoo_core.contract import ImageError
from zoo_core.data.images import MAX_PIXELS, read_grey, read_rgb, resize

GREY = np.arange(6, dtype=np.uint8).reshape(2, 3) * 40


def saved(tmp_path, pixels, mode=None, name="image.png"):
    path = tmp_path / name
    Image.fromarray(pixels, mode).save(path)
    return path


def test_grey_png_is_read_as_it_is(tmp_path):
    image = read_grey(saved(tmp_path, GREY))
    assert image.dtype == np.uint8
    assert image.shape == (2, 3, 1)
    assert (image[:, :, 0] == GREY).all()


def test_rgba_of_equal_channels_is_read_as_its_grey(tmp_path):
    rgba = np.dstack([GREY, GREY, GREY, np.full_like(GREY, 255)])
    assert (read_grey(saved(tmp_path, rgba))[:, :, 0] == GREY).all()


def test_sixteen_bit_is_scaled_and_not_cut_off(tmp_path):
    image = read_grey(saved(tmp_path, GREY.astype(np.uint16) * 257))
    assert (image[:, :, 0] == GREY).all()


def test_colour_is_read_as_three_channels(tmp_path):
    colour = np.arange(18, dtype=np.uint8).reshape(2, 3, 3)
    assert (read_rgb(saved(tmp_path, colour)) == colour).all()
    assert read_rgb(saved(tmp_path, GREY)).shape == (2, 3, 3)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is empty"),
        (b"Patient,Age\n1,58\n", "is not an image"),
        (b"\x89PNG\r\n\x1a\n", "is not an image|is damaged"),
    ],
)
def test_file_that_is_no_image_is_refused_with_its_reason(tmp_path, content, reason):
    path = tmp_path / "bad.png"
    path.write_bytes(content)
    with pytest.raises(ImageError, match=reason):
        read_grey(path)


def test_truncated_image_is_refused(tmp_path):
    noise = np.random.default_rng(0).integers(0, 255, (50, 60), dtype=np.uint8)
    whole = saved(tmp_path, noise).read_bytes()
    path = tmp_path / "cut.png"
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ImageError, match="is damaged"):
        read_grey(path)


def test_missing_file_is_refused(tmp_path):
    with pytest.raises(ImageError, match="cannot be opened"):
        read_grey(tmp_path / "absent.png")


def chunk(kind, content):
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


@pytest.mark.parametrize("side", [60_000, 10_100])
def test_small_file_that_holds_a_huge_image_is_refused_before_it_is_decoded(tmp_path, side):
    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    chunks = b"".join(chunk(*parts) for parts in [(b"IHDR", header), (b"IDAT", zlib.compress(b"")), (b"IEND", b"")])
    path = tmp_path / "bomb.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunks)
    with pytest.raises(ImageError, match=f"has more than {MAX_PIXELS:,} pixels"):
        read_grey(path)


def test_resize_keeps_the_mean_and_tells_the_axes_apart():
    image = np.zeros((4, 6, 2), np.uint8)
    image[:, :3, 0] = 100
    small = resize(image, (2, 3))
    assert small.shape == (2, 3, 2)
    assert small.dtype == np.float32
    assert small[..., 0].mean() == pytest.approx(image[..., 0].mean(), rel=0.05)
    assert (small[..., 1] == 0).all()
    assert small[0, 0, 0] > small[0, -1, 0]


def test_resize_to_the_same_size_changes_nothing():
    image = np.random.default_rng(0).random((3, 5, 1)).astype(np.float32)
    assert (resize(image, (3, 5)) == image).all()


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_resize_gives_the_same_of_equal_values_whatever_their_dtype(dtype):
    image = np.random.default_rng(0).integers(0, 256, (7, 11, 3)).astype(dtype)
    assert (resize(image, (3, 5)) == resize(image.astype(np.float64), (3, 5))).all()


def test_sixteen_bits_are_kept_where_they_are_wanted_and_eight_are_spread_over_them(tmp_path):
    Image.fromarray(np.array([[0, 300, 65535]], np.uint16)).save(tmp_path / "sixteen.png")
    Image.fromarray(np.array([[0, 3, 255]], np.uint8)).save(tmp_path / "eight.png")
    kept, spread = (read_grey(tmp_path / name, n_bits=16) for name in ("sixteen.png", "eight.png"))
    assert (kept.dtype, kept.ravel().tolist()) == (np.uint16, [0, 300, 65535])
    assert (spread.dtype, spread.ravel().tolist()) == (np.uint16, [0, 771, 65535])
    assert read_grey(tmp_path / "sixteen.png").ravel().tolist() == [0, 1, 255]


def test_deep_grey_becomes_three_equal_channels_and_is_not_cut_off(tmp_path):
    Image.fromarray(np.array([[0, 300, 65535]], np.uint16)).save(tmp_path / "sixteen.png")
    assert read_rgb(tmp_path / "sixteen.png").tolist() == [[[0] * 3, [1] * 3, [255] * 3]]
    assert read_rgb(tmp_path / "sixteen.png", n_bits=16).tolist() == [[[0] * 3, [300] * 3, [65535] * 3]]
    Image.fromarray(np.array([[[1, 2, 255]]], np.uint8)).save(tmp_path / "eight.png")
    assert read_rgb(tmp_path / "eight.png", n_bits=16).tolist() == [[[257, 514, 65535]]]
