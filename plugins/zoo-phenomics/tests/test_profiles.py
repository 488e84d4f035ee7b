import sys

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from zoo_core.contract import DataError, MachineError
from zoo_phenomics.profiles import (
    Profiles,
    aggregate_profiles,
    features_of,
    normalize_profiles,
    phenotypic_activity,
    select_features,
    to_anndata,
)

N_FEATURES = 12
ROLES = ["negative"] * 8 + ["positive"] * 3 + [None] * 8 + ["empty"]
TREATMENTS = [None] * 11 + ["strong"] * 4 + ["idle"] * 3 + ["alone"] + [None]
ROUND_OFF = 1e-9


def fields(plate: str = "P", seed: int = 0, n_fields: int = 2) -> pd.DataFrame:
    """Twenty wells; "strong" and the positive controls move their features, "idle" does not."""
    rng = np.random.default_rng(seed)
    direction = rng.normal(size=(2, N_FEATURES))
    effect = np.array([[t == "strong", r == "positive"] for t, r in zip(TREATMENTS, ROLES, strict=True)], float)
    of_wells = 6 * effect @ direction + rng.normal(size=(len(ROLES), N_FEATURES))
    well = np.repeat(np.arange(len(ROLES)), n_fields)
    values = of_wells[well] + 0.1 * rng.normal(size=(len(well), N_FEATURES))
    table = pd.DataFrame(
        {
            "example_id": [f"{plate}/{i}" for i in range(len(well))],
            "meta.plate": plate,
            "meta.well_id": [f"{plate}/{i:02}" for i in well],
            "meta.field": np.tile(range(n_fields), len(ROLES)),
            "meta.treatment": pd.array(np.array(TREATMENTS, dtype=object)[well]),
            "meta.concentration": np.where([t is not None for t in TREATMENTS], 1.0, np.nan)[well],
            "meta.control_role": pd.array(np.array(ROLES, dtype=object)[well]),
            "split": "test",
        }
    )
    return table.assign(**{f"feature.{k}": values[:, k].astype(np.float32) for k in range(N_FEATURES)})


def profiles(*tables: pd.DataFrame) -> Profiles:
    return normalize_profiles(aggregate_profiles(pd.concat(tables or [fields()], ignore_index=True)))


def activity(table: pd.DataFrame, **options) -> pd.DataFrame:
    found = phenotypic_activity(table, n_null=2000, **options)
    return found.assign(name=found["meta.treatment"].astype(object).fillna("positive")).set_index("name")


def test_a_well_is_the_mean_or_the_median_of_its_fields():
    table = fields(n_fields=3)
    for statistic in ("mean", "median"):
        wells = aggregate_profiles(table, statistic)
        expected = table.groupby("meta.well_id")["feature.3"].agg(statistic)
        assert wells["feature.3"].to_numpy() == pytest.approx(expected.to_numpy(), rel=1e-6)
    assert len(wells) == len(ROLES)
    assert set(wells["n_fields"]) == {3}
    assert "meta.field" not in wells
    assert wells["meta.control_role"].isna().sum() == 8


def test_fields_of_training_do_not_enter():
    seen = fields("T", 3).assign(split="train")
    both = pd.concat([fields(), seen], ignore_index=True)
    pd.testing.assert_frame_equal(aggregate_profiles(both), aggregate_profiles(fields()))
    with pytest.raises(DataError, match="not trained on"):
        aggregate_profiles(seen)


def test_controls_of_each_plate_have_median_0_and_deviation_1():
    other = fields("Q", 1)
    shifted = other.assign(**{name: 50 + 7 * other[name] for name in features_of(other)})
    table = profiles(fields(), shifted).table
    for _, own in table[table["meta.control_role"] == "negative"].groupby("meta.plate"):
        values = own[features_of(own)].to_numpy()
        assert np.median(values, axis=0) == pytest.approx(0, abs=ROUND_OFF)
        assert 1.4826 * np.median(np.abs(values), axis=0) == pytest.approx(1, rel=1e-6)


def test_another_gain_and_offset_of_a_plate_change_nothing():
    first = profiles().table
    other = fields()
    second = profiles(other.assign(**{name: 3 * other[name] - 20 for name in features_of(other)})).table
    assert second[features_of(second)].to_numpy() == pytest.approx(first[features_of(first)].to_numpy(), abs=1e-4)


