"""How well a model does in each part of a population: by sex, by age with children apart, by view."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from zoo_core.evaluation.bootstrap import Scores
from zoo_core.evaluation.estimates import Estimate, Estimates, estimate, mean_of
from zoo_core.evaluation.predictions import Predictions
from zoo_core.evaluation.ranking import why_undefined

Strata = dict[str, Any]
"""Nested values, each number as [value, low, high]; None where it is undefined, with its reason beside it."""

AGE_COLUMN = "meta.age"
AGE_EDGES = (18.0, 40.0, 60.0, 80.0)
AGE_BANDS: tuple[str, ...] = ("0-17", "18-39", "40-59", "60-79", "80 and over")
"""Years. Children are apart: models that are trained on adults do far worse on them."""

QUARTERS: tuple[str, ...] = ("lowest quarter", "second quarter", "third quarter", "highest quarter")
UNKNOWN = "unknown"
ORDER = (*AGE_BANDS, *QUARTERS)

LEAST_OF_EACH_CLASS = 30
"""Positives, and negatives, below which an AUROC is too uncertain to be compared with another's."""

METRIC = "auroc"
N_REPLICATES = 1000
SEED = 0


@dataclass(frozen=True)
class _Part:
    """One label in one group."""

    scores: Scores
    estimates: Estimates

    def is_enough(self) -> bool:
        n_positive = int(self.scores.truth.sum())
        return min(n_positive, len(self.scores.truth) - n_positive) >= LEAST_OF_EACH_CLASS

    def as_values(self) -> Strata:
        truth, auroc = self.scores.truth, self.estimates[METRIC]
        values: Strata = {METRIC: auroc.interval() if auroc else None, "n": len(truth), "n_positive": int(truth.sum())}
        reason = why_undefined(truth)
        return values if reason is None else {**values, "reason": reason}


def evaluate_strata(predictions: Predictions, n_replicates: int = N_REPLICATES, seed: int = SEED) -> Strata:
    """AUROC by stratum of each metadata column that the task reports, with 95 % intervals from draws of whole groups.

    Args:
        predictions: of binary labels.
        n_replicates: draws behind each interval; with 0 there is none.
        seed: of the draws, the same for every split.
    Returns:
        Per split `least_of_each_class`, `columns`, `n_gaps` and `largest_gap`. Per column `strata` (each with `n`,
        `labels` and `mean`), `gaps` (per label: `difference`, `higher`, `lower`) and `gap_of_mean`. Gaps compare strata
        with at least `least_of_each_class` positives and negatives; a mean is over the labels that all of these have
        enough of.
    """
    splits = dict.fromkeys(predictions.table["split"])
    return {split: _of_split(predictions, split, n_replicates, np.random.default_rng(seed)) for split in splits}


def strata_of(values: pd.Series) -> pd.Series:
    """The stratum of each value: age in bands, other numbers by quarters, words as they are.

    Args:
        values: a metadata column, named; missing where unknown.
    Returns:
        Words, "unknown" where a value is missing.

    >>> strata_of(pd.Series([17, 18, None], name="meta.age")).tolist()
    ['0-17', '18-39', 'unknown']
    """
    if not pd.api.types.is_numeric_dtype(values):
        return values.astype(object).where(values.notna(), UNKNOWN).astype(str)
    numbers = values.astype(float)
    inner, names = (AGE_EDGES, AGE_BANDS) if values.name == AGE_COLUMN else (_quartiles(numbers), QUARTERS)
    place = np.searchsorted(inner, numbers.fillna(0.0), side="right")
    return pd.Series(np.array(names, dtype=object)[place], values.index).where(numbers.notna(), UNKNOWN)


def _quartiles(numbers: pd.Series) -> tuple[float, ...]:
    return tuple(np.quantile(numbers.dropna(), [0.25, 0.5, 0.75])) if numbers.notna().any() else (0.0, 0.0, 0.0)


def _of_split(predictions: Predictions, split: str, n_replicates: int, rng: np.random.Generator) -> Strata:
    rows = predictions.of_split(split)
    group, groups = pd.factorize(rows["group_id"], sort=True, use_na_sentinel=False)
    labels = predictions.origin.binary_labels
    strata = {column: strata_of(rows[column]) for column in predictions.origin.strata if column in rows}
    scores = {
        (column, name, label): _scores(rows, group, label, (stratum == name).to_numpy())
        for column, stratum in strata.items()
        for name in stratum.unique()
        for label in labels
    }
    estimates = estimate(list(scores.values()), len(groups), (METRIC,), n_replicates, rng)
    parts = {key: _Part(one, own) for (key, one), own in zip(scores.items(), estimates, strict=True)}
    columns = {column.removeprefix("meta."): _of_column(column, s, parts, labels) for column, s in strata.items()}
    gaps = [
        {"column": column, "label": label, **gap}
        for column, values in columns.items()
        for label, gap in values["gaps"].items()
        if gap["difference"] is not None
    ]
    largest = max(gaps, key=lambda gap: gap["difference"][0], default=None)
    counts = {"least_of_each_class": LEAST_OF_EACH_CLASS, "n_gaps": len(gaps)}
    return counts | {"columns": columns, "largest_gap": largest}


def _scores(rows: pd.DataFrame, group: np.ndarray, label: str, within: np.ndarray) -> Scores:
    known = within & rows[f"truth.{label}"].notna().to_numpy()
    truth = rows.loc[known, f"truth.{label}"].to_numpy(dtype=np.int64)
    return Scores(truth, rows.loc[known, f"prediction.{label}"].to_numpy(dtype=np.float64), group[known])


def _of_column(
    column: str, stratum: pd.Series, parts: Mapping[tuple[str, str, str], _Part], labels: Sequence[str]
) -> Strata:
    names = sorted(stratum.unique(), key=_order)
    strata = {name: {label: parts[column, name, label] for label in labels} for name in names}
    compared = [name for name in names if any(part.is_enough() for part in strata[name].values())]
    shared = [label for label in labels if all(strata[name][label].is_enough() for name in compared)]
    means = {
        name: mean_of([strata[name][label].estimates for label in shared], METRIC) if name in compared else None
        for name in names
    }
    return {
        "strata": {
            name: {
                "n": int((stratum == name).sum()),
                "labels": {label: part.as_values() for label, part in strata[name].items()},
                "mean": _mean(means[name], len(shared)),
            }
            for name in names
        },
        "gaps": {label: _gap({name: _comparable(strata[name][label]) for name in names}) for label in labels},
        "gap_of_mean": _gap(means),
    }


def _order(name: str) -> tuple[int, str]:
    return (ORDER.index(name) if name in ORDER else len(ORDER) + (name == UNKNOWN), name)


def _comparable(part: _Part) -> Estimate | None:
    return part.estimates[METRIC] if part.is_enough() else None


def _mean(mean: Estimate | None, n_labels: int) -> Strata:
    if mean is None:
        return {METRIC: None, "n_labels": 0, "reason": f"no label with {_enough()} in all strata that are compared"}
    return {METRIC: mean.interval(), "n_labels": n_labels}


def _gap(strata: Mapping[str, Estimate | None]) -> Strata:
    known = {name: one for name, one in strata.items() if one}
    if len(known) < 2:
        return {"difference": None, "reason": f"fewer than two strata with {_enough()}"}
    higher = max(known, key=lambda name: known[name].value)
    lower = min(known, key=lambda name: known[name].value)
    return {"difference": known[higher].minus(known[lower]).interval(), "higher": higher, "lower": lower}


def _enough() -> str:
    return f"{LEAST_OF_EACH_CLASS} positives and {LEAST_OF_EACH_CLASS} negatives"
