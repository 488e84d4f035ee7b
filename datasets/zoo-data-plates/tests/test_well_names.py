import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoo_core.contract import DataError
from zoo_data_plates.well_names import WellName, row_index, row_name


@given(st.integers(0, 701), st.integers(1, 99))
def test_every_well_is_read_from_its_own_name(row: int, column: int) -> None:
    well = WellName(row_name(row), column)
    assert WellName.parse(str(well)) == well
    assert (well.row_index, well.column_index) == (row, column - 1)


@pytest.mark.parametrize("text", ["a1", "A1", "A01", " A001 ", "a01"])
def test_the_usual_spellings_are_one_well(text: str) -> None:
    assert str(WellName.parse(text)) == "A01"


def test_rows_and_columns_come_as_letters_or_numbers() -> None:
    assert WellName.of("h", "07") == WellName.of(8, 7) == WellName("H", 7)


@pytest.mark.parametrize("text", ["", "A", "A0", "01", "A100", "AAA1", "../A1", "A1/2", "A-1", "Ä1", "A1\n2"])
def test_what_names_no_well_is_refused_with_what_came(text: str) -> None:
    with pytest.raises(DataError, match="Received: "):
        WellName.parse(text)


def test_rows_beyond_z_go_on_with_two_letters() -> None:
    assert [row_name(index) for index in (25, 26, 27, 51, 52, 701)] == ["Z", "AA", "AB", "AZ", "BA", "ZZ"]
    assert row_index("AF") == 31
    with pytest.raises(DataError, match="row 703"):
        row_name(702)


def test_wells_are_ordered_row_by_row() -> None:
    assert sorted(map(WellName.parse, ["AA01", "B01", "A10", "A02"])) == list(
        map(WellName.parse, ["A02", "A10", "B01", "AA01"])
    )
