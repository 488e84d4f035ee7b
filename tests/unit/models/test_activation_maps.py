"""Laws of Grad-CAM on any network the zoo puts together."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from zoo_core.contract import InputScaling
from zoo_core.models.activation_maps import ActivationMaps
from zoo_core.models.assembly import build_backbone, build_model, load_model, save_model

SHAPE = (6, 10, 3)
TOLERANCE = 1e-5
"""Float32 sums in another order, relative to the highest value."""
BFLOAT16_STEP = 2**-7
"""Relative distance of neighbouring bfloat16 numbers: a gradient passes through one rounding."""


class DeepHead:
    """A head whose gradient differs from place to place and from image to image."""

    def head(self, features: Any) -> Any:
        x = keras.layers.Conv2D(4, 2, activation="tanh", name="deep")(features)
        x = keras.layers.Dropout(0.5)(keras.layers.Flatten()(x))
        return keras.layers.Dense(3, dtype="float32", name="logits")(x)


@pytest.fixture
def images(rng: np.random.Generator) -> np.ndarray:
    return rng.random((2, *SHAPE), dtype=np.float32)


@pytest.fixture
def make_model(tiny: Any, task: Any, randomise: Callable[..., Any]) -> Callable[..., Any]:
    def make(policy: str = "float32", head: Any = task) -> Any:
        return randomise(build_model(build_backbone(tiny(), SHAPE, policy), head, InputScaling(), policy))

    return make


def features_of(model: Any, images: np.ndarray) -> np.ndarray:
    features = keras.Model(model.input, model.get_layer("features").output)(images, training=False)
    return np.asarray(tf.cast(features, tf.float32))


def class_activation_maps(model: Any, images: np.ndarray) -> np.ndarray:
    """Zhou et al. 2016: the dense layer's weights over the features, here where they are positive."""
    kernel = np.asarray(model.get_layer("head").get_layer("logits").kernel)
    return np.maximum(np.einsum("eyxc,ck->ekyx", features_of(model, images), kernel), 0)


def assert_close(received: np.ndarray, wanted: np.ndarray, tolerance: float = TOLERANCE) -> None:
    np.testing.assert_allclose(received, wanted, rtol=tolerance, atol=tolerance * float(np.abs(wanted).max()))


def test_behind_pooling_and_one_dense_layer_it_is_the_class_activation_map(
    make_model: Callable[..., Any], images: np.ndarray
) -> None:
    model = make_model()
    maps = ActivationMaps(model)
    wanted = class_activation_maps(model, images) / (maps.shape[0] * maps.shape[1])
    assert wanted.max() > 0
    assert maps.shape == (6, 10)
    assert_close(maps(images), wanted)


@pytest.mark.parametrize("name", ["densenet121", "resnet50", "vgg16"])
def test_every_topology_has_maps_and_after_loading_the_same(
    name: str, topologies: dict[str, Any], task: Any, rng: np.random.Generator, tmp_path: Path
) -> None:
    keras.utils.set_random_seed(0)
    shape = (64, 96, 3)
    model = build_model(build_backbone(topologies[name], shape, "float32"), task, InputScaling(), "float32")
    images = rng.random((2, *shape), dtype=np.float32)
    maps = ActivationMaps(model)(images)
    assert maps.shape == (2, 2, 2, 3)
    assert maps.dtype == np.float32
    assert maps.max() > 0
    assert_close(maps, class_activation_maps(model, images) / 6)
    save_model(model, tmp_path / "model.keras")
    assert_close(ActivationMaps(load_model(tmp_path / "model.keras"))(images), maps)


def test_maps_are_float32_and_almost_the_same_under_a_bfloat16_policy(
    make_model: Callable[..., Any], images: np.ndarray
) -> None:
    model = make_model("mixed_bfloat16")
    maps = ActivationMaps(model)(images)
    assert maps.dtype == np.float32
    assert_close(maps, class_activation_maps(model, images) / 60, BFLOAT16_STEP)


