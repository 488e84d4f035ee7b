"""One packer at a time: a lock that the system takes back when its process ends, however it ends."""

import contextlib
import fcntl
import json
import os
import socket
from collections.abc import Iterator
from pathlib import Path

from zoo_core.contract import OutputError

LOCK = ".lock"


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the lock of a store.

    Raises:
        OutputError: another process holds it, or the folder cannot be written to.
    """
    # The file stays: were it removed, a third process could lock a new one while a second waits for the old.
    try:
        file = (folder / LOCK).open("a+")
    except OSError as error:
        raise OutputError(
            f"A store needs a folder that can be written. Received: '{folder}' ({error.strerror})"
        ) from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise OutputError(f"'{folder}' can have one packer at a time. Received: {_holder(folder)}") from error
        file.truncate(0)
        file.write(json.dumps({"pid": os.getpid(), "host": socket.gethostname()}))
        file.flush()
        yield


def _holder(folder: Path) -> str:
    try:
        who = json.loads((folder / LOCK).read_text())
        return f"a second one, while process {who['pid']} on {who['host']} packs into it: wait for it, or end it"
    except (OSError, ValueError, LookupError, TypeError):
        return "a second one, while another process packs into it: wait for it, or end it"
