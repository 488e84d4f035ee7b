"""Laws of the adapter of plants over time."""

import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from zoo_core.contract import ConfigError, DataError, DatasetAdapter, ImageError, SupportsFolds
from zoo_data_plates.plant_series import PlantSeries, PlantSeriesConfig, plugin
from zoo_data_plates.plant_times import block_numbers

N_DAYS = 10
PLANTS = ("p1", "p2")


def table() -> pd.DataFrame:
    """Two plants, ten days of two kinds of picture, the second plant from the third day on; areas only of masks."""
    rows = [
        {
            "image": f"{plant}/{kind}-{day:02d}.png",
            "plant": plant,
            "timestamp": f"2022-08-{day + 1 + 2 * (plant == 'p2'):02d}T{12 + (kind == 'mask'):02d}:30:00",
            "kind": kind,
            "area": 100 * (day + 1) if kind == "mask" else "",
        }
        for plant in PLANTS
        for day in range(N_DAYS)
        for kind in ("top", "mask")
    ]
    return pd.DataFrame(rows)


@pytest.fixture
def root(tmp_path: Path, write_picture: Callable[..., Path]) -> Path:
    rows = table()
    for name, day in zip(rows["image"], np.arange(len(rows)) // 2, strict=True):
        write_picture(name, (3 + day % 4, 5))
    rows.to_csv(tmp_path / "labels.csv", index=False)
    return tmp_path


def series(root: Path, **settings: object) -> PlantSeries:
    return PlantSeries(PlantSeriesConfig(root=str(root), **settings))


def rewrite(root: Path, change: Callable[[pd.DataFrame], pd.DataFrame | None]) -> None:
    rows = table()
    changed = change(rows)
    (rows if changed is None else changed).to_csv(root / "labels.csv", index=False)


def straddling(index: pd.DataFrame, column: str) -> int:
    return int((index.groupby(column)["split"].nunique() > 1).sum())


def test_adapter_satisfies_the_contract_also_without_a_root(root):
    for adapter in (series(root), plugin.create(plugin.config())):
        assert isinstance(adapter, DatasetAdapter)
        assert isinstance(adapter, SupportsFolds)
        assert adapter.labels == ()
        assert not adapter.card.drawn
    assert plugin.create(plugin.config()).split_name is None


def test_index_is_plant_by_plant_in_the_order_of_time_whatever_the_table_s_order(root):
    index = series(root, kind="top").index()
    rewrite(root, lambda rows: rows.sample(frac=1, random_state=3))
    pd.testing.assert_frame_equal(series(root, kind="top").index(), index)
    assert list(index.index) == list(range(2 * N_DAYS))
    assert list(index["meta.plant_id"]) == ["p1"] * N_DAYS + ["p2"] * N_DAYS
    np.testing.assert_allclose(index["meta.time_h"], np.tile(24.0 * np.arange(N_DAYS), 2))
    assert index["meta.timestamp"][0] == "2022-08-01T12:30:00"
    assert set(index["meta.kind"]) == {"top"}
    assert index["example_id"].is_unique
    assert "meta.pixel_size_um" not in index


def test_hours_count_from_the_plant_s_first_picture_of_any_kind(root):
    assert series(root, kind="mask").index()["meta.time_h"][0] == 1.0


def test_row_and_picture_belong_together_also_in_a_pickled_copy(root):
    adapter = series(root, kind="top")
    fresh = pickle.loads(pickle.dumps(adapter))  # noqa: S301 - its own bytes
    for i, name in enumerate(adapter.index()["example_id"]):
        image = adapter.read(i)["image"]
        assert image.shape == (3 + (int(name[-6:-4]) + (N_DAYS if name.startswith("p2") else 0)) % 4, 5, 3)
        np.testing.assert_array_equal(fresh.read(i)["image"], image)


def test_split_by_time_cuts_no_block_and_leaves_the_last_days_of_each_plant_to_the_test(root):
    adapter = series(root)
    index = adapter.index()
    assert adapter.split_name == "by-time"
    assert straddling(index, adapter.group_columns[0]) == 0
    assert straddling(index, "meta.plant_id") == len(PLANTS)
    for _, rows in index.groupby("meta.plant_id"):
        hours = rows.groupby("split")["meta.time_h"].agg(["min", "max"])
        assert hours.loc["train", "max"] < hours.loc["validation", "min"]
        assert hours.loc["validation", "max"] < hours.loc["test", "min"]
    assert "plants are in several parts" in " ".join(adapter.card.notes)


def test_pictures_of_one_moment_are_in_one_block():
    plants = pd.Series(["a"] * 6)
    hours = np.array([0.0, 1.0, 1.0, 1.0, 1.0, 2.0])
    for n_blocks in (2, 3, 20):
        assert len(set(block_numbers(plants, hours, n_blocks)[1:5])) == 1


@pytest.mark.parametrize(("n_blocks", "counts"), [(5, (12, 4, 4)), (10, (12, 4, 4)), (20, (12, 4, 4))])
def test_fractions_are_shares_of_each_plant_s_time(root, n_blocks, counts):
    index = series(root, kind="top", n_time_blocks=n_blocks).index()
    assert tuple((index["split"] == part).sum() for part in ("train", "validation", "test")) == counts
    assert index["meta.time_block"].nunique() == min(n_blocks, N_DAYS) * len(PLANTS)


def test_plants_seen_too_rarely_have_no_split_by_time_and_the_card_says_so(root):
    rewrite(root, lambda rows: rows[rows["image"].str.contains("-0[01]")])
    adapter = series(root, kind="top")
    assert adapter.split_name is None
    assert "split" not in adapter.index()
    assert "not seen often enough" in " ".join(adapter.card.notes)


def test_values_are_labels_with_the_unit_that_ends_their_name(root):
    adapter = series(root, kind="mask", value_columns=("area=leaf_area_px",))
    (label,) = adapter.labels
    assert (label.name, label.kind, label.unit) == ("leaf_area_px", "value", "px")
    assert list(adapter.index()["label.leaf_area_px"][:2]) == [100.0, 200.0]
    assert series(root, value_columns=("area=size",)).labels[0].unit is None


def test_values_are_missing_where_the_table_has_none_and_may_come_from_another_kind(root):
    assert series(root, kind="top", value_columns=("area=a_px",)).index()["label.a_px"].isna().all()
    rewrite(root, lambda rows: rows.assign(timestamp=rows["timestamp"].str.replace("T13", "T12")))
    adapter = series(root, kind="top", value_columns=("area=a_px",), value_kind="mask")
    assert list(adapter.index()["label.a_px"]) == [100.0 * (day + 1) for day in range(N_DAYS)] * 2
    assert "a_px is known of 20 pictures, of 2 of 2 plants." in adapter.card.notes
    assert "kind mask" in " ".join(adapter.card.notes)


def test_two_pictures_of_a_moment_cannot_both_give_the_values(root, fails):
    rewrite(root, lambda rows: rows.assign(timestamp="2022-08-01T12:00:00"))
    text = fails(DataError, series(root, value_columns=("area=a_px",), value_kind="mask").index)
    assert "row 5" in text
    assert "'p1'" in text


def test_pixel_size_comes_from_the_option_or_the_table(root):
    assert set(series(root, pixel_size_um=250.0).index()["meta.pixel_size_um"]) == {250.0}
    rewrite(root, lambda rows: rows.assign(pixel_size_um=["", *[100.5] * (len(rows) - 1)]))
    assert np.isnan(series(root).index()["meta.pixel_size_um"][0])
    assert series(root).index()["meta.pixel_size_um"][1] == 100.5


def test_columns_may_bear_other_names(root):
    names = {"image": "file", "plant": "pot", "timestamp": "when", "kind": "view"}
    rewrite(root, lambda rows: rows.rename(columns=names))
    options = {"image_column": "file", "plant_column": "pot", "time_column": "when", "kind_column": "view"}
    assert len(series(root, kind="top", **options).index()) == 2 * N_DAYS


def test_parquet_table_with_typed_columns_is_read_as_its_text_is(root):
    text = series(root, value_columns=("area=a_px",))
    expected = text.index()
    rows = table().assign(
        timestamp=lambda rows: pd.to_datetime(rows["timestamp"]), area=lambda rows: pd.to_numeric(rows["area"])
    )
    (root / "labels.csv").unlink()
    rows.to_parquet(root / "labels.parquet")
    pd.testing.assert_frame_equal(series(root, value_columns=("area=a_px",)).index(), expected)


def test_rows_without_files_are_left_out_and_told(root):
    (root / "p1" / "top-00.png").unlink()
    adapter = series(root, kind="top")
    assert len(adapter.index()) == 2 * N_DAYS - 1
    assert "1 rows of labels.csv have no file, such as p1/top-00.png." in adapter.card.notes


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("image", "../p1/top-00.png", "within the folder"),
        ("image", "p2/top-03.png", "is listed already"),
        ("plant", " ", "'plant' is empty"),
        ("timestamp", "yesterday", "ISO 8601"),
        ("timestamp", "2022-08-01T12:00:00+02:00", "time zone"),
        ("area", "large", "needs a number or nothing"),
    ],
)
def test_wrong_entry_is_named_with_its_row(root, fails, column, value, said):
    def change(rows: pd.DataFrame) -> None:
        rows.loc[4, column] = value

    rewrite(root, change)
    text = fails(DataError, series(root, value_columns=("area=a_px",)).index)
    assert text.startswith("labels.csv, row ")
    assert said in text


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"kind": "side"}, "kinds mask, top. Received: 'side'"),
        ({"value_columns": ("size=a_px",)}, "needs the column 'size'"),
        ({"plant_column": "pot"}, "data.plant_column=NAME"),
        ({"kind_column": "view"}, "needs the column 'view'"),
    ],
)
def test_settings_that_the_table_does_not_fit_are_named(root, fails, settings, said):
    assert said in fails(DataError, series(root, **settings).index)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"validation": 0.6, "test": 0.4}, "data.validation and data.test"),
        ({"n_time_blocks": 2}, "data.n_time_blocks"),
        ({"pixel_size_um": -1.0}, "data.pixel_size_um"),
        ({"value_columns": ("area",)}, "Received: 'area'"),
        ({"value_columns": ("a=x", "b=x")}, "x, x"),
        ({"table": "none"}, "data.table"),
    ],
)
def test_settings_out_of_range_are_named_in_one_line(fails, settings, said):
    assert said in fails(ConfigError, lambda: PlantSeriesConfig(**settings))