def test_an_image_has_the_map_it_has_alone(make_model: Callable[..., Any], images: np.ndarray) -> None:
    maps = ActivationMaps(make_model(head=DeepHead()))
    alone = np.concatenate([maps(images[:1]), maps(images[1:])])
    assert alone.shape == (2, 3, 6, 10)
    assert_close(maps(images), alone)


def test_weights_are_the_mean_gradient_of_the_output_by_each_channel(
    make_model: Callable[..., Any], images: np.ndarray
) -> None:
    model = make_model(head=DeepHead())
    features = features_of(model, images)
    head, step = model.get_layer("head"), 1e-2

    def slope(channel: int) -> np.ndarray:
        # A step of all places of a channel changes the output by the sum of its gradient over them.
        up, down = features.copy(), features.copy()
        up[..., channel] += step
        down[..., channel] -= step
        return (np.asarray(head(up)) - np.asarray(head(down))) / (2 * step)

    weights = np.stack([slope(channel) for channel in range(features.shape[-1])], axis=-1) / 60
    wanted = np.maximum(np.einsum("ekc,eyxc->ekyx", weights, features), 0)
    np.testing.assert_allclose(ActivationMaps(model)(images), wanted, atol=1e-2 * float(wanted.max()))


def test_dropout_of_the_head_is_off(make_model: Callable[..., Any], images: np.ndarray) -> None:
    maps = ActivationMaps(make_model(head=DeepHead()))
    np.testing.assert_array_equal(maps(images), maps(images))


def test_an_output_that_sees_no_feature_has_a_map_of_zeros(tiny: Any, images: np.ndarray) -> None:
    class HalfBlind:
        def head(self, features: Any) -> Any:
            pooled = keras.layers.GlobalAveragePooling2D(dtype="float32")(features)
            seen = keras.layers.Dense(1, dtype="float32")(pooled)
            return keras.layers.Concatenate()([seen, keras.ops.zeros_like(seen)])

    model = build_model(build_backbone(tiny(), SHAPE, "float32"), HalfBlind(), InputScaling(), "float32")
    np.testing.assert_array_equal(ActivationMaps(model)(images)[:, 1], 0)


class Brightness:
    """Features are the image's mean brightness in squares of 4 x 4 px."""

    def build(self, input_shape: tuple[int, int, int]) -> Any:
        image = keras.Input(input_shape)
        return keras.Model(image, keras.layers.AveragePooling2D(4)(image))


class BrightAndDark:
    """One output rises with brightness, the other falls."""

    def head(self, features: Any) -> Any:
        pooled = keras.layers.GlobalAveragePooling2D()(features)
        weights = keras.initializers.Constant(np.array([[1.0, -1.0]]))
        return keras.layers.Dense(2, kernel_initializer=weights, use_bias=False)(pooled)


def test_where_every_place_speaks_against_an_output_its_map_is_zero(rng: np.random.Generator) -> None:
    model = build_model(
        build_backbone(Brightness(), (12, 20, 1), "float32"), BrightAndDark(), InputScaling(), "float32"
    )
    bright, dark = ActivationMaps(model)(rng.uniform(0.1, 1, (1, 12, 20, 1)).astype(np.float32))[0]
    assert bright.min() > 0
    np.testing.assert_array_equal(dark, 0)


@pytest.mark.parametrize(("row", "column"), [(0, 0), (1, 4), (2, 2)])
def test_a_bright_square_is_where_the_map_of_brightness_has_its_peak(row: int, column: int) -> None:
    model = build_model(
        build_backbone(Brightness(), (12, 20, 1), "float32"), BrightAndDark(), InputScaling(), "float32"
    )
    image = np.full((1, 12, 20, 1), 0.1, np.float32)
    image[0, 4 * row : 4 * row + 4, 4 * column : 4 * column + 4] = 1
    bright = ActivationMaps(model)(image)[0, 0]
    assert np.unravel_index(bright.argmax(), bright.shape) == (row, column)
