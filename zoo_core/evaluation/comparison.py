"""Two predictions of the same examples: differences that are paired, as both see the same draws of groups."""

import dataclasses

import pandas as pd

from zoo_core.contract import DataError
from zoo_core.evaluation.draws import N_REPLICATES, SEED
from zoo_core.evaluation.metrics import Metrics, evaluate
from zoo_core.evaluation.operating_points import points_of
from zoo_core.evaluation.predictions import Predictions

AGAINST = "against"
"""Stands where the kind of a baseline does."""


def compare(first: Predictions, second: Predictions, n_replicates: int = N_REPLICATES, seed: int = SEED) -> Metrics:
    """Metrics of the first predictions beside those of the second, over the examples that both hold in one split.

    Args:
        first: of binary labels.
        second: of the same labels.
        n_replicates: draws behind each interval.
        seed: of the draws.
    Returns:
        As `evaluate`, with the second predictions as baseline "against"; calibration and operating points are the
        first's, its thresholds chosen on all of its validation rows. Per split that shares examples also `shared`: how
        many predicted examples are in both files, in the first alone and in the second alone.
    Raises:
        DataError: the labels differ, an example is in a file twice, the files share no example, or they disagree on
            the truth or the group of one.
    """
    _check_labels(first, second)
    mine, other = _predicted(first), _predicted(second)
    shared = mine.index.intersection(other.index, sort=False)
    if not len(shared):
        raise DataError(
            f"A comparison needs examples that both files predict in the same split. "
            f"Received: none, of {len(mine)} and {len(other)} examples: evaluate two runs on one data set and split"
        )
    _check_agreement(mine.loc[shared], other.loc[shared], first)
    metrics = evaluate(_joined(first, mine.loc[shared], other.loc[shared]), n_replicates, seed)
    for split, result in metrics.items():
        counts = [int((index.get_level_values("split") == split).sum()) for index in (shared, mine.index, other.index)]
        n, n_mine, n_other = counts
        result["shared"] = {"n": n, "n_only_first": n_mine - n, "n_only_second": n_other - n}
    return metrics


def _predicted(predictions: Predictions) -> pd.DataFrame:
    """Rows with a prediction, by split and example."""
    rows = predictions.table[predictions.table["status"] == "ok"]
    twice = rows["example_id"][rows["example_id"].duplicated()]
    if len(twice):
        raise DataError(
            f"A comparison needs each example once in a file. Received: {len(twice)} rows that are there again, "
            f"the first '{twice.iloc[0]}': write the predictions anew"
        )
    return rows.set_index(["split", "example_id"], drop=False).rename_axis(["split", "example_id"])


def _check_labels(first: Predictions, second: Predictions) -> None:
    names = [{label.name for label in predictions.origin.labels} for predictions in (first, second)]
    if names[0] != names[1]:
        only = [", ".join(sorted(a - b)) or "none" for a, b in (names, names[::-1])]
        raise DataError(
            f"A comparison needs two predictions of the same labels. "
            f"Received: in the first alone {only[0]}; in the second alone {only[1]}: compare runs of one task"
        )


def _check_agreement(mine: pd.DataFrame, other: pd.DataFrame, first: Predictions) -> None:
    """Truth and group are of the examples, not of the models: where they differ, something else does too."""
    for column in ("group_id", *(f"truth.{label.name}" for label in first.origin.labels)):
        same = (mine[column] == other[column]) | (mine[column].isna() & other[column].isna())
        if not same.all():
            raise DataError(
                f"A comparison needs the same '{column}' in both files. Received: {int((~same).sum())} of {len(same)} "
                f"shared examples that differ, the first '{mine.loc[~same, 'example_id'].iloc[0]}': "
                "compare runs on one data set"
            )


def _joined(first: Predictions, mine: pd.DataFrame, other: pd.DataFrame) -> Predictions:
    """The first predictions with the second's as a baseline, and no other; thresholds stay those of all its rows."""
    names = [label.name for label in first.origin.labels]
    own = mine[[c for c in mine.columns if not c.startswith("baseline.")]]
    against = {f"baseline.{AGAINST}.{name}": other[f"prediction.{name}"] for name in names}
    origin = dataclasses.replace(first.origin, operating_points=points_of(first))
    return Predictions(own.assign(**against).reset_index(drop=True), origin)
