import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import curve_fit
from scipy.stats import spearmanr

from zoo_core.evaluation.draws import Draws
from zoo_core.evaluation.screen.dose_response import CURVE_COLUMNS, UNNAMED, DoseResponse, curves_table, respond
from zoo_core.evaluation.screen.logistic_curve import N_PERMUTATIONS, Curve, effect_p, fit_curve
from zoo_core.evaluation.screen.wells import ScoreColumn

MODEL = ScoreColumn("model", "m")
FEW = Draws(100, 3)
DOSES = (0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0)
PLANTED = Curve(-2.0, 6.0, np.log10(3.0), 1.2)
FACTOR = 1.5
"""That an EC50 is found within, of four wells a dose whose noise is a fortieth of the effect."""


def plate(curve=PLANTED, doses=DOSES, noise=0.4, n_each=4, seed=0) -> pd.DataFrame:
    """Wells of one treatment, and eight negative controls."""
    rng = np.random.default_rng(seed)
    dose = np.concatenate([np.repeat(doses, n_each), np.zeros(8)])
    score = curve.at(dose) + noise * rng.normal(size=len(dose))
    role = np.array([None] * len(doses) * n_each + ["negative"] * 8, dtype=object)
    return pd.DataFrame(
        {
            "meta.plate": "P",
            "meta.well_id": [f"P/{i:03}" for i in range(len(dose))],
            "meta.control_role": role,
            "meta.treatment": np.where(role == "negative", None, "drug"),
            "meta.concentration": np.where(role == "negative", np.nan, dose),
            "meta.concentration_unit": np.where(role == "negative", None, "uM"),
            "score.model": score,
        }
    )


def respond_to(wells: pd.DataFrame, draws=FEW) -> DoseResponse:
    return respond(wells, [MODEL], draws)["model"]["drug"]


def record_of(wells: pd.DataFrame) -> dict:
    return respond_to(wells).as_record()


@pytest.mark.parametrize("ec50", [0.4, 3.0, 25.0])
@pytest.mark.parametrize("slope", [0.8, 1.5, 3.0])
@pytest.mark.parametrize("ends", [(-2.0, 6.0), (500.0, 100.0)])
def test_a_planted_ec50_is_found(ec50, slope, ends):
    curve = Curve(*ends, np.log10(ec50), slope)
    record = record_of(plate(curve, noise=abs(ends[1] - ends[0]) / 40))
    value, low, high = record["ec50"]
    assert ec50 / FACTOR < value < ec50 * FACTOR
    assert low < value < high
    assert np.sign(record["hill"][0]) == np.sign(ends[1] - ends[0])
    assert record["bottom"][0] < record["top"][0]
    assert record["r2"][0] > 0.9


# Not near the highest dose, nor shallower: there noise alone moves an EC50 by more than the factor.
@settings(max_examples=15)
@given(st.floats(0.3, 10), st.floats(1, 4), st.integers(0, 1000))
def test_any_ec50_within_the_doses_is_found(ec50, slope, seed):
    wells = plate(Curve(0.0, 1.0, np.log10(ec50), slope), noise=0.03, seed=seed)
    concentration = wells["meta.concentration"].fillna(0).to_numpy()
    fit = fit_curve(concentration, wells["score.model"].to_numpy())
    assert ec50 / FACTOR < fit.ec50[0] < ec50 * FACTOR


def test_wells_without_noise_give_back_the_curve_itself():
    fit = respond_to(plate(noise=0.0)).fit
    assert [fit.curve.at_zero, fit.curve.at_most] == pytest.approx([-2, 6], abs=1e-4)
    assert fit.ec50 == pytest.approx([3, 3, 3], rel=0.03)
    assert fit.hill == pytest.approx([1.2, 1.2, 1.2], rel=0.08)
    assert fit.r2 == pytest.approx(1, abs=1e-8)


def test_the_curve_is_that_of_scipys_curve_fit():
    wells = plate()
    dose, score = wells["meta.concentration"].fillna(0).to_numpy(), wells["score.model"].to_numpy()

    def logistic(x, zero, most, log_ec50, slope):
        return zero + (most - zero) / (1 + (10**log_ec50 / np.maximum(x, 1e-300)) ** slope)

    with np.errstate(over="ignore"):
        expected, _ = curve_fit(logistic, dose, score, p0=[-2, 6, 0.5, 1])
    fit = fit_curve(dose, score)
    found = [fit.curve.at_zero, fit.curve.at_most, fit.curve.log_ec50, fit.curve.slope]
    assert found == pytest.approx(expected, rel=1e-3)


