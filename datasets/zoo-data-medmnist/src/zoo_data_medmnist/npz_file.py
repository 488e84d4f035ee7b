"""A file of MedMNIST's form: images and labels of three parts; looked at before any of it is decoded."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np

from zoo_core.api import cache_folder
from zoo_core.contract import DataError, OutputError

PARTS = {"train": "train", "val": "validation", "test": "test"}
"""What the file calls the parts of its split, and what the contract does."""

MOST_IN_MEMORY_BYTES = 256 * 1024**2
"""Of a file's images; those of a larger one are unpacked once and mapped, so that several ranks share them."""

_DAMAGED = (OSError, ValueError, EOFError, KeyError, RuntimeError, zipfile.BadZipFile, zlib.error)
"""What NumPy and zipfile raise of files that are none, are cut off, or are encrypted."""


@dataclass(frozen=True)
class Member:
    """One array of the file, before it is decoded."""

    shape: tuple[int, ...]
    dtype: np.dtype


def read_members(path: Path) -> dict[str, Member]:
    """Shapes and dtypes of the six arrays, which fit each other.

    Raises:
        DataError: the file does not open, or they do not.
    """
    names = [f"{part}_{what}" for part in PARTS for what in ("images", "labels")]
    with _refusing_damage(path), zipfile.ZipFile(path) as archive:
        there = {name.removesuffix(".npy") for name in archive.namelist()}
        if missing := [name for name in names if name not in there]:
            raise DataError(
                f"'{path}' needs the arrays {', '.join(names)}. Received: {', '.join(sorted(there)) or 'none'}: "
                f"'{missing[0]}' is missing"
            )
        members = {name: _read_header(archive, name) for name in names}
    for part in PARTS:
        _check_part(path, part, members[f"{part}_images"], members[f"{part}_labels"])
    shapes = {members[f"{part}_images"].shape[1:] for part in PARTS}
    if len(shapes) > 1:
        raise DataError(f"'{path}' needs images of one size. Received: {', '.join(map(str, sorted(shapes)))}")
    return members


def read_labels(path: Path) -> np.ndarray:
    """(example, label), float64, of all parts, one after the other.

    Raises:
        DataError: the file is damaged, or its parts have not as many labels.
    """
    with _refusing_damage(path), np.load(path, allow_pickle=False) as opened:
        parts = [opened[f"{part}_labels"].astype(np.float64) for part in PARTS]
        return np.concatenate([labels.reshape(len(labels), -1) for labels in parts])


def read_images(path: Path, members: dict[str, Member]) -> list[np.ndarray]:
    """(example, y, x) or (example, y, x, c), uint8, of each part.

    Raises:
        DataError: the file is damaged.
        OutputError: they are too many for the memory, and there is no place to unpack them to.
    """
    names = [f"{part}_images" for part in PARTS]
    if sum(int(np.prod(members[name].shape)) for name in names) <= MOST_IN_MEMORY_BYTES:
        with _refusing_damage(path), np.load(path, allow_pickle=False) as opened:
            return [opened[name] for name in names]
    folder = _unpacked(path, names)
    with _refusing_damage(path):
        return [np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False) for name in names]


def _unpacked(path: Path, names: list[str]) -> Path:
    """The folder that holds these arrays, each in a file of its own; made where it is not there yet."""
    state = path.stat()
    key = hashlib.sha256(f"{path.resolve()} {state.st_size} {state.st_mtime_ns}".encode()).hexdigest()[:16]
    folder = cache_folder() / "medmnist" / "unpacked" / f"{path.stem}-{key}"
    missing = [name for name in names if not (folder / f"{name}.npy").is_file()]
    if missing:
        with _refusing_damage(path), zipfile.ZipFile(path) as archive:
            for name in missing:
                with archive.open(f"{name}.npy") as packed:
                    _write(packed, folder / f"{name}.npy")
    return folder


def _write(packed: IO[bytes], target: Path) -> None:
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as file:
            shutil.copyfileobj(packed, file, 1 << 20)
        part.replace(target)
    except OSError as error:
        raise OutputError(
            f"Images too large for the memory are unpacked to '{target.parent}', which failed ({error.strerror}): make "
            "room there, or set XDG_CACHE_HOME to another folder"
        ) from error
    finally:
        part.unlink(missing_ok=True)


def _read_header(archive: zipfile.ZipFile, name: str) -> Member:
    with archive.open(f"{name}.npy") as file:
        version = np.lib.format.read_magic(file)
        read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, _, dtype = read(file)
    return Member(tuple(shape), dtype)


def _check_part(path: Path, part: str, images: Member, labels: Member) -> None:
    channels = images.shape[3:]
    if len(images.shape) == 4 and channels[0] not in (1, 3):
        raise DataError(
            f"'{path}' holds volumes ({part}_images of shape {images.shape}): MedMNIST's 3D data sets are not read here"
        )
    fits = images.dtype == np.uint8 and len(images.shape) in (3, 4) and 0 not in images.shape[1:]
    if not fits or not images.shape[0]:
        raise DataError(
            f"'{path}' needs {part}_images (example, y, x) or (example, y, x, 3), uint8, at least one. Received: shape "
            f"{images.shape}, {images.dtype}"
        )
    if labels.dtype.kind not in "biu" or labels.shape[:1] != images.shape[:1] or len(labels.shape) not in (1, 2):
        raise DataError(
            f"'{path}' needs {part}_labels (example, label), whole numbers, of {images.shape[0]} examples. Received: "
            f"shape {labels.shape}, {labels.dtype}"
        )


@contextlib.contextmanager
def _refusing_damage(path: Path) -> Iterator[None]:
    try:
        yield
    except (DataError, OutputError):
        raise
    except _DAMAGED as error:
        reason = str(error).partition("\n")[0] or type(error).__name__
        raise DataError(
            f"'{path}' needs to be a whole .npz file of MedMNIST. Received: one that does not open ({reason}): fetch "
            "it again"
        ) from error
