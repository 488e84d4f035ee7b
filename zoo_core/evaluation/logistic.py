"""Logistic regression without a penalty, of one explaining number, with errors that know of groups."""

from dataclasses import dataclass

import numpy as np

from zoo_core.evaluation.group_sums import sums_of_groups
from zoo_core.evaluation.ranking import why_undefined
from zoo_core.evaluation.sigmoid import sigmoid

MOST_STEPS = 100
MOST_HALVINGS = 40
LEAST_GAIN = 1e-24
"""Of the mean log likelihood in a step; below it coefficients are exact to 11 digits."""

RIDGE = 1e-9
"""Added to the information for a step, so that there is one where all probabilities are 0 or 1; the top stays where it
is."""

ROUND_OFF = 1e-12
"""Of a log likelihood, relative: what is lost within it is no loss."""


@dataclass(frozen=True)
class LogisticFit:
    """The coefficients of highest likelihood, and what their errors follow from.

    Attributes:
        columns: (example, column), what explains.
        coefficients: (column,).
        residuals: (example,), truth minus fitted probability.
        information: (column, column), minus the second derivative of the log likelihood.
    """

    columns: np.ndarray
    coefficients: np.ndarray
    residuals: np.ndarray
    information: np.ndarray

    def errors(self, group: np.ndarray) -> np.ndarray:
        """Standard error of each coefficient where examples of one group resemble each other.

        Without information, where all probabilities are 0 or 1, it is infinite.

        Args:
            group: (example,), int; groups without an example do not count.
        Source:
            Liang and Zeger 1986, Longitudinal data analysis using generalized linear models, with independence as the
            working model; the factor G / (G - 1) for G groups as in Stata.
        """
        n_groups = len(np.unique(group))
        scores = sums_of_groups(group, int(group.max()) + 1, self.columns * self.residuals[:, None])
        try:
            bread = np.linalg.inv(self.information)
        except np.linalg.LinAlgError:
            return np.full(len(self.coefficients), np.inf)
        meat = np.einsum("ij,ik->jk", scores, scores)
        # With hardly any information it overflows: such an error is no number, or infinite.
        with np.errstate(over="ignore", invalid="ignore"):
            variance = bread @ meat @ bread * n_groups / (n_groups - 1)
            errors: np.ndarray = np.sqrt(np.diag(variance))
        return errors


@dataclass(frozen=True)
class LogisticLine:
    """Log odds of a positive as a straight line.

    Attributes:
        fit: on x less its mean and over its spread: numbers that hardly differ then cost no digits.
        mean: of x.
        spread: of x.
    """

    fit: LogisticFit
    mean: float
    spread: float

    @property
    def slope(self) -> float:
        """Log odds that a step of 1 in x adds."""
        return float(self.fit.coefficients[1] / self.spread)

    @property
    def intercept(self) -> float:
        """Log odds at 0."""
        return float(self.fit.coefficients[0] - self.slope * self.mean)

    def slope_error(self, group: np.ndarray) -> float:
        """Standard error of the slope, as of `LogisticFit.errors`."""
        return float(self.fit.errors(group)[1] / self.spread)


def fit_line(x: np.ndarray, truth: np.ndarray) -> LogisticLine:
    """Fit intercept and slope.

    Args:
        x: (example,).
        truth: (example,), 0 or 1; `why_no_line` says where there is no fit.
    """
    mean, spread = float(x.mean()), float(x.std())
    columns = np.column_stack([np.ones(len(x)), (x - mean) / spread])
    return LogisticLine(_fit(columns, truth, np.zeros(len(x))), mean, spread)


def fit_shift(offset: np.ndarray, truth: np.ndarray) -> LogisticFit:
    """Fit what has to be added to given log odds, as the only coefficient.

    Args:
        offset: (example,), log odds.
        truth: (example,), 0 or 1, of both classes.
    """
    return _fit(np.ones((len(offset), 1)), truth, offset)


def why_no_line(x: np.ndarray, truth: np.ndarray) -> str | None:
    """Why no slope is defined or finite, or None where one is.

    Source:
        Albert and Anderson 1984, On the existence of maximum likelihood estimates in logistic regression models: the
        classes have to overlap.
    """
    if reason := why_undefined(truth):
        return reason
    if x.min() == x.max():
        return "all predictions are the same"
    positives, negatives = x[truth == 1], x[truth == 0]
    if positives.min() >= negatives.max() or positives.max() <= negatives.min():
        return "the predictions of positives and negatives do not overlap, so that no slope is finite"
    return None


def _fit(columns: np.ndarray, truth: np.ndarray, offset: np.ndarray) -> LogisticFit:
    """Newton's method; where a step would overshoot it is halved. The log likelihood has one top."""
    coefficients = np.zeros(columns.shape[1])
    for _ in range(MOST_STEPS):
        probability = sigmoid(_log_odds(columns, offset, coefficients))
        information = np.einsum("ij,i,ik->jk", columns, probability * (1 - probability), columns)
        slope = np.einsum("ij,i->j", columns, truth - probability)
        step = np.linalg.solve(information + RIDGE * np.eye(len(slope)), slope)
        if step @ slope <= LEAST_GAIN * len(truth):
            break
        coefficients = _uphill(columns, truth, offset, coefficients, step)
    return LogisticFit(columns, coefficients, truth - probability, information)


def _uphill(
    columns: np.ndarray, truth: np.ndarray, offset: np.ndarray, coefficients: np.ndarray, step: np.ndarray
) -> np.ndarray:
    here = _log_likelihood(_log_odds(columns, offset, coefficients), truth)
    for _ in range(MOST_HALVINGS):
        there = _log_likelihood(_log_odds(columns, offset, coefficients + step), truth)
        if there >= here - ROUND_OFF * abs(here):
            break
        step = step / 2
    uphill: np.ndarray = coefficients + step
    return uphill


def _log_odds(columns: np.ndarray, offset: np.ndarray, coefficients: np.ndarray) -> np.ndarray:
    # einsum, not @: for matrices this narrow BLAS gains nothing, and its threads wait for each other on a busy machine.
    log_odds: np.ndarray = offset + np.einsum("ij,j->i", columns, coefficients)
    return log_odds


def _log_likelihood(log_odds: np.ndarray, truth: np.ndarray) -> float:
    return float(np.sum(truth * log_odds - np.logaddexp(0, log_odds)))
