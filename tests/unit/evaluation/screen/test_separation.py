import json
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from zoo_core.evaluation.draws import Draws
from zoo_core.evaluation.screen.separation import (
    GATE,
    METRICS,
    Separation,
    auroc,
    moments,
    robust_moments,
    separate,
    ssmd,
    z_prime,
)
from zoo_core.evaluation.screen.wells import ScoreColumn

MODEL, OTHER = ScoreColumn("model", "m"), ScoreColumn("other", "o")
ROUND_OFF = 1e-9
FEW = Draws(200, 3)

SCORES = st.lists(st.integers(-50, 50).map(float), min_size=2, max_size=9).map(np.array)


def plate(negative, positive, name="P", **scores) -> pd.DataFrame:
    score = np.array([*negative, *positive], dtype=float)
    wells = pd.DataFrame({"meta.plate": name, "meta.well_id": [f"{name}/{i:03}" for i in range(len(score))]})
    roles = ["negative"] * len(negative) + ["positive"] * len(positive)
    return wells.assign(**{"meta.control_role": roles, "score.model": score, **scores})


def judge(negative, positive, draws=FEW) -> Separation:
    return separate(plate(negative, positive), [MODEL], draws)["model"]


def test_the_numbers_are_those_computed_by_hand():
    record = judge([1, 2, 3, 6], [11, 12, 16]).as_record()
    sd_negative, sd_positive = math.sqrt(14 / 3), math.sqrt(7)
    assert record["z_prime"][0] == pytest.approx(1 - 3 * (sd_negative + sd_positive) / 10, abs=ROUND_OFF)
    assert record["ssmd"][0] == pytest.approx(10 / math.sqrt(14 / 3 + 7), abs=ROUND_OFF)
    # Medians 2.5 and 12, median absolute deviations 1 and 1.
    assert record["robust_z_prime"][0] == pytest.approx(1 - 3 * 1.4826 * 2 / 9.5, abs=ROUND_OFF)
    assert record["robust_ssmd"][0] == pytest.approx(9.5 / (1.4826 * math.sqrt(2)), abs=ROUND_OFF)
    assert record["auroc"][0] == 1
    assert (record["n_negative"], record["n_positive"], record["above_gate"]) == (4, 3, False)


def test_the_gate_is_met_from_half_on():
    assert judge([0, 1, 2], [12, 13, 14]).as_record()["z_prime"][0] == GATE
    assert judge([0, 1, 2], [12, 13, 14]).as_record()["above_gate"] is True


@given(SCORES, SCORES, st.sampled_from([-3.0, 0.5, 7.0]), st.integers(-9, 9))
def test_another_unit_of_the_score_changes_neither_z_prime_nor_ssmd(negative, positive, factor, offset):
    for of in (moments, robust_moments):
        before = of(negative), of(positive)
        after = of(factor * negative + offset), of(factor * positive + offset)
        assert z_prime(*after) == pytest.approx(z_prime(*before), nan_ok=True, abs=ROUND_OFF, rel=ROUND_OFF)
        sign = np.sign(factor)
        assert ssmd(*after) == pytest.approx(sign * ssmd(*before), nan_ok=True, abs=ROUND_OFF, rel=ROUND_OFF)


@given(SCORES, SCORES)
def test_auroc_is_that_of_scikit_learn(negative, positive):
    truth = np.repeat([0, 1], [len(negative), len(positive)])
    expected = roc_auc_score(truth, np.concatenate([negative, positive]))
    assert auroc(negative, positive) == pytest.approx(expected, abs=ROUND_OFF)


def z_prime_of_population_sd(negative, positive):
    return 1 - 3 * (np.std(negative) + np.std(positive)) / abs(np.mean(positive) - np.mean(negative))


def test_the_spread_of_a_population_would_be_seen():
    negative, positive = np.array([0.0, 1, 2]), np.array([20.0, 21, 22])
    assert z_prime(moments(negative), moments(positive)) == pytest.approx(0.7, abs=ROUND_OFF)
    assert z_prime_of_population_sd(negative, positive) != pytest.approx(0.7, abs=0.01)


@pytest.mark.parametrize(
    ("negative", "positive", "undefined", "words"),
    [
        ([], [], METRICS, "no control well"),
        ([1, 2], [], METRICS, "no positive control well"),
        ([], [1, 2], METRICS, "no negative control well"),
        ([5, 5, 5], [5, 5], METRICS, "all 5 control wells have the same score"),
        ([1], [2, 3], METRICS[:4], "1 negative control well, 2 are needed"),
        ([0.1, 0.1, 0.1], [0.7, 0.7], METRICS[:4], "no spread"),
        ([1, 3], [0, 4], ("z_prime", "robust_z_prime"), "the same"),
        ([0.1, 0.2, 0.3], [0.3, 0.1, 0.2], ("z_prime", "robust_z_prime"), "the same"),
    ],
)
def test_what_is_undefined_is_none_and_says_why(negative, positive, undefined, words):
    record = judge(negative, positive).as_record()
    assert [name for name in METRICS if record[name] is None] == list(undefined)
    assert all(words in record["reasons"][name] for name in undefined)
    assert json.loads(json.dumps(record, allow_nan=False)) == record


