"""Laws of growth curves."""

import math

import numpy as np
import pandas as pd
import pytest

from zoo_core.contract import ConfigError, DataError
from zoo_phenomics.rosettes.growth import JUMP, NO_PLANT, growth_curve, growth_curves, growth_summary
from zoo_phenomics.rosettes.segmentation import find_rosette

from .conftest import Series

RATE = 0.25
"""1 / day."""
TIME_H = np.arange(0, 9 * 24, 6.0)
LEAST_COVERAGE = 0.9
"""Of intervals that are to cover 95 %, over 100 series."""
MASK_RATE = 0.03
"""1 / day, by which rates from our areas and rates from the masks may differ."""


def grown(rate: float = RATE, noise: float = 0.0, seed: int = 0) -> np.ndarray:
    """Areas of a plant that grows by a constant rate from 500 px."""
    scatter = np.random.default_rng(seed).normal(0, noise, len(TIME_H))
    areas: np.ndarray = 500 * np.exp(rate * TIME_H / 24 + scatter)
    return areas


def test_exponential_growth_has_one_rate_and_is_its_own_smooth_curve() -> None:
    curve = growth_curve(TIME_H, grown())
    for column in ("rate_per_d", "rate_low", "rate_high"):
        np.testing.assert_allclose(curve[column], RATE)
    np.testing.assert_allclose(curve["smooth_area"], grown())
    assert (curve["flag"] == "").all()


@pytest.mark.parametrize("wave", [0.0, 0.05])
def test_the_interval_covers_the_rate_of_noisy_plants_whose_leaves_move_by_day(wave: float) -> None:
    movement = np.exp(wave * np.sin(2 * np.pi * TIME_H / 24))
    covered = []
    for seed in range(100):
        middle = growth_curve(TIME_H, grown(noise=0.03, seed=seed) * movement).iloc[len(TIME_H) // 2]
        covered.append(middle["rate_low"] <= RATE <= middle["rate_high"])
    assert np.mean(covered) >= LEAST_COVERAGE


def test_movement_of_leaves_within_a_day_is_no_growth() -> None:
    curve = growth_curve(TIME_H, 500 * np.exp(0.06 * np.sin(2 * np.pi * TIME_H / 24)))
    assert np.abs(curve["rate_per_d"]).max() < 0.03
    assert (curve["flag"] == "").all()


def test_growth_in_another_unit_has_the_same_rates() -> None:
    curves = [growth_curve(TIME_H, grown(noise=0.03) * unit) for unit in (1, 0.0625)]
    np.testing.assert_allclose(curves[0]["rate_per_d"], curves[1]["rate_per_d"])
    np.testing.assert_allclose(curves[0]["smooth_area"] * 0.0625, curves[1]["smooth_area"])


@pytest.mark.parametrize("factor", [0.5, 3.0])
@pytest.mark.parametrize("at", [0, 1, 17, 34, 35])
def test_a_picture_that_jumps_is_flagged_and_changes_nothing(at: int, factor: float) -> None:
    area = grown(noise=0.02)
    jumped = area.copy()
    jumped[at] *= factor
    curve, undisturbed = growth_curve(TIME_H, jumped), growth_curve(TIME_H, area)
    assert list(np.flatnonzero(curve["flag"] == JUMP)) == [at]
    assert np.abs(curve["rate_per_d"] - undisturbed["rate_per_d"]).max() < 0.02
    assert np.abs(curve["smooth_area"] / undisturbed["smooth_area"] - 1).max() < 0.03


def test_noise_alone_is_no_jump() -> None:
    for seed in range(20):
        assert (growth_curve(TIME_H, grown(noise=0.03, seed=seed))["flag"] == "").all()


@pytest.mark.parametrize("nothing", [0.0, math.nan])
def test_a_picture_without_a_plant_is_flagged_and_left_out(nothing: float) -> None:
    area = grown()
    area[[3, 20]] = nothing
    curve = growth_curve(TIME_H, area)
    assert list(np.flatnonzero(curve["flag"] == NO_PLANT)) == [3, 20]
    np.testing.assert_allclose(curve["rate_per_d"], RATE)
    np.testing.assert_allclose(curve["smooth_area"], grown())


def test_before_a_plant_is_seen_there_is_no_curve() -> None:
    area = grown()
    area[:12] = 0
    curve = growth_curve(TIME_H, area)
    assert curve["smooth_area"].iloc[:12].isna().all()
    assert (curve["n_pictures"].iloc[:12] == 0).all()
    np.testing.assert_allclose(curve["smooth_area"].iloc[12:], area[12:])
    summary = growth_summary(curve.assign(plant="p")).iloc[0]
    assert summary["days"] == (TIME_H[-1] - TIME_H[12]) / 24
    assert summary["first_area"] == pytest.approx(area[12])
    assert summary["mean_rate_per_d"] == pytest.approx(RATE)


def test_growth_that_slows_down_is_seen_to() -> None:
    area = 500 * np.exp(0.3 * np.minimum(TIME_H, 100) / 24 + 0.05 * np.maximum(TIME_H - 100, 0) / 24)
    rates = growth_curve(TIME_H, area)["rate_per_d"]
    assert rates.iloc[0] == pytest.approx(0.3)
    assert rates.iloc[-1] == pytest.approx(0.05)


@pytest.mark.parametrize("n", [0, 1, 4])
def test_of_a_few_pictures_there_is_no_rate(n: int) -> None:
    curve = growth_curve(TIME_H[:n], grown()[:n])
    assert len(curve) == n
    assert curve[["smooth_area", "rate_per_d", "rate_low", "rate_high"]].isna().all(axis=None)
    assert (curve["n_pictures"] == 0).all()


def test_pictures_that_are_days_apart_still_give_a_rate() -> None:
    time_h = np.arange(7) * 48.0
    curve = growth_curve(time_h, 10 * np.exp(0.2 * time_h / 24))
    np.testing.assert_allclose(curve["rate_per_d"], 0.2)
    assert (curve["n_pictures"] == 5).all()


def test_pictures_of_one_moment_have_an_area_and_no_rate() -> None:
    curve = growth_curve(np.full(6, 3.0), np.full(6, 50.0))
    assert curve["rate_per_d"].isna().all()
    assert (curve["flag"] == "").all()


def test_the_order_of_pictures_changes_no_row() -> None:
    order = np.random.default_rng(3).permutation(len(TIME_H))
    area = grown(noise=0.03)
    mixed, sorted_ = growth_curve(TIME_H[order], area[order]), growth_curve(TIME_H, area)
    pd.testing.assert_frame_equal(mixed, sorted_.iloc[order].reset_index(drop=True))


def test_plants_are_followed_one_by_one_and_rows_keep_their_places() -> None:
    fast, slow = grown(0.3), grown(0.1)
    table = pd.DataFrame(
        {"id": np.tile(["b", "a"], len(TIME_H)), "h": TIME_H.repeat(2), "px": np.c_[fast, slow].ravel()}
    ).set_index(np.arange(2 * len(TIME_H)) + 100)
    curves = growth_curves(table, "id", "h", "px")
    assert list(curves.index) == list(table.index)
    assert list(curves["plant"]) == list(table["id"])
    np.testing.assert_allclose(curves["rate_per_d"], np.tile([0.3, 0.1], len(TIME_H)))
    summary = growth_summary(curves).set_index("plant")
    assert list(summary.index) == ["a", "b"]
    np.testing.assert_allclose(summary["mean_rate_per_d"], [0.1, 0.3])
    np.testing.assert_allclose(summary["last_area"], [slow[-1], fast[-1]])


def test_a_plant_that_was_never_seen_has_a_row_without_rates() -> None:
    table = pd.DataFrame({"id": "a", "h": TIME_H, "px": 0.0})
    (row,) = growth_summary(growth_curves(table, "id", "h", "px")).to_dict("records")
    assert row["n_no_plant"] == row["n_pictures"] == len(TIME_H)
    assert math.isnan(row["mean_rate_per_d"])


def test_a_table_without_pictures_has_curves_without_rows() -> None:
    empty = pd.DataFrame({"id": [], "h": [], "px": []})
    curves = growth_curves(empty, "id", "h", "px")
    assert list(curves.columns) == list(growth_curves(_table(), "id", "h", "px").columns)
    assert growth_summary(curves).empty


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"h": math.nan}, "times that are numbers. Received: nan of picture"),
        ({"px": -1.0}, "areas from 0 on. Received: -1.0 of picture"),
        ({"px": math.inf}, "areas from 0 on. Received: inf of picture"),
        ({"id": None}, "a name of each plant in 'id'"),
    ],
)
def test_what_cannot_be_followed_is_refused(change: dict[str, object], message: str) -> None:
    with pytest.raises(DataError, match=message):
        growth_curves(_table().assign(**change), "id", "h", "px")


