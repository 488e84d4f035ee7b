import json

import numpy as np
import pandas as pd
import pytest

from zoo_core.contract import DataError
from zoo_core.evaluation.screen.screen import POOLED, Screen, evaluate_screen
from zoo_core.evaluation.screen.wells import ScoreColumn

MODEL = ScoreColumn("model", "score.response")
PIXELS = ScoreColumn("correlation", "baseline.correlation.response")
POSITION = ScoreColumn("position", "baseline.position.response", is_probability=True)
COLUMNS = (MODEL, PIXELS, POSITION)
N_FIELDS = 2
ROLES = ["negative"] * 6 + ["positive"] * 4 + [None] * 18 + ["empty"] * 2
DOSES = np.tile([0.1, 0.3, 1.0, 3.0, 10.0, 30.0], 3)


def plate(name: str, split: str = "test", seed: int = 0) -> pd.DataFrame:
    """Thirty wells of two fields: a model that sees the dose, a baseline that sees it less well, and one by place."""
    rng = np.random.default_rng(seed)
    n = len(ROLES)
    dose = np.concatenate([np.full(10, np.nan), DOSES, np.full(2, np.nan)])
    effect = np.where(np.array(ROLES) == "positive", 1.0, np.nan_to_num(dose / (dose + 1)))
    wells = pd.DataFrame(
        {
            "meta.plate": name,
            "meta.well_id": [f"{name}/{i:02}" for i in range(n)],
            "meta.well": [f"A{i:02}" for i in range(n)],
            "meta.control_role": pd.array(ROLES, dtype=object),
            "meta.treatment": ["drug" if 10 <= i < 28 else None for i in range(n)],
            "meta.concentration": dose,
            "meta.concentration_unit": ["uM" if 10 <= i < 28 else None for i in range(n)],
            "effect": effect,
        }
    )
    rows = wells.loc[wells.index.repeat(N_FIELDS)].reset_index(drop=True)
    noise = rng.normal(size=(2, len(rows)))
    return rows.drop(columns="effect").assign(
        **{
            "example_id": [f"{name}/{i:03}" for i in range(len(rows))],
            "group_id": rows["meta.well_id"],
            "split": split,
            "status": "ok",
            "meta.field": np.tile(range(N_FIELDS), n),
            MODEL.column: 8 * rows["effect"] - 4 + 0.3 * noise[0],
            PIXELS.column: rows["effect"] / 2 + 0.2 + 0.1 * noise[1],
            POSITION.column: rng.uniform(0.2, 0.8, len(rows)),
        }
    )


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    parts = [plate("P"), plate("Q", seed=1), plate("T", "train", seed=2), plate("V", "validation", seed=3)]
    return pd.concat(parts, ignore_index=True)


@pytest.fixture(scope="module")
def screen(table) -> Screen:
    return evaluate_screen(table, COLUMNS, n_replicates=100)


def test_every_number_is_there_per_plate_and_pooled_for_the_model_and_each_baseline(screen):
    record = screen.record
    assert list(record["plates"]) == ["P", "Q"]
    for one in (*record["plates"].values(), record[POOLED]):
        assert list(one["baselines"]) == ["correlation", "position"]
        for scored in (one, *one["baselines"].values()):
            assert len(scored["separation"]["z_prime"]) == 3
            assert list(scored["dose_response"]) == ["drug"]
            assert scored["hits"]["n_tested"] in (18, 36)
    assert (record["n_wells"], record["n_fields"], record["n_trained_on"]) == (60, 120, 60)
    assert record[POOLED]["separation"]["n_negative"] == 12
    assert json.loads(json.dumps(record, allow_nan=False)) == record


def test_the_model_that_sees_the_dose_is_better_than_the_place(screen):
    pooled = screen.record[POOLED]
    difference = pooled["baselines"]["position"]["difference"]
    assert difference["separation"]["ssmd"][1] > 0
    assert difference["spearman"]["drug"][1] > 0
    assert pooled["dose_response"]["drug"]["ec50"][0] == pytest.approx(1.0, rel=0.5)
    assert pooled["baselines"]["position"]["dose_response"]["drug"]["ec50"] is None


def test_wells_of_training_and_of_other_splits_change_nothing(table, screen):
    alone = evaluate_screen(table[table["split"] == "test"], COLUMNS, n_replicates=100)
    assert {**alone.record, "n_trained_on": 60} == screen.record
    assert alone.wells.equals(screen.wells)
    assert set(screen.wells["split"]) == {"test"}


