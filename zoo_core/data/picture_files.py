"""Picture files on a disk as a data set: one row a file, nothing known of any."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd

from zoo_core.contract import Arrays, ArraySpec, DataError, DatasetCard, Label
from zoo_core.data.images import read_grey, read_rgb

SUFFIXES = (".png", ".jpg", ".jpeg", ".tif", ".tiff")
"""Kinds of files that are read."""

READERS = {1: read_grey, 3: read_rgb}
"""By number of channels."""

FILE = "meta.file"


@dataclass(frozen=True)
class PictureFile:
    """A file and what it is called in results."""

    path: Path
    name: str


class PictureFiles:
    """A `DatasetAdapter` of picture files.

    Args:
        files: at least one.
        n_channels: 1 for grey, 3 for red, green and blue.
    """

    labels: tuple[Label, ...] = ()
    group_columns = (FILE,)
    split_name = None
    card = DatasetCard(
        title="Picture files",
        summary="Files that were given.",
        licence="unknown",
        citation="none",
        label_source="none: nothing is known of them",
        drawn=False,
    )

    def __init__(self, files: Sequence[PictureFile], n_channels: int) -> None:
        self._files = files
        self._read = READERS[n_channels]
        self.specs = (ArraySpec("image", ("y", "x", "c"), (None, None, n_channels), "uint8", (0, 255)),)

    @cached_property
    def _index(self) -> pd.DataFrame:
        names = [file.name for file in self._files]
        return pd.DataFrame({"example_id": names, FILE: names})

    def index(self) -> pd.DataFrame:
        """`example_id`, and the same as the group: each file is its own."""
        return self._index

    def read(self, i: int) -> Arrays:
        """The picture of row `i`.

        Raises:
            ImageError: it cannot be read.
        """
        return {"image": self._read(self._files[i].path)}


def find_pictures(inputs: Sequence[Path]) -> list[PictureFile]:
    """The picture files that are named, and those in folders, in the order of their names.

    Args:
        inputs: files and folders; of folders what is no picture is passed over.
    Returns:
        Files named by their path, or by that within their folder; with several inputs the folder's own before it.
    Raises:
        DataError: an input is not there, is no picture, or holds none; or two files have one name.
    """
    found = [file for one in inputs for file in _found(one, len(inputs) > 1)]
    names: set[str] = set()
    for file in found:
        if file.name in names:
            raise DataError(f"Each input needs a name of its own. Received: '{file.name}' twice: give each once")
        names.add(file.name)
    return found


def _found(one: Path, with_folder: bool) -> list[PictureFile]:
    if one.is_dir():
        files = [file for file in _walk(one) if _is_picture(file)]
        if not files:
            raise DataError(f"{_wanted(one)}, a folder that holds none: give another")
        before = Path(one.name if with_folder else "")
        return [PictureFile(file, (before / file.relative_to(one)).as_posix()) for file in files]
    if not one.is_file():
        raise DataError(f"{_wanted(one)}, which is not there")
    if not _is_picture(one):
        raise DataError(f"{_wanted(one)}, a file of another kind: convert it first")
    return [PictureFile(one, one.as_posix())]


def _walk(folder: Path) -> list[Path]:
    return sorted(Path(at) / name for at, _, names in os.walk(folder) for name in names)


def _is_picture(path: Path) -> bool:
    return path.suffix.lower() in SUFFIXES


def _wanted(one: Path) -> str:
    return f"A prediction needs pictures ({', '.join(SUFFIXES)}) or folders of them. Received: '{one}'"
