"""Two predictions of the same examples side by side, or a line that says why they are not that."""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from zoo_core.contract import DataError
from zoo_core.evaluation.bootstrap import Scores
from zoo_core.evaluation.predictions import Predictions
from zoo_core.evaluation.split_rows import SplitRows, rows_of_split


@dataclass(frozen=True)
class Pair:
    """Predictions of a reference and of a converted model.

    Attributes:
        rows: of the reference, with `converted.NAME` beside.
        labels: names of those whose converted predictions are numbers, all of them.
        broken: of the others, by name, how many converted predictions are none.
    """

    rows: SplitRows
    labels: tuple[str, ...]
    broken: Mapping[str, int]

    def scores(self, label: str) -> tuple[Scores, Scores]:
        """Of the reference and of the converted model, where the truth is known."""
        return self.rows.scores(label, f"prediction.{label}"), self.rows.scores(label, f"converted.{label}")

    def changes(self, label: str) -> np.ndarray:
        """(example,), float64, by how much predictions changed, those of unknown truth too."""
        changes: np.ndarray = np.abs(
            _column(self.rows, f"converted.{label}") - _column(self.rows, f"prediction.{label}")
        )
        return changes

    def n_called_otherwise(self, label: str, threshold: float) -> int:
        """Examples that are on another side of a threshold than they were."""
        kinds = ("prediction", "converted")
        calls = [self.rows.rows[f"{kind}.{label}"].to_numpy() >= threshold for kind in kinds]
        return int((calls[0] != calls[1]).sum())


def paired(reference: Predictions, converted: Predictions, split: str) -> Pair:
    """Lay the predictions of a split side by side, whatever the order of their rows.

    Raises:
        DataError: the two do not hold the same examples, each once, or the reference's predictions are no numbers.
    """
    rows, names = rows_of_split(reference, split), [label.name for label in reference.origin.labels]
    other = converted.of_split(split).set_index("example_id")
    _refuse_other_examples(rows.rows, other)
    aligned = other.loc[rows.rows["example_id"]]
    _refuse_other_truth(rows.rows, aligned, ["group_id", *(f"truth.{name}" for name in names)])
    added = {f"converted.{name}": aligned[f"prediction.{name}"].to_numpy() for name in names}
    both = dataclasses.replace(rows, rows=rows.rows.assign(**added))
    _refuse_no_numbers({name: _n_not_finite(both, f"prediction.{name}") for name in names})
    broken = {name: n for name in names if (n := _n_not_finite(both, f"converted.{name}"))}
    return Pair(both, tuple(name for name in names if name not in broken), broken)


def _refuse_other_examples(rows: pd.DataFrame, other: pd.DataFrame) -> None:
    mine, theirs = rows["example_id"].tolist(), other.index.tolist()
    if sorted(mine) != sorted(theirs) or len(set(mine)) < len(mine):
        raise DataError(
            f"A conversion is judged on the same examples, each of them once. Received: {len(mine)} of float32 and "
            f"{len(theirs)} of the converted model, {len(set(mine) & set(theirs))} shared: predict both on one split"
        )


def _refuse_other_truth(rows: pd.DataFrame, other: pd.DataFrame, columns: Sequence[str]) -> None:
    for column in columns:
        mine, theirs = rows[column].to_numpy(), other[column].to_numpy()
        n_other = int(((mine != theirs) & ~(pd.isna(mine) & pd.isna(theirs))).sum())
        if n_other:
            raise DataError(
                f"A conversion is judged on examples with the same '{column}'. Received: {n_other} of {len(mine)} that "
                "differ: predict both on the same data"
            )


def _refuse_no_numbers(counts: Mapping[str, int]) -> None:
    if n := sum(counts.values()):
        worst = max(counts, key=lambda name: counts[name])
        raise DataError(
            f"A conversion is judged by predictions of float32 that are numbers. Received: {n} that are not, the most "
            f"of '{worst}': train the model anew"
        )


def _n_not_finite(rows: SplitRows, column: str) -> int:
    return int((~np.isfinite(_column(rows, column))).sum())


def _column(rows: SplitRows, column: str) -> np.ndarray:
    return rows.rows[column].to_numpy(dtype=np.float64, na_value=np.nan)
