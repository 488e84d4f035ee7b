"""Places that are measured: folders that can be written, with room to spare, and left as they were found."""

import contextlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import psutil

from zoo_core.contract import ConfigError, OutputError

RESERVE = 0.05
"""Of a file system, that is left free for others."""

PREFIX = "zoo-storage-"

REMOVALS, BETWEEN_REMOVALS_S = 50, 0.1
"""Attempts; what is still there after them is an error."""

IN_MEMORY = ("tmpfs", "ramfs")


def refuse_unusable(places: Sequence[Path], n_bytes: int) -> None:
    """See that every place can be written and has room, before anything is measured.

    Args:
        places: folders, as the user named them.
        n_bytes: that will be written into each, one after the other.
    Raises:
        ConfigError: a place is named twice.
        OutputError: a place is no folder, cannot be written, or has too little room.
    """
    for i, place in enumerate(places):
        _refuse_unwritable(place)
        twin = next((other for other in places[:i] if other.samefile(place)), None)
        if twin:
            raise ConfigError(f"--at needs each place once. Received: '{twin}' and '{place}', which are one folder")
        _refuse_full(place, n_bytes)


@contextlib.contextmanager
def made_folder(place: Path) -> Iterator[Path]:
    """A folder in a place that goes away with all that is in it, also where a signal ends the work."""
    try:
        folder = tempfile.TemporaryDirectory(prefix=PREFIX, dir=place)
    except OSError as error:
        raise _unwritable(place, error) from error
    with folder as name:
        try:
            yield Path(name)
        except OSError as error:
            raise OutputError(
                f"Files of the study need to be written and read in '{place}', which failed ({error}): make room "
                "there, or choose another place"
            ) from error
        finally:
            _remove(Path(name))


def filesystem(place: Path) -> str:
    """Kind of the file system that a place is on, such as ext4.

    >>> filesystem(Path("/proc"))
    'proc'
    """
    path = str(place.resolve())
    mounts = [(one.mountpoint, one.fstype) for one in psutil.disk_partitions(all=True)]
    # Of two mounts on one point the later covers the earlier.
    holding = [(len(point), i, kind) for i, (point, kind) in enumerate(mounts) if _is_below(path, point)]
    return max(holding)[2] if holding else "unknown"


def _is_below(path: str, point: str) -> bool:
    return os.path.commonpath([path, point]) == point


def _refuse_unwritable(place: Path) -> None:
    if not place.is_dir():
        raise OutputError(f"--at needs a folder that is there. Received: '{place}': make it first")
    try:
        # Permissions alone do not say it: root may write everywhere but on a read-only file system.
        tempfile.TemporaryDirectory(prefix=PREFIX, dir=place).cleanup()
    except OSError as error:
        raise _unwritable(place, error) from error


def _refuse_full(place: Path, n_bytes: int) -> None:
    disk = shutil.disk_usage(place)
    reserve, free, where = int(RESERVE * disk.total), disk.free, "on its disk"
    available = psutil.virtual_memory().available
    if filesystem(place) in IN_MEMORY and available < free:
        free, where = available, "in memory, which it takes its room from"
    if n_bytes + reserve > free:
        raise OutputError(
            f"--at needs room for {_gigabytes(n_bytes)} and {_gigabytes(reserve)} that stay free. Received: '{place}' "
            f"with {_gigabytes(free)} {where}: make room, or fewer --images or a smaller --size"
        )


def _remove(folder: Path) -> None:
    """Remove a folder into which a thread that a signal has cut off from its pool may still write its last file."""
    for _ in range(REMOVALS):
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            return
        time.sleep(BETWEEN_REMOVALS_S)


def _unwritable(place: Path, error: OSError) -> OutputError:
    return OutputError(
        f"--at needs a folder that can be written. Received: '{place}' ({error.strerror}): choose another"
    )


def _gigabytes(n_bytes: int) -> str:
    return f"{n_bytes / 1e9:,.2f} GB"
