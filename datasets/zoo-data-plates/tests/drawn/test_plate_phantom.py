"""Laws of the drawn trays: the same from the same settings, truth that the pictures show, and what is planted."""

import colorsys
import pickle
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import curve_fit
from sklearn.linear_model import LinearRegression
from sklearn.metrics import roc_auc_score

from zoo_core.contract import ConfigError, DatasetAdapter, SupportsFolds
from zoo_data_plates.drawn.layout import HILL_SLOPE
from zoo_data_plates.plate_phantom import PlatePhantom, PlatePhantomConfig, plugin

COLUMNS = (
    "example_id",
    "label.response",
    "label.leaf_area_mm2",
    "label.leaf_count",
    "meta.plate",
    "meta.well",
    "meta.well_id",
    "meta.row",
    "meta.column",
    "meta.field",
    "meta.treatment",
    "meta.concentration",
    "meta.concentration_unit",
    "meta.control_role",
    "meta.replicate",
    "meta.half",
    "meta.pixel_size_um",
    "meta.hue_deg",
    "oracle.response",
)
NO_PLACE = {"row_effect": 0.0, "column_effect": 0.0, "plate_effect": 0.0}
STILL = {**NO_PLACE, "response_noise": 0.0, "plant_noise": 0.0}
FACTOR_OF_COLOUR, FACTOR_OF_AREA = 1.3, 2.0
"""How far from the planted EC50 a fit may be: leaf areas vary more among plants than colours."""


def phantom(**settings: object) -> PlatePhantom:
    return PlatePhantom(PlatePhantomConfig(**{"n_trays": 1, "n_rows": 3, "n_columns": 5, "size_px": 48, **settings}))


@pytest.fixture(scope="module")
def trays() -> pd.DataFrame:
    """The truth of 16 whole trays."""
    return phantom(n_trays=16, n_rows=6, n_columns=8).index()


def test_adapter_satisfies_the_contract():
    adapter = plugin.create(plugin.config())
    assert isinstance(adapter, DatasetAdapter)
    assert isinstance(adapter, SupportsFolds)
    assert [(label.name, label.kind, label.unit) for label in adapter.labels] == [
        ("response", "binary", None),
        ("leaf_area_mm2", "value", "mm2"),
        ("leaf_count", "value", "1"),
    ]
    assert adapter.group_columns == ("meta.well_id", "meta.plate", "meta.treatment")
    assert adapter.card.drawn


def test_index_has_the_columns_of_a_plate(trays):
    assert tuple(trays.columns) == COLUMNS
    assert list(trays.index) == list(range(16 * 48))
    assert trays["example_id"].is_unique
    assert trays["meta.well_id"].is_unique
    assert (trays["meta.well_id"] == trays["meta.plate"] + "/" + trays["meta.well"]).all()
    first = trays.iloc[0]
    assert (first["meta.well"], first["meta.row"], first["meta.column"], first["meta.field"]) == ("A01", "A", 1, 0)
    assert first["example_id"] == "tray-01/A01/0"
    assert set(trays["meta.half"]) == {"A-C", "D-F"}
    assert trays.drop(columns=["label.response", "meta.control_role"]).notna().all(axis=None)


def test_response_is_that_of_the_controls_alone(trays):
    response = trays["label.response"]
    roles = trays["meta.control_role"]
    assert (response[roles == "positive"] == 1).all()
    assert (response[roles == "negative"] == 0).all()
    assert response[roles.isna()].isna().all()
    assert list(trays.groupby("meta.plate")["label.response"].count()) == [16] * 16


def test_every_dose_of_every_compound_comes_about_equally_often(trays):
    dosed = trays[trays["meta.control_role"].isna()]
    counts = dosed.groupby(["meta.treatment", "meta.concentration"]).size()
    assert len(counts) == 3 * 8
    assert counts.max() - counts.min() <= 1
    assert set(dosed["meta.concentration_unit"]) == {"uM"}
    assert (dosed.groupby(["meta.plate", "meta.treatment", "meta.concentration"])["meta.replicate"].min() == 1).all()


