"""The predicted rows of one split, with their groups numbered alike wherever draws are to be paired."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from zoo_core.evaluation.bootstrap import Scores
from zoo_core.evaluation.predictions import Predictions


@dataclass(frozen=True)
class Values:
    """True and predicted values of the examples whose truth is known.

    Attributes:
        truth: (example,), float64.
        value: (example,), float64, predicted.
        group: (example,), int, number of the group the example is of, from 0.
    """

    truth: np.ndarray
    value: np.ndarray
    group: np.ndarray


@dataclass(frozen=True)
class SplitRows:
    """Rows of a split.

    Attributes:
        rows: those that were predicted.
        group: (row,), int, number of the row's group.
        n_groups: that draws are made of, those without a known truth included.
    """

    rows: pd.DataFrame
    group: np.ndarray
    n_groups: int

    def scores(self, label: str, column: str) -> Scores:
        """What a column says of the rows whose truth is known; a float keeps its width, and so its resolution."""
        known = self.rows[f"truth.{label}"].notna().to_numpy()
        truth = self.rows.loc[known, f"truth.{label}"].to_numpy(dtype=np.int64)
        score = self.rows[column].to_numpy()[known]
        return Scores(truth, score if score.dtype.kind == "f" else score.astype(np.float64), self.group[known])

    def values(self, label: str, column: str) -> Values:
        """What a column says of the rows whose true value is known."""
        known = self.rows[f"truth.{label}"].notna().to_numpy()
        truth, value = (self.rows.loc[known, name].to_numpy(dtype=np.float64) for name in (f"truth.{label}", column))
        return Values(truth, value, self.group[known])


def rows_of_split(predictions: Predictions, split: str) -> SplitRows:
    """The rows of a split, its groups numbered in the order of their names: that of the rows changes nothing."""
    rows = predictions.of_split(split)
    group, groups = pd.factorize(rows["group_id"], sort=True, use_na_sentinel=False)
    return SplitRows(rows, group, len(groups))
