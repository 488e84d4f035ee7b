"""Z' as marks on a line: what is on it lies in its place, what lies below it is said to go on."""

import pytest

from zoo_core.report.separation import Mark, separation_marks, separation_place


def marks(z_prime: list[float | None] | None, robust: list[float | None] | None = None) -> list[Mark]:
    return separation_marks({"z_prime": z_prime, "robust_z_prime": robust})


def test_a_statistic_lies_where_it_is_between_minus_one_and_one() -> None:
    upper, lower = marks([0.5, 0.0, 0.8], [0.0, -0.5, 1.0])
    assert upper == Mark("model", (50.0, 90.0), 75.0, False)
    assert lower == Mark("calibrated", (25.0, 100.0), 50.0, False)


@pytest.mark.parametrize(
    ("interval", "whisker", "dot"),
    [
        ([0.2, -75.6, 0.4], (0.0, 70.0), 60.0),
        ([-5.7, -75.6, 0.4], (0.0, 70.0), None),
        ([-5.7, -75.6, -2.0], None, None),
        ([-5.7, None, None], None, None),
    ],
)
def test_what_lies_below_the_line_goes_on_and_is_never_drawn_at_its_start(
    interval: list[float | None], whisker: tuple[float, float] | None, dot: float | None
) -> None:
    assert marks(interval)[0] == Mark("model", whisker, dot, True)


def test_what_is_undefined_has_no_mark() -> None:
    assert {(one.whisker, one.dot, one.goes_on) for one in marks(None)} == {(None, None, False)}


def test_a_number_without_an_interval_has_a_dot_alone() -> None:
    assert marks([0.5, None, None])[0] == Mark("model", None, 75.0, False)


def test_no_place_is_outside_of_the_line() -> None:
    assert (separation_place(-204.0), separation_place(1.0), separation_place(1.5)) == (0.0, 100.0, 100.0)
