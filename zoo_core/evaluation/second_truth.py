"""A second truth where there is one: it judges the model, and the labels that the model learned from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from zoo_core.evaluation.bootstrap import Scores
from zoo_core.evaluation.decisions import NUMBERS, interval_of_share, why_no_interval_of_share
from zoo_core.evaluation.estimates import Estimate, Estimates, as_intervals, difference, estimate
from zoo_core.evaluation.group_sums import draw_sums, sums_of_groups
from zoo_core.evaluation.predictions import Predictions
from zoo_core.evaluation.ranking import why_undefined

AUROC = "auroc"
AGREEMENT = ("sensitivity", "specificity", "ppv")

Shares = Mapping[str, Estimate | None]
"""By name; None where it is a share of nothing."""


@dataclass(frozen=True)
class _Judged:
    """The examples of which both truths of a finding are known.

    Attributes:
        second: (example,), 0 or 1.
        first: (example,), 0 or 1: any of the labels that the finding is the union of.
        score: (example,), the highest prediction of these labels.
        group: (example,), number of the group the example is of, from 0.
    """

    second: np.ndarray
    first: np.ndarray
    score: np.ndarray
    group: np.ndarray

    def scores(self) -> tuple[Scores, Scores]:
        """The same predictions of the same examples, judged by each truth."""
        return Scores(self.second, self.score, self.group), Scores(self.first, self.score, self.group)

    def quantities(self) -> np.ndarray:
        """(example, quantity) as decisions have them: the second truth is what is so, the first what it is called."""
        return np.column_stack((self.second * self.first, self.first, self.second, np.ones(len(self.second))))


def judged_by_second_truth(predictions: Predictions, split: str, n_replicates: int, seed: int) -> dict[str, Any]:
    """How the model does against a second truth, and how the first truth does.

    The groups drawn are those that hold an example with a second truth: somebody chose which were judged again.

    Args:
        predictions: of binary labels.
        split: its name.
        n_replicates: draws behind each interval.
        seed: of the draws.
    Returns:
        Empty where no example of the split has a second truth; else `second_truth` with its `source` and, in `labels`,
        per finding: `of` (the labels it is the union of), `n` and `n_positive`; `auroc` against the second truth,
        `auroc_first_truth` against the first on the same examples, and their paired `difference`; in `first_truth` the
        sensitivity, specificity and positive predictive value of the first when the second judges it; a `reason` where
        a value or an interval is missing.
    """
    origin = predictions.origin.second_truth
    rows = _rows_known(predictions, split)
    if origin is None or rows.empty:
        return {}
    group, groups = pd.factorize(rows["group_id"], sort=True, use_na_sentinel=False)
    judged = {name: _judged(rows, group, name, of) for name, of in origin["findings"].items()}
    flat = [scores for one in judged.values() for scores in one.scores()]
    estimates = estimate(flat, len(groups), [AUROC], n_replicates, np.random.default_rng(seed))
    shares = _agreements(list(judged.values()), len(groups), n_replicates, seed)
    labels = {
        name: {"of": list(origin["findings"][name]), **_of_finding(one, estimates[2 * i : 2 * i + 2], shares[i])}
        for i, (name, one) in enumerate(judged.items())
    }
    return {"second_truth": {"source": origin["source"], "labels": labels}}


def _rows_known(predictions: Predictions, split: str) -> pd.DataFrame:
    """The rows of a split of which a second truth says anything."""
    rows = predictions.of_split(split)
    columns = [column for column in rows.columns if column.startswith("second_truth.")]
    known: pd.DataFrame = rows[rows[columns].notna().any(axis=1)]
    return known


def _judged(rows: pd.DataFrame, group: np.ndarray, name: str, of: Sequence[str]) -> _Judged:
    second = rows[f"second_truth.{name}"].to_numpy(np.float64, na_value=np.nan)
    first = _any_of(rows[[f"truth.{label}" for label in of]].to_numpy(np.float64, na_value=np.nan))
    score = rows[[f"prediction.{label}" for label in of]].to_numpy(np.float64).max(axis=1)
    both = ~np.isnan(second) & ~np.isnan(first)
    return _Judged(second[both].astype(np.int64), first[both].astype(np.int64), score[both], group[both])


def _any_of(truth: np.ndarray) -> np.ndarray:
    """(example, label) to (example,): 1 where any is 1, else missing where any is missing, else 0."""
    return np.where((truth == 1).any(axis=1), 1.0, truth.max(axis=1))


def _of_finding(judged: _Judged, estimates: Sequence[Estimates], shares: Shares) -> dict[str, Any]:
    second, first = estimates
    result: dict[str, Any] = {
        "n": len(judged.second),
        "n_positive": int(judged.second.sum()),
        "auroc": as_intervals(second)[AUROC],
        "auroc_first_truth": as_intervals(first)[AUROC],
        "difference": as_intervals(difference(second, first))[AUROC],
        "first_truth": {name: interval_of_share(one) for name, one in shares.items()},
    }
    if reason := _why_missing(judged, estimates, shares):
        result["reason"] = reason
    return result


def _agreements(judged: Sequence[_Judged], n_groups: int, n_replicates: int, seed: int) -> list[Shares]:
    """Of each finding, what the first truth is worth when the second judges it."""
    tables = [sums_of_groups(one.group, n_groups, one.quantities()) for one in judged]
    sums = draw_sums(tables, n_replicates, np.random.default_rng(seed))
    return [{name: one.estimate(NUMBERS[name]) for name in AGREEMENT} for one in sums]


def _why_missing(judged: _Judged, estimates: Sequence[Estimates], shares: Shares) -> str | None:
    """The first reason there is, of what has no value or no interval."""
    for whose, truth in (("second", judged.second), ("first", judged.first)):
        if reason := why_undefined(truth):
            return f"{whose} truth: {reason}"
    for whose, scores, one in zip(("second", "first"), judged.scores(), estimates, strict=True):
        auroc = one[AUROC]
        if auroc and (no_interval := auroc.why_no_interval()):
            return f"{whose} truth: {scores.why_unvaried() or no_interval}"
    return _why_no_interval(shares)


def _why_no_interval(shares: Shares) -> str | None:
    reasons = (why_no_interval_of_share(f"{name} of the first truth", one) for name, one in shares.items() if one)
    return next((reason for reason in reasons if reason), None)
