"""Laws of the fused batch norm: plain Keras is the truth."""

import itertools
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from zoo_core.contract import ConfigError
from zoo_core.models.batch_norm import fuse_batch_norm, set_momentum, share_moments

FLOAT32_TOLERANCE = 1e-5
"""Sums in another order; values and gradients are of order 1 to 10."""
BFLOAT16_ULP = 2.0**-8
"""Relative distance of two neighbouring bfloat16 numbers, at most."""

SHAPES = [(2, 3, 5, 7), (1, 1, 1, 3), (3, 1, 1, 2), (5, 4, 3, 1)]
POLICIES = {"float32": FLOAT32_TOLERANCE, "mixed_bfloat16": BFLOAT16_ULP}


def twins(shape: tuple[int, ...], policy: str, **options: Any) -> tuple[Any, Any]:
    """A plain and a fused model of one batch norm each, with equal weights that are nowhere 0 or 1."""
    models = []
    for _ in range(2):
        image = keras.Input(shape[1:], dtype="float32")
        layer = keras.layers.BatchNormalization(momentum=0.9, dtype=policy, **options)
        models.append(keras.Model(image, layer(image)))
    rng = np.random.default_rng(0)
    models[0].set_weights([rng.uniform(0.5, 2.0, w.shape).astype(np.float32) for w in models[0].get_weights()])
    models[1].set_weights(models[0].get_weights())
    return models[0], fuse_batch_norm(models[1])


def outputs_and_gradients(model: Any, images: np.ndarray, training: bool) -> list[np.ndarray]:
    """Outputs, then gradients of a weighted sum of them: of the images, then of the trainable weights."""
    images = tf.constant(images)

    @tf.function
    def run() -> Any:
        variables = [v.value for v in model.trainable_variables]
        with tf.GradientTape() as tape:
            tape.watch(images)
            outputs = tf.cast(model(images, training=training), tf.float32)
            weights = tf.reshape(tf.sin(tf.range(tf.size(outputs), dtype=tf.float32)), tf.shape(outputs))
            loss = tf.reduce_sum(outputs * weights)
        return [outputs, *tape.gradient(loss, [images, *variables])]

    return [tensor.numpy() for tensor in run()]


def assert_close(actual: list[np.ndarray], wanted: list[np.ndarray], tolerance: float) -> None:
    for a, w in zip(actual, wanted, strict=True):
        scale = max(1.0, float(np.abs(w).max()))
        np.testing.assert_allclose(a, w, rtol=tolerance, atol=tolerance * scale)


def n_kernels(model: Any, images: np.ndarray, training: bool) -> int:
    """Operations of the fused kernel in the model's graph, the gradient's not counted."""
    graph = tf.function(lambda x: model(x, training=training)).get_concrete_function(tf.constant(images)).graph
    return sum(operation.type == "FusedBatchNormV3" for operation in graph.get_operations())


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("training", [True, False])
def test_outputs_and_gradients_equal_those_of_keras(
    shape: tuple[int, ...], policy: str, training: bool, rng: np.random.Generator
) -> None:
    plain, fused = twins(shape, policy)
    images = rng.normal(1.0, 2.0, shape).astype(np.float32)
    wanted = outputs_and_gradients(plain, images, training)
    assert_close(outputs_and_gradients(fused, images, training), wanted, POLICIES[policy])


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("shape", SHAPES)
def test_moving_statistics_equal_those_of_keras_after_several_steps(
    shape: tuple[int, ...], policy: str, rng: np.random.Generator
) -> None:
    plain, fused = twins(shape, policy)
    for _ in range(5):
        images = rng.normal(3.0, 2.0, shape).astype(np.float32)
        plain(images, training=True)
        fused(images, training=True)
    for actual, wanted in zip(fused.get_weights(), plain.get_weights(), strict=True):
        np.testing.assert_allclose(actual, wanted, rtol=FLOAT32_TOLERANCE)


@given(
    shape=st.tuples(*[st.integers(1, 6)] * 4),
    mean=st.floats(-5.0, 5.0),
    spread=st.floats(0.5, 5.0),
    seed=st.integers(0, 2**32 - 1),
)
@settings(max_examples=25, deadline=None)
def test_any_batch_moves_the_statistics_as_keras_does(
    shape: tuple[int, ...], mean: float, spread: float, seed: int
) -> None:
    plain, fused = twins(shape, "float32")
    images = np.random.default_rng(seed).normal(mean, spread, shape).astype(np.float32)
    plain(images, training=True)
    fused(images, training=True)
    for actual, wanted in zip(fused.get_weights(), plain.get_weights(), strict=True):
        np.testing.assert_allclose(actual, wanted, rtol=FLOAT32_TOLERANCE, atol=FLOAT32_TOLERANCE)


