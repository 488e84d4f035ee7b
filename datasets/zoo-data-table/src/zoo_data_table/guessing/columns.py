"""What the columns of a table seem to be, by their names and by what stands in them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from zoo_data_table.description import SplitSection
from zoo_data_table.lab_table import LabTable

GROUPS = {
    "patient_id": r"patient|subject|person|participant|^pid$",
    "plant_id": r"plant|individual|seedling",
    "animal_id": r"animal|mouse|mice|donor",
    "case_id": r"case|specimen|slide",
    "well_id": r"well",
    "plate": r"plate",
    "study_id": r"study|exam|accession",
}
"""Names of groups and of columns that hold them, those that part the most first."""

METADATA = {
    "age": r"^(patient.?)?age",
    "sex": r"^(patient.?)?(sex|gender)",
    "view_position": r"^view",
    "laterality": r"^(image.?)?laterality",
    "site": r"^(site|hospital|centre|center)",
    "scanner": r"^(scanner|manufacturer|model|device)",
    "plate": r"^plate",
    "well": r"^well",
    "dose": r"^(dose|concentration)",
    "genotype": r"^(genotype|accession|ecotype)",
}
"""Names of metadata that reports know, and of columns that hold them."""

CLASS_NAME = re.compile(r"label|class|diagnos|disease|categor|finding|phenotype|grade|stage", re.IGNORECASE)
MOST_CLASSES = 20
LEAST_GROUPS = 5


@dataclass(frozen=True)
class BinaryGuess:
    """A column of 0 and 1.

    Attributes:
        column: its name.
        n_positive: rows of 1.
        n_uncertain: rows of -1.
        n_unknown: rows of nothing.
    """

    column: str
    n_positive: int
    n_uncertain: int
    n_unknown: int


@dataclass(frozen=True)
class ColumnGuesses:
    """What the columns of a table seem to be.

    Attributes:
        group: column of the group, and the group's name; empty where none seems to be.
        group_by_name: whether the column's name says so, and not its values alone.
        split: column of the split; empty where none seems to be.
        binary: columns of 0 and 1.
        classes: columns of a few words, with the words.
        metadata: columns by the name that reports know.
        left_out: all others.
    """

    group: tuple[str, str] = ("", "")
    group_by_name: bool = True
    split: str = ""
    binary: tuple[BinaryGuess, ...] = ()
    classes: dict[str, tuple[str, ...]] = field(default_factory=dict)
    metadata: dict[str, str] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()


def guess_columns(table: LabTable, file_column: str) -> ColumnGuesses:
    """Look at each column but that of the files; a column is one thing alone."""
    texts = {str(name): table.said(str(name), "TABLE") for name in table.cells.columns if str(name) != file_column}
    split = next((name for name, cells in texts.items() if _is_split(cells)), "")
    group, by_name = _group(texts, split)
    rest = [name for name in texts if name not in (split, group[0])]
    metadata = _by_pattern(METADATA, rest)
    rest = [name for name in rest if name not in metadata.values()]
    binary = [guess for name in rest if (guess := _binary(table, name, texts[name]))]
    rest = [name for name in rest if name not in {guess.column for guess in binary}]
    classes = {name: words for name in rest if (words := _classes(name, texts[name]))}
    left_out = tuple(name for name in rest if name not in classes)
    return ColumnGuesses(group, by_name, split, tuple(binary), classes, metadata, left_out)


def plain_name(column: str) -> str:
    """A column's name as metadata are named.

    >>> plain_name("Patient ID#")
    'patient_id'
    """
    name = re.sub(r"\W+", "_", column.strip().lower()).strip("_")
    return name if name[:1].isalpha() else f"column_{name}".rstrip("_")


def _is_split(cells: pd.Series) -> bool:
    words = {part: set(getattr(SplitSection(column="x"), part)) for part in ("train", "validation", "test")}
    found = set(cells.str.lower())
    return found <= set().union(*words.values()) and bool(found & words["train"]) and bool(found & words["test"])


def _group(texts: dict[str, pd.Series], split: str) -> tuple[tuple[str, str], bool]:
    """Column and name of the group, and whether the column's name says so."""
    names = [name for name, cells in texts.items() if name != split and (cells != "").all()]
    many = [name for name in names if texts[name].nunique() >= min(LEAST_GROUPS, len(texts[name]) // 2)]
    for name, column in _by_pattern(GROUPS, many).items():
        return (column, name), True
    repeated = [name for name in many if MOST_CLASSES < texts[name].nunique() < 0.9 * len(texts[name])]
    identifiers = [name for name in repeated if re.search(r"id$|^id|nr$|_no$|number|code", name, re.IGNORECASE)]
    return ((identifiers[0], plain_name(identifiers[0])), False) if identifiers else (("", ""), True)


def _by_pattern(patterns: dict[str, str], columns: Sequence[str]) -> dict[str, str]:
    """The first column of each pattern, by its name, in the patterns' order; a column is taken once."""
    taken: dict[str, str] = {}
    for name, pattern in patterns.items():
        free = [column for column in columns if column not in taken.values()]
        found = next((column for column in free if re.search(pattern, column, re.IGNORECASE)), None)
        if found is not None:
            taken[name] = found
    return taken


def _binary(table: LabTable, name: str, cells: pd.Series) -> BinaryGuess | None:
    numbers = table.as_numbers(cells.str.lower().replace({"true": "1", "false": "0"}))
    said = (cells != "").to_numpy()
    if not np.isin(numbers[said], (-1, 0, 1)).all() or not {0.0, 1.0} <= set(numbers[said]):
        return None
    return BinaryGuess(name, int((numbers == 1).sum()), int((numbers == -1).sum()), int((~said).sum()))


def _classes(name: str, cells: pd.Series) -> tuple[str, ...]:
    words = tuple(sorted(set(cells) - {""}))
    return words if CLASS_NAME.search(name) and 2 <= len(words) <= MOST_CLASSES else ()
