"""Picture files on a disk as a data set: one row a file, nothing known of any."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd

from zoo_core.contract import Arrays, ArraySpec, DataError, DatasetCard, Label
from zoo_core.data.images import read_grey, read_rgb

SUFFIXES = (".png", ".jpg", ".jpeg", ".tif", ".tiff")
"""Kinds of files that are read, in lower case."""

READERS = {1: read_grey, 3: read_rgb}
"""By number of channels."""

FILE = "meta.file"
"""The column of the index that stands for the group which nobody has named."""


@dataclass(frozen=True)
class PictureFile:
    """A file and what it is called in results."""

    path: Path
    name: str


@dataclass(frozen=True)
class FoundPictures:
    """What inputs hold.

    Attributes:
        files: in the order of the inputs, those of a folder in the order of their paths.
        n_passed_over: files in folders that are no pictures by their names.
    """

    files: tuple[PictureFile, ...]
    n_passed_over: int


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

    def index(self) -> pd.DataFrame:
        """`example_id`, and the same as `FILE`: whose pictures they are nobody has said."""
        return self._index

    def read(self, i: int) -> Arrays:
        """The picture of row `i`.

        Raises:
            ImageError: it cannot be read.
        """
        return {"image": self._read(self._files[i].path)}

    @cached_property
    def _index(self) -> pd.DataFrame:
        names = [file.name for file in self._files]
        return pd.DataFrame({"example_id": names, FILE: names})


def find_pictures(inputs: Sequence[Path]) -> FoundPictures:
    """The picture files that are named, and those in folders and the folders within them.

    A file is called as it was named, or by its path within the folder that was named; of several inputs, with the
    folder's name before it. Links to folders are not followed: they may lead back.

    Args:
        inputs: files and folders, at least one.
    Raises:
        DataError: an input is not there, is no picture, holds none, or cannot be looked into; or two files would have
            one name.
    """
    n_passed_over, files = 0, list[PictureFile]()
    for one in inputs:
        if one.is_dir():
            paths = sorted(_walk(one))
            # A broken link is a picture that cannot be read; a pipe would be waited for, for ever.
            pictures = [path for path in paths if _is_picture(path) and (path.is_file() or not path.exists())]
            if not pictures:
                raise DataError(f"{_wanted(one)}, a folder with {_counted(len(paths))} and no picture: give another")
            before = Path(one.resolve().name if len(inputs) > 1 else "")
            files += [PictureFile(path, name_of(before / path.relative_to(one))) for path in pictures]
            n_passed_over += len(paths) - len(pictures)
        else:
            files.append(_named_file(one))
    _refuse_twice(files)
    return FoundPictures(tuple(files), n_passed_over)


def name_of(path: Path) -> str:
    """A path as text that any file can hold: bytes that are no text are spelt out.

    >>> name_of(Path("a/b.png"))
    'a/b.png'
    """
    return os.fsencode(path.as_posix()).decode("utf-8", "backslashreplace")


def _named_file(path: Path) -> PictureFile:
    if not os.path.lexists(path):
        raise DataError(f"{_wanted(path)}, which is not there")
    if not path.is_file():
        raise DataError(f"{_wanted(path)}, which is neither a file nor a folder")
    if not _is_picture(path):
        raise DataError(f"{_wanted(path)}, a file of another kind: save its pictures as files of these")
    return PictureFile(path, name_of(path))


def _walk(folder: Path) -> Iterator[Path]:
    def refuse(error: OSError) -> None:
        raise DataError(f"{_wanted(folder)}, where '{error.filename}' cannot be looked into: {error.strerror}")

    for at, _, names in os.walk(folder, onerror=refuse):
        yield from (Path(at) / name for name in names)


def _is_picture(path: Path) -> bool:
    return path.suffix.lower() in SUFFIXES


def _refuse_twice(files: Sequence[PictureFile]) -> None:
    names: set[str] = set()
    for file in files:
        if file.name in names:
            raise DataError(
                f"Each picture needs a name of its own. Received: '{file.name}' twice: give each input once, and "
                "predict folders of one name apart"
            )
        names.add(file.name)


def _counted(n: int) -> str:
    return f"{n} file" if n == 1 else f"{n} files"


def _wanted(one: Path) -> str:
    return f"A prediction needs pictures ({', '.join(SUFFIXES)}) or folders of them. Received: '{name_of(one)}'"
