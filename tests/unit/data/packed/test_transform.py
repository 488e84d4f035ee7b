import numpy as np
import pytest

from zoo_core.api import resize
from zoo_core.contract import ArraySpec, ConfigError, DataError
from zoo_core.data.packed.transform import Transform, packed_array, packed_specs

ROUND_OFF = float(np.finfo(np.float32).eps)
HALF_A_GREY_LEVEL = 0.5 + 1e-4
"""The second summand is what float32 loses at 255."""


def spec(shape=(None, None, 1), dtype="uint8", value_range=(0, 255), axes=("y", "x", "c"), name="image"):
    return ArraySpec(name, axes, shape, dtype, value_range)


def packed(values, source, size_px, dtype=""):
    (target,) = packed_specs([source], Transform(size_px, dtype))
    result = packed_array(values, source, target)
    assert (result.shape, result.dtype) == (target.shape, np.dtype(target.dtype))
    return result, target


def noise(shape, dtype="uint8", high=255):
    return np.random.default_rng(0).integers(0, high, shape, endpoint=True).astype(dtype)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int16", "float32"])
def test_an_array_of_the_right_size_stays_bit_for_bit(dtype):
    values = noise((5, 5, 3), dtype)
    result, target = packed(values, spec((None, None, 3), dtype), 5)
    assert (result == values).all()
    assert target.value_range == (0, 255)


def test_a_resized_array_is_within_half_a_grey_level_of_what_a_task_would_make_of_the_source():
    values = noise((23, 17, 2))
    result, _ = packed(values, spec((None, None, 2)), 7)
    assert np.abs(result - resize(values, (7, 7))).max() <= HALF_A_GREY_LEVEL
    assert result.dtype == np.uint8


@pytest.mark.parametrize(
    ("dtype", "wanted_range"), [("uint8", (0, 255)), ("uint16", (0, 4095)), ("float32", (0, 4095))]
)
def test_another_dtype_keeps_every_value_within_half_of_its_own_steps(dtype, wanted_range):
    values = noise((5, 5, 1), "uint16", high=4095)
    result, target = packed(values, spec(dtype="uint16", value_range=(0, 4095)), 5, dtype)
    assert target.value_range == wanted_range
    scaled = result / wanted_range[1]
    assert np.abs(scaled - values / 4095).max() <= (0.5 / 255 if dtype == "uint8" else ROUND_OFF)


def test_a_wider_dtype_keeps_every_value():
    values = noise((5, 5, 1))
    result, target = packed(values, spec(), 5, "uint16")
    assert target.value_range == (0, 65535)
    assert (result == values.astype(int) * 257).all()


def test_a_resized_array_never_leaves_its_range():
    values = np.array([[0, 1000], [1000, 0]], np.uint16)[:, :, np.newaxis]
    result, _ = packed(np.tile(values, (3, 3, 1)), spec(dtype="uint16", value_range=(100, 900)), 4)
    assert result.min() >= 100
    assert result.max() <= 900


def test_axes_in_another_order_are_resized_along_y_and_x_alone():
    values = noise((2, 9, 9))
    result, _ = packed(values, spec((2, None, None), axes=("c", "y", "x")), 3)
    expected = np.rint(resize(np.moveaxis(values, 0, -1), (3, 3)))
    assert (np.moveaxis(result, 0, -1) == expected).all()


def test_arrays_without_y_and_x_are_kept_as_they_are():
    values = noise((3,), "float32")
    assert (packed(values, spec((3,), "float32", axes=("c",)), 7)[0] == values).all()


def test_an_axis_that_differs_and_cannot_be_resized_is_refused():
    with pytest.raises(DataError, match=r"'image' with axes \(y, x, c\).*only y and x"):
        packed_specs([spec((None, None, None))], Transform(5))


def test_a_picture_of_a_fixed_size_is_not_enlarged():
    with pytest.raises(ConfigError, match=r"at most 6.*Received: 7"):
        packed_specs([spec((8, 6, 1))], Transform(7))


@pytest.mark.parametrize("values", [noise((5, 5, 2)), noise((5, 5, 1), "uint16"), noise((5, 5))])
def test_an_array_that_is_not_what_was_promised_is_refused(values):
    with pytest.raises(DataError, match="as its data set promises"):
        packed(values, spec(), 5)


@pytest.mark.parametrize("mistake", [{"size_px": 0}, {"size_px": 5, "dtype": "int3"}])
def test_a_transform_that_cannot_be_is_refused(mistake):
    with pytest.raises(ConfigError, match="--"):
        Transform(**mistake)