@pytest.mark.parametrize(("scale", "center"), list(itertools.product([True, False], repeat=2)))
@pytest.mark.parametrize("training", [True, False])
def test_scale_and_centre_may_be_absent(scale: bool, center: bool, training: bool, rng: np.random.Generator) -> None:
    shape = (2, 3, 5, 7)
    plain, fused = twins(shape, "float32", scale=scale, center=center)
    images = rng.normal(size=shape).astype(np.float32)
    assert n_kernels(fused, images, training) == 1
    wanted = outputs_and_gradients(plain, images, training)
    assert_close(outputs_and_gradients(fused, images, training), wanted, FLOAT32_TOLERANCE)


def test_a_frozen_layer_normalises_by_its_moving_statistics_and_keeps_them(rng: np.random.Generator) -> None:
    shape = (2, 3, 5, 7)
    plain, fused = twins(shape, "float32")
    plain.trainable = fused.trainable = False
    before = fused.get_weights()
    images = rng.normal(size=shape).astype(np.float32)
    wanted = outputs_and_gradients(plain, images, training=True)
    assert_close(outputs_and_gradients(fused, images, training=True), wanted, FLOAT32_TOLERANCE)
    assert_close(fused.get_weights(), before, 0.0)


@pytest.mark.parametrize(
    ("shape", "options", "policy"),
    [
        ((2, 3, 5, 7), {"axis": 1}, "float32"),
        ((2, 3, 5), {}, "float32"),
        ((2, 7), {}, "float32"),
        ((2, 3, 5, 7), {}, "float64"),
        ((2, 3, 5, 7), {"renorm": True}, "float32"),
        ((2, 3, 5, 7), {"synchronized": True}, "float32"),
    ],
)
def test_what_the_kernel_cannot_do_is_left_to_keras(
    shape: tuple[int, ...], options: dict[str, Any], policy: str, rng: np.random.Generator
) -> None:
    plain, fused = twins(shape, policy, **options)
    images = rng.normal(size=shape).astype(np.float32)
    assert n_kernels(fused, images, training=True) == 0
    wanted = outputs_and_gradients(plain, images, training=True)
    assert_close(outputs_and_gradients(fused, images, training=True), wanted, FLOAT32_TOLERANCE)
    for actual, expected in zip(fused.get_weights(), plain.get_weights(), strict=True):
        np.testing.assert_allclose(actual, expected, rtol=FLOAT32_TOLERANCE)


def test_masked_examples_are_left_out_as_keras_does(rng: np.random.Generator) -> None:
    shape = (2, 3, 5, 7)
    plain, fused = twins(shape, "float32")
    images = rng.normal(size=shape).astype(np.float32)
    mask = np.ones(shape[:3], bool)
    mask[1] = False
    wanted = plain.layers[-1](images, training=True, mask=mask)
    np.testing.assert_allclose(fused.layers[-1](images, training=True, mask=mask), wanted, rtol=FLOAT32_TOLERANCE)
    np.testing.assert_allclose(fused.get_weights()[2], plain.get_weights()[2], rtol=FLOAT32_TOLERANCE)


