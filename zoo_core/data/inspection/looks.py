"""One look at one example: what can be told of its arrays without knowing any other."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import imagehash
import numpy as np
from PIL import Image

from zoo_core.contract import Arrays, ArraySpec, DatasetAdapter, ImageError, SupportsRemarks

HASH_EDGE = 16
"""Of the perceptual hash, 256 bits: of 8 x 8 bits two patients' radiographs differ in 4 already, of these in 60."""

THUMBNAIL_EDGE = 16

FEW_LEVELS = 16
"""Grey levels at which a picture has lost most of what it showed."""

NARROW = 0.1
"""Share of the declared range below which a picture is called dim."""

SMALLEST_PX = 32
"""A network halves a side five times."""

LONGEST_BY_SHORTEST = 3.0


@dataclass(frozen=True)
class Look:
    """What one example shows.

    Attributes:
        row: its row in the index.
        unreadable: why it cannot be read; empty where it can.
        undeclared: in what its arrays are not as the adapter declares them, the same for the same fault; empty where
            they are.
        oddities: what is odd of it, each a few words, the same for the same oddity.
        is_constant: whether its picture has one value.
        size_px: y and x of its picture; empty where it has none.
        hash: (256,) bool, near for pictures that look alike; None of a constant one.
        thumbnail: (256,) float32, the picture at 16 x 16, mean 0 and length 1; None of a constant one.
    """

    row: int
    unreadable: str = ""
    undeclared: str = ""
    oddities: tuple[str, ...] = ()
    is_constant: bool = False
    size_px: tuple[int, ...] = ()
    hash: np.ndarray | None = field(default=None, compare=False)
    thumbnail: np.ndarray | None = field(default=None, compare=False)


def look_at(adapter: DatasetAdapter, rows: np.ndarray, n_threads: int, advance: Callable[[], None]) -> list[Look]:
    """Read the rows and look at each.

    Args:
        adapter: the data set.
        rows: (example,) row numbers.
        n_threads: readers at work.
        advance: called after each, from several threads.
    """
    specs = adapter.specs

    def look(row: int) -> Look:
        try:
            arrays = adapter.read(row)
            remarks = adapter.remarks(row) if isinstance(adapter, SupportsRemarks) else ()
        except ImageError as error:
            return Look(row, unreadable=" ".join(str(error).split()))
        finally:
            advance()
        return _look(row, arrays, specs, remarks)

    with ThreadPoolExecutor(n_threads, thread_name_prefix="zoo-inspection") as pool:
        return list(pool.map(look, rows.tolist()))


def _look(row: int, arrays: Arrays, specs: tuple[ArraySpec, ...], remarks: tuple[str, ...]) -> Look:
    undeclared = next((fault for spec in specs if (fault := _undeclared(arrays, spec))), "")
    spec = next((spec for spec in specs if spec.name == "image" and spec.axes == ("y", "x", "c")), None)
    if undeclared or spec is None:
        return Look(row, undeclared=undeclared, oddities=remarks)
    image = np.asarray(arrays["image"])
    size, oddities = image.shape[:2], (*remarks, *_oddities(image, spec))
    if image.min() == image.max():
        return Look(row, oddities=oddities, is_constant=True, size_px=size)
    grey = _own_grey(image)
    hashed = imagehash.phash(grey, hash_size=HASH_EDGE).hash.ravel()
    return Look(row, oddities=oddities, size_px=size, hash=hashed, thumbnail=_small(grey))


def _undeclared(arrays: Arrays, spec: ArraySpec) -> str:
    """In what an array is not as it is declared; empty where it is."""
    if spec.name not in arrays:
        return f"array '{spec.name}' is missing"
    array = np.asarray(arrays[spec.name])
    lengths = zip(array.shape, spec.shape, strict=False)
    if array.ndim != len(spec.shape) or any(wanted not in (None, length) for length, wanted in lengths):
        return f"array '{spec.name}' of another shape than is declared, {spec.shape}"
    if array.dtype != spec.dtype:
        return f"array '{spec.name}' of another type than is declared, {spec.dtype}"
    low, high = (float(array.min()), float(array.max())) if array.size else (0.0, 0.0)
    if not spec.value_range[0] <= low <= high <= spec.value_range[1]:  # also where there are no numbers
        return f"array '{spec.name}' with values outside the declared range, {spec.value_range}"
    return ""


def _oddities(image: np.ndarray, spec: ArraySpec) -> Iterator[str]:
    shortest, longest = sorted(image.shape[:2])
    if shortest < SMALLEST_PX:
        yield f"a side below {SMALLEST_PX} px"
    if longest > LONGEST_BY_SHORTEST * shortest:
        yield f"one side more than {LONGEST_BY_SHORTEST:g} times the other"
    low, high = float(image.min()), float(image.max())
    if low == high:
        return
    if high - low < NARROW * (spec.value_range[1] - spec.value_range[0]):
        yield f"values in less than {NARROW:.0%} of the range"
    levels = _levels(image)
    if len(levels) <= FEW_LEVELS:
        yield f"{FEW_LEVELS} grey levels or fewer"
    elif image.dtype == np.uint16 and (not (levels % 257).any() or not (levels % 256).any()):
        yield "8 bits stored as 16"


def _levels(image: np.ndarray) -> np.ndarray:
    if image.dtype in (np.uint8, np.uint16):
        return np.flatnonzero(np.bincount(image.ravel()))  # in a twentieth of the time
    return np.unique(image)


def _own_grey(image: np.ndarray) -> Image.Image:
    """Mean of the channels, from the picture's darkest to its brightest value: what a look would show."""
    grey = image.mean(axis=-1, dtype=np.float32)
    low, high = grey.min(), grey.max()
    return Image.fromarray(((grey - low) * (255 / max(high - low, np.finfo(np.float32).tiny))).astype(np.uint8))


def _small(grey: Image.Image) -> np.ndarray | None:
    small = np.asarray(grey.resize((THUMBNAIL_EDGE, THUMBNAIL_EDGE), Image.Resampling.BILINEAR), np.float32).ravel()
    centred: np.ndarray = small - small.mean()
    length = np.linalg.norm(centred)
    return centred / length if length else None
