"""Thresholds are chosen on validation alone, and judged on every split."""

import dataclasses
import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_curve

from zoo_core.contract import Label
from zoo_core.evaluation.bootstrap import draw_groups
from zoo_core.evaluation.decisions import judge_points
from zoo_core.evaluation.operating_points import (
    LEAST_OF_EACH_CLASS,
    RULES,
    every_threshold,
    points_of,
    sensitivity_90,
    youden,
)
from zoo_core.evaluation.predictions import Origin, Predictions

TOLERANCE = 1e-9
ORIGIN = Origin("t", "d", True, (Label("Mass"),), "m", "s", "h", ("auroc",))
N_DRAWS = 100

POSITIVES = np.array([0.9, 0.9, 0.8, 0.8, 0.7, 0.7, 0.6, 0.6, 0.5, 0.1])
NEGATIVES = np.array([0.8, 0.6, 0.5, 0.4, 0.4, 0.3, 0.3, 0.2, 0.2, 0.0])
"""By hand: at 0.5 or more there are 9 positives of 10 and 3 negatives of 10; at 0.7, 6 and 1; at 0.6, 8 and 2."""


def rows(split: str, positives: np.ndarray, negatives: np.ndarray) -> pd.DataFrame:
    score = np.concatenate([positives, negatives])
    truth = np.repeat([1.0, 0.0], [len(positives), len(negatives)])
    groups = [f"{split}{i:04d}" for i in range(len(score))]
    return pd.DataFrame(
        {"group_id": groups, "split": split, "status": "ok", "truth.Mass": truth, "prediction.Mass": score}
    )


def predictions(*tables: pd.DataFrame) -> Predictions:
    return Predictions(pd.concat(tables, ignore_index=True), ORIGIN)


def some() -> Predictions:
    """Validation by hand, and a test split with the same sensitivity and specificity at a tenth of the odds."""
    return predictions(rows("validation", POSITIVES, NEGATIVES), rows("test", POSITIVES, np.tile(NEGATIVES, 10)))


def judged(predictions: Predictions, split: str = "test", n_draws: int = N_DRAWS) -> dict[str, Any]:
    return judge_points(predictions, points_of(predictions), split, n_draws, seed=0)["Mass"]


def changed(predictions: Predictions, **columns: object) -> Predictions:
    return dataclasses.replace(predictions, table=predictions.table.assign(**columns))


def test_the_points_of_a_table_made_by_hand():
    points = points_of(some())["Mass"]
    # 0.9 - 0.3 and 0.8 - 0.2 are equal: the higher threshold stands. 9 of 10 positives are enough for 0.9.
    assert points["youden"]["threshold"] == 0.6
    assert points["sensitivity_90"]["threshold"] == 0.5
    assert points["sensitivity_90"]["chosen_on"] == {
        "split": "validation",
        "n": 20,
        "n_positive": 10,
        "prevalence": 0.5,
        "sensitivity": 0.9,
        "specificity": 0.7,
        "ppv": 0.75,
    }


def test_on_the_split_it_was_chosen_on_a_point_has_the_numbers_it_was_chosen_for():
    for decision in judged(some(), "validation").values():
        for name in ("sensitivity", "specificity", "ppv"):
            assert decision[name][0] == pytest.approx(decision["chosen_on"][name], abs=TOLERANCE)
        assert decision["ppv_at_chosen_prevalence"][0] == pytest.approx(decision["ppv"][0], abs=TOLERANCE)
        assert decision["prevalence"] == decision["chosen_on"]["prevalence"]


def test_another_prevalence_changes_the_predictive_values_and_leaves_sensitivity_and_specificity():
    own, other = judged(some(), "validation")["youden"], judged(some())["youden"]
    for name in ("sensitivity", "specificity", "ppv_at_chosen_prevalence"):
        assert other[name][0] == pytest.approx(own[name][0], abs=TOLERANCE)
    assert (own["ppv"][0], own["npv"][0], own["prevalence"]) == pytest.approx((8 / 10, 8 / 10, 1 / 2))
    assert (other["ppv"][0], other["npv"][0], other["prevalence"]) == pytest.approx((8 / 28, 80 / 82, 1 / 11))


