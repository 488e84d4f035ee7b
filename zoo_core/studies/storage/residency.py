"""Whether files are in the system's page cache: put out of it, read into it, and proven either way."""

import ctypes
import mmap
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal

import numpy as np

from zoo_core.data.reader import read_ahead

State = Literal["cold", "warm", "unknown"]

_libc = ctypes.CDLL(None, use_errno=True)
_libc.mincore.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p)


def bring_into(state: State, files: Sequence[Path]) -> State:
    """Bring files into a state, and say which one they are in then.

    Args:
        state: cold or warm.
        files: that nobody has mapped: what is mapped stays in memory.
    Returns:
        `state` where the kernel confirms it for every page; else "unknown".
    """
    for _ in read_ahead(evict if state == "cold" else read_through, files, len(os.sched_getaffinity(0))):
        pass
    resident = resident_share(files)
    return state if resident == {"cold": 0.0, "warm": 1.0}[state] else "unknown"


def evict(path: Path) -> None:
    """Ask the kernel to drop a file's pages; those that are not on the disk yet are written first."""
    file = os.open(path, os.O_RDONLY)
    try:
        os.fsync(file)
        os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
    finally:
        os.close(file)


def read_through(path: Path) -> None:
    """Read a file once, so that its pages are in memory where they fit."""
    with path.open("rb", buffering=0) as file:
        while file.read(2**20):
            pass


def resident_share(files: Iterable[Path]) -> float:
    """The part of all pages of files that is in memory, 0 to 1.

    Raises:
        OSError: the kernel does not say.
    Source:
        mincore(2): the lowest bit of each byte of the vector says whether a page is in memory.
    """
    n_resident = n_pages = 0
    for path in files:
        pages = _pages_in_memory(path)
        n_resident, n_pages = n_resident + int(pages.sum()), n_pages + len(pages)
    return n_resident / max(n_pages, 1)


def _pages_in_memory(path: Path) -> np.ndarray:
    """(page,) uint8, 1 where a page is in memory."""
    # Mapped, but not touched: looking at a page must not bring it into memory.
    mapped = np.memmap(path, np.uint8, mode="r")
    pages = np.zeros(-(-mapped.nbytes // mmap.PAGESIZE), np.uint8)
    if _libc.mincore(mapped.ctypes.data, mapped.nbytes, pages.ctypes.data):
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error), str(path))
    return pages & 1