def test_a_feature_without_spread_among_controls_is_dropped_and_cannot_decide_distances():
    table = fields("Q", 1)
    is_control = table["meta.control_role"] == "negative"
    table.loc[is_control, "feature.2"] = 4.0
    table["feature.5"] = 1.0
    found = profiles(fields(), table)
    assert dict(found.dropped) == dict.fromkeys(
        ("feature.2", "feature.5"), "does not vary among the negative controls of plate 'Q'"
    )
    values = found.table[features_of(found.table)].to_numpy()
    assert values.shape[1] == N_FEATURES - 2
    assert np.abs(values).max() < 1000


def test_a_plate_with_too_few_controls_is_left_out_with_the_reason():
    few = fields("Q", 1)
    few.loc[few["meta.well_id"].isin([f"Q/{i:02}" for i in range(6)]), "meta.control_role"] = None
    found = profiles(fields(), few)
    assert found.left_out == {"Q": "2 negative control wells, 3 are needed"}
    assert set(found.table["meta.plate"]) == {"P"}
    with pytest.raises(DataError, match="no plate with 3"):
        profiles(few)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda t: t.drop(columns="meta.well_id"), "the column 'meta.well_id'"),
        (lambda t: t.drop(columns=[c for c in t if c.startswith("feature.")]), "columns 'feature.NAME'"),
        (lambda t: t.assign(**{"feature.1": np.nan}), "40 fields without, the first in well 'P/00'"),
        (lambda t: t.assign(**{"meta.plate": t["example_id"]}), "one plate"),
        (lambda t: t.drop(columns="meta.control_role"), "the column 'meta.control_role'"),
        (lambda t: t.assign(**{c: 1.0 for c in t if c.startswith("feature.")}), "none of 12"),
    ],
)
def test_what_cannot_be_a_profile_is_refused_with_what_came(change, words):
    with pytest.raises(DataError, match="Received: ") as error:
        profiles(change(fields()))
    assert words in str(error.value)
    assert "\n" not in str(error.value)


def test_features_that_say_the_same_are_selected_once():
    table = fields()
    own = np.random.default_rng(5).normal(size=len(table))
    found = profiles(table.assign(**{"feature.own": own, "feature.copy": 2 * own + 1}))
    selected = select_features(found)
    assert len({"feature.own", "feature.copy"} & set(features_of(selected.table))) == 1
    assert set(features_of(found.table)) - set(features_of(selected.table)) == set(selected.dropped)
    assert "meta.well_id" in selected.table


def test_a_perturbation_that_moves_the_features_is_active_and_an_idle_one_is_not():
    found = activity(profiles().table)
    assert set(found.index) == {"strong", "idle", "alone", "positive"}
    assert found.loc["strong", "mean_average_precision"] == pytest.approx(1)
    assert found.loc[["strong", "positive"], "corrected_p_value"].max() < 0.05
    assert found.loc["idle", "p_value"] > 0.05
    assert found.loc["strong", ["n_wells", "n_controls"]].tolist() == [4, 8]
    assert (found["corrected_p_value"].dropna() >= found["p_value"].dropna()).all()


def test_one_well_alone_has_words_instead_of_a_number():
    found = activity(profiles().table)
    assert found.loc["alone", "reason"].startswith("one well")
    assert np.isnan(found.loc["alone", "p_value"])
    lone = profiles().table
    lone = lone[lone["meta.treatment"].isin(["alone"]) | (lone["meta.control_role"] == "negative")]
    assert activity(lone)["p_value"].isna().all()


def test_a_perfect_ranking_that_chance_gives_often_has_no_small_p():
    """Two wells and three controls: the one other well comes first among four in 1 of 4 cases."""
    table = profiles().table
    is_few = table["meta.well_id"].isin([f"P/{i:02}" for i in (0, 1, 2, 11, 12)])
    found = activity(table[is_few])
    assert found.loc["strong", "mean_average_precision"] == pytest.approx(1)
    assert found.loc["strong", "p_value"] == pytest.approx(1 / 4, abs=0.03)


