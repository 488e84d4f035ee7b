"""Where the files of a table are: the column that names them, and the folder and ending that make paths of it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from zoo_data_table.files import FORMATS
from zoo_data_table.inside import plain_path
from zoo_data_table.lab_table import LabTable

N_TRIED = 40
"""Rows whose files are looked for: enough to tell folders apart, and quick on a network."""

MOST_FOLDERS = 300
DEEPEST = 2

TELLING_NAME = re.compile(r"file|image|path|picture|photo|scan|dicom", re.IGNORECASE)


@dataclass(frozen=True)
class Place:
    """How a row becomes a file.

    Attributes:
        column: that names it; empty where none seems to.
        root: folder of the files.
        suffix: that is to be added.
        n_found: rows among those tried whose file is there.
        n_tried: rows that were tried.
        found: those files.
    """

    column: str
    root: Path
    suffix: str
    n_found: int
    n_tried: int
    found: tuple[Path, ...] = ()


def find_place(table: LabTable, roots: Sequence[Path]) -> Place:
    """The column, folder and ending of most files that are there; or else the column whose names end as files do.

    Args:
        table: to look at.
        roots: folders that are tried, the likeliest first.
    """
    tried = [_sample(table, str(column)) for column in table.cells.columns]
    places = [place for column, names in tried if names for place in _places(column, names, roots)]
    if not places:
        return Place("", roots[0], "", 0, 0)
    return max(places, key=lambda place: (place.n_found, _ends_as_file(table, place), _is_telling(place)))


def folders_near(folder: Path) -> Iterator[Path]:
    """A folder and those in it, two deep: folders of images lie beside their table."""
    yield folder
    level, n = [folder], 0
    for _ in range(DEEPEST):
        level = [Path(entry.path) for one in level for entry in _folders_in(one)]
        for one in level:
            n += 1
            if n > MOST_FOLDERS:
                return
            yield one


def _folders_in(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            found = [e for e in entries if e.is_dir() and not e.name.startswith(".") and not e.name.endswith(".zarr")]
    except OSError:  # one that cannot be looked into holds nothing that could be read
        return []
    return sorted(found, key=lambda entry: entry.name)


def _sample(table: LabTable, column: str) -> tuple[str, list[str]]:
    """A column and some of its values that could be paths."""
    texts = table.said(column, "TABLE")
    texts = texts[texts != ""].drop_duplicates()
    step = max(len(texts) // N_TRIED, 1)
    return column, [name for text in texts.iloc[::step][:N_TRIED] if (name := plain_path(str(text)))]


def _places(column: str, names: Sequence[str], roots: Sequence[Path]) -> Iterator[Place]:
    suffixes = [""] if any(_suffix(name) in FORMATS for name in names) else ["", *FORMATS]
    for root in roots:
        for suffix in suffixes:
            # A folder of the name of a plate is no image; a zarr is a folder.
            paths = [root / f"{name}{suffix}" for name in names]
            found = tuple(p for p in paths if p.is_file() or (p.is_dir() and ".zarr" in str(p).lower()))
            yield Place(column, root, suffix, len(found), len(names), found)


def _suffix(name: str) -> str:
    return PurePosixPath(name).suffix.lower()


def _ends_as_file(table: LabTable, place: Place) -> bool:
    return any(_suffix(name) in FORMATS for name in _sample(table, place.column)[1])


def _is_telling(place: Place) -> bool:
    return bool(TELLING_NAME.search(place.column))