def test_the_truth_of_test_changes_no_threshold():
    swapped = some()
    test = swapped.table["split"] == "test"
    swapped = changed(swapped, **{"truth.Mass": swapped.table["truth.Mass"].where(~test, 0.0)})
    assert points_of(swapped) == points_of(some())
    other = changed(some(), split=["test"] * 20 + ["validation"] * 110)
    assert points_of(other) != points_of(some())


def test_thresholds_that_predictions_bring_along_are_used_and_none_is_chosen():
    brought = {"Mass": {"youden": points_of(some())["Mass"]["youden"] | {"threshold": 0.7}}}
    carried = dataclasses.replace(some(), origin=dataclasses.replace(ORIGIN, operating_points=brought))
    assert points_of(carried) == brought
    assert judged(carried)["youden"]["sensitivity"][0] == 0.6


def test_what_reaches_a_threshold_is_positive():
    at = some().table.loc[lambda table: table["split"] == "test"]
    called = at["prediction.Mass"] >= 0.6
    assert judged(some())["youden"]["ppv"][0] == pytest.approx(at["truth.Mass"][called].mean())


def test_a_threshold_of_float32_finds_the_example_that_it_is_the_prediction_of():
    narrow = changed(some(), **{"prediction.Mass": some().table["prediction.Mass"].astype(np.float32)})
    assert judged(narrow, "validation")["youden"]["sensitivity"][0] == 0.8
    assert judged(narrow)["youden"]["sensitivity"][0] == 0.8


def test_the_calibrated_threshold_is_the_same_among_calibrated_predictions():
    assert points_of(some())["Mass"]["youden"]["calibrated_threshold"] is None
    scaled = changed(some(), **{"calibrated.Mass": some().table["prediction.Mass"] ** 2})
    assert points_of(scaled)["Mass"]["youden"]["calibrated_threshold"] == 0.6**2


EXAMPLES = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 4)), min_size=2, max_size=30)


@given(EXAMPLES)
def test_thresholds_are_those_of_scikit_learns_curve(examples):
    truth, score = np.array(examples).T
    if truth.min() == truth.max():
        return
    false, found, values = roc_curve(truth, score, drop_intermediate=False)
    ours = every_threshold(truth, score.astype(float))
    assert ours.values.tolist() == values[1:].tolist()
    assert ours.n_found / truth.sum() == pytest.approx(found[1:])
    assert ours.n_false / (1 - truth).sum() == pytest.approx(false[1:])


@given(EXAMPLES)
def test_the_rules_are_the_highest_thresholds_that_do_what_they_say(examples):
    truth, score = np.array(examples).T
    if truth.min() == truth.max():
        return
    thresholds = every_threshold(truth, score.astype(float))
    found, false = thresholds.n_found / truth.sum(), thresholds.n_false / (1 - truth).sum()
    best, enough = youden(thresholds), sensitivity_90(thresholds)
    assert found[best] - false[best] == pytest.approx((found - false).max())
    assert all(found[:best] - false[:best] < found[best] - false[best] - 1e-12)
    assert found[enough] >= 0.9
    assert all(found[:enough] < 0.9)


def test_intervals_are_over_draws_of_whole_groups():
    pairs = np.arange(110) // 2
    grouped = changed(some(), group_id=[f"v{i:03d}" for i in range(20)] + [f"t{i:03d}" for i in pairs])
    test, draws = grouped.table[20:], []
    called = (test["prediction.Mass"] >= 0.6).to_numpy()
    truth = test["truth.Mass"].to_numpy()
    for _, counts in draw_groups(55, N_DRAWS, 1, np.random.default_rng(0)):
        weight = counts[0][pairs]
        draws.append((weight * called * truth).sum() / (weight * called).sum())
    low, high = np.quantile(draws, [0.025, 0.975])
    assert judged(grouped)["youden"]["ppv"][1:] == pytest.approx([low, high], abs=TOLERANCE)
    assert judged(some())["youden"]["ppv"][1:] != pytest.approx([low, high], abs=TOLERANCE)


def test_without_draws_there_are_the_same_values_and_no_interval():
    quick, whole = judged(some(), n_draws=0)["youden"], judged(some())["youden"]
    for name in ("sensitivity", "specificity", "ppv", "npv", "ppv_at_chosen_prevalence"):
        assert quick[name] == [whole[name][0], None, None]
    assert "reason" not in quick


