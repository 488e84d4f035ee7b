"""A laboratory's table as text, whatever a spreadsheet made of it: encodings, separators, cells that say nothing."""

from __future__ import annotations

import csv
import difflib
import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from zoo_core.contract import ConfigError, DataError

SEPARATORS = (",", ";", "\t", "|")
N_SAMPLE = 20
"""Lines that the separator is told by."""

NOTHING = ("", "na", "n/a", "nan", "null")
"""Cells that say nothing, in lower case."""

BYTE_ORDER_MARKS = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}


@dataclass(frozen=True)
class LabTable:
    """A table.

    Attributes:
        path: of its file.
        cells: as they were read: text of CSV, whatever a parquet file holds.
        first_row: number of the first row, as a spreadsheet counts: the header of a CSV is the first line.
        has_decimal_commas: whether numbers may have one, as where semicolons part the cells.
    """

    path: Path
    cells: pd.DataFrame
    first_row: int
    has_decimal_commas: bool = False

    def __len__(self) -> int:
        return len(self.cells)

    def at(self, row: int) -> str:
        """Where a row is, counted from 0, for errors: never what stands in it."""
        return f"{self.path.name}, row {row + self.first_row}"

    def texts(self, column: str, key: str) -> pd.Series:
        """(row,) text of a column, without spaces around it; empty where nothing is said.

        Args:
            column: its name.
            key: of the TOML file that names it, for errors.
        Raises:
            ConfigError: there is no such column; the nearest is named.
        """
        names = [str(name) for name in self.cells.columns]
        if column not in names:
            near = difflib.get_close_matches(column, names, n=1, cutoff=0.5)
            hint = f"did you mean '{near[0]}'?" if near else f"its columns: {', '.join(names[:40])}"
            raise ConfigError(f"Key '{key}' needs a column of {self.path.name}. Received: '{column}': {hint}")
        cells = self.cells.iloc[:, names.index(column)]
        texts = cells.astype("string").fillna("").str.strip().astype(object)
        return texts.reset_index(drop=True)

    def said(self, column: str, key: str) -> pd.Series:
        """As `texts`, empty also where a cell says that nothing is known, such as "NA"."""
        texts = self.texts(column, key)
        return texts.where(~texts.str.lower().isin(NOTHING), "")

    def numbers(self, column: str, key: str) -> np.ndarray:
        """(row,) float64, missing where nothing is said.

        Raises:
            ConfigError: there is no such column.
            DataError: something in it is no number.
        """
        texts = self.said(column, key)
        values = self.as_numbers(texts)
        wrong = np.flatnonzero(~np.isfinite(values) & (texts != "").to_numpy())
        if len(wrong):
            raise DataError(
                f"{self.at(int(wrong[0]))}: '{column}' ({key}) needs a number or nothing. Received: "
                f"'{texts.iloc[wrong[0]]}'"
            )
        return values

    def as_numbers(self, texts: pd.Series) -> np.ndarray:
        """(row,) float64 of texts; missing where one is no number."""
        plain = texts.str.replace(",", ".", regex=False) if self.has_decimal_commas else texts
        return pd.to_numeric(plain.where(plain != ""), errors="coerce").to_numpy(np.float64, na_value=np.nan)

    def values(self, texts: pd.Series, meaning: Callable[[str], float], wanted: str) -> np.ndarray:
        """(row,) float64, each text by its meaning.

        Args:
            texts: of a column.
            meaning: of a text; raises a ValueError of one that means nothing.
            wanted: which texts mean something, for errors.
        Raises:
            DataError: a text means nothing.
        """
        found: dict[str, float] = {}
        for text in pd.unique(texts):
            try:
                found[text] = meaning(text)
            except ValueError as error:
                row = int(np.flatnonzero(texts == text)[0])
                raise DataError(f"{self.at(row)}: {wanted}. Received: '{text}'") from error
        return texts.map(found).to_numpy(np.float64)


def read_lab_table(path: Path, encoding: str = "", separator: str = "") -> LabTable:
    """Read a CSV or parquet file.

    A CSV may begin with a byte-order mark, be in UTF-8 or Windows-1252 (of which Latin-1's letters are a part), and
    have commas, semicolons, tabulators or bars between its cells.

    Args:
        path: the file.
        encoding: of a CSV, where it is another.
        separator: of a CSV, where its first lines mislead.
    Raises:
        DataError: it cannot be read, is no table, has no row, or has a column twice.
        ConfigError: there is no such encoding.
    """
    try:
        if path.suffix.lower() in (".parquet", ".pq"):
            table = LabTable(path, pd.read_parquet(path).reset_index(drop=True), first_row=1)
        else:
            table = _read_csv(path, encoding, separator)
    except LookupError as error:
        raise ConfigError(f"Key 'encoding' needs one that Python knows. Received: '{encoding}'") from error
    except (OSError, ValueError) as error:  # pandas' and Arrow's parsers raise ValueErrors
        reason = getattr(error, "strerror", None) or " ".join(str(error).split())
        raise DataError(
            f"'{path}' needs to be a table, CSV or parquet, that can be read. Received: {reason}"
        ) from error
    if not len(table):
        raise DataError(f"'{path}' has no rows: it should list images, one a row")
    return table


def _read_csv(path: Path, encoding: str, separator: str) -> LabTable:
    text = _decoded(path.read_bytes(), encoding)
    sep = separator or _separator(text)
    cells = pd.read_csv(io.StringIO(text), sep=sep, dtype=str, keep_default_na=False)
    if not isinstance(cells.index, pd.RangeIndex):
        # pandas would take the first column for names of rows, and every other one place further right.
        raise ValueError("rows with more cells than the header: give each column a name")
    return LabTable(path, cells, first_row=2, has_decimal_commas=sep == ";")


def _decoded(content: bytes, encoding: str) -> str:
    if encoding:
        return content.decode(encoding)
    for mark, marked in BYTE_ORDER_MARKS.items():
        if content.startswith(mark):
            return content.decode(marked)
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        # Five of its bytes mean nothing; those are rarer in a table than its dashes and quotes, which Latin-1 lacks.
        return content.decode("cp1252", errors="replace")


def _separator(text: str) -> str:
    """The separator that gives the first lines the same number of cells, or else the header the most."""
    lines = text.splitlines()[:N_SAMPLE]

    def fit(separator: str) -> tuple[bool, int]:
        n_cells = [len(cells) for cells in csv.reader(lines, delimiter=separator) if cells]
        n_header = n_cells[0] if n_cells else 0
        return n_header > 1 and len(set(n_cells)) == 1, n_header

    return max(SEPARATORS, key=fit)
