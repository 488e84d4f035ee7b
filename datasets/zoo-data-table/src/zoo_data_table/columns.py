"""Columns of a laboratory's table as the index of a data set has them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from zoo_core.contract import DataError, Label
from zoo_data_table.description import Description, FileSection, LabelSection, SplitSection
from zoo_data_table.files import FORMATS, format_of
from zoo_data_table.inside import plain_path
from zoo_data_table.lab_table import NOTHING, LabTable

UNCERTAIN = -1.0
"""What tables write where a reader was not sure, after CheXpert (Irvin et al. 2019)."""

POLICIES = {"ignore": np.nan, "zero": 0.0, "one": 1.0}
"""What becomes of it."""

WORDS = {"true": 1.0, "false": 0.0}


def file_names(table: LabTable, files: FileSection) -> pd.Series:
    """(row,) path of each row's file below the root, with "/" between folders.

    Raises:
        ConfigError: there is no such column.
        DataError: a path is empty, leads out of the root, comes twice, or ends as no file that is read.
    """
    texts = table.texts(files.column, "file.column")
    _refuse_first(table, texts == "", f"'{files.column}' needs a file. Received: nothing: fill it or remove the row")
    # "./a.png" and "a.png" are one file.
    names = (files.prefix + texts + files.suffix).map(plain_path)
    outside = f"'{files.column}' needs a path within the root. Received: one that leads out of it"
    _refuse_first(table, names.isna(), outside)
    twice = names.duplicated()
    if twice.any():
        row = int(np.flatnonzero(twice)[0])
        first = int(np.flatnonzero(names == names.iloc[row])[0])
        raise DataError(
            f"{table.at(row)}: names the file of row {first + table.first_row} again. Remove one of the two"
        )
    unknown = names.map(lambda name: format_of(name, files.format) is None)
    known = ", ".join(FORMATS)
    _refuse_first(
        table,
        unknown,
        f"'{files.column}' needs a name that ends as a file that is read ({known}), or file.suffix or file.format in "
        "the TOML file. Received: another",
    )
    return names


def group_names(table: LabTable, column: str) -> pd.Series:
    """(row,) name of each row's group.

    Raises:
        ConfigError: there is no such column.
        DataError: a row names none.
    """
    names = table.said(column, "group.column")
    wanted = f"'{column}' (group.column) needs a name. Received: nothing: what is of nobody cannot be kept in one part"
    _refuse_first(table, names == "", wanted)
    return names


def split_parts(table: LabTable, split: SplitSection) -> pd.Series:
    """(row,) `train`, `validation` or `test`.

    Raises:
        ConfigError: there is no such column.
        DataError: a value is none of those that the description lists.
    """
    texts = table.texts(split.column, "split.column")
    parts = {word.lower(): part for part in ("train", "validation", "test") for word in getattr(split, part)}
    found = texts.str.lower().map(parts)
    wanted = f"'{split.column}' (split.column) needs one of {', '.join(parts)}"
    if found.isna().any():
        row = int(np.flatnonzero(found.isna())[0])
        raise DataError(
            f"{table.at(row)}: {wanted}. Received: '{texts.iloc[row]}': say in split.train, split.validation or "
            "split.test which part it is"
        )
    return found


def label_columns(table: LabTable, described: Description) -> tuple[tuple[Label, ...], Mapping[str, np.ndarray]]:
    """The labels, and (row,) float64 of each, missing where unknown.

    Raises:
        ConfigError: there is no such column.
        DataError: a value means nothing.
    """
    labels, values = [], {}
    for name, section in described.labels.items():
        key = f"labels.{name}.column"
        texts = table.said(section.column, key)
        classes: tuple[str, ...] = ()
        if section.kind == "binary":
            values[name] = _binary(table, name, section, texts)
        elif section.kind == "class":
            texts = table.texts(section.column, key)
            classes = section.classes or _classes(table.said(section.column, key))
            values[name] = _class_numbers(table, name, classes, texts)
        else:
            values[name] = table.numbers(section.column, key)
        labels.append(Label(name, section.kind, unit=section.unit or None, class_names=classes))
    return tuple(labels), values


def n_uncertain(table: LabTable, section: LabelSection) -> int:
    """Rows whose reader was not sure."""
    return int((table.as_numbers(table.said(section.column, "labels")) == UNCERTAIN).sum())


def metadata_column(table: LabTable, name: str, column: str) -> pd.Series:
    """(row,) numbers where every cell that says something is a number; text elsewhere; missing where nothing is said.

    Raises:
        ConfigError: there is no such column.
    """
    texts = table.said(column, f"metadata.{name}")
    numbers = table.as_numbers(texts)
    said = (texts != "").to_numpy()
    if said.any() and np.isfinite(numbers[said]).all():
        return pd.Series(numbers)
    return texts.where(said, None)


def refuse_missing_root(root: Path, toml: Path) -> None:
    """One question to the disk, and none for each file: those of 100,000 rows would take minutes on a network.

    Raises:
        DataError: the folder of the images is not there.
    """
    if not root.is_dir():
        raise DataError(
            f"{toml.name}: key 'root' needs the folder of the images. Received: '{root}', which is no folder"
        )


def _binary(table: LabTable, name: str, section: LabelSection, texts: pd.Series) -> np.ndarray:
    words = {**dict.fromkeys(section.positive, 1.0), **dict.fromkeys(section.negative, 0.0)}
    numbers = {0.0: 0.0, 1.0: 1.0, UNCERTAIN: POLICIES[section.uncertain]}

    def meaning(text: str) -> float:
        if text in words:
            return words[text]
        if not text:
            return np.nan
        word = WORDS.get(text.lower())
        number = float(table.as_numbers(pd.Series([text]))[0]) if word is None else word
        if number not in numbers:
            raise ValueError(text)
        return numbers[number]

    return table.values(
        # What a laboratory calls present may be a word that elsewhere says nothing.
        table.texts(section.column, f"labels.{name}.column").where(lambda cells: cells.isin(list(words)), texts),
        meaning,
        f"'{section.column}' of label '{name}' needs 0, 1, -1 or nothing, or a word in labels.{name}.positive or "
        ".negative",
    )


def _classes(texts: pd.Series) -> tuple[str, ...]:
    return tuple(sorted(set(texts) - {""}))


def _class_numbers(table: LabTable, name: str, classes: tuple[str, ...], texts: pd.Series) -> np.ndarray:
    number = {one: float(n) for n, one in enumerate(classes)}

    def meaning(text: str) -> float:
        if text in number:
            return number[text]
        if text.lower() in NOTHING:
            return np.nan
        raise ValueError(text)

    wanted = f"label '{name}' needs one of its classes ({', '.join(classes)}) or nothing"
    return table.values(texts, meaning, wanted)


def _refuse_first(table: LabTable, wrong: pd.Series, text: str) -> None:
    rows = np.flatnonzero(wrong.to_numpy(bool))
    if len(rows):
        raise DataError(f"{table.at(int(rows[0]))}: {text}")