class _Block(keras.layers.Layer):
    """A layer that hides a batch norm, as third parties write them."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = keras.layers.BatchNormalization()

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        return self.norm(inputs, training=training)


class _OwnBatchNorm(keras.layers.BatchNormalization):
    """A subclass that computes something of its own."""

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        return 2.0 * super().call(inputs, training=training, mask=mask)


def test_batch_norms_inside_models_and_layers_are_found(rng: np.random.Generator) -> None:
    inner = keras.Sequential([keras.Input((3, 5, 2)), keras.layers.BatchNormalization(), _Block()])
    model = fuse_batch_norm(keras.Sequential([keras.Input((3, 5, 2)), keras.layers.BatchNormalization(axis=3), inner]))
    assert n_kernels(model, rng.normal(size=(2, 3, 5, 2)).astype(np.float32), training=True) == 3


def test_a_subclass_keeps_what_it_computes(rng: np.random.Generator) -> None:
    images = rng.normal(size=(2, 3, 5, 2)).astype(np.float32)
    model = keras.Sequential([keras.Input((3, 5, 2)), _OwnBatchNorm()])
    wanted = model(images, training=False).numpy()
    np.testing.assert_array_equal(fuse_batch_norm(model)(images, training=False), wanted)
    assert n_kernels(model, images, training=True) == 0


def test_fusing_keeps_variables_names_policies_and_frozen_layers() -> None:
    plain, fused = twins((2, 3, 5, 7), "mixed_bfloat16", name="norm")
    plain.layers[-1].trainable = fused.layers[-1].trainable = False
    assert [v.path for v in fused.variables] == [v.path for v in plain.variables]
    assert [v.dtype for v in fused.variables] == ["float32"] * 4
    assert fused.layers[-1].get_config() == plain.layers[-1].get_config()
    assert fused.trainable_variables == []


def test_fusing_twice_changes_nothing_more(rng: np.random.Generator) -> None:
    plain, fused = twins((2, 3, 5, 7), "float32")
    images = rng.normal(size=(2, 3, 5, 7)).astype(np.float32)
    wanted = outputs_and_gradients(plain, images, training=True)
    assert_close(outputs_and_gradients(fuse_batch_norm(fused), images, training=True), wanted, FLOAT32_TOLERANCE)


def test_a_copy_and_a_weights_file_are_those_of_a_plain_model(rng: np.random.Generator, tmp_path: Path) -> None:
    plain, fused = twins((2, 3, 5, 7), "float32", name="norm")
    images = rng.normal(size=(2, 3, 5, 7)).astype(np.float32)
    assert n_kernels(keras.models.clone_model(fused), images, training=True) == 0
    fused.save_weights(tmp_path / "w.weights.h5")
    before = plain.get_weights()
    plain.set_weights([w + 1 for w in before])
    plain.load_weights(tmp_path / "w.weights.h5")
    assert_close(plain.get_weights(), before, 0.0)


def test_an_exported_model_computes_the_same(rng: np.random.Generator, tmp_path: Path) -> None:
    _, fused = twins((2, 3, 5, 7), "float32")
    images = rng.normal(size=(4, 3, 5, 7)).astype(np.float32)
    fused.export(tmp_path / "exported", verbose=False)
    exported = tf.saved_model.load(str(tmp_path / "exported"))
    np.testing.assert_allclose(
        exported.serve(tf.constant(images)), fused(images, training=False), rtol=FLOAT32_TOLERANCE
    )


def test_momentum_is_set_in_nested_models_too_and_decides_what_is_kept():
    inner = keras.Sequential([keras.Input((2, 3, 5)), keras.layers.BatchNormalization()])
    model = fuse_batch_norm(keras.Sequential([keras.Input((2, 3, 5)), inner]))
    set_momentum(model, 0.25)
    model(np.full((4, 2, 3, 5), 8, np.float32), training=True)
    assert np.allclose(inner.layers[0].moving_mean, 0.75 * 8)


def shared(model: Any, n_ranks: int) -> Any:
    """As one of ranks that have all the same images: their moments are those of one."""
    share_moments(model, lambda tensors: [n_ranks * tensor for tensor in tensors])
    return model


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("n_ranks", [1, 3])
def test_moments_of_all_ranks_give_what_keras_gives_of_all_images(
    shape: tuple[int, ...], policy: str, n_ranks: int, rng: np.random.Generator
) -> None:
    plain, fused = twins(shape, policy)
    images = rng.normal(1.0, 2.0, shape).astype(np.float32)
    for training in (True, False):
        wanted = outputs_and_gradients(plain, images, training)
        assert_close(outputs_and_gradients(shared(fused, n_ranks), images, training), wanted, 2 * POLICIES[policy])
    for actual, wanted in zip(fused.get_weights(), plain.get_weights(), strict=True):
        np.testing.assert_allclose(actual, wanted, rtol=FLOAT32_TOLERANCE, atol=FLOAT32_TOLERANCE)


def test_a_mean_far_from_nothing_drowns_no_variance_once_the_statistics_are_near(rng: np.random.Generator) -> None:
    images = rng.normal(1e4, 1.0, (8, 9, 9, 2)).astype(np.float32)
    plain, fused = twins(images.shape, "float32")
    for model in (plain, fused):
        model.layers[-1].moving_mean.assign([1e4, 1e4])
    wanted = images.astype(np.float64).var((0, 1, 2))
    shared(fused, 2)(images, training=True)
    moved = (np.asarray(fused.layers[-1].moving_variance) - 0.9 * np.asarray(plain.layers[-1].moving_variance)) / 0.1
    np.testing.assert_allclose(moved, wanted, rtol=1e-3)


class OwnWay(keras.layers.BatchNormalization):
    pass


def test_moments_of_all_ranks_are_refused_where_a_layer_has_a_way_of_its_own() -> None:
    model = keras.Sequential([keras.Input((2, 2, 3)), OwnWay(name="own")])
    with pytest.raises(ConfigError, match=r"trainer.batch_norm=cross-rank needs Keras's own .* layer 'own' of OwnWay"):
        share_moments(model, list)