def test_the_interval_holds_the_planted_ec50_as_often_as_it_says():
    n, held = 60, 0
    for seed in range(n):
        wells = plate(noise=0.8, seed=seed)
        _, low, high = fit_curve(wells["meta.concentration"].fillna(0).to_numpy(), wells["score.model"].to_numpy()).ec50
        held += low <= 3.0 <= high
    assert held / n >= 0.87  # 95 % less two standard errors of 60 plates


@pytest.mark.parametrize(("factor", "offset"), [(3.0, -7.0), (-0.01, 100.0)])
def test_another_unit_of_the_score_leaves_ec50_and_turns_the_slope_with_its_sign(factor, offset):
    wells = plate()
    first = record_of(wells)
    second = record_of(wells.assign(**{"score.model": factor * wells["score.model"] + offset}))
    assert second["ec50"] == pytest.approx(first["ec50"], rel=1e-4)
    assert abs(second["hill"][0]) == pytest.approx(first["hill"][0], rel=1e-4)
    assert np.sign(second["hill"][0]) == np.sign(factor)
    assert second["hill"][1] < second["hill"][0] < second["hill"][2]


def test_another_unit_of_the_concentration_scales_ec50_alone():
    wells = plate()
    in_nm = wells.assign(**{"meta.concentration": wells["meta.concentration"] * 1000})
    first, second = record_of(wells), record_of(in_nm)
    assert second["ec50"] == pytest.approx([1000 * x for x in first["ec50"]], rel=1e-3)
    assert second["hill"] == pytest.approx(first["hill"], rel=1e-3)


STEEP_BELOW = Curve(0.0, 1.0, np.log10(0.02), 1.0)
STILL_RISING = Curve(0.0, 1.0, np.log10(600.0), 1.0)


@pytest.mark.parametrize(
    ("wells", "words"),
    [
        (plate(doses=(1.0, 3.0, 10.0)), "too few doses: 4, that of the negative controls included; 5"),
        (plate(Curve(0.0, 0.0, 0.0, 1.0), noise=1.0), "no effect: shuffled wells"),
        (plate(noise=0).assign(**{"score.model": 2.5}), "no effect: all 36 wells have the same score"),
        (plate(STEEP_BELOW, noise=0.01), "EC50 is below the tested range, 0.1 to 100 uM"),
        (plate(STILL_RISING, noise=0.005), "EC50 is above the tested range, 0.1 to 100 uM"),
        (plate(Curve(0.0, 1.0, np.log10(60.0), 0.9), noise=0.15, seed=2), "interval unbounded: the upper end"),
    ],
    ids=["doses", "effect", "constant", "below", "above", "unbounded"],
)
def test_what_does_not_fit_has_words_instead_of_a_number(wells, words):
    record = record_of(wells)
    assert [record[name] for name in ("ec50", "hill", "bottom", "top", "r2")] == [None] * 5
    assert words in record["reasons"]["ec50"]
    assert "fitted" not in set(respond_to(wells).table()["kind"])
    assert json.loads(json.dumps(record, allow_nan=False)) == record


def test_concentrations_of_two_units_are_not_fitted_together():
    wells = plate()
    wells.loc[0, "meta.concentration_unit"] = "nM"
    assert "several units (nM, uM)" in record_of(wells)["reasons"]["ec50"]


def test_p_of_no_effect_is_uniform_without_one_and_smallest_with_one():
    dose, rng = np.repeat(DOSES, 3), np.random.default_rng(0)
    block = np.zeros(len(dose), dtype=int)
    none = [effect_p(dose, rng.normal(size=len(dose)), block, np.random.default_rng(k)) for k in range(100)]
    assert np.mean(np.array(none) <= 0.05) <= 0.11
    assert 0.35 < np.mean(none) < 0.65
    assert effect_p(dose, PLANTED.at(dose), block, rng) == 1 / (1 + N_PERMUTATIONS)


