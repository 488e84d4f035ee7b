"""What packing does to an array: one size, one dtype, and nothing where both are so already."""

import dataclasses
import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from zoo_core.contract import ArraySpec, ConfigError, DataError
from zoo_core.data.images import resize

DTYPES = ("uint8", "uint16", "float32")
"""What arrays can be converted to."""

FILTER = "triangle, averaging where it shrinks"
"""What `zoo_core.data.images.resize` does; a store says so."""


@dataclass(frozen=True)
class Transform:
    """How examples are changed on their way into a store.

    Attributes:
        size_px: length of y and x of every array that has both.
        dtype: of every array; empty for each its own.
        filter: how arrays of another size are resized.
    """

    size_px: int
    dtype: str = ""
    filter: str = FILTER

    def __post_init__(self) -> None:
        if self.size_px < 1:
            raise ConfigError(f"--size needs a number above 0. Received: {self.size_px}")
        if self.dtype not in ("", *DTYPES):
            raise ConfigError(f"--dtype needs one of: {', '.join(DTYPES)}. Received: '{self.dtype}'")


def packed_specs(specs: Iterable[ArraySpec], transform: Transform) -> tuple[ArraySpec, ...]:
    """What the arrays of a store hold.

    Raises:
        ConfigError: an array would be enlarged.
        DataError: an array's length differs between examples along another axis than y and x.
    """
    return tuple(_packed_spec(spec, transform) for spec in specs)


def packed_array(values: np.ndarray, source: ArraySpec, packed: ArraySpec) -> np.ndarray:
    """One array of one example as a store keeps it.

    Integers are rounded; where they get another dtype, the source's range becomes the whole range of the new one. So no
    value moves by more than half a grey level, and an array of the right size and dtype stays as it is, bit for bit.

    Args:
        values: as an adapter reads them.
        source: what the adapter promises of them.
        packed: of `packed_specs`.
    Returns:
        An array of the shape and dtype of `packed`.
    Raises:
        DataError: the array is not what the adapter promises.
    """
    _refuse_unpromised(values, source)
    if values.shape != packed.shape:
        values = _resized(values, source.axes, packed)
    return values if values.dtype == packed.dtype else _converted(values, source, packed)


def shape_of(spec: ArraySpec) -> tuple[int, ...]:
    """Shape of one example of a packed array."""
    return tuple(length for length in spec.shape if length is not None)


def n_bytes(spec: ArraySpec) -> int:
    """Bytes of one example of a packed array."""
    return math.prod(shape_of(spec)) * np.dtype(spec.dtype).itemsize


def _packed_spec(spec: ArraySpec, transform: Transform) -> ArraySpec:
    shape = spec.shape
    if {"y", "x"} <= set(spec.axes):
        _refuse_enlarging(spec, transform.size_px)
        pairs = zip(spec.axes, spec.shape, strict=True)
        shape = tuple(transform.size_px if axis in "yx" else length for axis, length in pairs)
    if None in shape:
        raise DataError(
            f"A store needs arrays of one size. Received: '{spec.name}' with axes ({', '.join(spec.axes)}) and shape "
            f"{spec.shape}; only y and x can be resized, and only together"
        )
    dtype = transform.dtype or spec.dtype
    return dataclasses.replace(spec, shape=shape, dtype=dtype, value_range=_packed_range(spec, dtype))


def _packed_range(spec: ArraySpec, dtype: str) -> tuple[float, float]:
    if dtype == spec.dtype or np.dtype(dtype).kind == "f":
        return spec.value_range
    return 0, int(np.iinfo(dtype).max)


def _refuse_enlarging(spec: ArraySpec, size_px: int) -> None:
    lengths = [length for length in (spec.length("y"), spec.length("x")) if length is not None]
    if size_px > min([size_px, *lengths]):
        raise ConfigError(
            f"--size needs at most {min(lengths)}, as long as '{spec.name}' is: a task would not enlarge it either. "
            f"Received: {size_px}"
        )


def _refuse_unpromised(values: np.ndarray, spec: ArraySpec) -> None:
    lengths = zip(values.shape, spec.shape, strict=False)
    fits = values.ndim == len(spec.shape) and all(wanted in (None, length) for length, wanted in lengths)
    if not fits or values.dtype != spec.dtype:
        raise DataError(
            f"'{spec.name}' needs shape {spec.shape} and dtype {spec.dtype}, as its data set promises. "
            f"Received: {values.shape}, {values.dtype}"
        )


def _resized(values: np.ndarray, axes: tuple[str, ...], packed: ArraySpec) -> np.ndarray:
    """(..., y, ..., x, ...) to float32 with other lengths of y and x, in whatever order the axes are."""
    places, size_px = (axes.index("y"), axes.index("x")), (packed.length("y") or 0, packed.length("x") or 0)
    pictures = np.moveaxis(values, places, (0, 1))
    resized = resize(pictures.reshape(*pictures.shape[:2], -1), size_px)
    return np.moveaxis(resized.reshape(*size_px, *pictures.shape[2:]), (0, 1), places)


def _converted(values: np.ndarray, source: ArraySpec, packed: ArraySpec) -> np.ndarray:
    (low, high), (new_low, new_high) = source.value_range, packed.value_range
    if (low, high) != (new_low, new_high):
        # float64: a 16-bit value and its scale do not both fit into float32.
        values = (values.astype(np.float64) - low) / (high - low) * (new_high - new_low) + new_low
    if np.dtype(packed.dtype).kind == "f":
        return values.astype(packed.dtype)
    rounded: np.ndarray = np.clip(np.rint(values), new_low, new_high).astype(packed.dtype)
    return rounded
