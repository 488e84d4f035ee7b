import json

import numpy as np
import pandas as pd
import pytest
from scipy.stats import t

from zoo_core.evaluation.screen.hits import (
    FALSE_DISCOVERY_RATE,
    PlateHits,
    call_hits,
    pooled_record,
    smallest_rank_p,
    with_hits,
)
from zoo_core.evaluation.screen.wells import ScoreColumn

MODEL = ScoreColumn("model", "m")
ROUND_OFF = 1e-12


def plate(controls, samples, positives=(), name="P") -> pd.DataFrame:
    score = np.array([*controls, *samples, *positives], dtype=float)
    roles = ["negative"] * len(controls) + [None] * len(samples) + ["positive"] * len(positives)
    wells = pd.DataFrame({"meta.plate": name, "meta.well_id": [f"{name}/{i:03}" for i in range(len(score))]})
    return wells.assign(**{"meta.control_role": pd.array(roles, dtype=object), "score.model": score})


def judge(*args) -> PlateHits:
    return call_hits(plate(*args), [MODEL])["model"]


def test_p_is_that_of_one_more_observation_computed_by_hand():
    found = judge([1, 2, 3], [5.0, -1.0, 2.0])
    expected = [2 * t.sf(abs(x - 2) / np.sqrt(1 + 1 / 3), 2) for x in (5, -1, 2)]
    assert found.table["p"].to_numpy() == pytest.approx(expected, abs=ROUND_OFF)
    assert found.table["robust_z"].to_numpy() == pytest.approx(np.array([3, -3, 0]) / 1.4826, abs=ROUND_OFF)
    # Benjamini-Hochberg of three: the two equal p are the two smallest, of 3 / 2; the largest stays.
    assert found.table["q"].to_numpy() == pytest.approx([1.5 * expected[0]] * 2 + [1.0], abs=ROUND_OFF)


def test_planted_hits_are_called_with_their_direction_and_others_are_not():
    rng = np.random.default_rng(0)
    record = judge(rng.normal(0, 1, 16), [*rng.normal(0, 1, 60), 20, 25, -30], [9, 9]).as_record()
    assert (record["n_tested"], record["n_hits"], record["n_higher"], record["n_lower"]) == (63, 3, 2, 1)
    assert json.loads(json.dumps(record, allow_nan=False)) == record


def false_discoveries(p_of) -> float:
    """Mean share of plates without any effect that call a hit all the same, of eight controls."""
    rng = np.random.default_rng(5)
    return float(np.mean([p_of(rng.normal(0, 1, 8), rng.normal(0, 1, 60)) for _ in range(300)]))


def called_by_t(controls, samples) -> bool:
    return bool(judge(controls, samples).table["is_hit"].any())


def called_by_robust_z(controls, samples) -> bool:
    """The liar: takes the deviation of eight wells for the true one."""
    from scipy.stats import false_discovery_control, norm

    z = judge(controls, samples).table["robust_z"].to_numpy(dtype=float)
    return bool((false_discovery_control(2 * norm.sf(np.abs(z))) <= FALSE_DISCOVERY_RATE).any())


def test_plates_without_effect_call_hits_no_more_often_than_stated_and_a_robust_z_would():
    assert false_discoveries(called_by_t) <= FALSE_DISCOVERY_RATE + 0.025  # two standard errors of 300 plates
    assert false_discoveries(called_by_robust_z) > 0.2


def test_what_eight_controls_cannot_show_is_said():
    record = judge(range(8), range(36)).as_record()
    assert record["smallest_rank_p"] == pytest.approx(2 / 9)
    assert "8 controls" in record["assumption"]
    assert "need 1439 controls" in record["assumption"]
    assert smallest_rank_p(1439) * 36 <= FALSE_DISCOVERY_RATE < smallest_rank_p(1438) * 36


@pytest.mark.parametrize(
    ("controls", "samples", "words"),
    [
        ([], [1, 2], "0 negative control wells, 2 are needed"),
        ([1], [1, 2], "1 negative control wells, 2 are needed"),
        ([1, 2], [], "no sample well"),
        ([0.1, 0.1, 0.1], [1, 2], "all 3 negative control wells have the same score"),
    ],
)
def test_samples_that_cannot_be_judged_are_no_hits_and_no_misses(controls, samples, words):
    found = judge(controls, samples)
    record = found.as_record()
    assert record["n_hits"] is None
    assert words in record["reason"]
    assert found.table["is_hit"].isna().all()


def test_controls_of_which_most_are_alike_have_a_p_and_no_robust_z():
    found = judge([1, 1, 1, 1, 2], [9.0])
    assert found.table["robust_z"].isna().all()
    assert found.table["p"].notna().all()


def test_empty_wells_and_positive_controls_are_not_judged():
    wells = plate([1, 2, 3], [5.0], [9.0])
    wells.loc[wells.index[0], "meta.control_role"] = "empty"
    found = call_hits(wells, [MODEL])["model"]
    assert found.table.index.tolist() == ["P/003"]
    assert found.n_controls == 2


@pytest.mark.parametrize(("factor", "offset"), [(-2.0, 5.0), (0.01, 0.0)])
def test_another_unit_of_the_score_calls_the_same_hits(factor, offset):
    rng = np.random.default_rng(1)
    wells = plate(rng.normal(0, 1, 8), [0.5, 9.0, 20.0])
    after = wells.assign(**{"score.model": factor * wells["score.model"] + offset})
    first, second = (call_hits(one, [MODEL])["model"].table for one in (wells, after))
    assert second["p"].to_numpy() == pytest.approx(first["p"].to_numpy(), rel=1e-9)
    assert second["is_hit"].tolist() == first["is_hit"].tolist()


def test_a_table_of_wells_takes_what_was_found_on_each_plate():
    plates = [plate([0, 1, 2], [1.0, 500.0], name="P"), plate([], [3.0], name="Q")]
    found = [call_hits(one, [MODEL]) for one in plates]
    wells = with_hits(pd.concat(plates, ignore_index=True), found).set_index("meta.well_id")
    assert wells["is_hit.model"].isna().tolist() == [True, True, True, False, False, True]
    assert wells.loc["P/004", "is_hit.model"]
    assert wells["q.model"].notna().sum() == 2


def test_pooled_counts_are_those_of_the_plates_that_were_judged():
    records = [judge([0, 1, 2], [1.0, 500.0]).as_record(), judge([], [3.0]).as_record()]
    pooled = pooled_record(records)
    assert (pooled["n_tested"], pooled["n_hits"], pooled["n_plates"]) == (2, 1, 1)
    assert pooled_record(records[1:])["reason"] == "no plate of which samples were judged"
