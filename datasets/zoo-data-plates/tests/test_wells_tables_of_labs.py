"""A lab's table of wells in its own words, and tables that say too little or two things at once."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from zoo_core.contract import ConfigError, DataError
from zoo_data_plates.importing.table import TableOptions, WellsTable, read_table
from zoo_data_plates.wells_table import checked_wells

AS_IT_IS = TableOptions()
ROWS = [*"ABCDEFGH", "AA"]


def read(path: Path, options: TableOptions = AS_IT_IS) -> WellsTable:
    """A table as an import takes it: in our words, then checked against a plate."""
    found = read_table(path, options)
    return WellsTable(checked_wells(found.rows, ROWS, range(1, 13), path.name), found.samples)


@pytest.fixture
def table(tmp_path: Path) -> Callable[[str], Path]:
    def write(text: str) -> Path:
        path = tmp_path / "wells.csv"
        path.write_text(text)
        return path

    return write


def test_the_table_of_bbbc013_is_read_with_its_own_names_and_codes(shared_data: Callable[[str], Path]) -> None:
    path = shared_data("hcs_bbbc013_plate") / "platemap.csv"
    options = TableOptions(
        columns={"control": "role", "dose_index": "concentration", "compound_inferred": "treatment"},
        roles={"-1": "negative", "1": "positive"},
        unit="index",
    )
    found = read(path, options)
    rows = found.rows.set_index("well").astype(object).drop(columns=["channel1_png", "channel2_png"])
    assert len(rows) == 96
    assert list(rows["control_role"].value_counts(dropna=False).sort_index()) == [16, 8, 72]
    assert found.samples == {"0": 72}
    assert rows.loc["A12"].to_dict() == {
        "treatment": "Wortmannin",
        "concentration": 10.0,
        "concentration_unit": "index",
        "control_role": "positive",
        "replicate": None,
        "image_number": 12,
    }


def test_rows_come_in_the_order_of_wells(table: Callable[[str], Path]) -> None:
    rows = read(table("well,batch\nb1,x\nAA3,y\nA10,z\na02,w\n")).rows
    assert list(rows["well"]) == ["A02", "A10", "B01", "AA03"]
    assert list(rows["batch"]) == ["w", "z", "x", "y"]


def test_row_and_column_name_a_well_in_letters_or_numbers(table: Callable[[str], Path]) -> None:
    rows = read(table("r,column\nB,3\n3,04\n"), TableOptions(columns={"r": "row"})).rows
    assert list(rows["well"]) == ["B03", "C04"]
    assert "row" not in rows.columns


def test_csv_and_parquet_say_the_same(table: Callable[[str], Path], tmp_path: Path) -> None:
    text = "well,role,dose,replicate,note\nA01,-1,0,1,x\nA02,1,2.5,,\nA03,0,,2,y\n"
    path = table(text)
    options = TableOptions({"dose": "concentration", "role": "role"}, {"-1": "negative", "1": "positive"}, "uM")
    of_csv = read(path, options)
    pd.read_csv(path).to_parquet(tmp_path / "wells.parquet")
    of_parquet = read(tmp_path / "wells.parquet", options)
    pd.testing.assert_frame_equal(of_csv.rows, of_parquet.rows)
    assert list(of_csv.rows["concentration_unit"].isna()) == [False, False, True]
    assert of_csv.samples == of_parquet.samples == {"0": 1}


def test_roles_in_our_words_need_no_option(table: Callable[[str], Path]) -> None:
    rows = read(table("well,control_role\nA1,Negative\nA2,sample\nA3,\nA4,empty\n")).rows
    assert list(rows["control_role"].fillna("-")) == ["negative", "-", "-", "empty"]


def test_a_unit_of_its_own_stands_beside_each_concentration(table: Callable[[str], Path]) -> None:
    rows = read(table("well,concentration,concentration_unit\nA1,1,nM\nA2,,\nA3,2,uM\n")).rows
    assert list(rows["concentration_unit"].fillna("-")) == ["nM", "-", "uM"]


MISTAKES = [
    ("well\nA01\nB02\na1\n", TableOptions(), DataError, "two rows for well A01: 1 and 3"),
    ("well,concentration\nA1,\nA2,3\n", TableOptions(), DataError, r"Received: 3 of well A02 without one. Give --unit"),
    ("well,concentration,concentration_unit\nA1,3,\n", TableOptions(), DataError, "needs a unit"),
    ("well,concentration,concentration_unit\nA1,3,nM\n", TableOptions(unit="uM"), ConfigError, "units of its own"),
    ("well,dose\nA1,3\n", TableOptions(unit="uM"), ConfigError, "--unit needs a concentration"),
    (
        "well,concentration\nA1,3 uM\n",
        TableOptions(unit="uM"),
        DataError,
        "concentration of well A01 .* Received: '3 uM'",
    ),
    ("well,concentration\nA1,-3\n", TableOptions(unit="uM"), DataError, "a number from 0"),
    ("well,concentration\nA1,inf\n", TableOptions(unit="uM"), DataError, "Received: 'inf'"),
    ("well,replicate\nA1,1.5\n", TableOptions(), DataError, "whole number"),
    ("place\nA1\n", TableOptions(), ConfigError, "Received: place. Name it with"),
    ("well\n1A\n", TableOptions(), DataError, "wells.csv, row 1: A well is named"),
    ("well\n\nA1\n,\n", TableOptions(), DataError, "cannot be read"),
    ("well,x\n,1\n", TableOptions(), DataError, "row 1"),
    ("well,row,column\nA01,B,1\n", TableOptions(), DataError, "well A01 by its name, and B01"),
    ("well,plate\nA01,p\n", TableOptions(), ConfigError, "--column 'plate='"),
    ("well\nA01\n", TableOptions({"dose": "concentration"}), ConfigError, "Received: --column 'dose'"),
    ("well,dose\nA01,1\n", TableOptions({"dose": "konzentration"}), ConfigError, "'dose=konzentration'"),
    ("well,a,b\nA01,1,2\n", TableOptions({"a": "role", "b": "control_role"}), ConfigError, "'control_role' twice"),
    ("well,a,treatment\nA01,1,2\n", TableOptions({"a": "treatment"}), ConfigError, "--column 'treatment='"),
    ("well,c\nA01,-1\n", TableOptions({"c": "role"}), DataError, "Received: '-1'. Say what it means with --role"),
    ("well,c\nA01,-1\n", TableOptions({"c": "role"}, {"2": "negative"}), ConfigError, r"It has '-1' \(1 wells\)"),
    ("well,c\nA01,-1\n", TableOptions({"c": "role"}, {"-1": "blank"}), ConfigError, "Received: '-1=blank'"),
    ("well,c\nA01,-1\n", TableOptions({}, {"-1": "negative"}), ConfigError, "--role needs a column"),
    ("well\nI01\n", TableOptions(), DataError, "well I01 is not on the plate"),
    ("well\n", TableOptions(), DataError, "a row for each well"),
    ("", TableOptions(), DataError, "cannot be read"),
]


@pytest.mark.parametrize(("text", "options", "kind", "reason"), MISTAKES)
def test_a_table_that_does_not_say_what_is_in_each_well_is_refused(
    table: Callable[[str], Path], text: str, options: TableOptions, kind: type[Exception], reason: str
) -> None:
    with pytest.raises(kind, match=reason):
        read(table(text), options)


def test_a_column_can_be_left_out(table: Callable[[str], Path]) -> None:
    rows = read(table("well,plate\nA01,p\n"), TableOptions({"plate": ""})).rows
    assert "plate" not in rows.columns


def test_a_table_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="No such file"):
        read(tmp_path / "wells.csv")
    (tmp_path / "wells.parquet").write_bytes(b"no parquet")
    with pytest.raises(DataError, match="cannot be read"):
        read(tmp_path / "wells.parquet")
    with pytest.raises(DataError, match=r"\.csv or \.parquet"):
        read(tmp_path / "wells.xlsx")
