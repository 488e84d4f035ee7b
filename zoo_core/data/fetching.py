"""Published files on this machine: fetched once, and used only with the checksum that their publisher states."""

import hashlib
import http.client
import os
import shutil
import sys
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

from zoo_core.contract import MachineError
from zoo_core.plugins import memory_folder

SCHEMES = ("https", "http", "file")
"""Of addresses that are fetched from."""

TIMEOUT_S = 60.0
"""Of silence, after which a server is given up."""

_PIECE_BYTES = 1 << 20


def fetch_file(address: str, checksum: str | None, path: Path) -> Path:
    """A published file on this machine, fetched if it is not there yet.

    What is there is never less than the whole file, and is checked again at each call: somebody may have put it there.

    Args:
        address: where its publisher has it.
        checksum: `sha256:...` or `md5:...` as its publisher states it; None where the publisher states none.
        path: where it is kept; folders are made.
    Returns:
        `path`.
    Raises:
        MachineError: it cannot be fetched, or is not what its publisher states; the text says what to do instead.
    """
    if not path.is_file():
        _fetch(address, checksum, path)
    elif (received := digest_of(path, checksum)) != checksum:
        raise MachineError(
            f"'{path}' needs to be what {address} has, with the checksum {checksum}. Received: {received}: remove it, "
            "and it is fetched anew"
        )
    return path


def cache_folder() -> Path:
    """Where fetched files are kept, with what else zoo remembers: below `$XDG_CACHE_HOME`, or `~/.cache`.

    Raises:
        OutputError: this user has no home folder.
    """
    return memory_folder()


def digest_of(path: Path, checksum: str | None) -> str | None:
    """A file's checksum by the algorithm of another, and in its form, `sha256:...`; None where the other is None."""
    if checksum is None:
        return None
    algorithm = checksum.partition(":")[0]
    with path.open("rb") as file:
        return f"{algorithm}:{hashlib.file_digest(file, algorithm).hexdigest()}"


def _fetch(address: str, checksum: str | None, path: Path) -> None:
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _download(address, part)
        if (received := digest_of(part, checksum)) != checksum:
            raise ValueError(f"what came has the checksum {received}, which is not its publisher's")
        part.replace(path)
    except (OSError, http.client.HTTPException, ValueError) as error:
        # urllib wraps what its sockets say in angle brackets.
        cause = getattr(error, "reason", error) if type(error) is urllib.error.URLError else error
        reason = str(cause).strip().partition("\n")[0] or type(error).__name__
        stated = f", see that its checksum is {checksum}" if checksum else ""
        raise MachineError(
            f"{address} could not be fetched: {reason}. Fetch it on another machine{stated}, and put it at '{path}'"
        ) from error
    finally:
        part.unlink(missing_ok=True)


def _download(address: str, part: Path) -> None:
    if urllib.parse.urlsplit(address).scheme not in SCHEMES:
        raise ValueError(f"an address begins with one of {', '.join(SCHEMES)}")
    with urllib.request.urlopen(address, timeout=TIMEOUT_S) as answer:  # noqa: S310 - its scheme has been looked at
        length = answer.headers.get("Content-Length")
        size = f" ({int(length) / 1e6:,.1f} MB)" if length else ""
        sys.stderr.write(f"fetching {address}{size}\n")
        with part.open("wb") as file:
            shutil.copyfileobj(answer, file, _PIECE_BYTES)
            n_bytes = file.tell()
    if length and n_bytes != int(length):
        raise ValueError(f"the connection ended after {n_bytes:,} of {int(length):,} bytes")
