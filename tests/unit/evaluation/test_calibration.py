"""Probabilities have slope 1 and intercept 0, liars have not, and an interval holds the truth as often as it says."""

import dataclasses
import json
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logit

from zoo_core.contract import Label
from zoo_core.evaluation import calibration as evaluated
from zoo_core.evaluation.calibration import STANDARD_ERRORS, calibration_of_labels, score_bins
from zoo_core.evaluation.logistic import fit_line, fit_shift
from zoo_core.evaluation.platt import fit_scalings, with_calibrated
from zoo_core.evaluation.predictions import Origin, Predictions

TOLERANCE = 1e-9
ORIGIN = Origin("t", "d", True, (Label("Mass"),), "m", "s", "h", ("auroc",))
N_DRAWS = 200


def predictions_of(truth: np.ndarray, score: np.ndarray, group: np.ndarray | None = None) -> Predictions:
    groups = np.arange(len(truth)) // 2 if group is None else group
    table = pd.DataFrame({"group_id": [f"p{g:05d}" for g in groups], "split": "test", "status": "ok"})
    return Predictions(table.assign(**{"truth.Mass": truth.astype(float), "prediction.Mass": score}), ORIGIN)


def calibration(predictions: Predictions, n_draws: int = N_DRAWS, split: str = "test") -> dict:
    return calibration_of_labels(predictions, split, n_draws, seed=0)["Mass"]


def simulated(n: int, seed: int = 0, base: float = -1.0) -> tuple[np.ndarray, np.ndarray]:
    """Truth, and the probability that it was drawn with."""
    rng = np.random.default_rng(seed)
    probability = expit(rng.normal(base, 1, n))
    return (rng.random(n) < probability).astype(int), probability


def holds(interval: list, value: float) -> bool:
    return interval[1] <= value <= interval[2]


def test_true_probabilities_have_slope_1_and_intercept_0_and_no_error_but_by_chance():
    raw = calibration(predictions_of(*simulated(20_000)))["raw"]
    assert raw["slope"][0] == pytest.approx(1, abs=0.05)
    assert raw["intercept"][0] == pytest.approx(0, abs=0.05)
    assert holds(raw["slope"], 1)
    assert holds(raw["intercept"], 0)
    assert raw["ece"][1] == 0
    assert raw["ece"][0] == pytest.approx(raw["ece_by_chance"], rel=0.5)


LIARS = {
    "over-confident": (lambda odds: 2 * odds, "slope", 0.5),
    "timid": (lambda odds: odds / 2, "slope", 2.0),
    "too low": (lambda odds: odds - 1, "intercept", 1.0),
    "too high": (lambda odds: odds + 1, "intercept", -1.0),
}


@pytest.mark.parametrize("liar", LIARS)
def test_a_liar_is_found_out(liar):
    lie, name, expected = LIARS[liar]
    truth, probability = simulated(20_000)
    raw = calibration(predictions_of(truth, expit(lie(logit(probability)))))["raw"]
    assert raw[name][0] == pytest.approx(expected, abs=0.1)
    assert not holds(raw[name], 1.0 if name == "slope" else 0.0)
    assert raw["ece"][1] > 0
    assert raw["ece"][0] > 3 * raw["ece_by_chance"]


def test_a_perfect_models_error_is_above_0_and_falls_with_the_number_of_examples():
    errors = [calibration(predictions_of(*simulated(n)))["raw"]["ece"][0] for n in (200, 2_000, 20_000)]
    assert errors == sorted(errors, reverse=True)
    assert errors[0] > 0.02 > 0.01 > errors[2] > 0


def by_hand(truth: np.ndarray, score: np.ndarray, n_bins: int = 10) -> float:
    """Expected calibration error of bins that hold the same number of examples."""
    bins = np.array_split(np.argsort(score, kind="stable"), n_bins)
    return sum(len(rows) * abs(truth[rows].mean() - score[rows].mean()) for rows in bins) / len(truth)


def test_the_error_is_that_of_ten_bins_of_as_many_examples_each():
    truth, score = simulated(1_000)
    score = np.random.default_rng(1).permutation((np.arange(1_000) + 0.5) / 1_000) ** 2
    assert calibration(predictions_of(truth, score))["raw"]["ece"][0] == pytest.approx(
        by_hand(truth, score), abs=TOLERANCE
    )


