"""Arrays of NumPy and zarr files: looked at before they are read, and never unpickled."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from zoo_core.api import MAX_PIXELS
from zoo_core.contract import ImageError

MOST_VALUES = 3 * MAX_PIXELS
"""Of an array, and of one chunk of a zarr: three channels of the largest picture that is read."""


def read_npy(path: Path) -> np.ndarray:
    """The array of a .npy file.

    Raises:
        ImageError: it is damaged, too large, or holds something else than numbers; the text is the reason alone.
    """
    try:
        with path.open("rb") as file:
            version = np.lib.format.read_magic(file)
            read_header = (
                np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
            )
            shape, _, dtype = read_header(file)
            _refuse(shape, dtype)
            file.seek(0)
            found: np.ndarray = np.lib.format.read_array(file, allow_pickle=False)
    except ImageError:
        raise
    except OSError as error:
        raise ImageError(f"cannot be opened: {error.strerror or error}") from error
    except (ValueError, EOFError) as error:
        raise ImageError(f"is no .npy file, or is damaged: {' '.join(str(error).split())}") from error
    return found


def read_zarr(path: Path) -> np.ndarray:
    """An array of a zarr store; zarr itself knows no data type of pickled objects, which a test holds.

    Args:
        path: of the array, within the store.
    Raises:
        ImageError: there is none, or it is damaged, too large, or holds something else than numbers.
    """
    import zarr

    try:
        array = zarr.open_array(str(path), mode="r")
        _refuse(array.shape, array.dtype)
        _refuse(array.chunks, array.dtype)
        found: np.ndarray = np.asarray(array[...])
    except ImageError:
        raise
    except Exception as error:  # each codec raises its own
        raise ImageError(f"is no zarr array, or is damaged: {' '.join(str(error).split())}") from error
    return found


def _refuse(shape: tuple[int, ...], dtype: np.dtype) -> None:
    """Before anything is read: a small file can hold a huge array."""
    if dtype.kind not in "buif":
        raise ImageError(f"holds {dtype}, where numbers are read")
    if math.prod(shape) > MOST_VALUES:
        raise ImageError(f"has more than {MOST_VALUES:,} values, or a chunk that has")
    if not math.prod(shape):
        raise ImageError("holds no values")
