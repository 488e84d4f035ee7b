"""Whether what a data set reads is what it declared, in a few microseconds: element type and axes, no values."""

from collections.abc import Sequence

import numpy as np

from zoo_core.contract import Arrays, ArraySpec, DataError


def refuse_undeclared(specs: Sequence[ArraySpec], arrays: Arrays, row: int, example_id: str) -> None:
    """See that the arrays of an example have the names, element types and axes of their specs.

    Args:
        specs: of the data set.
        arrays: as it read them.
        row: of its index.
        example_id: of the row.
    Raises:
        DataError: one of them has not; names the row, what was declared and what came.
    """
    for spec in specs:
        array = arrays.get(spec.name)
        if not isinstance(array, np.ndarray) or array.dtype != spec.dtype or not _fits(spec, array.shape):
            raise DataError(
                f"Example '{example_id}' (row {row}) needs the array '{spec.name}' as its data set declares it: "
                f"{spec.dtype} of axes ({_listed(spec.axes, spec.shape)}). Received: {_said(array)}: mend the adapter"
            )


def _fits(spec: ArraySpec, shape: tuple[int, ...]) -> bool:
    if shape == spec.shape:
        return True
    return len(shape) == len(spec.shape) and all(
        wanted in (None, length) for wanted, length in zip(spec.shape, shape, strict=True)
    )


def _listed(axes: Sequence[str], shape: Sequence[int | None]) -> str:
    return ", ".join(axis if length is None else f"{axis} {length}" for axis, length in zip(axes, shape, strict=True))


def _said(array: object) -> str:
    if isinstance(array, np.ndarray):
        return f"{array.dtype.name} of shape {array.shape}"
    return "none" if array is None else f"a value of type {type(array).__name__}"