def test_bins_hold_as_many_examples_each_and_few_examples_make_few_bins():
    rng = np.random.default_rng(0)
    assert np.bincount(score_bins(rng.random(1_000))).tolist() == [100] * 10
    assert [score_bins(rng.random(n)).max() + 1 for n in (1, 39, 40, 199, 200)] == [1, 1, 2, 9, 10]


def test_bins_are_those_of_the_sample_in_every_draw():
    """The error of a draw with the sample's bins, drawn as the ranking metrics draw."""
    truth, score = simulated(300)
    predictions, rng = predictions_of(truth, score), np.random.default_rng(0)
    place, gaps = score_bins(score), []
    for _ in range(N_DRAWS):
        counts = np.bincount(rng.integers(150, size=150), minlength=150)[np.arange(300) // 2]
        gaps.append(np.abs(np.bincount(place, counts * (truth - score))).sum() / counts.sum())
    assert calibration(predictions)["raw"]["ece"][2] == pytest.approx(np.quantile(gaps, 0.975), abs=TOLERANCE)


def test_slope_and_intercept_are_those_of_the_logistic_fit_with_errors_over_patients():
    truth, score = simulated(500)
    raw, group = calibration(predictions_of(truth, score))["raw"], np.arange(500) // 2
    line, shift = fit_line(logit(score), truth), fit_shift(logit(score), truth)
    for name, value, error in (
        ("slope", line.slope, line.slope_error(group)),
        ("intercept", shift.coefficients[0], shift.errors(group)[0]),
    ):
        reach = STANDARD_ERRORS * error
        assert raw[name] == pytest.approx([value, value - reach, value + reach], abs=TOLERANCE)


def test_scaling_makes_the_split_it_was_fitted_on_perfect_and_the_other_better():
    truth, probability = simulated(4_000)
    predictions = predictions_of(truth, expit(2 * logit(probability)))
    table = predictions.table.assign(split=["validation"] * 2_000 + ["test"] * 2_000)
    predictions = dataclasses.replace(predictions, table=table)
    scaled = with_calibrated(predictions, fit_scalings(predictions))
    own, other = (calibration(scaled, split=split) for split in ("validation", "test"))
    assert own["calibrated"]["slope"][0] == pytest.approx(1, abs=1e-6)
    assert own["calibrated"]["intercept"][0] == pytest.approx(0, abs=1e-6)
    assert abs(other["calibrated"]["slope"][0] - 1) < abs(other["raw"]["slope"][0] - 1)
    assert other["calibrated"]["ece"][0] < other["raw"]["ece"][0]


def test_the_order_of_examples_changes_no_digit():
    predictions = predictions_of(*simulated(1_000))
    shuffled = Predictions(predictions.table.sample(frac=1, random_state=0), ORIGIN)
    assert calibration(shuffled) == calibration(predictions)


def test_without_a_calibrated_column_there_is_the_raw_version_alone():
    assert list(calibration(predictions_of(*simulated(50)))) == ["raw"]


def test_without_draws_there_are_the_same_values_and_no_interval():
    predictions = predictions_of(*simulated(300))
    quick, whole = calibration(predictions, 0)["raw"], calibration(predictions)["raw"]
    for name in ("ece", "intercept", "slope"):
        assert quick[name] == [whole[name][0], None, None]
    assert quick["ece_by_chance"] is None
    assert "reason" not in quick


UNDEFINED = {
    "no positive": (lambda t, s: (0 * t, s), ["intercept", "slope"], "no positive among 200"),
    "no negative": (lambda t, s: (0 * t + 1, s), ["intercept", "slope"], "no negative among 200"),
    "no truth": (lambda t, s: (t * np.nan, s), ["ece", "intercept", "slope"], "no example has this label known"),
    "no probabilities": (lambda t, s: (t, 3 * s), ["ece", "intercept", "slope"], "probabilities are from 0 to 1"),
    "all the same": (lambda t, s: (t, 0 * s + 0.5), ["slope"], "all predictions are the same"),
    "no overlap": (lambda t, s: (t, 0.2 + 0.6 * t), ["slope"], "do not overlap"),
}


@pytest.mark.parametrize("case", UNDEFINED)
def test_what_is_undefined_is_none_with_a_reason_and_the_rest_is_there(case):
    change, missing, said = UNDEFINED[case]
    truth, score = simulated(200)
    raw = calibration(predictions_of(*change(truth.astype(float), score)))["raw"]
    assert [name for name in ("ece", "intercept", "slope") if raw[name] is None] == missing
    assert said in raw["reason"]
    assert json.loads(json.dumps(raw, allow_nan=False)) == raw


def test_predictions_of_exactly_0_and_1_have_a_slope():
    truth, score = simulated(300)
    raw = calibration(predictions_of(truth, np.where(score > 0.5, 1.0, np.where(score < 0.1, 0.0, score))))["raw"]
    assert all(np.isfinite(raw["slope"]))


def test_positives_of_one_patient_have_values_and_no_interval_with_a_reason():
    _, score = simulated(200)
    raw = calibration(predictions_of(np.arange(200) // 2 == 3, score))["raw"]
    assert raw["slope"][1:] == raw["intercept"][1:] == [None, None]
    assert "positives are of 1 group" in raw["reason"]
    assert holds(raw["ece"], raw["ece"][0])


def test_examples_of_one_patient_have_an_error_without_an_interval():
    truth, score = simulated(200)
    raw = calibration(predictions_of(truth, score, np.zeros(200, int)))["raw"]
    assert raw["ece"][1:] == [None, None]
    assert raw["ece_by_chance"] is None


def test_unknown_truth_does_not_count():
    truth, score = simulated(300)
    known = predictions_of(truth[:250], score[:250])
    unknown = predictions_of(np.where(np.arange(300) < 250, truth, np.nan), score)
    one, other = calibration(known, 0)["raw"], calibration(unknown, 0)["raw"]
    assert one == other


def of_patients(rng: np.random.Generator, n_groups: int, lie: Callable) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Truth, probability and prediction of 5 images a patient, which share much of their chance and of their luck."""
    group = np.repeat(np.arange(n_groups), 5)
    odds = rng.normal(-1.5, 1, n_groups)[group] + rng.normal(0, 0.3, len(group))
    luck = np.where(rng.random(len(group)) < 0.5, rng.random(n_groups)[group], rng.random(len(group)))
    return (luck < expit(odds)).astype(int), expit(odds), expit(lie(odds))


def coverage(lie: Callable, expected: dict[str, float], images_alone: bool = False) -> dict[str, float]:
    """Share of simulated data sets whose interval holds what is true of the simulation."""
    rng, n_hits, n_simulated = np.random.default_rng(11), dict.fromkeys(["ece", *expected], 0), 200
    for _ in range(n_simulated):
        truth, probability, score = of_patients(rng, 120, lie)
        group = np.arange(600) if images_alone else np.arange(600) // 5
        raw = calibration(predictions_of(truth, score, group), 150)["raw"]
        gap = np.bincount(score_bins(score), probability - score)
        true = {**expected, "ece": np.abs(gap).sum() / len(score)}
        for name in n_hits:
            n_hits[name] += holds(raw[name], true[name])
    return {name: hits / n_simulated for name, hits in n_hits.items()}


LIES = {
    "none": (lambda odds: odds, {"slope": 1.0, "intercept": 0.0}),
    "a little too high": (lambda odds: odds + 0.2, {"slope": 1.0, "intercept": -0.2}),
    "too high": (lambda odds: odds + 0.5, {"slope": 1.0, "intercept": -0.5}),
    "over-confident": (lambda odds: 2 * odds, {"slope": 0.5}),
}


@pytest.mark.parametrize("lie", LIES)
def test_intervals_over_patients_hold_the_truth_about_as_often_as_they_say(lie):
    for held in coverage(*LIES[lie]).values():
        assert held == pytest.approx(0.95, abs=0.055)


def test_intervals_over_images_would_be_too_narrow():
    held = coverage(*LIES["none"], images_alone=True)
    assert held["slope"] < 0.88
    assert held["intercept"] < 0.88


def test_a_percentile_interval_of_the_error_would_hardly_ever_hold_that_there_is_none(monkeypatch):
    monkeypatch.setattr(evaluated, "_error_interval", lambda error, by_chance: error.interval())
    assert coverage(*LIES["none"])["ece"] < 0.1
