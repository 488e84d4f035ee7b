"""Layers are found again by their kernels, whatever a runtime made of them."""

import re
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest

from zoo_core.precision.exporting import exported, kernels_by_layer, layer_with_kernel


def test_an_export_is_a_saved_model_and_is_gone_afterwards(make_small: Callable[..., Any]) -> None:
    with exported(make_small()) as folder:
        assert (folder / "saved_model.pb").is_file()
    assert not folder.exists()


def test_kernels_have_a_row_an_output_channel() -> None:
    keras.utils.set_random_seed(0)
    image = keras.Input((6, 6, 4))
    x = keras.layers.Conv2D(5, 3, name="plain")(image)
    x = keras.layers.DepthwiseConv2D(2, depth_multiplier=2, name="deep")(x)
    model = keras.Model(image, keras.layers.Dense(3, name="dense")(keras.layers.Flatten()(x)))
    kernels = kernels_by_layer(model)
    assert {name: one.shape for name, one in kernels.items()} == {"plain": (5, 36), "deep": (10, 4), "dense": (3, 90)}
    np.testing.assert_array_equal(kernels["plain"][1].reshape(4, 3, 3)[2], model.get_layer("plain").kernel[:, :, 2, 1])


@pytest.fixture
def kernels() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    return {name: rng.normal(size=(4, 9)).astype(np.float32) for name in ("a", "b")} | {"wide": np.ones((4, 18))}


def test_a_kernel_is_found_whatever_its_output_channels_were_multiplied_by(kernels: dict[str, np.ndarray]) -> None:
    folded = kernels["b"] * np.array([[0.5], [-3.0], [1e-3], [7.0]])
    assert layer_with_kernel(kernels, folded) == "b"


def test_another_kernel_is_no_layers(kernels: dict[str, np.ndarray]) -> None:
    assert layer_with_kernel(kernels, np.random.default_rng(1).normal(size=(4, 9))) is None
    assert layer_with_kernel(kernels, np.ones((2, 2))) is None


def test_a_dead_channel_tells_nothing(kernels: dict[str, np.ndarray]) -> None:
    dead = kernels["a"].copy()
    dead[1] = 0.0
    assert layer_with_kernel(kernels | {"a": dead}, dead) == "a"


def test_names_of_keras_are_found_in_a_converted_network(make_small: Callable[..., Any]) -> None:
    from zoo_core.precision.quantizing import _float_network, _layer_names

    model = make_small()
    found = _layer_names(_float_network(model), model)
    assert sorted(found.values()) == ["first", "last", "second"]
    assert not [name for name in found if re.fullmatch("first|last|second", name)]  # the export had lost them
