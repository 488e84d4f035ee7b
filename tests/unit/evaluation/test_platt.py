"""Platt scaling is fitted on validation alone, keeps the order, and is the identity where it cannot be fitted."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logit
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from zoo_core.contract import Label
from zoo_core.evaluation.platt import LEAST_OF_EACH_CLASS, fit_scaling, fit_scalings, log_odds, with_calibrated
from zoo_core.evaluation.predictions import Origin, Predictions

TOLERANCE = 1e-9
N = 600
ORIGIN = Origin("t", "d", True, (Label("Mass"), Label("Hernia")), "m", "s", "h", ("auroc",))


def over_confident(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Truth, and predictions whose log odds are twice what they should be, and too low."""
    rng = np.random.default_rng(seed)
    odds = rng.normal(-1, 1, n)
    return (rng.random(n) < expit(odds)).astype(int), expit(2 * odds - 0.5)


def some() -> Predictions:
    table = pd.DataFrame({"group_id": [f"p{i // 2}" for i in range(N)], "split": ["validation"] * 300 + ["test"] * 300})
    table["status"] = "ok"
    for seed, label in enumerate(ORIGIN.labels):
        truth, score = over_confident(N, seed)
        table[f"truth.{label.name}"], table[f"prediction.{label.name}"] = truth.astype(float), score
    return Predictions(table, ORIGIN)


def calibrated(predictions: Predictions) -> Predictions:
    return with_calibrated(predictions, fit_scalings(predictions))


def test_the_line_is_scikit_learns_on_the_log_odds():
    truth, score = over_confident(N, seed=0)
    scaling = fit_scaling(truth, score)
    model = LogisticRegression(C=np.inf, solver="newton-cholesky", tol=1e-12).fit(logit(score)[:, None], truth)
    assert (scaling.intercept, scaling.slope) == pytest.approx((model.intercept_[0], model.coef_[0, 0]), abs=TOLERANCE)
    assert scaling.apply(score) == pytest.approx(model.predict_proba(logit(score)[:, None])[:, 1], abs=TOLERANCE)


def test_over_confidence_is_taken_back():
    truth, score = over_confident(50_000, seed=0)
    scaling = fit_scaling(truth, score)
    assert (scaling.slope, scaling.intercept) == pytest.approx((0.5, 0.25), abs=0.03)


def test_the_order_of_predictions_and_so_auroc_stays():
    one = calibrated(some()).table
    assert (one["calibrated.Mass"].rank() == one["prediction.Mass"].rank()).all()
    aurocs = [roc_auc_score(one["truth.Mass"], one[f"{kind}.Mass"]) for kind in ("prediction", "calibrated")]
    assert aurocs[0] == aurocs[1]
    assert (one["calibrated.Mass"] != one["prediction.Mass"]).all()


def test_predictions_of_float32_keep_their_order_in_float64():
    truth, score = over_confident(N, seed=0)
    narrow = score.astype(np.float32)
    probability = fit_scaling(truth, narrow).apply(narrow)
    assert probability.dtype == np.float64
    assert (np.argsort(probability, kind="stable") == np.argsort(narrow, kind="stable")).all()


def test_the_order_of_examples_changes_no_digit():
    truth, score = over_confident(N, seed=0)
    order = np.random.default_rng(0).permutation(N)
    assert fit_scaling(truth[order], score[order]) == fit_scaling(truth, score)


def test_only_the_truth_of_validation_counts():
    predictions = some()
    test = predictions.table["split"] == "test"
    other = predictions.table.assign(**{"truth.Mass": predictions.table["truth.Mass"].where(~test, np.nan)})
    fitted = fit_scalings(predictions)
    assert fit_scalings(dataclasses.replace(predictions, table=other)) == fitted
    swapped = predictions.table.assign(split=np.where(test, "validation", "test"))
    assert fit_scalings(dataclasses.replace(predictions, table=swapped)) != fitted
    assert fitted["Mass"].n == 300


def test_every_row_that_was_predicted_is_calibrated_and_a_failed_one_is_not():
    predictions = some()
    failed = predictions.table.assign(status=["failed"] + ["ok"] * (N - 1))
    failed.loc[0, ["prediction.Mass", "prediction.Hernia"]] = np.nan
    one = calibrated(dataclasses.replace(predictions, table=failed)).table["calibrated.Mass"]
    assert np.isnan(one[0])
    assert one[1:].between(0, 1).all()


def test_unknown_truth_is_not_fitted_and_is_calibrated_all_the_same():
    predictions = some()
    predictions.table.loc[:99, "truth.Mass"] = np.nan
    assert fit_scalings(predictions)["Mass"].n == 200
    assert calibrated(predictions).table["calibrated.Mass"].notna().all()


def test_labels_that_are_not_binary_are_left_alone():
    predictions = some()
    labels = (Label("Mass"), Label("Hernia", kind="value", unit="mm"))
    other = dataclasses.replace(predictions, origin=dataclasses.replace(ORIGIN, labels=labels))
    assert list(fit_scalings(other)) == ["Mass"]


def few(n_positive: int, n: int = 200) -> tuple[np.ndarray, np.ndarray]:
    _, score = over_confident(n, seed=0)
    return (np.arange(n) < n_positive).astype(int), score


def ranked_backwards() -> tuple[np.ndarray, np.ndarray]:
    truth, score = over_confident(N, seed=0)
    return 1 - truth, score


IDENTITIES = {
    "too few positives": (few(LEAST_OF_EACH_CLASS - 1), "19 positives in validation, 20 are needed"),
    "too few negatives": (few(181), "19 negatives in validation, 20 are needed"),
    "no positive": (few(0), "no positive among 200"),
    "no negative": (few(200), "no negative among 200"),
    "no example": ((np.empty(0, int), np.empty(0)), "no example has this label known"),
    "no probabilities": ((few(50)[0], few(50)[1] + 0.5), "probabilities are from 0 to 1"),
    "the same everywhere": ((few(50)[0], np.full(200, 0.3)), "all predictions are the same"),
    "no overlap": ((few(50)[0], np.arange(200)[::-1] / 200), "do not overlap"),
    "backwards": (ranked_backwards(), "turns the order"),
}


@pytest.mark.parametrize("case", IDENTITIES)
def test_what_cannot_be_fitted_stays_as_it_is_and_says_why(case):
    (truth, score), said = IDENTITIES[case]
    scaling = fit_scaling(truth, score)
    assert (scaling.slope, scaling.intercept) == (1, 0)
    assert said in scaling.reason
    assert (scaling.apply(score) == score).all()
    assert (scaling.n, scaling.n_positive) == (len(truth), truth.sum())


def test_as_many_as_are_needed_are_enough():
    rng = np.random.default_rng(0)
    truth = (np.arange(200) < LEAST_OF_EACH_CLASS).astype(int)
    assert fit_scaling(truth, expit(rng.normal(truth))).reason is None


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_log_odds_of_0_and_1_are_finite_and_those_between_are_exact(dtype):
    score = np.array([0, 0.25, 1], dtype)
    odds = log_odds(score)
    assert np.isfinite(odds).all()
    assert odds[0] == pytest.approx(-odds[2])
    assert odds[1] == pytest.approx(logit(0.25), abs=TOLERANCE)


def test_a_wide_float_tells_more_apart_than_a_narrow_one():
    assert log_odds(np.zeros(1))[0] < log_odds(np.zeros(1, np.float32))[0]