def test_missing_and_empty_folders_and_tables_are_named(tmp_path, fails):
    assert "--data plant-series=ROOT" in fails(DataError, PlantSeries(PlantSeriesConfig()).index)
    assert "is empty" in fails(DataError, series(tmp_path).index)
    (tmp_path / "notes.txt").write_text("nothing yet")
    assert "no table" in fails(DataError, series(tmp_path).index)
    table().to_csv(tmp_path / "labels.csv", index=False)
    assert "none of its 40 pictures" in fails(DataError, series(tmp_path).index)


def test_damaged_picture_is_named(root, fails):
    (root / "p1" / "mask-00.png").write_bytes(b"no picture")
    adapter = series(root, kind="mask")
    assert fails(ImageError, lambda: adapter.read(0)).startswith("p1/mask-00.png is not an image")


@pytest.mark.parametrize("i", [-1, 40])
def test_rows_that_are_not_there_are_refused(root, i):
    with pytest.raises(IndexError, match="rows 0 to 39"):
        series(root).read(i)


@pytest.mark.parametrize(("kind", "n"), [("canopy", 138), ("pot_raw", 35), ("", 268)])
def test_real_plants_are_read_with_the_areas_of_their_masks(shared_data, kind, n):
    adapter = series(
        shared_data("arabidopsis_timeseries_ltu"),
        plant_column="dataset",
        kind=kind,
        value_columns=("mask_area_px=leaf_area_px",),
        value_kind="masks",
    )
    index = adapter.index()
    assert len(index) == n
    assert adapter.split_name == "by-time"
    assert straddling(index, "meta.time_block") == 0
    known = index["label.leaf_area_px"].notna()
    assert set(index.loc[known, "meta.plant_id"]) == {"LTU-2"}
    assert known[index["meta.plant_id"] == "LTU-2"].all()
    assert set(index.loc[known, "split"]) == {"train", "validation", "test"}
    assert index["meta.time_h"].max() > 23 * 24
    assert adapter.read(0)["image"].ndim == 3
