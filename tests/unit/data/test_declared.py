"""An example is what its data set declared, or one line says in what it is not."""

import numpy as np
import pytest

from zoo_core.contract import ArraySpec, DataError
from zoo_core.data.declared import refuse_undeclared

PICTURE = ArraySpec("image", ("y", "x", "c"), (None, 5, 3), "uint8", (0, 255))
MASK = ArraySpec("mask", ("y", "x"), (None, None), "bool", (0, 1))


def look(**arrays):
    refuse_undeclared((PICTURE, MASK), arrays, 2, "x7")


SOUND = {"image": np.zeros((7, 5, 3), np.uint8), "mask": np.zeros((7, 5), bool)}


def test_what_is_as_declared_passes_whatever_the_length_of_an_open_axis_is():
    look(**SOUND)
    look(**SOUND | {"image": np.zeros((2, 5, 3), np.uint8)})


@pytest.mark.parametrize(
    ("arrays", "received"),
    [
        ({"image": np.zeros((7, 5, 3), np.float32)}, r"float32 of shape \(7, 5, 3\)"),
        ({"image": np.zeros((3, 7, 5), np.uint8)}, r"uint8 of shape \(3, 7, 5\)"),
        ({"image": np.zeros((7, 5), np.uint8)}, r"uint8 of shape \(7, 5\)"),
        ({"image": np.zeros((1, 7, 5, 3), np.uint8)}, r"uint8 of shape \(1, 7, 5, 3\)"),
        ({"image": np.zeros((7, 4, 3), np.uint8)}, r"uint8 of shape \(7, 4, 3\)"),
        ({"image": [[1, 2]]}, "a value of type list"),
        ({"image": None}, "none"),
    ],
)
def test_another_element_type_axis_or_length_is_named_with_row_and_what_was_declared(arrays, received):
    with pytest.raises(DataError) as caught:
        look(**SOUND | arrays)
    assert "\n" not in str(caught.value)
    assert caught.match(
        rf"^Example 'x7' \(row 2\) .*'image' .*uint8 of axes \(y, x 5, c 3\)\. Received: {received}: mend the adapter$"
    )


def test_an_array_that_is_missing_is_named():
    with pytest.raises(DataError, match=r"'mask' .*bool of axes \(y, x\)\. Received: none"):
        look(image=SOUND["image"])


def test_an_element_type_that_numpy_does_not_know_is_no_match():
    wrong = ArraySpec("image", ("y",), (None,), "no-such-type", (0, 1))
    with pytest.raises(DataError, match="no-such-type"):
        refuse_undeclared((wrong,), {"image": np.zeros(2)}, 0, "x")
