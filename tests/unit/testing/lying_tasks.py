"""A sound task, and tasks that break one law each."""

import dataclasses
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pandas as pd

from tests.unit.testing.judging import Liar
from tests.unit.testing.lying_data import Sound as SoundData
from zoo_core.contract import Label, PrimaryMetric, Reporting, Trait
from zoo_core.testing import TaskSubject

DRAWS = np.random.default_rng(5)


class Sound:
    """One binary label of pictures of 7 x 5 px."""

    labels = (Label("sick"),)
    primary_metric = PrimaryMetric("mean.auroc")
    reporting = Reporting(metrics=("auroc",))
    traits = (Trait("brightness", "1", "Mean of the picture."),)
    image_baselines = {"brightness": "the brightness alone"}  # noqa: RUF012 - read only

    def accepts(self, specs: Any) -> str | None:
        image = next((spec for spec in specs if spec.name == "image"), None)
        if image is None or image.axes != ("y", "x", "c"):
            return f"needs 'image' with axes (y, x, c). Received: {image and image.axes}"
        return None

    def select(self, labels: Any) -> tuple[str, ...]:
        return tuple(label.name for label in labels if label.name == "sick")

    def fit(self, rows: Any, specs: Any) -> Any:
        return {"prevalence": np.array(rows["label.sick"].mean(), np.float32)}

    def input_shape(self, fitted: Any) -> tuple[int, int, int]:
        return 7, 5, 1

    def preprocess(self, example: Any, fitted: Any) -> np.ndarray:
        return example.arrays["image"].astype(np.float32) / np.float32(255)

    def augment(self, images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        return images[:, :, ::-1].copy() if rng.random() < 0.5 else images

    def head(self, features: Any) -> Any:
        pooled = keras.layers.GlobalAveragePooling2D(dtype="float32")(features)
        return keras.layers.Dense(1, dtype="float32")(pooled)

    def loss(self, targets: Any, outputs: Any, fitted: Any) -> Any:
        return targets * keras.ops.softplus(-outputs) + (1 - targets) * keras.ops.softplus(outputs)

    def predict(self, outputs: np.ndarray, fitted: Any) -> np.ndarray:
        return (1 / (1 + np.exp(-outputs))).astype(np.float32)

    def measure(self, example: Any) -> dict[str, float]:
        return {"brightness": example.arrays["image"].mean()}

    def baseline_features(self, kind: str, example: Any) -> np.ndarray:
        return np.array([example.arrays["image"].mean()])


def on_sound_data(task: Any) -> TaskSubject:
    return TaskSubject(task, SoundData())


def sound() -> TaskSubject:
    return on_sound_data(Sound())


def lying(**members: Any) -> Callable[[], TaskSubject]:
    """Gives a sound task but for some members."""
    return lambda: on_sound_data(type("Lying", (Sound,), members)())


def with_head(head: Callable[[Any], Any], **members: Any) -> Callable[[], TaskSubject]:
    return lying(head=lambda self, features: head(features), **members)


class AnyArrays(Sound):
    def accepts(self, specs: Any) -> str | None:
        return None


class Sorting(Sound):
    def fit(self, rows: pd.DataFrame, specs: Any) -> Any:
        rows.sort_values("label.sick", inplace=True)
        return super().fit(rows, specs)


class DimmingInPlace(Sound):
    def preprocess(self, example: Any, fitted: Any) -> np.ndarray:
        example.arrays["image"][...] //= 2
        return super().preprocess(example, fitted)


class AugmentingInPlace(Sound):
    def augment(self, images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        images *= np.float32(0.5)
        return images


class SquashingInPlace(Sound):
    def predict(self, outputs: np.ndarray, fitted: Any) -> np.ndarray:
        np.exp(-np.abs(outputs), out=outputs)
        return outputs


class Half(keras.layers.Layer):
    """No file can say what it does: it is not registered."""

    def call(self, inputs: Any) -> Any:
        return inputs / 2


def two_dense(features: Any) -> Any:
    """The second layer is there, and is multiplied by nothing."""
    pooled = keras.layers.GlobalAveragePooling2D(dtype="float32")(features)
    used, unused = keras.layers.Dense(1)(pooled), keras.layers.Dense(1)(pooled)
    return used + 0 * unused


def by_batch(features: Any) -> Any:
    outputs = keras.layers.Dense(1)(keras.layers.GlobalAveragePooling2D(dtype="float32")(features))
    return outputs - keras.ops.mean(outputs, axis=0, keepdims=True)


def own_layer(features: Any) -> Any:
    return Half()(keras.layers.Dense(1)(keras.layers.GlobalAveragePooling2D(dtype="float32")(features)))


def by_rank(self: Sound, outputs: np.ndarray, fitted: Any) -> np.ndarray:
    """(example, 1): the place of each among those that are predicted together, from 0 to 1."""
    return (np.argsort(np.argsort(outputs, axis=0), axis=0) / max(1, len(outputs) - 1)).astype(np.float32)


def blind(self: Sound, example: Any, fitted: Any) -> np.ndarray:
    return np.full((7, 5, 1), 0.5, np.float32)


def scaled(factor: float, dtype: Any = np.float32) -> Callable[[], TaskSubject]:
    return lying(preprocess=lambda self, example, fitted: (example.arrays["image"] * factor).astype(dtype))


def a_draw(self: Sound, images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return np.clip(images + DRAWS.normal(0, 0.1, images.shape), 0, 1).astype(np.float32)


def noisy(self: Sound, example: Any, fitted: Any) -> np.ndarray:
    return DRAWS.random((7, 5, 1), dtype=np.float32)


def installed(name: str, preset: str) -> TaskSubject:
    """A task that is installed, whose presets are tried with a setting that is none."""
    return dataclasses.replace(sound(), name=name, layers=({"trainer": {preset: 1}},))


def one_or_two(self: Sound, kind: str, example: Any) -> np.ndarray:
    return np.ones(1 + int(example.row["label.sick"]))


LIARS = [
    Liar("test_it_has_the_members_of_a_task", "'fit' takes", lying(fit=lambda self: {})),
    Liar("test_it_accepts_the_arrays_of_its_data_set", "'no'", lying(accepts=lambda self, specs: "no")),
    Liar("test_it_says_why_it_refuses_arrays", "answers no arrays at all", lambda: on_sound_data(AnyArrays())),
    Liar(
        "test_it_says_why_it_refuses_arrays",
        "answers no arrays at all",
        lying(accepts=lambda self, specs: specs[0].name),
    ),
    Liar(
        "test_it_says_why_it_refuses_arrays",
        "axes in another order",
        lying(
            accepts=lambda self, specs: (
                None if specs and specs[0].name == "image" else "needs 'image'. Received: others"
            )
        ),
    ),
    Liar("test_it_selects_labels_that_both_have", "('Mass',)", lying(select=lambda self, labels: ("Mass",))),
    Liar("test_it_selects_labels_that_both_have", "nothing of no label", lying(select=lambda self, labels: ("sick",))),
    Liar("test_fitting_changes_neither_rows_nor_specs_and_repeats", "work on a copy", lambda: on_sound_data(Sorting())),
    Liar(
        "test_fitting_changes_neither_rows_nor_specs_and_repeats",
        "the same each time",
        lying(fit=lambda self, rows, specs: {"x": DRAWS.random(2)}),
    ),
    Liar(
        "test_fitting_changes_neither_rows_nor_specs_and_repeats",
        "arrays of numbers",
        lying(fit=lambda self, rows, specs: {"x": np.array(["a"])}),
    ),
    Liar("test_preprocessing_gives_an_image_of_the_networks_shape", "values from 0 to 1", scaled(1.0)),
    Liar("test_preprocessing_gives_an_image_of_the_networks_shape", "Received: float64", scaled(1 / 255, np.float64)),
    Liar(
        "test_preprocessing_gives_an_image_of_the_networks_shape",
        "(8, 5, 1), as input_shape() says",
        lying(input_shape=lambda self, fitted: (8, 5, 1)),
    ),
    Liar("test_preprocessing_changes_no_input_and_repeats", "leaves arrays", lambda: on_sound_data(DimmingInPlace())),
    Liar("test_preprocessing_changes_no_input_and_repeats", "the same each time", lying(preprocess=noisy)),
    Liar("test_augmentation_changes_no_input", "leaves its images", lambda: on_sound_data(AugmentingInPlace())),
    Liar(
        "test_augmentation_changes_no_input",
        "float32 (15, 7, 5, 1)",
        lying(augment=lambda self, images, rng: images[1:]),
    ),
    Liar(
        "test_augmentation_changes_no_input",
        "from 0 to 1",
        lying(augment=lambda self, images, rng: images + np.float32(1)),
    ),
    Liar("test_the_same_seed_gives_the_same_augmentation", "another batch", lying(augment=a_draw)),
    Liar("test_its_presets_make_a_configuration", "learning_speed", lambda: installed("chexnet", "learning_speed")),
    Liar(
        "test_loss_has_a_value_for_each_label_of_each_example",
        "(example, label)",
        lying(
            loss=lambda self, targets, outputs, fitted: keras.ops.mean(
                Sound.loss(self, targets, outputs, fitted), axis=1
            )
        ),
    ),
    Liar(
        "test_loss_has_a_value_for_each_label_of_each_example",
        "finite",
        lying(
            loss=lambda self, t, o, f: (
                -(t * keras.ops.log(keras.ops.sigmoid(o)) + (1 - t) * keras.ops.log(1 - keras.ops.sigmoid(o)))
            )
        ),
    ),
    Liar("test_a_gradient_reaches_every_variable_of_the_head", "zeros alone", with_head(two_dense)),
    Liar(
        "test_a_gradient_reaches_every_variable_of_the_head",
        "none",
        lying(loss=lambda self, t, outputs, f: Sound.loss(self, t, keras.ops.stop_gradient(outputs), f)),
    ),
    Liar("test_eight_examples_are_memorised", "the loss falls below", lying(preprocess=blind)),
    Liar(
        "test_loss_is_less_for_the_right_answer",
        "with others'",
        lying(loss=lambda self, t, outputs, f: keras.ops.softplus(outputs) + 0 * t),
    ),
    Liar(
        "test_predictions_have_a_value_for_each_label",
        "probabilities",
        lying(predict=lambda self, o, f: o.astype(np.float32)),
    ),
    Liar("test_predictions_have_a_value_for_each_label", "(example, label)", lying(predict=lambda self, o, f: o[:, 0])),
    Liar("test_predictions_have_a_value_for_each_label", "finite", lying(predict=lambda self, o, f: o * np.nan)),
    Liar("test_predicting_changes_no_input_and_repeats", "work on a copy", lambda: on_sound_data(SquashingInPlace())),
    Liar(
        "test_predicting_changes_no_input_and_repeats",
        "the same each time",
        lying(predict=lambda self, o, f: DRAWS.random(o.shape, np.float32)),
    ),
    Liar("test_predictions_do_not_depend_on_batch_mates", "batch-mates", lying(predict=by_rank)),
    Liar("test_predictions_do_not_depend_on_batch_mates", "batch-mates", with_head(by_batch)),
    Liar("test_a_saved_model_predicts_the_same", "Plain Keras loads the model", with_head(own_layer)),
    Liar("test_predictions_of_two_halves_merge_to_the_metrics_of_the_whole", "others of", lying(predict=by_rank)),
    Liar("test_traits_are_measured_by_their_names", "area", lying(measure=lambda self, example: {"area": 1.0})),
    Liar(
        "test_traits_are_measured_by_their_names",
        "the same each time",
        lying(measure=lambda self, e: {"brightness": DRAWS.random()}),
    ),
    Liar(
        "test_baseline_features_are_as_many_for_each_example", "as many features", lying(baseline_features=one_or_two)
    ),
    Liar(
        "test_baseline_features_are_as_many_for_each_example",
        "finite",
        lying(baseline_features=lambda self, kind, example: np.array([np.nan])),
    ),
]
