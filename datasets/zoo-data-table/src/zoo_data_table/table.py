"""Data set `table`: a laboratory's own table of images, as a TOML file describes it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from zoo_core.contract import Arrays, ArraySpec, DataError, DatasetCard, ImageError, Label, Plugin
from zoo_data_table.columns import (
    file_names,
    group_names,
    label_columns,
    metadata_column,
    n_uncertain,
    refuse_missing_root,
    split_parts,
)
from zoo_data_table.description import CardSection, Description, ImageSection, read_description
from zoo_data_table.files import Format, ImageReader, declared, format_of
from zoo_data_table.headers import header_facts
from zoo_data_table.inside import find_inside
from zoo_data_table.lab_table import LabTable, read_lab_table
from zoo_data_table.salt import hashed, salt_of

NO_TABLE = CardSection(title="A laboratory's own table", summary="Images that a table lists, described by a TOML file.")
"""What can be said before a TOML file is named."""

FILE = "meta.file"
"""The group where none is named: each file by itself."""


@dataclass(frozen=True)
class TableConfig:
    """Where the description is.

    Attributes:
        root: the TOML file that describes the table; `zoo data init TABLE` writes one.
    """

    root: str = ""


@dataclass(frozen=True)
class _Content:
    """What a table says.

    Attributes:
        index: as the contract has it.
        labels: of the index.
        names: (row,) path of each row's file below the root.
        notes: for the card.
    """

    index: pd.DataFrame
    labels: tuple[Label, ...]
    names: list[str]
    notes: tuple[str, ...]


class LabImages:
    """The images of a table; nothing is read before it is asked for, and no file before it is read."""

    def __init__(self, config: TableConfig) -> None:
        self.config = config

    @cached_property
    def card(self) -> DatasetCard:
        """What the description says; with a table, also how many images and which labels there are."""
        if not self.config.root:
            return _card(NO_TABLE, NO_TABLE.title, (), "")
        section = self._description.card
        namespace = section.group_namespace
        if namespace:
            # Names are only the same where the salt is: another salt is another namespace.
            namespace += "-" + hashed(self._salt, "namespace", pd.Series([namespace]))[0]
        title = section.title or f"Table {Path(self._description.table).name}"
        return _card(section, title, (*section.notes, *self._content.notes), namespace)

    @property
    def specs(self) -> tuple[ArraySpec, ...]:
        """One picture, of the same type and range whatever the file."""
        return (declared(self._description.image if self.config.root else ImageSection()),)

    @property
    def labels(self) -> tuple[Label, ...]:
        """Those that the description names; none before there is one."""
        return self._content.labels if self.config.root else ()

    @property
    def group_columns(self) -> tuple[str, ...]:
        """`meta.` and the name of the group; `meta.file` where no group is named."""
        group = self._description.group if self.config.root else None
        return (f"meta.{group.name}",) if group else (FILE,)

    @property
    def split_name(self) -> str | None:
        """Of the split that a column gives."""
        split = self._description.split if self.config.root else None
        return split.name if split else None

    def index(self) -> pd.DataFrame:
        """One row for each row of the table, in its order."""
        return self._content.index.copy()

    def read(self, i: int) -> Arrays:
        """The image of row `i`."""
        path, format_ = self._file(i)
        try:
            return {"image": self._reader.read(path, format_)}
        except ImageError as error:
            raise self._at(i, error) from error

    def remarks(self, i: int) -> tuple[str, ...]:
        """What is odd of row `i`'s file: transparency, colours, bits, MONOCHROME1, values outside `image.range`."""
        path, format_ = self._file(i)
        try:
            return tuple(self._reader.remarks(path, format_))
        except ImageError as error:
            raise self._at(i, error) from error

    def _file(self, i: int) -> tuple[Path, Format]:
        names = self._content.names
        if not 0 <= i < len(names):
            raise IndexError(f"table has rows 0 to {len(names) - 1}. Received: {i}")
        format_ = format_of(names[i], self._description.file.format)
        if format_ is None:
            raise AssertionError("names of unknown kinds are refused with the table")
        try:
            return find_inside(self._root, self._real_root, names[i]), format_
        except ImageError as error:
            raise self._at(i, error) from error

    def _at(self, i: int, error: ImageError) -> ImageError:
        """The reason with the place in the table, which says who it is only to those who have the table."""
        return ImageError(f"{self._table.at(i)}: {error}")

    @property
    def _toml(self) -> Path:
        if not self.config.root:
            raise DataError("Data set 'table' needs a TOML file: give it as --data table=FILE.toml")
        return Path(self.config.root)

    @cached_property
    def _description(self) -> Description:
        return read_description(self._toml)

    @cached_property
    def _reader(self) -> ImageReader:
        return ImageReader(self._description.file, self._description.image)

    @cached_property
    def _root(self) -> Path:
        return self._toml.parent / self._description.root

    @cached_property
    def _real_root(self) -> str:
        return os.path.realpath(self._root)

    @cached_property
    def _table(self) -> LabTable:
        described = self._description
        return read_lab_table(self._toml.parent / described.table, described.encoding, described.separator)

    @cached_property
    def _salt(self) -> bytes:
        return salt_of(self._toml, self._description.salt)

    @cached_property
    def _content(self) -> _Content:
        described, table = self._description, self._table
        refuse_missing_root(self._root, self._toml)
        names = file_names(table, described.file)
        labels, values = label_columns(table, described)
        example_ids = hashed(self._salt, "file", names)
        columns: dict[str, object] = {"example_id": example_ids}
        if described.split:
            columns["split"] = split_parts(table, described.split)
        columns |= {f"label.{name}": array for name, array in values.items()}
        columns[self.group_columns[0]] = self._groups(example_ids)
        columns |= {f"meta.{name}": metadata_column(table, name, of) for name, of in described.metadata.items()}
        columns |= self._facts(example_ids, names)
        columns["meta.table_row"] = np.arange(len(table)) + table.first_row
        return _Content(pd.DataFrame(columns), labels, names.tolist(), tuple(_notes(table, described)))

    def _groups(self, example_ids: pd.Series) -> pd.Series:
        group = self._description.group
        return hashed(self._salt, "group", group_names(self._table, group.column)) if group else example_ids

    def _facts(self, example_ids: pd.Series, names: pd.Series) -> dict[str, pd.Series]:
        wanted = self._description.dicom.metadata
        if not wanted:
            return {}
        root, real_root = self._root, self._real_root
        facts = header_facts(self._toml, example_ids, lambda row: find_inside(root, real_root, names.iloc[row]))
        return {f"meta.{fact}": facts[fact] for fact in wanted}


def _card(section: CardSection, title: str, notes: tuple[str, ...], namespace: str) -> DatasetCard:
    return DatasetCard(
        title=title,
        summary=section.summary,
        licence=section.licence,
        citation=section.citation,
        label_source=section.label_source,
        drawn=section.drawn,
        notes=notes,
        group_namespace=namespace,
    )


def _notes(table: LabTable, described: Description) -> list[str]:
    notes = [f"{len(table):,} images of {table.path.name}."]
    if described.group is None:
        notes.append(
            "No patient, plant or other group is known: images of one may lie in several parts of a split, and what is "
            "measured may then be too good."
        )
    for name, section in described.labels.items():
        n = n_uncertain(table, section) if section.kind == "binary" else 0
        if n:
            taken = {"ignore": "unknown", "zero": "absent", "one": "present"}[section.uncertain]
            notes.append(f"{name}: {n:,} uncertain (-1), taken as {taken}.")
    return notes


plugin = Plugin(
    config=TableConfig,
    create=LabImages,
    summary="A laboratory's own table of images or DICOM files; give its TOML file as table=FILE.toml.",
)
