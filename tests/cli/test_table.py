"""Columns are aligned, and a terminal's width is kept."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoo_core.cli.table import NARROWEST_LAST_COLUMN, columns

CELL = st.text("abcde", min_size=0, max_size=6)
LONG_CELL = st.lists(st.text("abcde", min_size=1, max_size=8), max_size=12).map(" ".join)
NARROWEST_START = 2 + 2 * (6 + 2)
"""Indent, and two cells with their gaps."""
ROWS = st.lists(st.tuples(CELL, CELL, LONG_CELL), min_size=1, max_size=5)


@given(ROWS, st.integers(NARROWEST_START + NARROWEST_LAST_COLUMN, 100))
def test_no_line_is_wider_than_the_terminal_and_no_word_is_lost(rows: list[tuple[str, str, str]], width: int) -> None:
    text = columns(rows, indent=2, width=width)
    assert all(len(line) <= width for line in text.splitlines())
    assert text.split() == " ".join(cell for row in rows for cell in row).split()


@given(ROWS)
def test_without_a_width_every_row_is_one_line(rows: list[tuple[str, str, str]]) -> None:
    assert len(columns(rows).split("\n")) == len(rows)


def test_without_rows_there_is_no_text() -> None:
    assert columns([], indent=2, width=80) == ""


def test_columns_begin_at_one_place_and_wrapped_text_hangs_below_its_column() -> None:
    rows = [("a", "one two three four five six seven"), ("long", "eight")]
    assert columns(rows, width=6 + NARROWEST_LAST_COLUMN).splitlines() == [
        "a     one two three four five",
        "      six seven",
        "long  eight",
    ]


@pytest.mark.parametrize("width", [1, 20])
def test_a_terminal_too_narrow_is_left_to_break_lines_itself(width: int) -> None:
    assert columns([("name", "one two three")], width=width) == "name  one two three"
