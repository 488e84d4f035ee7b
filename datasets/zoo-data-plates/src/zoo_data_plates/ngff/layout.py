"""Where the parts of a plate lie in its folder."""

from __future__ import annotations

import fcntl
import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from zoo_core.contract import DataError, OutputError
from zoo_data_plates.well_names import WellName

INDEX_FILE = "index.parquet"
"""Table of all fields, written last: a plate of ours without it is unfinished."""
WELLS_FILE = "wells.parquet"
"""What is in each well."""


def field_path(well: str, field: int) -> str:
    """Path of a field's image group in the plate, such as "A/1/0".

    Raises:
        DataError: it names no well, or no field.
    """
    if field < 0:
        raise DataError(f"Fields of a well are numbered from 0. Received: {field} of well {well}")
    name = WellName.parse(well)
    return f"{name.row}/{name.column}/{field}"


def has_field(folder: Path, well: str, field: int) -> bool:
    """Whether a field has been written: whole, as it is never there in part."""
    return (folder / field_path(well, field) / "zarr.json").is_file()


def is_finished(folder: Path) -> bool:
    """Whether a plate that was written here has its index."""
    return (folder / INDEX_FILE).is_file()


@contextmanager
def whole_or_absent(place: Path, what: str) -> Iterator[Path]:
    """A hidden folder beside `place` that takes its name once all is written, or goes.

    Raises:
        OutputError: `place` is there already, or writing failed.
    """
    hidden = place.with_name(f".{place.name}.{os.getpid()}.{uuid.uuid4().hex}")
    try:
        try:
            yield hidden
            # Of two writers of one field the second finds a folder that is not empty, and fails.
            hidden.rename(place)
        finally:
            shutil.rmtree(hidden, ignore_errors=True)
    except OSError as error:
        if place.exists():
            raise OutputError(f"{what} is there already in {place}. Remove it first, or write elsewhere") from error
        raise OutputError(f"{what} cannot be written to {place}: {error}. Make room or give permission") from error


@contextmanager
def replaced(path: Path) -> Iterator[Path]:
    """A hidden file beside `path` that takes its place once it is written, or goes."""
    hidden = path.with_name(f".{path.name}.{os.getpid()}.{uuid.uuid4().hex}")
    try:
        yield hidden
        hidden.replace(path)
    finally:
        hidden.unlink(missing_ok=True)


def remove_hidden(folder: Path) -> None:
    """Remove what killed processes left in a folder; nobody else may be writing there."""
    for left in folder.glob(".*.*.*"):
        if left.is_dir():
            shutil.rmtree(left, ignore_errors=True)
        else:
            left.unlink(missing_ok=True)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold a folder against other processes that write its metadata; waits for them."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)  # the system takes it back however the process ends
        yield
    finally:
        os.close(descriptor)
