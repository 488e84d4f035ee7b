import numpy as np
import pandas as pd
import pytest

from zoo_core.contract import ArraySpec, DataError, ImageError
from zoo_core.data.soundness import find_unreadable, refuse_too_many
from zoo_core.data.splits import Split


class SomeBad:
    specs: tuple[ArraySpec, ...] = ()

    def __init__(self, n: int, bad: set[int]) -> None:
        self.n, self.bad = n, bad

    def index(self) -> pd.DataFrame:
        return pd.DataFrame({"example_id": [f"i{i}.png" for i in range(self.n)]})

    def read(self, i: int) -> dict[str, np.ndarray]:
        if i in self.bad:
            raise ImageError("is empty (0 bytes)")
        return {}


def split_of(n_train: int, n_test: int) -> Split:
    part = np.array(["train"] * n_train + ["validation"] + ["test"] * n_test)
    return Split("official", "meta.patient_id", part, "")


def unreadable(bad: set[int], n: int = 303):
    return find_unreadable(SomeBad(n, bad), np.arange(n), n_threads=3, advance=lambda: None)


def test_unreadable_images_are_listed_in_order_with_their_reason():
    found = unreadable({7, 3})
    assert [(bad.row, bad.example_id, bad.reason) for bad in found] == [
        (3, "i3.png", "is empty (0 bytes)"),
        (7, "i7.png", "is empty (0 bytes)"),
    ]


def test_every_image_is_counted_also_the_unreadable_ones():
    counted = []
    find_unreadable(SomeBad(5, {1}), np.arange(5), n_threads=2, advance=lambda: counted.append(1))
    assert len(counted) == 5


def test_one_percent_of_a_split_may_be_unreadable():
    refuse_too_many(unreadable({0, 1}), split_of(202, 100))


def test_above_one_percent_of_a_split_the_run_stops_and_names_images():
    with pytest.raises(DataError, match=r"in test 2 of 100 are: 'i203\.png' is empty"):
        refuse_too_many(unreadable({203, 204}), split_of(202, 100))


def test_an_error_that_is_no_image_error_is_not_taken_for_a_bad_image():
    class Broken(SomeBad):
        def read(self, i: int) -> dict[str, np.ndarray]:
            raise RuntimeError("a fault of the adapter")

    with pytest.raises(RuntimeError, match="a fault of the adapter"):
        find_unreadable(Broken(2, set()), np.arange(2), n_threads=1, advance=lambda: None)


def test_an_image_that_is_not_as_declared_is_no_bad_image_but_ends_the_run():
    class Liar(SomeBad):
        specs = (ArraySpec("image", ("y", "x", "c"), (7, 5, 1), "uint8", (0, 255)),)

        def read(self, i: int) -> dict[str, np.ndarray]:
            return {"image": np.zeros((7, 5, 1), np.uint8 if i < 2 else np.int16)}

    with pytest.raises(DataError, match=r"Example 'i2\.png' \(row 2\) .* uint8 .* Received: int16"):
        find_unreadable(Liar(4, set()), np.arange(4), n_threads=1, advance=lambda: None)


def test_a_data_set_that_knows_its_bad_images_is_not_read():
    class Knowing(SomeBad):
        def unreadable(self) -> dict[int, str]:
            return {7: "is empty", 250: "is damaged"}

        def read(self, i: int) -> dict[str, np.ndarray]:
            raise AssertionError("read")

    found = find_unreadable(Knowing(303, set()), np.arange(100), n_threads=1, advance=lambda: None)
    assert [(bad.row, bad.example_id, bad.reason) for bad in found] == [(7, "i7.png", "is empty")]
