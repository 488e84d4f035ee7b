"""What one look at one example tells."""

import dataclasses
from typing import Any

import numpy as np
import pytest

from zoo_core.data.inspection.looks import Look, look_at


def looks_at(adapter: Any) -> list[Look]:
    seen: list[int] = []
    looks = look_at(adapter, np.arange(len(adapter.pictures)), 2, lambda: seen.append(1))
    assert len(seen) == len(looks) == len(adapter.pictures)
    return looks


def test_a_sound_picture_has_no_oddity(squares: Any, picture: Any) -> None:
    (look,) = looks_at(squares([picture(0)]))
    assert (look.row, look.unreadable, look.undeclared, look.oddities, look.is_constant) == (0, "", "", (), False)
    assert look.size_px == (70, 50)


def test_what_cannot_be_read_keeps_its_reason_and_stops_nothing(squares: Any, picture: Any) -> None:
    first, second = looks_at(squares([None, picture(0)]))
    assert (first.unreadable, second.unreadable) == ("row 0 is gone", "")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda image: image[:, :, 0], "another shape"),
        (lambda image: np.repeat(image, 3, axis=2), "another shape"),
        (lambda image: image.astype(np.uint16), "another type"),
        (lambda image: image + np.uint8(70), "outside the declared range"),
    ],
)
def test_a_picture_that_is_not_as_declared_says_in_what(squares: Any, picture: Any, change: Any, words: str) -> None:
    adapter = squares([change(picture(0))])
    adapter.spec = dataclasses.replace(adapter.spec, value_range=(0, 240))
    assert words in looks_at(adapter)[0].undeclared


def test_numbers_that_are_none_are_outside_every_range(squares: Any) -> None:
    adapter = squares([np.full((40, 40, 1), np.nan, np.float32)])
    adapter.spec = dataclasses.replace(adapter.spec, dtype="float32")
    assert "outside" in looks_at(adapter)[0].undeclared


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda image: image[:20], "a side below 32 px"),
        (lambda image: np.repeat(image, 5, axis=0), "one side more than 3 times the other"),
        (lambda image: image // 100 * 100, "16 grey levels or fewer"),
        (lambda image: image // 12, "values in less than 10% of the range"),
    ],
)
def test_an_odd_picture_says_what_is_odd(squares: Any, picture: Any, change: Any, words: str) -> None:
    assert words in looks_at(squares([change(picture(0))]))[0].oddities


@pytest.mark.parametrize("factor", [256, 257])
def test_8_bits_stored_as_16_are_found_out(squares: Any, picture: Any, factor: int) -> None:
    adapter = squares([picture(0) * np.uint16(factor), picture(0) * np.uint16(255)])
    adapter.spec = dataclasses.replace(adapter.spec, dtype="uint16", value_range=(0, 65535))
    assert [look.oddities for look in looks_at(adapter)] == [("8 bits stored as 16",), ()]


def test_a_picture_of_one_value_is_constant_and_has_no_hash(squares: Any) -> None:
    (look,) = looks_at(squares([np.full((40, 40, 1), 7, np.uint8)]))
    assert look.is_constant
    assert (look.hash, look.thumbnail, look.oddities) == (None, None, ())


def test_what_an_adapter_remarks_is_an_oddity(squares: Any, picture: Any) -> None:
    class Remarking(squares):  # type: ignore[misc] # a class that a fixture gives
        def remarks(self, i: int) -> tuple[str, ...]:
            return ("RGBA",) if i else ()

    assert [look.oddities for look in looks_at(Remarking([picture(0), picture(1)]))] == [(), ("RGBA",)]