def test_empty_wells_are_in_the_index_without_labels_and_show_no_leaf():
    adapter = phantom(n_empty=4)
    index = adapter.index()
    empty = index[index["meta.control_role"] == "empty"]
    assert len(empty) == 4
    nothing = ["label.response", "label.leaf_area_mm2", "label.leaf_count", "meta.treatment", "meta.concentration"]
    assert empty[[*nothing, "meta.replicate", "meta.concentration_unit", "oracle.response"]].isna().all(axis=None)
    for i in empty.index:
        assert adapter.mask(i).max() == 0
        red, green, _ = np.moveaxis(adapter.read(i)["image"].astype(float), -1, 0)
        assert (green > 1.2 * red).mean() < 0.5  # the bench alone


def test_time_is_an_axis_only_where_there_is_one():
    adapter = phantom(n_times=3)
    index = adapter.index()
    assert "meta.time_h" not in phantom().index()
    assert list(index["meta.time_h"][:4]) == [0.0, 48.0, 96.0, 0.0]
    assert list(index["example_id"][:2]) == ["tray-01/A01/0/t0", "tray-01/A01/0/t1"]
    assert index["meta.well_id"].nunique() == len(index) / 3
    assert (
        index.groupby("meta.well_id")["label.leaf_area_mm2"].apply(lambda areas: areas.is_monotonic_increasing)
    ).all()


def test_last_picture_of_a_series_is_the_picture_of_a_plant_that_is_seen_once():
    once, often = phantom().index(), phantom(n_times=3).index()
    last = often[often["meta.time_h"] == 96.0].reset_index(drop=True)
    same = [column for column in COLUMNS if column != "example_id"]
    pd.testing.assert_frame_equal(last[same], once[same])


@pytest.mark.parametrize("size_px", [16, 33, 96])
def test_same_settings_draw_the_same_pictures_at_every_size(size_px):
    first, second = phantom(size_px=size_px), phantom(size_px=size_px)
    pd.testing.assert_frame_equal(first.index(), second.index())
    for i in (0, 7, 0):
        image = first.read(i)["image"]
        assert image.shape == (size_px, size_px, 3)
        assert image.dtype == np.uint8
        np.testing.assert_array_equal(image, second.read(i)["image"])


def test_pictures_do_not_depend_on_the_order_or_the_thread_of_reading():
    adapter = phantom()
    expected = [phantom().read(i)["image"] for i in reversed(range(15))][::-1]
    with ThreadPoolExecutor(4) as pool:
        images = list(pool.map(lambda i: adapter.read(i % 15)["image"], range(45)))
    for i, image in enumerate(images):
        np.testing.assert_array_equal(image, expected[i % 15])
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(adapter)).read(3)["image"], expected[3])  # noqa: S301 - own


def test_more_trays_leave_the_first_ones_as_they_were():
    few, many = phantom(n_trays=2), phantom(n_trays=4)
    pd.testing.assert_frame_equal(few.index(), many.index().head(30))
    np.testing.assert_array_equal(few.read(29)["image"], many.read(29)["image"])


def test_another_seed_is_another_plate_and_another_group_of_names():
    first, second = phantom(seed=1), phantom(seed=2)
    assert not np.array_equal(first.read(0)["image"], second.read(0)["image"])
    assert not first.index()["meta.treatment"].equals(second.index()["meta.treatment"])
    assert first.card.group_namespace != second.card.group_namespace


def test_changing_the_index_does_not_change_the_adapter():
    adapter = phantom()
    index = adapter.index()
    index["label.leaf_area_mm2"] = -1.0
    assert (adapter.index()["label.leaf_area_mm2"] > 0).all()