def test_perturbations_without_effect_are_called_active_no_more_often_than_stated():
    """Two wells each and eight controls, where copairs alone calls one in sixteen, with the smallest p."""
    n_active = 0
    for seed in range(15):
        table = fields(seed=seed).assign(**{"meta.treatment": None, "meta.concentration": None})
        of_samples = table["meta.well_id"].str[-2:].astype(int)
        table["meta.treatment"] = "drug " + ((of_samples - 11) // 2).astype(str)
        noise = np.random.default_rng(seed).normal(size=(20, N_FEATURES))
        table = table.assign(**{f"feature.{k}": noise[of_samples, k] for k in range(N_FEATURES)})
        found = phenotypic_activity(profiles(table).table, by=("meta.treatment",), n_null=999)
        n_active += int((found["p_value"] < 0.05).sum())
    assert n_active / (15 * 6) <= 0.05


def test_doses_of_a_treatment_are_perturbations_of_their_own_unless_told_otherwise():
    table = fields()
    is_strong = table["meta.treatment"] == "strong"
    table.loc[is_strong & table["meta.well_id"].isin(["P/11", "P/12"]), "meta.concentration"] = 2.0
    normalized = profiles(table).table
    assert (activity(normalized).loc["strong", "n_wells"]).tolist() == [2, 2]
    assert activity(normalized, by=("meta.treatment",)).loc["strong", "n_wells"] == 4


def test_the_order_of_the_wells_changes_nothing_and_nothing_is_kept_in_the_home(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    table = profiles().table
    first = phenotypic_activity(table, n_null=500)
    second = phenotypic_activity(table.sample(frac=1, random_state=1), n_null=500)
    pd.testing.assert_frame_equal(first, second)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("role", ["negative", None])
def test_activity_needs_controls_and_something_else(role):
    table = profiles().table.assign(**{"meta.control_role": role})
    with pytest.raises(DataError, match="controls and"):
        phenotypic_activity(table)


def test_profiles_and_activity_are_written_as_parquet_and_read_back(tmp_path):
    table = profiles().table
    for frame in (table, phenotypic_activity(table, n_null=200)):
        frame.to_parquet(tmp_path / "t.parquet")
        pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "t.parquet"), frame, check_dtype=False)


def test_anndata_holds_features_and_wells_and_can_be_written(tmp_path):
    anndata = pytest.importorskip("anndata")
    table = profiles().table
    to_anndata(table).write_h5ad(tmp_path / "profiles.h5ad")
    again = anndata.read_h5ad(tmp_path / "profiles.h5ad")
    assert again.obs_names.tolist() == table["meta.well_id"].tolist()
    assert again.var_names.tolist() == [name.removeprefix("feature.") for name in features_of(table)]
    assert np.asarray(again.X) == pytest.approx(table[features_of(table)].to_numpy(), rel=1e-5)
    assert again.obs["meta.treatment"].isna().sum() == 12
    assert again.obs["meta.concentration"].sum() == 8


def test_a_machine_without_anndata_is_told_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "anndata", None)
    with pytest.raises(MachineError, match=r"install zoo-phenomics\[anndata\]"):
        to_anndata(profiles().table)


def test_high_doses_of_the_real_plate_are_active_and_the_lowest_are_not(shared_data):
    """BBBC013, by mean, spread and correlation of its two channels: four wells a dose, sixteen negative controls."""
    folder = shared_data("hcs_bbbc013_plate")
    layout = pd.read_csv(folder / "platemap.csv")
    values = []
    for names in layout[["channel1_png", "channel2_png"]].itertuples(index=False):
        first, second = (np.asarray(Image.open(folder / "images" / name), dtype=float) for name in names)
        together = np.corrcoef(first.ravel(), second.ravel())[0, 1]
        values.append([together, first.mean(), first.std(), second.mean(), second.std()])
    is_sample = layout["control"] == 0
    table = pd.DataFrame(values, columns=[f"feature.{k}" for k in range(5)]).assign(
        **{
            "meta.plate": "BBBC013",
            "meta.well_id": "BBBC013/" + layout["well"],
            "meta.treatment": layout["compound_inferred"].where(is_sample),
            "meta.concentration": layout["dose_index"].where(is_sample).astype(float),
            "meta.control_role": layout["control"].map({-1: "negative", 1: "positive"}),
        }
    )
    found = phenotypic_activity(profiles(table).table)
    assert len(found) == 2 * 9 + 1
    is_high = (found["meta.concentration"] >= 6) | found["meta.treatment"].isna()
    assert found.loc[is_high, "corrected_p_value"].max() < 0.05
    assert found.loc[found["meta.concentration"] == 1, "corrected_p_value"].min() > 0.05