def test_a_column_that_is_missing_is_named() -> None:
    with pytest.raises(DataError, match=r"needs a column 'area_px'. Received: id, h, px"):
        growth_curves(_table(), "id", "h", "area_px")


@pytest.mark.parametrize("window_d", [0.0, -1.0, math.nan, math.inf])
def test_a_window_without_length_is_refused(window_d: float) -> None:
    with pytest.raises(ConfigError, match=r"a window above 0 days. Received: "):
        growth_curve(TIME_H, grown(), window_d)


def test_as_many_times_as_areas_are_wanted() -> None:
    with pytest.raises(DataError, match="a time for each area"):
        growth_curve(TIME_H, grown()[1:])


def test_growth_of_the_real_plant_is_that_of_its_masks(ltu: Series) -> None:
    """Crops show plants in the scale of their pots; in one picture of the 95, the seedling had fallen over."""
    crops = ltu.of("LTU-2", "canopy")
    hours = (crops["timestamp"] - crops["timestamp"].iloc[0]).dt.total_seconds().to_numpy() / 3600
    area = np.array([np.count_nonzero(find_rosette(ltu.image(name)).mask) for name in crops["image"]], dtype=float)
    masks = ltu.of("LTU-2", "masks").set_index("timestamp")["mask_area_px"][crops["timestamp"]].to_numpy(float)
    ours, theirs = growth_curve(hours, area), growth_curve(hours, masks)
    assert list(crops["timestamp"].dt.strftime("%d %H")[(ours["flag"] != "").to_numpy()]) == ["09 12"]
    assert list(ours["flag"]) == list(theirs["flag"])
    assert np.abs(ours["rate_per_d"] - theirs["rate_per_d"]).max() < MASK_RATE
    assert theirs["rate_per_d"].between(ours["rate_low"], ours["rate_high"]).mean() > LEAST_COVERAGE


def test_the_other_real_plant_grows_without_a_jump(ltu: Series) -> None:
    crops = ltu.of("LTU-1", "canopy")
    hours = (crops["timestamp"] - crops["timestamp"].iloc[0]).dt.total_seconds().to_numpy() / 3600
    area = np.array([np.count_nonzero(find_rosette(ltu.image(name)).mask) for name in crops["image"]], dtype=float)
    curve = growth_curve(hours, area)
    assert len(curve) == 43
    assert (curve["flag"] == "").all()
    assert curve["rate_per_d"].between(0.05, 0.5).all()


def _table() -> pd.DataFrame:
    return pd.DataFrame({"id": "a", "h": TIME_H, "px": grown()})
