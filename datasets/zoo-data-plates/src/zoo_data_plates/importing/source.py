"""The folder that is imported: walked once, never left."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from zoo_core.contract import DataError


@dataclass(frozen=True)
class Source:
    """What lies in a folder.

    Attributes:
        root: the folder, without links in its path.
        paths: of all files below it, with `/` between folders, sorted; hidden ones are left out.
        n_links: links that were left alone: to any folder, and to files outside.
    """

    root: Path
    paths: tuple[str, ...]
    n_links: int


def walk(folder: Path, without: Path) -> Source:
    """Find all files in a folder and in those below it.

    A link to a file inside counts as a file. A link to a folder is never followed, as it may lead in circles, nor is
    one to a file outside: a name in the folder must not decide what else of the machine is read.

    Args:
        folder: where.
        without: a folder that is left out, such as the one that is written to.
    Raises:
        DataError: it is no folder, or a part of it cannot be listed.
    """
    if not folder.is_dir():
        raise DataError(f"An import needs the folder of the pictures. Received: '{folder}', which is no folder")
    root = folder.resolve()
    paths, n_links = [], 0
    try:
        for entry in _entries(root, str(without.resolve())):
            path = Path(entry.path)
            if entry.is_symlink() and (path.is_dir() or not path.resolve().is_relative_to(root)):
                n_links += 1
            else:
                paths.append(path.relative_to(root).as_posix())
    except OSError as error:
        raise DataError(f"'{error.filename}' cannot be listed: {error.strerror}. Give permission to read it") from error
    return Source(root, tuple(sorted(paths)), n_links)


def _entries(folder: Path, without: str) -> Iterator[os.DirEntry[str]]:
    waiting = [str(folder)]
    while waiting:
        with os.scandir(waiting.pop()) as entries:
            for entry in entries:
                if entry.name.startswith(".") or entry.path == without:
                    continue
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)
                else:
                    yield entry