def test_one_well_of_a_role_has_an_auroc_without_interval():
    record = judge([1], [2, 3]).as_record()
    assert record["auroc"] == [1, None, None]
    assert record["above_gate"] is None


def test_equal_means_have_an_ssmd_of_zero():
    value, low, high = judge([1, 2, 3, 4, 5], [0, 2, 3, 4, 6]).as_record()["ssmd"]
    assert value == 0
    assert low < 0 < high


def test_perfect_controls_leave_room_for_what_so_few_wells_cannot_show():
    rng = np.random.default_rng(0)
    few = judge(rng.normal(0, 1, 8), rng.normal(50, 1, 4)).as_record()["auroc"]
    many = judge(rng.normal(0, 1, 80), rng.normal(50, 1, 40)).as_record()["auroc"]
    assert few == [1, pytest.approx(0.025 ** (1 / 4), abs=ROUND_OFF), 1]
    assert many == [1, pytest.approx(0.025 ** (1 / 40), abs=ROUND_OFF), 1]
    turned = judge(rng.normal(50, 1, 8), rng.normal(0, 1, 4)).as_record()["auroc"]
    assert turned == [0, 0, pytest.approx(1 - 0.025 ** (1 / 4), abs=ROUND_OFF)]


def test_every_interval_holds_its_value_and_none_is_made_without_draws():
    rng = np.random.default_rng(1)
    negative, positive = rng.normal(0, 1, 12), rng.normal(1, 1, 9)
    record, without = judge(negative, positive).as_record(), judge(negative, positive, Draws(0, 0)).as_record()
    for name in METRICS:
        value, low, high = record[name]
        assert low < value < high
        assert without[name] == [value, None, None]


@pytest.mark.parametrize(("n_negative", "n_positive"), [(8, 4), (16, 8), (8, 8)])
def test_intervals_of_few_normal_wells_hold_the_truth_about_as_often_as_they_say(n_negative, n_positive):
    rng, n = np.random.default_rng(7), 200
    truth = {"z_prime": 1 - 3 * 1.5 / 12, "ssmd": 12 / math.hypot(1, 0.5)}
    held = dict.fromkeys(truth, 0)
    for _ in range(n):
        record = judge(rng.normal(0, 1, n_negative), rng.normal(12, 0.5, n_positive)).as_record()
        for name, true in truth.items():
            held[name] += record[name][1] <= true <= record[name][2]
    assert all(times / n >= 0.9 for times in held.values()), held


def test_the_order_of_the_wells_changes_nothing():
    rng = np.random.default_rng(2)
    wells = plate(rng.normal(0, 1, 7), rng.normal(3, 1, 5))
    shuffled = wells.sample(frac=1, random_state=1)
    first, second = (separate(one, [MODEL], FEW)["model"].as_record() for one in (wells, shuffled))
    assert first == second


def test_wells_are_drawn_within_their_plate_and_role():
    """Plates that differ by far more than their wells: a draw across plates would move the mean, and so SSMD."""
    one, two = plate([0, 1e-3], [1, 1 + 1e-3], "P"), plate([1000, 1000 + 1e-3], [1001, 1001 + 1e-3], "Q")
    pooled = separate(pd.concat([one, two]), [MODEL], FEW)["model"]
    replicates = pooled.estimates["ssmd"].replicates
    # Widened, a draw's spread is sqrt(4/3) of the wells': all draws agree but for the thousandths within a plate.
    assert np.ptp(replicates) < 1e-5 * 1000


def test_differences_of_two_scores_are_paired():
    rng = np.random.default_rng(4)
    negative, positive = rng.normal(0, 1, 10), rng.normal(4, 1, 10)
    score = np.concatenate([negative, positive])
    wells = plate(negative, positive, **{"score.other": 2 * score + 1})
    found = separate(wells, [MODEL, OTHER], FEW)
    for value, low, high in found["model"].minus(found["other"]).values():
        assert value == pytest.approx(0, abs=ROUND_OFF)
        assert low is None or max(abs(low), abs(high)) < 1e-6


def test_two_perfect_scores_differ_by_nothing_that_draws_could_bound():
    wells = plate([1, 2, 3], [11, 12, 14], **{"score.other": [1, 3, 2, 20, 31, 44]})
    found = separate(wells, [MODEL, OTHER], FEW)
    assert found["model"].minus(found["other"])["auroc"] == [0, None, None]


def test_a_difference_to_what_is_undefined_is_undefined():
    wells = plate([1, 2, 3], [11, 12, 14], **{"score.other": [5] * 6})
    found = separate(wells, [MODEL, OTHER], FEW)
    assert set(found["model"].minus(found["other"]).values()) == {None}
