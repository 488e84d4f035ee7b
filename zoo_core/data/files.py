"""Files that are there whole or not at all."""

import contextlib
import hashlib
import os
from collections.abc import Iterable
from pathlib import Path

from zoo_core.contract import OutputError


def write_atomically(path: Path, *pieces: bytes | memoryview) -> None:
    """Write a file, piece by piece, that is there whole or not at all, also after a power cut.

    Parts that a killed process left of the same file are removed.

    Raises:
        OutputError: it cannot be written; what was at `path` is still there.
    """
    try:
        remove_parts(path.parent, path.name)
        _write_beside(path, pieces)
    except OSError as error:
        raise OutputError(
            f"'{path}' needs to be written, which failed ({error.strerror}): make room or give permission there"
        ) from error


def remove_parts(folder: Path, name: str = "*") -> None:
    """Remove what killed processes left of files they were writing; one process alone writes in a folder.

    Args:
        folder: where.
        name: of the file, or a pattern.
    """
    for part in folder.glob(f".{name}.*.part"):
        part.unlink(missing_ok=True)


def sha256_of(path: Path) -> str:
    """SHA-256 of a file that need not fit into memory."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _write_beside(path: Path, pieces: Iterable[bytes | memoryview]) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with temporary.open("wb") as file:
            file.writelines(pieces)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            temporary.unlink()
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
