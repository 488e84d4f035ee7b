"""Data set `leaf-folder`: photographs of leaves, a folder a class, with or without a table beside them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import numpy as np

from zoo_core.api import read_rgb
from zoo_core.contract import Arrays, ArraySpec, DataError, DatasetCard, ImageError, Label, Plugin
from zoo_data_plates.picture_tables import (
    check_names,
    find_table,
    in_row,
    open_root,
    pictures_in,
    read_table,
    require_columns,
)

if TYPE_CHECKING:
    import pandas as pd

PARTS = {"train": "train", "val": "validation", "validation": "validation", "test": "test"}
"""What tables call the parts of a split, and what the contract does."""

_WANTED = "one folder of photographs (JPEG, PNG or TIFF) for each class"


@dataclass(frozen=True)
class LeafFolderConfig:
    """Where the photographs are, and what the table's columns are called.

    Attributes:
        root: the folder that holds one folder for each class.
        table: CSV or parquet table in ROOT, beside it, or with its whole path; empty for labels.csv or labels.parquet
            where ROOT has it; "none" to leave that alone.
        image_column: paths of the photographs from ROOT on.
        label_column: names of the classes; without such a column it is the folders that name them.
        split_column: train, val or validation, test; without it, or left empty, the data define no split.
        leaf_column: which leaf or plant it is; photographs of one stay in one part of a split. May be left empty.
    """

    root: str = ""
    table: str = ""
    image_column: str = "image"
    label_column: str = "label"
    split_column: str = "split"
    leaf_column: str = "leaf_id"


@dataclass(frozen=True)
class _Found:
    """What was found under ROOT.

    Attributes:
        rows: `example_id`, `class` (a name, empty where unknown) and, where known, `split` and `leaf`.
        class_names: sorted.
        table: the table they come from, or None.
        n_without_file: rows of the table without a file.
        n_without_row: files without a row of the table.
        examples: of what lacks its other half.
    """

    rows: pd.DataFrame
    class_names: tuple[str, ...]
    table: Path | None = None
    n_without_file: int = 0
    n_without_row: int = 0
    examples: tuple[str, ...] = ()


class LeafFolder:
    """Photographs of leaves; nothing is read before it is asked for."""

    specs = (ArraySpec("image", ("y", "x", "c"), (None, None, 3), "uint8", (0, 255), ("red", "green", "blue")),)

    def __init__(self, config: LeafFolderConfig) -> None:
        self.config = config

    @cached_property
    def card(self) -> DatasetCard:
        """What it is; with a root, also which classes, and what is not known."""
        return DatasetCard(
            title="Folder of leaf photographs",
            summary="Photographs of leaves, each of one class such as a disease.",
            licence="that of the folder's photographs, which its owner knows",
            citation="whoever took the photographs",
            label_source="The names of folders, or a table: as good as whoever sorted the photographs.",
            drawn=False,
            notes=self._notes() if self.config.root else (),
        )

    @property
    def labels(self) -> tuple[Label, ...]:
        """`disease`; its classes are known once there is a root."""
        return (Label("disease", "class", class_names=self._found.class_names if self.config.root else ()),)

    @property
    def group_columns(self) -> tuple[str, ...]:
        """`meta.leaf_id` where the table has it, otherwise each photograph by itself."""
        return ("meta.leaf_id",) if self._knows_leaves else ("meta.image",)

    @property
    def split_name(self) -> str | None:
        """`given` where the table has a split; None also while no root is given."""
        return "given" if self.config.root and "split" in self._found.rows else None

    def index(self) -> pd.DataFrame:
        """One row for each photograph, in the order of their paths."""
        import pandas as pd

        rows = self._found.rows
        number = {name: float(n) for n, name in enumerate(self._found.class_names)}
        columns: dict[str, object] = {"example_id": rows["example_id"]}
        if "split" in rows:
            columns["split"] = rows["split"]
        columns["label.disease"] = rows["class"].map(number).astype(np.float64)
        columns |= {"meta.leaf_id": rows["leaf"]} if self._knows_leaves else {"meta.image": rows["example_id"]}
        return pd.DataFrame(columns)

    def read(self, i: int) -> Arrays:
        """The photograph of row `i`."""
        names = self._names
        if not 0 <= i < len(names):
            raise IndexError(f"leaf-folder has rows 0 to {len(names) - 1}. Received: {i}")
        try:
            return {"image": read_rgb(Path(self.config.root) / names[i])}
        except ImageError as error:
            raise ImageError(f"{names[i]} {error}") from error

    @property
    def _knows_leaves(self) -> bool:
        return bool(self.config.root) and "leaf" in self._found.rows

    @cached_property
    def _names(self) -> list[str]:
        return list(self._found.rows["example_id"])

    @cached_property
    def _found(self) -> _Found:
        return _find(self.config)

    def _notes(self) -> tuple[str, ...]:
        found = self._found
        notes = [f"{len(found.rows):,} photographs of the classes {', '.join(found.class_names)}."]
        if not self._knows_leaves:
            notes.append(
                "No plant or leaf ids are known: photographs of one leaf may lie in several parts of a split, and what "
                "is measured may then be too good."
            )
        unknown = int((found.rows["class"] == "").sum())
        if unknown:
            notes.append(f"{unknown:,} photographs have no class in {_name(found.table)}.")
        if found.n_without_file:
            notes.append(f"{found.n_without_file:,} rows of {_name(found.table)} have no file.")
        if found.n_without_row:
            notes.append(f"{found.n_without_row:,} photographs have no row in {_name(found.table)} and were left out.")
        if found.examples:
            notes.append(f"Such as {', '.join(found.examples)}.")
        return tuple(notes)


def _find(config: LeafFolderConfig) -> _Found:
    root = open_root(config.root, "leaf-folder", _WANTED)
    names = pictures_in(root)
    if not names:
        raise DataError(f"Data set 'leaf-folder': no photograph in {root}. It should hold {_WANTED}")
    table = find_table(root, config.table)
    found = _by_folder(names) if table is None else _by_table(config, table, names)
    if len(found.class_names) < 2:
        raise DataError(
            f"Data set 'leaf-folder' needs two classes to tell apart. Received: {len(found.class_names)} "
            f"({', '.join(found.class_names)}) in {root}. It should hold {_WANTED}"
        )
    return found


def _by_folder(names: list[str]) -> _Found:
    import pandas as pd

    rows = pd.DataFrame({"example_id": names, "class": [_folder(name) for name in names]})
    classes = tuple(sorted(set(rows["class"])))
    loose = rows["example_id"][rows["class"] == ""]
    if len(loose):
        raise DataError(
            f"Data set 'leaf-folder': {len(loose)} photographs, such as '{loose.iloc[0]}', are in no class's folder. "
            "Move them, or give a table with --set data.table=NAME"
        )
    if set(classes) <= set(PARTS):
        raise DataError(
            f"Data set 'leaf-folder' takes the folders' names for classes. Received: {', '.join(classes)}, which are "
            "parts of a split. Give one of these folders, or a table of all with --set data.table=NAME"
        )
    return _Found(rows, classes)


def _by_table(config: LeafFolderConfig, path: Path, names: list[str]) -> _Found:
    table = read_table(path)
    require_columns(table, path, _named_columns(config))
    images = table[config.image_column]
    check_names(images, path)
    rows = table.iloc[np.argsort(images.to_numpy(dtype=object), kind="stable")]
    # A row may name a file that does not end as pictures do: reading it will tell.
    names = sorted({*names, *(image for image in images if (Path(config.root) / image).is_file())})
    rows = rows[rows[config.image_column].isin(names)]
    without_file = sorted(set(images) - set(names))
    without_row = sorted(set(names) - set(images))
    if rows.empty:
        raise DataError(
            f"{path.name}: none of its {len(table):,} pictures, such as '{images[0]}', is among the {len(names):,} "
            f"photographs in {config.root}, such as '{names[0]}'. Paths start from that folder"
        )
    known = _columns(config, path, rows)
    classes = tuple(sorted(set(known["class"]) - {""}))
    _refuse_contradiction(known, path, set(classes))
    examples = (*without_file[:2], *without_row[:2])
    return _Found(known.reset_index(drop=True), classes, path, len(without_file), len(without_row), examples)


def _named_columns(config: LeafFolderConfig) -> list[tuple[str, str]]:
    """The columns that must be there, with their options: the pictures', and those that a user has named."""
    options = ("label_column", "split_column", "leaf_column")
    named = [option for option in options if getattr(config, option) not in ("", getattr(LeafFolderConfig, option))]
    return [(getattr(config, option), option) for option in ("image_column", *named)]