def test_an_interval_holds_the_predictive_value_about_as_often_as_it_says():
    rng, n_hits, n_simulated = np.random.default_rng(3), 0, 200
    points = points_of(some())
    for _ in range(n_simulated):
        # Patients of four images that are all alike; 0.6 of the positives and 0.2 of the negatives reach the threshold.
        truth = np.repeat(np.arange(80) % 2, 4)
        called = np.repeat(rng.random(80) < np.where(np.arange(80) % 2, 0.6, 0.2), 4)
        table = pd.DataFrame({"group_id": np.repeat([f"{i:03d}" for i in range(80)], 4), "split": "test"})
        table = table.assign(status="ok", **{"truth.Mass": truth * 1.0, "prediction.Mass": called * 1.0})
        _, low, high = judge_points(Predictions(table, ORIGIN), points, "test", 150, 0)["Mass"]["youden"]["ppv"]
        n_hits += low <= 0.75 <= high
    assert n_hits / n_simulated == pytest.approx(0.95, abs=0.05)


UNCHOSEN = {
    "no validation": (rows("train", POSITIVES, NEGATIVES), "no example has this label known in validation"),
    "no positive": (rows("validation", POSITIVES[:0], NEGATIVES), "0 positives in validation"),
    "few positives": (rows("validation", POSITIVES[1:], NEGATIVES), "9 positives in validation"),
    "few negatives": (rows("validation", POSITIVES, NEGATIVES[1:]), f"{LEAST_OF_EACH_CLASS} are needed"),
}


@pytest.mark.parametrize("case", UNCHOSEN)
def test_what_cannot_be_chosen_says_why_and_nothing_else(case):
    table, said = UNCHOSEN[case]
    decisions = judged(predictions(table, rows("test", POSITIVES, NEGATIVES)))
    assert list(decisions) == list(RULES)
    for decision in decisions.values():
        assert list(decision) == ["reason"]
        assert said in decision["reason"]


VALIDATION = rows("validation", POSITIVES, NEGATIVES)
MISSING = {
    "no positive": (rows("test", POSITIVES[:0], NEGATIVES), ["sensitivity", "ppv_at_chosen_prevalence"], "no positive"),
    "no negative": (rows("test", POSITIVES, NEGATIVES[:0]), ["specificity", "ppv_at_chosen_prevalence"], "no negative"),
    "none called": (rows("test", POSITIVES / 9, NEGATIVES / 9), ["ppv", "ppv_at_chosen_prevalence"], "reaches"),
    "all called": (rows("test", POSITIVES + 1, NEGATIVES + 1), ["npv"], "every prediction reaches"),
}


@pytest.mark.parametrize("case", MISSING)
def test_a_share_of_nothing_is_none_with_a_reason(case):
    table, missing, said = MISSING[case]
    decision = judged(predictions(VALIDATION, table))["youden"]
    names = ("sensitivity", "specificity", "ppv", "npv", "ppv_at_chosen_prevalence")
    assert [name for name in names if decision[name] is None] == missing
    assert said in decision["reason"]
    assert json.loads(json.dumps(decision, allow_nan=False)) == decision


def test_a_number_that_is_the_same_in_every_draw_has_no_interval():
    decision = judged(predictions(VALIDATION, rows("test", POSITIVES[:8], NEGATIVES)))["youden"]
    assert decision["sensitivity"] == [1, None, None]
    assert "1 in every draw" in decision["reason"]


def test_unknown_truth_does_not_count():
    unknown = rows("test", POSITIVES, NEGATIVES).assign(**{"truth.Mass": np.nan})
    unknown["group_id"] = "x" + unknown["group_id"]
    with_unknown, without = (
        predictions(VALIDATION, rows("test", POSITIVES, NEGATIVES), unknown),
        predictions(VALIDATION, rows("test", POSITIVES, NEGATIVES)),
    )
    assert judged(with_unknown, n_draws=0) == judged(without, n_draws=0)
    nothing = judged(predictions(VALIDATION, unknown))["youden"]
    assert nothing["prevalence"] is None
    assert nothing["sensitivity"] is nothing["npv"] is None
