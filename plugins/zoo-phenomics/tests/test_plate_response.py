"""Task plate-response: controls are learned, wells are scored on the logit, and correlation stands beside it."""

import numpy as np
import pandas as pd
import pytest

from zoo_core.api import by_percentiles, three_channels, turn_and_flip
from zoo_core.contract import ArraySpec, ConfigError, Example, Label
from zoo_phenomics.pictures import border
from zoo_phenomics.plate_response import CORRELATION, INTENSITY, PlateResponse, PlateResponseConfig

TWO = ArraySpec("image", ("y", "x", "c"), (32, 32, 2), "uint16", (0, 65535), ("GFP", "DNA"))


def task(**options: object) -> PlateResponse:
    return PlateResponse(PlateResponseConfig(**options))  # type: ignore[arg-type] # of the tests' own choice


def field(correlation: float, seed: int = 0, size: int = 32) -> Example:
    random = np.random.default_rng(seed)
    first, noise = random.normal(size=(2, size, size))
    second = correlation * first + np.sqrt(1 - correlation**2) * noise
    image = 3000 + 100 * np.stack([first, 3 * second], axis=-1)
    return Example({"image": image.astype(np.uint16)}, (TWO,), {})


def test_scores_are_logits_that_stay_apart_where_probabilities_are_one() -> None:
    outputs = np.array([[20.0], [40.0]], np.float32)
    assert np.ptp(task().predict(outputs, {})) == 0
    assert task().scores(outputs, {}).ravel().tolist() == [20.0, 40.0]


def test_few_positives_weigh_as_much_as_many_negatives() -> None:
    rows = pd.DataFrame({"label.response": [1.0, 0.0, 0.0, 0.0, np.nan]})
    fitted = task().fit(rows, [TWO])
    assert fitted["positive_weight"] == 3
    assert fitted["image_size_px"] == 32
    logits = np.array([[0.0], [0.0], [0.0], [0.0]], np.float32)
    loss = np.asarray(task().loss(np.array([[1], [0], [0], [0]], np.float32), logits, fitted))
    assert loss[0] == pytest.approx(loss[1:].sum())
    alone = task().fit(rows.iloc[1:], [TWO])
    assert alone["positive_weight"] == 1


@pytest.mark.parametrize("correlation", [-0.5, 0.0, 0.9])
def test_the_correlation_baseline_is_pearsons(correlation: float) -> None:
    example = field(correlation, size=200)
    (found,) = task().baseline_features(CORRELATION, example)
    channels = example.arrays["image"].reshape(-1, 2).astype(float)
    assert found == pytest.approx(np.corrcoef(channels.T)[0, 1])
    assert found == pytest.approx(correlation, abs=0.02)


def test_channels_of_one_value_correlate_with_nothing() -> None:
    flat = Example({"image": np.full((8, 8, 2), 7, np.uint16)}, (TWO,), {})
    assert task().baseline_features(CORRELATION, flat).tolist() == [0.0]
    assert np.isfinite(task().baseline_features(INTENSITY, flat)).all()
    assert by_percentiles(flat, 8).max() == 0


def test_two_exposures_of_a_field_look_alike_by_percentiles_and_not_by_range() -> None:
    dark = field(0.5)
    bright = Example({"image": dark.arrays["image"] * 4}, (TWO,), {})
    fitted = task().fit(pd.DataFrame({"label.response": [0.0, 1.0]}), [TWO])
    made = [task().preprocess(one, fitted) for one in (dark, bright)]
    np.testing.assert_allclose(made[0], made[1], atol=1e-3)
    ranged = [task(intensity="range").preprocess(one, fitted) for one in (dark, bright)]
    assert ranged[1].mean() > 3 * ranged[0].mean()
    assert made[0].shape == task().input_shape(fitted) == (32, 32, 3)


def test_only_a_data_set_with_controls_is_taken() -> None:
    assert task().select([Label("response")]) == ("response",)
    assert task().select([Label("response", "value"), Label("area", "value")]) == ()
    assert task().accepts([TWO]) is None
    five = ArraySpec("image", ("y", "x", "c"), (8, 8, 5), "uint8", (0, 255))
    assert "Received: axes (y, x, c), 5 channels" in str(task().accepts([five]))
    assert "Received: none" in str(task().accepts([]))


def test_an_intensity_that_is_not_known_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"needs percentiles or range\. Received: 'log'"):
        task(intensity="log")


def test_turning_and_mirroring_keep_every_value() -> None:
    images = np.arange(4 * 5 * 5 * 3, dtype=np.float32).reshape(4, 5, 5, 3)
    turned = turn_and_flip(images, np.random.default_rng(1))
    assert turned.shape == images.shape
    assert (np.sort(turned.reshape(4, -1)) == np.sort(images.reshape(4, -1))).all()
    assert (turned != images).any()


def test_one_channel_is_shown_three_times_and_a_frame_is_the_edge() -> None:
    assert three_channels(np.array([[[5]]])).ravel().tolist() == [5, 5, 5]
    image = np.zeros((10, 8, 1))
    image[1:-1, 1:-1] = 1
    assert border(image, 0.1).sum() == 0
    assert len(border(image, 0.1)) == 10 * 8 - 8 * 6