def test_controls_that_a_model_has_seen_are_never_reported(table):
    """A liar: the model scores what it was trained on without fault, and would pass by that."""
    poor = table.assign(**{MODEL.column: np.random.default_rng(0).normal(size=len(table))})
    is_seen = poor["split"] == "train"
    poor.loc[is_seen, MODEL.column] = poor["meta.control_role"].map({"positive": 1000.0, "negative": -1000.0})
    record = evaluate_screen(poor, [MODEL], n_replicates=0).record
    assert record[POOLED]["separation"]["z_prime"][0] < 0
    with pytest.raises(DataError, match="has not seen"):
        evaluate_screen(poor, [MODEL], split="train")


def test_a_well_with_one_field_in_training_is_refused(table):
    """A liar: split by field, so that the model has seen half of each well that it is judged by."""
    by_field = table.assign(split=np.where(table["meta.field"] == 0, "train", "test"))
    with pytest.raises(DataError, match="'train' and 'test' in well 'P/00'"):
        evaluate_screen(by_field, [MODEL])


def test_another_split_can_be_judged_and_one_without_wells_cannot(table):
    assert list(evaluate_screen(table, [MODEL], n_replicates=0, split="validation").record["plates"]) == ["V"]
    with pytest.raises(DataError, match="none among 0 wells"):
        evaluate_screen(table[table["split"] == "train"], [MODEL])


def test_only_wells_that_have_every_score_are_judged_and_the_others_are_counted(table):
    without = table.copy()
    without.loc[without["meta.well_id"].isin(["P/00", "P/12"]), PIXELS.column] = np.nan
    screen = evaluate_screen(without, COLUMNS, n_replicates=0)
    assert screen.record["n_without_score"] == 2
    assert screen.record["plates"]["P"]["separation"]["n_negative"] == 5
    assert screen.record["plates"]["P"]["baselines"]["position"]["separation"]["n_negative"] == 5
    wells = screen.wells.set_index("meta.well_id")
    assert wells.index[~wells["is_judged"]].tolist() == ["P/00", "P/12"]
    assert np.isfinite(wells.loc["P/12", "score.model"])
    assert wells.loc["P/12", ["p.model", "is_hit.model"]].isna().all()


def test_failed_fields_are_counted(table):
    failed = table.copy()
    failed.loc[[0, 1, 2], "status"] = "failed"
    record = evaluate_screen(failed, [MODEL], n_replicates=0).record
    assert (record["n_fields"], record["n_failed"], record["n_without_score"]) == (117, 3, 1)


def test_the_numbers_of_a_plate_are_its_own_whatever_other_plates_there_are(table, screen):
    alone = evaluate_screen(table[table["meta.plate"] == "Q"], COLUMNS, n_replicates=100)
    assert alone.record["plates"]["Q"] == screen.record["plates"]["Q"]


def test_of_one_plate_what_is_pooled_is_the_plate(table):
    record = evaluate_screen(table[table["meta.plate"] == "P"], COLUMNS, n_replicates=50).record
    for part in ("separation", "dose_response"):
        assert record[POOLED][part] == record["plates"]["P"][part]


def test_the_order_of_the_rows_changes_nothing(table, screen):
    shuffled = evaluate_screen(table.sample(frac=1, random_state=4), COLUMNS, n_replicates=100)
    assert shuffled.record == screen.record
    pd.testing.assert_frame_equal(shuffled.wells, screen.wells)
    pd.testing.assert_frame_equal(shuffled.curves, screen.curves)


@pytest.mark.parametrize("dtype", ["str", "string", "object", "category"])
def test_words_of_any_kind_of_column_say_the_same(table, screen, dtype):
    names = ["meta.control_role", "meta.treatment", "meta.concentration_unit", "meta.plate", "meta.well_id"]
    kinds = table.assign(**{name: table[name].astype(dtype) for name in names})
    assert evaluate_screen(kinds, COLUMNS, n_replicates=100).record == screen.record


