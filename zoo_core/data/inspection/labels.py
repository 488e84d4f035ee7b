"""What is known of the examples of each part of a split: labels, and strata that have no positive."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from zoo_core.contract import Label

MOST_STRATA = 10
"""Different values up to which a column of metadata parts examples into strata."""


@dataclass(frozen=True)
class Count:
    """How often a label is what, in one part.

    Attributes:
        part: of the split.
        label: its name; of one of several classes the name of the label and of the class.
        n: examples of which it is known.
        n_positive: of these, where it is present; None of a value.
    """

    part: str
    label: str
    n: int
    n_positive: int | None

    @property
    def tells_apart(self) -> bool:
        """Whether there is anything to tell apart: positives and negatives, or two examples with a value."""
        return self.n > 1 if self.n_positive is None else 0 < self.n_positive < self.n


@dataclass(frozen=True)
class EmptyStratum:
    """A stratum of a part in which a label is known, and nowhere present."""

    part: str
    label: str
    column: str
    value: str
    n: int


def count_labels(index: pd.DataFrame, labels: Sequence[Label], parts: Mapping[str, np.ndarray]) -> list[Count]:
    """Each label in each part.

    Args:
        index: of an adapter.
        labels: of the adapter.
        parts: (example,) row numbers of each part.
    """
    return [
        Count(part, name, int(np.isfinite(values[rows]).sum()), None if is_value else int((values[rows] == 1).sum()))
        for name, values, is_value in _columns(index, labels)
        for part, rows in parts.items()
    ]


def find_empty_strata(
    index: pd.DataFrame, labels: Sequence[Label], columns: Sequence[str], parts: Mapping[str, np.ndarray]
) -> list[EmptyStratum]:
    """Strata in which a label cannot be measured.

    Args:
        index: of an adapter.
        labels: of the adapter; those that are present or absent count.
        columns: of the index; those with 2 to `MOST_STRATA` values part examples.
        parts: (example,) row numbers of each part.
    """
    strata = {column: index[column].astype("string") for column in columns}
    strata = {name: texts for name, texts in strata.items() if 2 <= texts.nunique() <= MOST_STRATA}
    binary = [(name, values) for name, values, is_value in _columns(index, labels) if not is_value]
    return [
        EmptyStratum(part, label, column, str(value), int(known.sum()))
        for part, rows in parts.items()
        for column, texts in strata.items()
        for value, within in texts.iloc[rows].groupby(texts.iloc[rows]).indices.items()
        for label, values in binary
        if (known := np.isfinite(values[rows][within])).any() and not (values[rows][within] == 1).any()
    ]


def _columns(index: pd.DataFrame, labels: Sequence[Label]) -> Iterator[tuple[str, np.ndarray, bool]]:
    """Name, (example,) float64 and whether it is a value: of each label, and of each class of a label with classes."""
    for label in labels:
        values = index[f"label.{label.name}"].to_numpy(dtype=np.float64, na_value=np.nan)
        if label.kind != "class":
            yield label.name, values, label.kind == "value"
        for number, name in enumerate(label.class_names if label.kind == "class" else ()):
            yield f"{label.name}: {name}", np.where(np.isnan(values), np.nan, values == number), False
