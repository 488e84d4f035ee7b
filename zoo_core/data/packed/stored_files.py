"""The files of a store, each with its size and SHA-256."""

import hashlib
from pathlib import Path

from zoo_core.contract import OutputError
from zoo_core.data.files import sha256_of, write_atomically
from zoo_core.data.packed.manifest import StoredFile


def store_file(folder: Path, path: str, *pieces: bytes | memoryview) -> StoredFile:
    """Write one file of a store.

    Args:
        folder: of the store.
        path: below it.
        pieces: of the file, in their order.
    Raises:
        OutputError: it cannot be written.
    """
    target = folder / path
    make_folder(target.parent)
    write_atomically(target, *pieces)
    digest = hashlib.sha256()
    for piece in pieces:
        digest.update(piece)
    return StoredFile(sum(map(len, pieces)), digest.hexdigest())


def fault(folder: Path, path: str, stored: StoredFile) -> str | None:
    """What is wrong with a file of a store; None where it is as it was written."""
    try:
        n_bytes = (folder / path).stat().st_size
        if n_bytes != stored.n_bytes:
            return f"{n_bytes} bytes instead of {stored.n_bytes}"
        return None if sha256_of(folder / path) == stored.sha256 else "another SHA-256 than when it was written"
    except OSError as error:
        return str(error.strerror)


def make_folder(folder: Path) -> None:
    """Make a folder where there is none.

    Raises:
        OutputError: it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"A store needs a folder that can be written. Received: '{folder}' ({error.strerror})"
        ) from error
