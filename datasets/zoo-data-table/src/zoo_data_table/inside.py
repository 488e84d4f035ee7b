"""Names from a table that must not lead out of the folder of the images."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath

from zoo_core.contract import ImageError


def is_inside(name: str) -> bool:
    """Whether a path leads nowhere but down from the folder it is in, as it is written.

    >>> is_inside("a/1.png"), is_inside("../1.png"), is_inside("/etc/1.png"), is_inside("C:/1.png")
    (True, False, False, False)
    """
    path = PurePosixPath(name)
    has_drive = ":" in path.parts[0] if path.parts else False
    return bool(path.parts) and not path.is_absolute() and not has_drive and not {"..", "~"} & set(path.parts)


def find_inside(root: Path, real_root: str, name: str) -> Path:
    """The file of a name below a folder.

    Args:
        root: the folder.
        real_root: the same, without links.
        name: below it.
    Raises:
        ImageError: there is none, or a link leads out of the folder.
    """
    path = root / name
    real = os.path.realpath(path)
    if os.path.commonpath([real, real_root]) != real_root:
        raise ImageError("lies behind a link that leads out of the folder: set root to where the files are")
    if not os.path.exists(real):  # noqa: PTH110 - a Path for each of 100,000 files takes longer than the question
        reason = "is not there" if root.is_dir() else f"cannot be opened: the folder '{root}' is not there"
        raise ImageError(reason)
    return path
