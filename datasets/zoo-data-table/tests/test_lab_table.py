"""Tables as spreadsheets of several countries write them are read right, and mistakes are named by their row."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from zoo_core.contract import ConfigError, DataError
from zoo_data_table.lab_table import read_lab_table

ROWS = "Bild,Größe,Befund\na.png,3.5,Köln\nb.png,,é ñ ø\n"
WITH_SEMICOLONS = "Bild;Größe;Befund\na.png;3,5;Köln\nb.png;;é ñ ø\n"


@pytest.mark.parametrize("content", [ROWS, WITH_SEMICOLONS, WITH_SEMICOLONS.replace(";", "\t").replace("3,5", "3.5")])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1", "cp1252", "utf-16"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_csv_is_read_whatever_its_encoding_and_separator(
    tmp_path: Path, content: str, encoding: str, newline: str
) -> None:
    path = tmp_path / "lab.csv"
    path.write_bytes(content.replace("\n", newline).encode(encoding))
    table = read_lab_table(path)
    assert list(table.cells.columns) == ["Bild", "Größe", "Befund"]
    assert list(table.texts("Befund", "x")) == ["Köln", "é ñ ø"]
    np.testing.assert_array_equal(table.numbers("Größe", "x"), [3.5, np.nan])


def test_another_encoding_can_be_named(tmp_path: Path, fails: Any) -> None:
    path = tmp_path / "lab.csv"
    path.write_bytes("имя,x\n1,1\n".encode("koi8-r"))
    assert list(read_lab_table(path, encoding="koi8-r").cells.columns) == ["имя", "x"]
    assert "koi9" in fails(ConfigError, lambda: read_lab_table(path, encoding="koi9"))
    assert "utf-8" in fails(DataError, lambda: read_lab_table(path, encoding="utf-8"))


def test_a_separator_within_quotes_parts_nothing(tmp_path: Path) -> None:
    path = tmp_path / "lab.csv"
    path.write_text('a;b\n"x, y, z";1\n"p, q, r";2\n')
    assert list(read_lab_table(path).texts("a", "x")) == ["x, y, z", "p, q, r"]
    path.write_text("a\n1\n2\n")
    assert list(read_lab_table(path).texts("a", "x")) == ["1", "2"]


def test_a_parquet_file_says_what_a_csv_says(tmp_path: Path) -> None:
    cells = pd.DataFrame({"n": [1, 2, None], "t": ["a", None, " c "], "b": [True, False, None]})
    cells.to_parquet(tmp_path / "lab.parquet")
    table = read_lab_table(tmp_path / "lab.parquet")
    np.testing.assert_array_equal(table.numbers("n", "x"), [1, 2, np.nan])
    assert list(table.texts("t", "x")) == ["a", "", "c"]
    assert list(table.texts("b", "x")) == ["True", "False", ""]
    assert table.at(0) == "lab.parquet, row 1"


def test_what_says_that_nothing_is_known_says_nothing(tmp_path: Path) -> None:
    (tmp_path / "lab.csv").write_text("a\nNA\nn/a\nNaN\nNULL\n5\n")
    table = read_lab_table(tmp_path / "lab.csv")
    assert list(table.said("a", "x")) == ["", "", "", "", "5"]
    assert list(table.texts("a", "x")) == ["NA", "n/a", "NaN", "NULL", "5"]


def test_a_column_that_is_not_there_is_answered_with_the_nearest(tmp_path: Path, fails: Any) -> None:
    (tmp_path / "lab.csv").write_text("image,Effusion\na,1\n")
    table = read_lab_table(tmp_path / "lab.csv")
    text = fails(ConfigError, lambda: table.texts("Efusion", "labels.Effusion.column"))
    assert text == (
        "Key 'labels.Effusion.column' needs a column of lab.csv. Received: 'Efusion': did you mean 'Effusion'?"
    )
    assert "its columns: image, Effusion" in fails(ConfigError, lambda: table.texts("xyz", "file.column"))


def test_what_is_no_number_is_named_by_its_row(tmp_path: Path, fails: Any) -> None:
    (tmp_path / "lab.csv").write_text("a\n1\nold\n")
    text = fails(DataError, lambda: read_lab_table(tmp_path / "lab.csv").numbers("a", "metadata.age"))
    assert text.startswith("lab.csv, row 3: 'a' (metadata.age) needs a number or nothing")


@pytest.mark.parametrize("content", ["", "a,b\n", "a,b\n1,2\n1,2,3\n", "a,b\n1,2,3\n4,5,6\n", 'a,b\n"1,2\n'])
def test_what_is_no_table_is_one_line(tmp_path: Path, fails: Any, content: str) -> None:
    path = tmp_path / "lab.csv"
    path.write_text(content)
    assert str(path) in fails(DataError, lambda: read_lab_table(path))


def test_a_table_that_is_not_there_or_is_no_parquet_is_one_line(tmp_path: Path, fails: Any) -> None:
    assert "No such file" in fails(DataError, lambda: read_lab_table(tmp_path / "x.csv"))
    (tmp_path / "x.parquet").write_bytes(b"PAR1 and no more")
    assert "Parquet" in fails(DataError, lambda: read_lab_table(tmp_path / "x.parquet"))
