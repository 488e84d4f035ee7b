"""Task image-labels: labels and classes, any channels, what the training rows teach, what augmentation may do."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from zoo_core.contract import ArraySpec, ConfigError, Example, Label
from zoo_images.image_labels import INTENSITY, ImageLabels, ImageLabelsConfig

BINARY = [Label("wet"), Label("torn")]
CLASSES = [Label(name, class_of="kind") for name in ("a", "b", "c")]
ROWS = pd.DataFrame({"label.wet": [1.0, 0, 0, 0], "label.torn": [1.0, 1, 0, np.nan], "meta.sex": list("FFMM")})
CLASS_ROWS = pd.DataFrame({"label.a": [1.0, 1, 1, 0], "label.b": [0.0, 0, 0, 1], "label.c": [0.0] * 4})

Fails = Callable[..., str]


def spec(n_channels: int | None = 3, size: int | None = None) -> ArraySpec:
    return ArraySpec("image", ("y", "x", "c"), (size, size, n_channels), "uint8", (0, 255))


def task(labels: list[Label] = BINARY, **options: object) -> ImageLabels:
    empty = ImageLabels(ImageLabelsConfig(**options))  # type: ignore[arg-type] # of the tests' own choice
    return ImageLabels(empty.with_data(labels, [spec()]))


@pytest.mark.parametrize(
    ("labels", "metric", "noun"), [(BINARY, "mean.auroc", "label"), (CLASSES, "mean.macro_f1", "class")]
)
def test_the_metric_that_decides_fits_the_labels(labels: list[Label], metric: str, noun: str) -> None:
    made = task(labels)
    assert made.labels == tuple(labels)
    assert (made.primary_metric.name, made.reporting.noun) == (metric, noun)
    assert made.reporting.metrics[0] == metric.removeprefix("mean.")


def test_a_data_set_may_lack_labels_of_a_model_but_not_classes() -> None:
    assert task().select([Label("torn"), Label("other")]) == ("torn",)
    assert task(CLASSES).select(CLASSES) == ("a", "b", "c")
    assert task(CLASSES).select(CLASSES[:2]) == ()


@pytest.mark.parametrize("n_channels", [1, 2, 3, 5])
@pytest.mark.parametrize("scaling", ["range", "percentiles"])
def test_pictures_of_any_channels_become_squares_from_zero_to_one(n_channels: int, scaling: str) -> None:
    made, own = task(image_size_px=8, scaling=scaling), spec(n_channels)
    assert made.accepts([own]) is None
    fitted = made.fit(ROWS, [own])
    image = np.random.default_rng(0).integers(0, 256, (13, 9, n_channels), np.uint8)
    seen = made.preprocess(Example({"image": image}, (own,), {}), fitted)
    assert seen.shape == made.input_shape(fitted) == (8, 8, max(3, n_channels))
    assert seen.dtype == np.float32
    assert 0 <= seen.min() < seen.max() <= 1


def test_what_is_no_picture_is_refused_in_words() -> None:
    assert "Received: none" in str(task().accepts([]))
    assert "None channels" in str(task().accepts([spec(None)]))


@pytest.mark.parametrize(
    ("wanted", "size", "edge"), [(0, 28, 64), (0, 100, 100), (0, 999, 160), (0, None, 160), (96, 28, 96), (32, 99, 32)]
)
def test_the_edge_is_the_pictures_own_within_bounds_or_what_is_asked_for(
    wanted: int, size: int | None, edge: int
) -> None:
    made = task(image_size_px=wanted)
    assert made.input_shape(made.fit(ROWS, [spec(size=size)])) == (edge, edge, 3)


def test_rare_labels_and_classes_weigh_more_only_where_that_is_asked_for() -> None:
    assert task().fit(ROWS, [spec()])["weights"].tolist() == [1, 1]
    assert task(balanced=True).fit(ROWS, [spec()])["weights"].tolist() == [3, 0.5]
    weights = task(CLASSES, balanced=True).fit(CLASS_ROWS, [spec()])["weights"]
    np.testing.assert_allclose(weights, [4 / 3 / 3, 4 / 3, 1])
    assert weights.dtype == np.float32


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_the_loss_of_labels_is_binary_cross_entropy(smoothing: float) -> None:
    logits, targets = np.array([[0.5, -2.0], [1.5, 90.0]], np.float32), np.array([[1, 0], [0, 1]], np.float32)
    weights = np.array([3, 1], np.float32)
    loss = np.asarray(task(label_smoothing=smoothing).loss(targets, logits, {"weights": weights}))
    wanted = targets * (1 - smoothing) + smoothing / 2
    log_p, log_q = -np.logaddexp(0, -logits.astype(np.float64)), -np.logaddexp(0, logits.astype(np.float64))
    expected = -(1 + targets * (weights - 1)) * (wanted * log_p + (1 - wanted) * log_q)
    np.testing.assert_allclose(loss, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("smoothing", [0.0, 0.3])
def test_the_loss_of_classes_is_cross_entropy_weighted_as_the_class_is(smoothing: float) -> None:
    made = task(CLASSES, label_smoothing=smoothing)
    logits = np.array([[2.0, 0.0, -1.0], [0.5, 0.5, 3.0]], np.float32)
    targets, weights = np.array([[1, 0, 0], [0, 1, 0]], np.float32), np.array([2, 5, 1], np.float32)
    loss = np.asarray(made.loss(targets, logits, {"weights": weights}))
    log_p = np.log(made.predict(logits, {}).astype(np.float64))
    wanted = targets * (1 - smoothing) + smoothing / 3
    np.testing.assert_allclose(loss.mean(axis=1), -(wanted * log_p).sum(axis=1) * [2, 5], rtol=1e-5)


def test_probabilities_are_of_each_label_by_itself_or_one_together() -> None:
    outputs = np.array([[1e4, 0.0, -1e4], [1.0, 1.0, 1.0]], np.float32)
    np.testing.assert_allclose(task(CLASSES).predict(outputs, {}), [[1, 0, 0], [1 / 3] * 3], atol=1e-6)
    np.testing.assert_allclose(task().predict(outputs[:1, :2], {}), [[1, 0.5]])


def test_augmentation_keeps_left_and_right_unless_it_is_asked_to_mirror() -> None:
    left = np.zeros((64, 20, 20, 3), np.float32)
    left[:, :, :10] = 1
    rng = np.random.default_rng
    sides = [(one[:, :5].mean() > one[:, -5:].mean()) for one in task().augment(left, rng(0))]
    assert all(sides)
    mirrored = task(flip=True).augment(left, rng(0))
    assert 10 < sum(one[:, :5].mean() > one[:, -5:].mean() for one in mirrored) < 54
    still = task(shift=0.0, brightness=0.0)
    np.testing.assert_array_equal(still.augment(left, rng(0)), left)
    turned = task(turn=True).augment(left, rng(0))
    assert any(one[:5].mean() != one[-5:].mean() for one in turned)
    assert turned.shape == left.shape
    np.testing.assert_array_equal(task().augment(left, rng(1)), task().augment(left, rng(1)))


def test_strata_are_columns_that_exist(fails: Fails) -> None:
    made = task(strata=("sex",))
    made.fit(ROWS, [spec()])
    assert made.reporting.strata == ("meta.sex",)
    text = fails(ConfigError, lambda: task(strata=("sexx",)).fit(ROWS, [spec()]))
    assert "did you mean 'sex'?" in text


def test_the_baseline_sees_how_bright_a_picture_is_and_nothing_else() -> None:
    image = np.random.default_rng(0).integers(0, 256, (6, 5, 3), np.uint8)
    shown = [Example({"image": one}, (spec(),), {}) for one in (image, image[::-1], image // 2)]
    features = [task().baseline_features(INTENSITY, one) for one in shown]
    np.testing.assert_allclose(features[0], features[1])
    assert features[0].shape == (6,)
    assert (features[0] > features[2]).all()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"image_size_px": -1}, "task.image_size_px needs a number from 0. Received: -1"),
        ({"label_smoothing": 1.0}, "task.label_smoothing needs 0 to below 1"),
        ({"shift": -0.1}, "task.shift"),
        ({"brightness": -0.1}, "task.brightness"),
        ({"zoom": float("nan")}, "task.zoom"),
        ({"noise": -0.1}, "task.noise"),
        ({"label_names": ("wet", "wet")}, "different ones"),
    ],
)
def test_options_that_cannot_be_used_are_named(options: dict[str, object], words: str, fails: Fails) -> None:
    assert words in fails(ConfigError, lambda: ImageLabelsConfig(**options))  # type: ignore[arg-type] # mistakes


def test_the_head_gives_one_float32_logit_a_label() -> None:
    import keras

    outputs = task(CLASSES).head(keras.Input((2, 3, 5), dtype="bfloat16"))
    assert outputs.shape == (None, 3)
    assert outputs.dtype == "float32"
