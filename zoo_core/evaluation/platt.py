"""Platt scaling: predictions made probabilities by a straight line through their log odds."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from zoo_core.evaluation.logistic import fit_line, why_no_line
from zoo_core.evaluation.predictions import Predictions
from zoo_core.evaluation.ranking import why_undefined
from zoo_core.evaluation.sigmoid import logit, sigmoid
from zoo_core.evaluation.split_rows import rows_of_split

FITTED_ON = "validation"
"""The split whose rows are fitted: not those that are judged, nor those that the network has fitted already."""

LEAST_OF_EACH_CLASS = 20
"""Positives, and negatives, below which nothing is fitted: ten for each of the two numbers.

Source:
    Peduzzi et al. 1996, A simulation study of the number of events per variable in logistic regression analysis.
"""


@dataclass(frozen=True)
class PlattScaling:
    """The line of one label.

    Attributes:
        slope: above 0, so that the order of predictions stays; 1 where nothing was fitted.
        intercept: log odds that are added; 0 where nothing was fitted.
        n: examples that it was to be fitted on.
        n_positive: those of them that are positive.
        reason: why nothing was fitted, or None.
    """

    slope: float
    intercept: float
    n: int
    n_positive: int
    reason: str | None = None

    def apply(self, score: np.ndarray) -> np.ndarray:
        """(example,) predictions to probabilities, float64; those of a line that was not fitted stay as they are."""
        if self.reason is not None:
            return score.astype(np.float64)
        return sigmoid(self.intercept + self.slope * log_odds(score))


def log_odds(score: np.ndarray) -> np.ndarray:
    """Log odds of probabilities, those of 0 and of 1 as of the smallest step that a float of this width can tell.

    Args:
        score: (example,), float32 or float64, 0 to 1.

    >>> log_odds(np.array([0.0, 0.5, 1.0], np.float32)).round(2).tolist()
    [-15.94, 0.0, 15.94]
    """
    resolution = float(np.finfo(score.dtype).eps)
    return logit(np.clip(score.astype(np.float64), resolution, 1 - resolution))


def why_no_probabilities(score: np.ndarray) -> str | None:
    """Why predictions cannot be read as probabilities, or None where they can."""
    if not len(score) or (score.min() >= 0 and score.max() <= 1):
        return None
    return f"the predictions reach from {score.min():.3g} to {score.max():.3g}: probabilities are from 0 to 1"


def fit_scalings(predictions: Predictions) -> dict[str, PlattScaling]:
    """Fit the line of each binary label on the validation rows alone.

    Args:
        predictions: of validation rows among others.
    Returns:
        By label.
    Source:
        Platt 1999, Probabilistic outputs for support vector machines; without his smoothed targets, which matter for
        fewer examples than are asked for here. The input is the log odds of the prediction, as in Cox 1958.
    """
    rows = rows_of_split(predictions, FITTED_ON)
    names = predictions.origin.binary_labels
    scores = {name: rows.scores(name, f"prediction.{name}") for name in names}
    return {name: fit_scaling(one.truth, one.score) for name, one in scores.items()}


def fit_scaling(truth: np.ndarray, score: np.ndarray) -> PlattScaling:
    """Fit one line.

    Args:
        truth: (example,), 0 or 1.
        score: (example,), float32 or float64, 0 to 1.
    """
    n, n_positive = len(truth), int(truth.sum())
    if reason := _why_not_fitted(truth, score):
        return PlattScaling(1.0, 0.0, n, n_positive, reason)
    order = np.lexsort((truth, score))  # so that the order of the examples does not change the last digit
    line = fit_line(log_odds(score[order]), truth[order])
    if line.slope <= 0:
        reason = f"the slope would be {line.slope:.3g}, which turns the order of the predictions round"
        return PlattScaling(1.0, 0.0, n, n_positive, reason)
    return PlattScaling(line.slope, line.intercept, n, n_positive)


def with_calibrated(predictions: Predictions, scalings: Mapping[str, PlattScaling]) -> Predictions:
    """Add `calibrated.NAME` for every row that was predicted."""
    added = {
        f"calibrated.{name}": scaling.apply(predictions.table[f"prediction.{name}"].to_numpy())
        for name, scaling in scalings.items()
    }
    return dataclasses.replace(predictions, table=predictions.table.assign(**added))


def _why_not_fitted(truth: np.ndarray, score: np.ndarray) -> str | None:
    if reason := why_undefined(truth) or why_no_probabilities(score):
        return reason
    for n, name in ((int(truth.sum()), "positives"), (int((1 - truth).sum()), "negatives")):
        if n < LEAST_OF_EACH_CLASS:
            return f"{n} {name} in {FITTED_ON}, {LEAST_OF_EACH_CLASS} are needed"
    return why_no_line(log_odds(score), truth)