def _columns(config: LeafFolderConfig, path: Path, rows: pd.DataFrame) -> pd.DataFrame:
    import pandas as pd

    images = rows[config.image_column]
    has_label = config.label_column in rows
    classes = rows[config.label_column].str.strip() if has_label else images.map(_folder)
    columns = {"example_id": images, "class": classes}
    if config.split_column in rows:
        part = rows[config.split_column].str.strip().str.lower()
        wrong = np.flatnonzero(~part.isin(list(PARTS)))
        if len(wrong):
            raise DataError(
                f"{in_row(path, int(rows.index[wrong[0]]))}: '{config.split_column}' needs one of {', '.join(PARTS)}. "
                f"Received: '{part.iloc[wrong[0]]}'. To do without it: --set data.split_column="
            )
        columns["split"] = part.map(PARTS)
    if config.leaf_column in rows:
        leaf = rows[config.leaf_column].str.strip()
        columns["leaf"] = leaf.where(leaf != "")
    return pd.DataFrame(columns)


def _refuse_contradiction(rows: pd.DataFrame, path: Path, classes: set[str]) -> None:
    """A folder that bears another class's name than the table gives: one of the two is wrong."""
    folders = rows["example_id"].map(_folder)
    wrong = np.flatnonzero(folders.isin(classes) & (rows["class"] != "") & (folders != rows["class"]))
    if len(wrong):
        raise DataError(
            f"{in_row(path, int(rows.index[wrong[0]]))}: '{rows['example_id'].iloc[wrong[0]]}' lies in the folder of "
            f"one class and is '{rows['class'].iloc[wrong[0]]}' by the table. Mend one of the two"
        )


def _folder(name: str) -> str:
    """The first folder of a path; empty where there is none."""
    parts = PurePosixPath(name).parts
    return parts[0] if len(parts) > 1 else ""


def _name(table: Path | None) -> str:
    return table.name if table else "the table"


plugin = Plugin(
    config=LeafFolderConfig,
    create=LeafFolder,
    summary="Photographs of leaves, a folder a class, or with a table; give the folder as leaf-folder=ROOT.",
)