def test_tables_hold_what_a_report_draws(screen):
    assert len(screen.wells) == 60
    assert {"score.model", "p.model", "q.model", "is_hit.model", "robust_z.position", "meta.well"} <= set(screen.wells)
    assert screen.wells["is_hit.model"].notna().sum() == 36
    curves = screen.curves
    assert set(curves["plate"]) == {"P", "Q", POOLED}
    is_pooled = (curves["plate"] == POOLED) & (curves["score"] == "model")
    assert curves[is_pooled]["kind"].value_counts().to_dict() == {"fitted": 100, "well": 36, "control": 12}


def test_what_few_controls_cannot_show_is_said(screen):
    assert screen.record["cannot_show"].startswith("A plate with 6 negative and 4 positive control wells cannot show")
    assert "up to 60% that fail" in screen.record["cannot_show"]


def test_a_plate_with_one_control_only_is_still_reported_with_the_reason(table):
    lone = table[(table["meta.plate"] == "P") & (table["meta.control_role"] != "positive")]
    record = evaluate_screen(lone, COLUMNS, n_replicates=20).record
    separation = record["plates"]["P"]["separation"]
    assert separation["z_prime"] is None
    assert separation["reasons"]["z_prime"].startswith("no positive control well")
    assert record["plates"]["P"]["hits"]["n_tested"] == 18
    assert "without both controls" in record["cannot_show"]
    assert record["plates"]["P"]["baselines"]["position"]["difference"]["separation"]["z_prime"] is None


def test_a_plate_of_one_value_is_reported_with_reasons(table):
    flat = table.assign(**{one.column: 0.5 for one in COLUMNS})
    record = evaluate_screen(flat, COLUMNS, n_replicates=20).record
    plate = record["plates"]["P"]
    assert "have the same score" in plate["separation"]["reasons"]["auroc"]
    assert "have the same score" in plate["dose_response"]["drug"]["reasons"]["ec50"]
    assert "have the same score" in plate["hits"]["reason"]
    assert record[POOLED]["hits"]["n_hits"] is None
    assert json.loads(json.dumps(record, allow_nan=False)) == record


def test_a_plate_without_a_wells_table_has_nothing_to_be_judged_by_and_says_so(table):
    bare = table.drop(columns=[f"meta.{name}" for name in ("control_role", "treatment", "concentration")])
    screen = evaluate_screen(bare, [MODEL], n_replicates=20)
    pooled = screen.record[POOLED]
    assert pooled["separation"]["reasons"]["auroc"] == "no control well"
    assert pooled["dose_response"] == {}
    assert len(screen.curves) == 0


@pytest.mark.parametrize("columns", [[], [MODEL, ScoreColumn("model", PIXELS.column)]])
def test_scores_without_a_name_of_their_own_are_refused(table, columns):
    with pytest.raises(DataError, match="each of a name of its own"):
        evaluate_screen(table, columns)


@pytest.mark.parametrize("columns", [[], ["meta.concentration"]], ids=["whole", "without doses"])
def test_tables_are_written_as_parquet_and_read_back(table, tmp_path, columns):
    screen = evaluate_screen(table.drop(columns=columns), COLUMNS, n_replicates=0)
    for name in ("wells", "curves"):
        frame = getattr(screen, name)
        frame.to_parquet(tmp_path / name, index=False)
        again, before = (
            one.astype(object).where(one.notna(), None) for one in (pd.read_parquet(tmp_path / name), frame)
        )
        pd.testing.assert_frame_equal(again, before)


def test_a_logistic_regression_on_one_number_separates_as_the_number_itself(table):
    """What a baseline fitted on the correlation alone is: its log odds are a straight line of the correlation."""
    probability = 1 / (1 + np.exp(-(30 * table[PIXELS.column] - 12)))
    both = table.assign(fitted=probability)
    record = evaluate_screen(
        both, [PIXELS, ScoreColumn("fitted", "fitted", is_probability=True)], n_replicates=50
    ).record
    raw, fitted = record[POOLED], record[POOLED]["baselines"]["fitted"]
    for name in ("z_prime", "robust_z_prime", "ssmd", "auroc"):
        assert fitted["separation"][name] == pytest.approx(raw["separation"][name], rel=1e-6)
    assert fitted["dose_response"]["drug"]["spearman"] == pytest.approx(raw["dose_response"]["drug"]["spearman"])
    assert fitted["dose_response"]["drug"]["ec50"] == pytest.approx(raw["dose_response"]["drug"]["ec50"], rel=1e-3)