@pytest.mark.parametrize("size_px", [48, 96, 200])
def test_area_is_the_mask_s_and_count_is_its_number_of_leaves(size_px):
    adapter = phantom(size_px=size_px)
    for i, row in adapter.index().iterrows():
        mask = adapter.mask(i)
        assert row["meta.pixel_size_um"] == 48_000 / size_px
        assert row["label.leaf_area_mm2"] == pytest.approx((mask > 0).sum() * (row["meta.pixel_size_um"] / 1000) ** 2)
        assert row["label.leaf_count"] == len(set(mask[mask > 0].tolist()))


def test_area_and_count_are_nearly_the_same_at_every_size():
    small, large = phantom(size_px=96).index(), phantom(size_px=384).index()
    np.testing.assert_allclose(small["label.leaf_area_mm2"], large["label.leaf_area_mm2"], rtol=0.04)
    assert (small["label.leaf_count"] - large["label.leaf_count"]).abs().max() <= 1


def test_count_ranges_widely_and_is_no_mere_size(trays):
    assert trays["label.leaf_count"].min() <= 8
    assert trays["label.leaf_count"].max() >= 16
    assert trays["label.leaf_count"].corr(trays["label.leaf_area_mm2"]) < 0.3


def test_mask_lies_where_the_picture_is_green_or_yellow():
    adapter = phantom(size_px=96)
    for i in range(15):
        red, green, blue = np.moveaxis(adapter.read(i)["image"].astype(int), -1, 0)
        leaf, seen = adapter.mask(i) > 0, green - blue > 25
        assert (leaf & seen).sum() / (leaf | seen).sum() > 0.85
        assert (red + green)[leaf].mean() > 2 * (red + green)[~leaf].mean()


def test_colour_of_the_leaves_is_the_hue_that_is_known():
    adapter = phantom(size_px=96)
    index = adapter.index()
    measured = []
    for i in index.index:
        red, green, blue = np.median(adapter.read(i)["image"][adapter.mask(i) > 0], axis=0) / 255
        measured.append(360 * colorsys.rgb_to_hsv(red, green, blue)[0])
    assert np.corrcoef(measured, index["meta.hue_deg"])[0, 1] > 0.97
    np.testing.assert_allclose(measured, index["meta.hue_deg"], atol=8)


def test_positive_controls_are_smaller_and_yellower(trays):
    means = trays.groupby("meta.control_role")[["label.leaf_area_mm2", "meta.hue_deg"]].mean()
    assert means.loc["positive", "label.leaf_area_mm2"] / means.loc["negative", "label.leaf_area_mm2"] == pytest.approx(
        0.5, abs=0.06
    )
    assert means.loc["negative", "meta.hue_deg"] - means.loc["positive", "meta.hue_deg"] > 15


def fitted_ec50(index: pd.DataFrame, compound: str, measured: str) -> tuple[float, float]:
    """EC50 and share of the control's value that is lost, of a curve with the slope that was planted."""
    mock = index.loc[index["meta.control_role"] == "negative", measured].mean()
    rows = index[index["meta.treatment"] == compound]

    def lost(log_dose: np.ndarray, log_ec50: float, most: float) -> np.ndarray:
        return most / (1 + np.exp(HILL_SLOPE * (log_ec50 - log_dose)))

    log_dose, share = np.log(rows["meta.concentration"]), 1 - rows[measured] / mock
    (log_ec50, most), _ = curve_fit(lost, log_dose, share, p0=(np.log(3.0), 0.3))
    return float(np.exp(log_ec50)), float(most)


@pytest.mark.parametrize(("compound", "planted"), [("compound-1", 1.0), ("compound-2", 10.0)])
@pytest.mark.parametrize(
    ("measured", "factor"), [("meta.hue_deg", FACTOR_OF_COLOUR), ("label.leaf_area_mm2", FACTOR_OF_AREA)]
)
def test_dose_response_gives_the_planted_ec50_back(trays, compound, planted, measured, factor):
    ec50, most = fitted_ec50(trays, compound, measured)
    assert planted / factor < ec50 < planted * factor
    assert most > 0.2


def test_ec50_of_another_compound_is_not_mistaken_for_this_one_s(trays):
    ec50, _ = fitted_ec50(trays, "compound-2", "meta.hue_deg")
    assert not 1 / FACTOR_OF_COLOUR < ec50 < FACTOR_OF_COLOUR


