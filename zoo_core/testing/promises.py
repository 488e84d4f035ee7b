"""What a check says of a promise that is not kept: one line, without a traceback."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import numpy as np
import pytest

from zoo_core.contract import Arrays


def broken(promise: str, received: object, cure: str) -> NoReturn:
    """End a check as failed.

    Args:
        promise: what was wanted.
        received: what came.
        cure: what to do.
    """
    __tracebackhide__ = True
    pytest.fail(one_line(f"{promise}. Received: {received}: {cure}"), pytrace=False)


def one_line(text: str) -> str:
    """The text without line breaks."""
    return " ".join(text.split())


def said(error: BaseException) -> str:
    """An exception in one line."""
    return one_line(f"{type(error).__name__}: {error}")


@contextmanager
def working(promise: str, cure: str) -> Iterator[None]:
    """End a check as failed where something raises.

    Args:
        promise: what was wanted.
        cure: what to do.
    """
    __tracebackhide__ = True
    try:
        yield
    except Exception as error:  # noqa: BLE001 - a stranger's plugin may raise anything
        broken(promise, said(error), cure)


def copied(arrays: Arrays) -> dict[str, np.ndarray]:
    """Arrays of their own."""
    return {name: np.array(array) for name, array in arrays.items()}


def difference(one: Arrays, other: Arrays) -> str | None:
    """The first thing in which named arrays differ, in words; None where they are equal, NaN to NaN."""
    if set(one) != set(other):
        return f"arrays {sorted(one)} and {sorted(other)}"
    return next((f"'{name}': {words}" for name in one if (words := _of_array(one[name], other[name]))), None)


def _of_array(one: Any, other: Any) -> str | None:
    one, other = np.asarray(one), np.asarray(other)
    if (one.shape, one.dtype) != (other.shape, other.dtype):
        return f"{one.dtype} {one.shape} and {other.dtype} {other.shape}"
    if np.array_equal(one, other, equal_nan=one.dtype.kind in "fc"):
        return None
    return f"{int((one != other).sum())} of {one.size} values differ"
