"""Names of wells: a row in letters and a column in digits."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import total_ordering

from zoo_core.contract import DataError

_LETTERS = 26
_MAX_ROWS = _LETTERS + _LETTERS**2
_MAX_COLUMNS = 99
_WELL = re.compile(r"([A-Za-z]{1,2})0*([1-9][0-9]?)", re.ASCII)


@total_ordering
@dataclass(frozen=True)
class WellName:
    """Where a well lies on its plate; wells are ordered row by row.

    Attributes:
        row: A to Z, then AA, AB ... as on plates of 1,536 wells.
        column: from 1 to 99.
    """

    row: str
    column: int

    def __post_init__(self) -> None:
        if not re.fullmatch("[A-Z]{1,2}", self.row) or not 1 <= self.column <= _MAX_COLUMNS:
            raise DataError(
                f"A well needs a row A to ZZ and a column 1 to {_MAX_COLUMNS}. "
                f"Received: row '{self.row}', column {self.column}"
            )

    @classmethod
    def parse(cls, text: str) -> WellName:
        """Read `A01`, `a1`, `AB007` or the like.

        Raises:
            DataError: it names no well.

        >>> str(WellName.parse("b3")), str(WellName.parse("AA12"))
        ('B03', 'AA12')
        """
        found = _WELL.fullmatch(text.strip())
        if not found:
            raise DataError(
                f"A well is named by letters and digits, such as A01 or AB12. Received: '{text}'. Correct the name"
            )
        return cls(found[1].upper(), int(found[2]))

    @classmethod
    def of(cls, row: str | int, column: str | int) -> WellName:
        """The well of a row, in letters or as a number from 1, and a column, a number from 1.

        Raises:
            DataError: they name no well.

        >>> str(WellName.of("H", "7")), str(WellName.of(2, 10)), str(WellName.of("27", "1"))
        ('H07', 'B10', 'AA01')
        """
        row, column = str(row).strip(), str(column).strip()
        letters = row_name(int(row) - 1) if row.isascii() and row.isdigit() else row
        return cls.parse(f"{letters}{column}")

    @property
    def row_index(self) -> int:
        """Number of the row, from 0."""
        return row_index(self.row)

    @property
    def column_index(self) -> int:
        """Number of the column, from 0."""
        return self.column - 1

    def __str__(self) -> str:
        return f"{self.row}{self.column:02d}"

    def __lt__(self, other: WellName) -> bool:
        return (self.row_index, self.column) < (other.row_index, other.column)


def row_name(index: int) -> str:
    """Letters of a row, counted from 0.

    Raises:
        DataError: no plate has such a row.

    >>> [row_name(index) for index in (0, 25, 26, 31)]
    ['A', 'Z', 'AA', 'AF']
    """
    if not 0 <= index < _MAX_ROWS:
        raise DataError(f"A plate's rows are A to ZZ, counted from 1 to {_MAX_ROWS}. Received: row {index + 1}")
    before, last = divmod(index, _LETTERS)
    return (chr(ord("A") + before - 1) if before else "") + chr(ord("A") + last)


def row_index(name: str) -> int:
    """Number of a row, counted from 0, of its capital letters."""
    number = 0
    for letter in name:
        number = number * _LETTERS + ord(letter) - ord("A") + 1
    return number - 1


def halves(rows: Sequence[str]) -> dict[str, str]:
    """Name of the half of the plate that each row lies in; of an odd number of rows the upper has one more.

    >>> halves(["A", "B", "C"])
    {'A': 'A-B', 'B': 'A-B', 'C': 'C'}
    """
    n_upper = (len(rows) + 1) // 2
    parts = [half for half in (rows[:n_upper], rows[n_upper:]) if half]
    return {row: half[0] if len(half) == 1 else f"{half[0]}-{half[-1]}" for half in parts for row in half}
