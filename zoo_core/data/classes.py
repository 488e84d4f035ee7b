"""A label of several classes as tasks see it: one label a class, present or absent, and of each example one present."""

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from zoo_core.contract import DataError, Label


def labels_by_class(labels: Iterable[Label]) -> tuple[Label, ...]:
    """The labels, each of several classes as one binary label a class.

    Raises:
        DataError: two labels would have one name.

    >>> [label.name for label in labels_by_class([Label("disease", "class", class_names=("blight", "healthy"))])]
    ['blight', 'healthy']
    """
    found = tuple(one for label in labels for one in _of_label(label))
    names = [label.name for label in found]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise DataError(
            f"A data set needs a name of its own for each label and class. Received: '{twice}' more than once: rename "
            "one in its adapter"
        )
    return found


def with_class_columns(index: pd.DataFrame, labels: Sequence[Label]) -> pd.DataFrame:
    """An index with `label.CLASS`, 0 or 1, beside the number of the class; missing where the class is unknown.

    Args:
        index: of an adapter.
        labels: of the adapter.
    Raises:
        DataError: a number is of no class.
    """
    added = {}
    for label in labels:
        if label.kind == "class":
            numbers = index[f"label.{label.name}"].to_numpy(dtype=np.float64, na_value=np.nan)
            _refuse_other_numbers(label, numbers)
            for number, name in enumerate(label.class_names):
                added[f"label.{name}"] = np.where(np.isnan(numbers), np.nan, numbers == number)
    return index.assign(**added)


def without_class_columns(index: pd.DataFrame, labels: Sequence[Label]) -> pd.DataFrame:
    """The adapter's own index again."""
    added = [f"label.{name}" for label in labels for name in label.class_names if label.kind == "class"]
    return index.drop(columns=added)


def _of_label(label: Label) -> tuple[Label, ...]:
    if label.kind != "class":
        return (label,)
    return tuple(Label(name, class_of=label.name) for name in label.class_names)


def _refuse_other_numbers(label: Label, numbers: np.ndarray) -> None:
    known = numbers[~np.isnan(numbers)]
    other = known[~np.isin(known, np.arange(len(label.class_names)))]
    if len(other):
        raise DataError(
            f"Label '{label.name}' needs numbers of its {len(label.class_names)} classes, from 0. Received: "
            f"{other[0]:g}: mend the adapter"
        )
