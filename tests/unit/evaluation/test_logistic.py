"""The line of highest likelihood is scikit-learn's, and its errors are those of the formula written out."""

from collections.abc import Callable

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.special import expit
from sklearn.linear_model import LogisticRegression

from zoo_core.evaluation.logistic import LogisticFit, fit_line, fit_shift, why_no_line

TOLERANCE = 1e-9


def sample(n: int = 400, base: float = -1.0, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Log odds, truth and group; examples of a group share most of both."""
    rng = np.random.default_rng(seed)
    group = np.arange(n) // 4
    x = rng.normal(base, 1.5, n // 4)[group] + rng.normal(0, 0.3, n)
    return x, (np.repeat(rng.random(n // 4), 4) < expit(x)).astype(int), group


def by_scikit_learn(x: np.ndarray, truth: np.ndarray) -> tuple[float, float]:
    model = LogisticRegression(C=np.inf, solver="newton-cholesky", tol=1e-12).fit(x[:, None], truth)
    return float(model.intercept_[0]), float(model.coef_[0, 0])


def written_out(x: np.ndarray, truth: np.ndarray, group: np.ndarray) -> tuple[float, float]:
    """Errors of intercept and slope: inverse, sum over groups, inverse."""
    columns, (intercept, slope) = np.column_stack([np.ones(len(x)), x]), by_scikit_learn(x, truth)
    probability = expit(intercept + slope * x)
    inverse = np.linalg.inv(sum(p * (1 - p) * np.outer(row, row) for p, row in zip(probability, columns, strict=True)))
    of_groups = [(columns[group == g] * (truth - probability)[group == g, None]).sum(0) for g in np.unique(group)]
    factor = len(of_groups) / (len(of_groups) - 1)
    variance = inverse @ sum(np.outer(one, one) for one in of_groups) @ inverse * factor
    return tuple(np.sqrt(np.diag(variance)))


@pytest.mark.parametrize("base", [0.0, -1.0, -5.0])
@pytest.mark.parametrize("seed", [0, 1])
def test_a_line_is_scikit_learns_without_a_penalty(base, seed):
    x, truth, _ = sample(2000, base, seed)
    line = fit_line(x, truth)
    assert (line.intercept, line.slope) == pytest.approx(by_scikit_learn(x, truth), abs=TOLERANCE)


def test_numbers_that_hardly_differ_are_fitted_as_well():
    x, truth, _ = sample()
    line, far = fit_line(x, truth), fit_line(5 + 1e-6 * x, truth)
    assert far.slope * 1e-6 == pytest.approx(line.slope, rel=1e-6)


def test_the_fit_reaches_its_top_where_the_classes_hardly_overlap():
    x = np.array([-4.0, -3, -2, -1, 0.001, 0, 1, 2, 3, 4])
    truth = np.array([0, 0, 0, 0, 0, 1, 1, 1, 1, 1])
    line = fit_line(x, truth)
    residuals = truth - expit(line.intercept + line.slope * x)
    assert [residuals.sum(), (residuals * x).sum()] == pytest.approx([0, 0], abs=TOLERANCE)


def test_a_shift_makes_the_predictions_right_on_the_whole():
    x, truth, _ = sample()
    shift = fit_shift(x - 2, truth).coefficients[0]
    assert shift == pytest.approx(brentq(lambda a: (truth - expit(a + x - 2)).sum(), -9, 9, xtol=1e-13), abs=TOLERANCE)
    assert expit(x - 2 + shift).mean() == pytest.approx(truth.mean(), abs=TOLERANCE)


def check_errors(errors: Callable[[LogisticFit, np.ndarray], float]) -> None:
    x, truth, group = sample()
    _, expected = written_out(x, truth, group)
    line = fit_line(x, truth)
    assert errors(line.fit, group) / line.spread == pytest.approx(expected, rel=TOLERANCE)


def images_as_if_they_were_patients(fit: LogisticFit, group: np.ndarray) -> float:
    return fit.errors(np.arange(len(group)))[1]


def of_the_model_alone(fit: LogisticFit, group: np.ndarray) -> float:
    return np.sqrt(np.diag(np.linalg.inv(fit.information)))[1]


def test_errors_know_of_groups():
    check_errors(lambda fit, group: fit.errors(group)[1])
    x, truth, group = sample()
    assert fit_line(x, truth).slope_error(group) == pytest.approx(written_out(x, truth, group)[1], rel=TOLERANCE)


@pytest.mark.parametrize("liar", [images_as_if_they_were_patients, of_the_model_alone])
def test_errors_that_ignore_groups_would_be_seen(liar):
    with pytest.raises(AssertionError):
        check_errors(liar)


def test_groups_without_an_example_change_no_error():
    x, truth, group = sample()
    assert fit_line(x, truth).slope_error(7 * group + 3) == pytest.approx(fit_line(x, truth).slope_error(group))


@pytest.mark.parametrize(
    ("x", "truth", "word"),
    [
        ([0, 1, 2], [0, 0, 0], "no positive"),
        ([0, 1, 2], [1, 1, 1], "no negative"),
        ([1, 1, 1], [0, 1, 0], "the same"),
        ([0, 1, 2], [0, 0, 1], "overlap"),
        ([0, 1, 1], [0, 0, 1], "overlap"),
        ([2, 1, 0], [0, 0, 1], "overlap"),
    ],
)
def test_where_no_slope_is_finite_it_says_why(x, truth, word):
    assert word in why_no_line(np.array(x, float), np.array(truth))


def test_classes_that_overlap_have_a_slope():
    assert why_no_line(np.array([0.0, 1, 2]), np.array([0, 1, 0])) is None


@pytest.mark.parametrize("sure", [15.94, 36.0, 800.0])
def test_predictions_that_are_sure_and_wrong_have_a_fit(sure):
    x = np.array([-sure] * 3 + [sure] * 137)
    truth = np.zeros(140, int)
    truth[3:18] = 1
    shift, line = fit_shift(x, truth), fit_line(x, truth)
    assert np.isfinite([shift.coefficients[0], line.slope, line.intercept]).all()
    assert expit(sure + shift.coefficients[0]) == pytest.approx(15 / 137)
    assert not shift.errors(np.arange(140)) < 0


def test_where_nothing_is_known_of_a_shift_its_error_is_no_number():
    fit = fit_shift(np.array([-800.0, -800.0, 800.0, 800.0]), np.array([1, 0, 0, 1]))
    assert not np.isfinite(fit.errors(np.arange(4))).any()