def test_inactive_compound_does_nothing_at_its_highest_dose(trays):
    rows = trays[(trays["meta.treatment"] == "compound-3") & (trays["meta.concentration"] >= 10)]
    mock = trays[trays["meta.control_role"] == "negative"]
    assert rows["meta.hue_deg"].mean() == pytest.approx(mock["meta.hue_deg"].mean(), abs=1.5)
    assert abs(rows["oracle.response"].mean()) < 0.06


def test_effects_that_are_off_leave_treated_plants_as_the_untreated_ones_are():
    on, off = phantom(**STILL), phantom(**STILL, growth_effect=0.0, colour_effect=0.0)
    index = on.index()
    strong = index.index[index["meta.control_role"] == "positive"]
    none = index.index[index["meta.control_role"] == "negative"]
    for i in none:
        np.testing.assert_array_equal(on.read(i)["image"], off.read(i)["image"])
    for i in strong:
        assert (on.mask(i) > 0).sum() < 0.7 * (off.mask(i) > 0).sum()
    hues = off.index()["meta.hue_deg"]
    assert abs(hues[strong].mean() - hues[none].mean()) < 3


def test_growth_and_colour_are_switched_apart():
    both, growth, colour = phantom(**STILL), phantom(**STILL, colour_effect=0.0), phantom(**STILL, growth_effect=0.0)
    np.testing.assert_array_equal(both.index()["label.leaf_area_mm2"], growth.index()["label.leaf_area_mm2"])
    np.testing.assert_array_equal(both.index()["meta.hue_deg"], colour.index()["meta.hue_deg"])
    assert not both.index()["meta.hue_deg"].equals(growth.index()["meta.hue_deg"])


def place_r2(index: pd.DataFrame, values: np.ndarray) -> float:
    """How much of the values row, column and tray alone tell, in half of the wells, of the other half."""
    columns = ["meta.row", "meta.column", "meta.plate"]
    place = pd.get_dummies(index[columns].astype(str)).to_numpy(float)
    fitted = np.random.default_rng(0).random(len(index)) < 0.5
    return float(LinearRegression().fit(place[fitted], values[fitted]).score(place[~fitted], values[~fitted]))


def test_place_tells_the_area_where_effects_of_place_are_planted_and_not_where_they_are_not():
    settings = {"n_trays": 6, "n_rows": 6, "n_columns": 8, "growth_effect": 0.0}
    planted, plain = (phantom(**settings, **place).index() for place in ({}, NO_PLACE))
    assert place_r2(planted, np.log(planted["label.leaf_area_mm2"])) > 0.25
    assert place_r2(plain, np.log(plain["label.leaf_area_mm2"])) < 0.05


@pytest.mark.parametrize("effect", ["row_effect", "column_effect", "plate_effect"])
def test_each_effect_of_place_shifts_size_and_light_along_its_own_axis(effect):
    along = {"row_effect": "meta.row", "column_effect": "meta.column", "plate_effect": "meta.plate"}
    adapter = phantom(**{**STILL, "n_trays": 3, "growth_effect": 0.0, "colour_effect": 0.0, effect: 0.4})
    plain = phantom(**{**STILL, "n_trays": 3, "growth_effect": 0.0, "colour_effect": 0.0})
    index = adapter.index()
    ratio = index["label.leaf_area_mm2"] / plain.index()["label.leaf_area_mm2"]
    light = np.array([adapter.read(i)["image"].mean() / plain.read(i)["image"].mean() for i in index.index])
    for column in along.values():
        means = pd.Series(np.log(ratio)).groupby(index[column].to_numpy()).mean()
        lights = pd.Series(np.log(light)).groupby(index[column].to_numpy()).mean()
        if column == along[effect]:
            assert means.max() - means.min() > 0.3
            assert lights.max() - lights.min() > 0.1
        else:
            assert means.max() - means.min() < 0.06


