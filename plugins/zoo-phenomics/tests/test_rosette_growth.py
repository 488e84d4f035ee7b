"""Task rosette-growth: values in their units, what the data set has, traits beside them, and their course."""

import numpy as np
import pandas as pd
import pytest

from zoo_core.contract import ArraySpec, ConfigError, Example, Label
from zoo_data_plates.plate_phantom import PlatePhantom, PlatePhantomConfig
from zoo_phenomics.rosette_growth import SEGMENTATION, RosetteGrowth, RosetteGrowthConfig

COLOUR = ArraySpec("image", ("y", "x", "c"), (96, 96, 3), "uint8", (0, 255))
LABELS = [Label("leaf_area_mm2", "value", "mm2"), Label("leaf_count", "value"), Label("response")]


def task(**options: object) -> RosetteGrowth:
    empty = RosetteGrowth(RosetteGrowthConfig(**options))  # type: ignore[arg-type] # of the tests' own choice
    return RosetteGrowth(empty.with_data(LABELS, [COLOUR]))


ROWS = pd.DataFrame({"label.leaf_area_mm2": [100.0, 200.0, 300.0, np.nan], "label.leaf_count": [5.0] * 4})


def test_the_values_are_those_of_the_data_set_with_their_units() -> None:
    assert [(label.name, label.unit) for label in task().labels] == [("leaf_area_mm2", "mm2"), ("leaf_count", None)]
    one = task(label_names=("leaf_count",))
    assert [label.name for label in one.labels] == ["leaf_count"]
    assert task().select(LABELS) == ("leaf_area_mm2", "leaf_count")
    assert task().with_data([Label("height", "value", "mm")], [COLOUR]) == task().config


def test_what_the_network_says_has_the_mean_and_the_spread_of_the_training_rows() -> None:
    fitted = task().fit(ROWS, [COLOUR])
    predicted = task().predict(np.array([[0.0, 0.0], [1.0, 1.0]], np.float32), fitted)
    np.testing.assert_allclose(predicted, [[200, 5], [300, 6]])
    assert predicted.dtype == np.float32


def test_the_loss_is_nothing_at_the_truth_and_grows_slower_far_from_it() -> None:
    fitted = task().fit(ROWS, [COLOUR])
    targets = np.array([[300.0, 5.0]] * 3, np.float32)
    outputs = np.array([[1.0, 0.0], [1.5, 0.0], [11.0, 0.0]], np.float32)
    loss = np.asarray(task().loss(targets, outputs, fitted))
    np.testing.assert_allclose(loss[:, 0], [0, 0.125, 9.5], atol=1e-6)
    np.testing.assert_allclose(loss[:, 1], 0, atol=1e-6)


@pytest.fixture(scope="module")
def phantom() -> PlatePhantom:
    return PlatePhantom(PlatePhantomConfig(n_trays=1, n_times=6))


def example(phantom: PlatePhantom, row: int) -> Example:
    meta = {str(name): value for name, value in phantom.index().iloc[row].items()}
    return Example(phantom.read(row), phantom.specs, meta)


def test_measured_areas_are_those_that_were_drawn(phantom: PlatePhantom) -> None:
    index = phantom.index()
    rows = np.flatnonzero(index["label.leaf_area_mm2"] > index["label.leaf_area_mm2"].median())[:8]
    measured = [task().measure(example(phantom, int(row)))["area_mm2"] for row in rows]
    np.testing.assert_allclose(measured, index["label.leaf_area_mm2"].iloc[rows], rtol=0.15)


def test_green_pixels_are_more_where_the_plant_is_larger(phantom: PlatePhantom) -> None:
    order = np.argsort(phantom.index()["label.leaf_area_mm2"].to_numpy())
    small, large = (task().baseline_features(SEGMENTATION, example(phantom, int(order[i]))) for i in (0, -1))
    assert (small < large).all()


def test_areas_are_followed_where_plants_were_seen_more_than_once(phantom: PlatePhantom) -> None:
    index = phantom.index().iloc[: 4 * 6]
    measured = [task().measure(example(phantom, row)) for row in range(len(index))]
    traits = pd.concat([index.reset_index(drop=True), pd.DataFrame(measured).add_prefix("trait.")], axis=1)
    series = task().series(traits)
    assert list(series.columns) == ["name", "time_h", "value", "smooth", "flag", "trait", "unit", "example_id"]
    assert series["example_id"].tolist() == index["example_id"].tolist()
    assert len(series) == len(index)
    assert (series["trait"].iloc[0], series["unit"].iloc[0]) == ("area_mm2", "mm2")
    assert not len(task().series(traits.drop_duplicates("meta.well_id")))
    assert not len(task().series(traits.drop(columns="meta.time_h")))
    unscaled = task().series(traits.assign(**{"trait.area_mm2": np.nan}))
    assert unscaled["unit"].iloc[0] == "px"


def test_pictures_that_are_not_in_colour_are_refused() -> None:
    assert task().accepts([COLOUR]) is None
    for spec in (
        ArraySpec("image", ("y", "x", "c"), (8, 8, 2), "uint8", (0, 255)),
        ArraySpec("image", ("y", "x", "c"), (8, 8, 3), "uint16", (0, 9)),
    ):
        assert "needs pictures in red, green and blue, uint8. Received" in str(task().accepts([spec]))


def test_as_many_units_as_names_are_wanted() -> None:
    with pytest.raises(ConfigError, match="Received: 1 and 2"):
        RosetteGrowthConfig(label_names=("a", "b"), label_units=("mm",))


def test_an_outline_holds_the_area_that_is_measured(phantom: PlatePhantom) -> None:
    row = int(phantom.index()["label.leaf_area_mm2"].argmax())
    outside = max(task().outlines(example(phantom, row)), key=len)
    y, x = outside.T
    area = abs(np.sum(x[:-1] * y[1:] - x[1:] * y[:-1])) / 2
    assert (outside[0] == outside[-1]).all()
    assert area == pytest.approx(task().measure(example(phantom, row))["area_px"], rel=0.1)
