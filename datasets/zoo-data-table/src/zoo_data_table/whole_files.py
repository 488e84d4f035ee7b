"""Small files that are there whole or not at all, whatever happens and however many processes write them."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def replace_file(path: Path, content: bytes) -> None:
    """Write a file, in the place of one that may be there.

    Raises:
        OSError: it cannot be written.
    """
    temporary = _written(path, content)
    try:
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def create_file(path: Path, content: bytes) -> None:
    """Write a file that is not there yet.

    Raises:
        FileExistsError: it is there; it stays as it is.
        OSError: it cannot be written.
    """
    temporary = _written(path, content)
    try:
        os.link(temporary, path)
    finally:
        temporary.unlink()


def _written(beside: Path, content: bytes) -> Path:
    handle, name = tempfile.mkstemp(prefix=f".{beside.name}.", dir=beside.parent)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    return Path(name)