def test_oracle_is_as_good_as_the_card_says():
    adapter = phantom(n_trays=40, n_rows=4, n_columns=6, size_px=16, response_noise=0.5)
    index = adapter.index().dropna(subset="label.response")
    measured = roc_auc_score(index["label.response"], index["oracle.response"])
    assert measured == pytest.approx(adapter.response_auroc, abs=0.03)
    assert f"AUROC of {adapter.response_auroc:.3f}" in " ".join(adapter.card.notes)
    assert phantom(response_noise=0.0).response_auroc == 1.0


def test_without_any_effect_nobody_can_tell_the_controls_apart():
    adapter = phantom(growth_effect=0.0, colour_effect=0.0)
    assert adapter.response_auroc == 0.5
    assert set(adapter.index()["oracle.response"]) == {0.0}


def test_random_layout_hides_the_controls_and_columns_give_them_away(trays):
    random = trays.dropna(subset="label.response")
    columns = phantom(layout="columns", n_trays=3, n_rows=6, n_columns=8)
    index = columns.index().dropna(subset="label.response")
    assert roc_auc_score(random["label.response"], random["meta.column"]) == pytest.approx(0.5, abs=0.1)
    assert roc_auc_score(index["label.response"], index["meta.column"]) == 1.0
    assert "Planted shortcut" in " ".join(columns.card.notes)
    assert "Planted shortcut" not in " ".join(phantom().card.notes)


def test_sensor_noise_changes_pixels_and_no_truth():
    quiet, noisy = phantom(sensor_noise=0.0), phantom(sensor_noise=0.1)
    pd.testing.assert_frame_equal(quiet.index(), noisy.index())
    change = noisy.read(0)["image"].astype(float) - quiet.read(0)["image"]
    assert change.std() > 5


def test_soil_of_a_pot_stays_while_its_plant_grows():
    adapter = phantom(n_times=2, sensor_noise=0.0)
    bare = (adapter.mask(0) == 0) & (adapter.mask(1) == 0)
    before, after = (adapter.read(i)["image"][bare].mean(axis=1) for i in (0, 1))
    other = adapter.read(2)["image"][bare].mean(axis=1)
    assert np.corrcoef(before, after)[0, 1] > 0.9
    assert np.corrcoef(before, after)[0, 1] > np.corrcoef(before, other)[0, 1] + 0.02


@pytest.mark.parametrize("i", [-1, 15])
def test_rows_that_are_not_there_are_refused(i):
    for ask in (phantom().read, phantom().mask):
        with pytest.raises(IndexError, match="rows 0 to 14"):
            ask(i)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("n_trays", 0),
        ("size_px", 15),
        ("n_times", 8),
        ("seed", -1),
        ("growth_effect", 0.95),
        ("colour_effect", 1.5),
        ("row_effect", -1.5),
        ("sensor_noise", 0.6),
        ("layout", "spiral"),
        ("ec50_um", (1.0, 0.0)),
    ],
)
def test_settings_out_of_range_are_named_in_one_line(fails, name, value):
    text = fails(ConfigError, lambda: PlatePhantomConfig(**{name: value}))
    assert text.startswith(f"data.{name} ")
    assert str(value) in text


def test_tray_without_room_or_compounds_is_refused(fails):
    assert "1 x 2" in fails(ConfigError, lambda: PlatePhantomConfig(n_rows=1, n_columns=2))
    assert "46 empty" in fails(ConfigError, lambda: PlatePhantomConfig(n_empty=46))
    assert "one compound" in fails(ConfigError, lambda: PlatePhantomConfig(ec50_um=(), n_inactive=0))


def test_smallest_tray_has_one_of_each():
    index = phantom(n_rows=1, n_columns=3).index()
    assert sorted(index["meta.control_role"].fillna("dosed")) == ["dosed", "negative", "positive"]
    assert set(index["meta.half"]) == {"A"}


def test_presets_are_settings():
    for settings in plugin.presets.values():
        plugin.config(**settings)
