"""What the predictions of many trainings say: a number a label and one for their mean, with the same draws for all."""

from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from zoo_core.contract import DataError
from zoo_core.evaluation.draws import N_REPLICATES, SEED
from zoo_core.evaluation.estimates import Estimate, estimate, mean_of
from zoo_core.evaluation.predictions import Predictions, read_predictions
from zoo_core.evaluation.split_rows import SplitRows, rows_of_split

PART = "test"

Run = Mapping[str, Estimate | None]
"""By label, and the mean under `MEAN`; None where it is undefined."""

MEAN = ""
"""Stands where a label does: the mean over the labels that are defined."""


class Scored:
    """Numbers of the test split of many runs, all from the same draws of the same patients.

    Args:
        metric: "auroc" or "auprc".
        n_replicates: draws behind each interval.
        seed: of the draws.
    Attributes:
        n_groups: patients; 0 before the first run.
        n_examples: of the test split.
        n_positive: by label.
    """

    def __init__(self, metric: str, n_replicates: int = N_REPLICATES, seed: int = SEED) -> None:
        self._metric, self._n_replicates, self._seed = metric, n_replicates, seed
        self._truth: pd.DataFrame | None = None
        self.n_groups = self.n_examples = 0
        self.n_positive: dict[str, int] = {}

    def run(self, path: Path) -> Run:
        """The numbers of one run.

        Args:
            path: of its predictions.
        Raises:
            DataError: the file is not whole, or of other examples than those before it.
        """
        predictions = read_predictions(path)
        rows = rows_of_split(predictions, PART)
        labels = [label.name for label in predictions.origin.labels]
        self._refuse_others(path, predictions, rows, labels)
        scores = [rows.scores(label, f"prediction.{label}") for label in labels]
        rng = np.random.default_rng(self._seed)
        estimates = estimate(scores, rows.n_groups, (self._metric,), self._n_replicates, rng)
        by_label = {label: own[self._metric] for label, own in zip(labels, estimates, strict=True)}
        return {**by_label, MEAN: mean_of(estimates, self._metric)}

    def _refuse_others(self, path: Path, predictions: Predictions, rows: SplitRows, labels: Iterable[str]) -> None:
        truth = rows.rows[["example_id", "group_id", *(f"truth.{label}" for label in labels)]].reset_index(drop=True)
        if self._truth is None:
            self._truth, self.n_groups, self.n_examples = truth, rows.n_groups, len(truth)
            self.n_positive = {label: int(truth[f"truth.{label}"].sum()) for label in labels}
        elif not truth.equals(self._truth):
            raise DataError(
                f"A study compares runs on the same examples. Received: '{path}' of split "
                f"'{predictions.origin.split_name}', whose examples differ from those of other cells: begin in a new "
                "folder"
            )


def differences(runs: Mapping[int, Run], reference: Mapping[int, Run], label: str) -> list[Estimate]:
    """A label's differences from a reference, paired by seed and, as the draws are the same, by patient.

    Args:
        runs: by seed.
        reference: by seed; seeds that it lacks are left out.
        label: of both, or `MEAN`.
    """
    pairs = ((runs[seed][label], reference[seed][label]) for seed in sorted(runs) if seed in reference)
    return [one.minus(other) for one, other in pairs if one and other]
