"""Names from a table that must not lead out of the folder of the images."""

from __future__ import annotations

import os
from pathlib import Path

from zoo_core.contract import ImageError


def plain_path(name: str) -> str | None:
    r"""A path below a folder in its plainest form; None where it is no path or leads out of the folder.

    >>> plain_path("a\\1.png"), plain_path("./a//1.png")
    ('a/1.png', 'a/1.png')
    >>> plain_path("../1.png"), plain_path("/etc/1.png"), plain_path("C:/1.png"), plain_path("~/1.png")
    (None, None, None, None)
    """
    name = name.replace("\\", "/")
    parts = [part for part in name.split("/") if part not in ("", ".")]
    if not parts or name.startswith("/") or ".." in parts or parts[0].startswith("~") or ":" in parts[0]:
        return None
    return None if "\0" in name else "/".join(parts)


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
    # Asked first: it is one question to the disk, and all that is asked of 100,000 files of a folder that vanished.
    try:
        path.stat()
    except OSError as error:
        folder = "" if root.is_dir() else f": the folder '{root}' is not there"
        raise ImageError(f"cannot be opened{folder or f': {error.strerror}'}") from error
    if os.path.commonpath([os.path.realpath(path), real_root]) != real_root:
        raise ImageError("lies behind a link that leads out of the folder: set root to where the files are")
    return path
