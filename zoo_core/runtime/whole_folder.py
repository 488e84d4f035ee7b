"""A folder that is there whole or not at all."""

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from zoo_core.contract import OutputError
from zoo_core.runtime.record import refuse_existing


@contextlib.contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """Give a hidden folder to write into, which takes its place when all is written and is removed where that fails.

    Args:
        path: of the folder that there will be, nothing yet.
    Raises:
        OutputError: there is something at `path`, or it cannot be written there.
    """
    hidden = path.with_name(f".{path.name}.{os.getpid()}.unfinished")
    try:
        hidden.mkdir(parents=True)
    except OSError as error:
        raise OutputError(f"--out needs a folder that can be written. Received: '{path}' ({error.strerror})") from error
    try:
        yield hidden
        refuse_existing(path)  # it may have come while this one was written
        hidden.rename(path)
    finally:
        shutil.rmtree(hidden, ignore_errors=True)