def test_a_difference_between_plates_alone_is_no_effect():
    """All high doses are on the plate that is brighter: shuffling across plates would take that for an effect."""
    dose = np.repeat(DOSES, 4)
    block = (dose > 1).astype(int)
    score = 10 * block + np.random.default_rng(2).normal(size=len(dose))
    assert effect_p(dose, score, block, np.random.default_rng(0)) > 0.05
    assert effect_p(dose, score, np.zeros_like(block), np.random.default_rng(0)) < 0.05


def test_spearman_is_scipys_over_the_samples_and_lies_in_its_interval():
    wells = plate(noise=2.0)
    samples = wells[wells["meta.control_role"].isna()]
    value, low, high = record_of(wells)["spearman"]
    assert value == pytest.approx(spearmanr(samples["meta.concentration"], samples["score.model"])[0], abs=1e-12)
    assert low < value < high


@pytest.mark.parametrize("transform", [np.exp, np.cbrt, lambda x: 3 * x - 1])
def test_a_monotone_transform_of_the_score_leaves_spearman(transform):
    wells = plate(noise=2.0)
    after = wells.assign(**{"score.model": transform(wells["score.model"])})
    assert record_of(after)["spearman"] == record_of(wells)["spearman"]


def test_a_falling_score_has_a_negative_spearman():
    assert record_of(plate(Curve(1.0, 0.0, 0.5, 1.0), noise=0.01))["spearman"][0] < -0.9


@pytest.mark.parametrize(
    ("wells", "words"),
    [
        (plate(doses=(1.0, 2.0), n_each=1), "2 sample wells, 3 are needed"),
        (plate(doses=(1.0,)), "all 4 sample wells have the same concentration"),
        (plate().assign(**{"score.model": 1.0}), "all 28 sample wells have the same score"),
    ],
)
def test_spearman_that_is_undefined_says_why(wells, words):
    record = record_of(wells)
    assert record["spearman"] is None
    assert record["reasons"]["spearman"] == words


def test_perfect_order_has_no_interval():
    record = record_of(plate(noise=0.0, n_each=1))
    assert record["spearman"] == [1, None, None]
    assert "perfect order" in record["reasons"]["spearman"]


def test_controls_that_bear_the_treatments_name_are_its_anchors_where_there_are_any():
    wells = plate()
    wells["meta.treatment"] = wells["meta.treatment"].astype(object)
    wells.loc[wells.index[-3:], "meta.treatment"] = "drug"
    assert record_of(wells)["n_controls"] == 3
    assert record_of(plate())["n_controls"] == 8
    other_plate = plate().assign(**{"meta.plate": "Q"}).tail(8)
    assert record_of(pd.concat([plate(), other_plate], ignore_index=True))["n_controls"] == 8


def test_samples_without_a_name_are_one_treatment_and_those_without_a_dose_are_left_out():
    wells = plate().assign(**{"meta.treatment": None})
    wells.loc[0, "meta.concentration"] = np.nan
    found = respond(wells, [MODEL], FEW)["model"]
    assert list(found) == [UNNAMED]
    assert found[UNNAMED].as_record()["n_wells"] == 27


def test_a_plate_without_concentrations_has_no_dose_response():
    found = respond(plate().assign(**{"meta.concentration": np.nan}), [MODEL], FEW)
    assert found == {"model": {}}
    assert list(curves_table(found).columns) == list(CURVE_COLUMNS)


def test_the_order_of_the_wells_changes_nothing():
    wells = plate(noise=1.0)
    assert record_of(wells.sample(frac=1, random_state=1)) == record_of(wells)


def test_the_table_holds_every_well_and_the_curve_between_the_outermost_doses():
    wells = plate()
    found = respond(wells, [MODEL], FEW)
    table = curves_table(found)
    assert list(table.columns) == list(CURVE_COLUMNS)
    assert table["kind"].value_counts().to_dict() == {"fitted": 100, "well": 28, "control": 8}
    assert set(table["unit"]) == {"uM"}
    fitted = table[table["kind"] == "fitted"]
    assert (fitted["concentration"].min(), fitted["concentration"].max()) == pytest.approx((0.1, 100))
    curve = found["model"]["drug"].fit.curve
    assert fitted["value"].to_numpy() == pytest.approx(curve.at(fitted["concentration"].to_numpy()))
    points = table[table["kind"] != "fitted"].set_index("well_id")["value"]
    assert points.to_dict() == wells.set_index("meta.well_id")["score.model"].to_dict()
