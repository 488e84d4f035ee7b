"""Small networks, and pictures for them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from zoo_core.contract import InputScaling
from zoo_core.models.assembly import build_model, save_model

SIZE_PX = 12
N_OUTPUTS = 3


class ThreeLabels:
    """The head of a task of three labels."""

    def head(self, features: Any) -> Any:
        pooled = keras.layers.GlobalAveragePooling2D(dtype="float32")(features)
        return keras.layers.Dense(N_OUTPUTS, name="last", dtype="float32")(pooled)


def built(policy: str, *layers: Callable[[], Any]) -> Any:
    """A model of the zoo's parts, its backbone of a few layers."""
    keras.utils.set_random_seed(0)
    keras.config.set_dtype_policy(policy)
    try:
        image = keras.Input((SIZE_PX, SIZE_PX, 3))
        features = image
        for layer in layers:
            features = layer()(features)
        scaling = InputScaling(mean=(0.4, 0.5, 0.6), std=(0.2, 0.2, 0.3))
        return build_model(keras.Model(image, features), ThreeLabels(), scaling, policy)  # type: ignore[arg-type]
    finally:
        keras.config.set_dtype_policy("float32")


def small(policy: str = "float32") -> Any:
    """Two convolutions with a batch norm that has seen something."""
    conv, norm = keras.layers.Conv2D, keras.layers.BatchNormalization
    model = built(
        policy,
        lambda: conv(8, 3, activation="relu", name="first"),
        lambda: norm(name="norm"),
        lambda: conv(8, 3, strides=2, activation="relu", name="second"),
    )
    rng = np.random.default_rng(0)
    for layer in model._flatten_layers():
        if isinstance(layer, norm):
            shape = layer.gamma.shape
            layer.set_weights([rng.uniform(low, 1.5, shape) for low in (0.5, -1, -1, 0.5)])
    return model


def spiked() -> Any:
    """A channel a thousand times as bright as the others, of which the second convolution takes no notice.

    One range for all channels leaves the others nothing; the second convolution in float32 has them all.
    """
    conv = keras.layers.Conv2D
    model = built(
        "float32",
        lambda: conv(8, 3, activation="relu", name="first"),
        lambda: conv(8, 3, activation="relu", name="second"),
        lambda: conv(4, 1, activation="relu", name="third"),
    )
    backbone = model.get_layer("backbone")
    first, second = backbone.get_layer("first"), backbone.get_layer("second")
    kernel, bias = first.get_weights()
    bias[0] = 1000.0
    first.set_weights([kernel, bias])
    kernel, bias = second.get_weights()
    kernel[:, :, 0] = 0.0
    second.set_weights([kernel, bias])
    return model


@pytest.fixture(scope="session")
def pictures() -> np.ndarray:
    """(example, y, x, c): most of them dark, a few bright."""
    rng = np.random.default_rng(1)
    brightness = np.where(np.arange(40) % 10 == 0, 1.0, 0.3)[:, None, None, None]
    return (brightness * rng.random((40, SIZE_PX, SIZE_PX, 3))).astype(np.float32)


@pytest.fixture(scope="session")
def make_small() -> Callable[..., Any]:
    return small


@pytest.fixture(scope="session")
def make_spiked() -> Callable[[], Any]:
    return spiked


@pytest.fixture(scope="session")
def small_folder(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The folder of a small model that was trained in a dtype policy: read only."""

    def folder(policy: str) -> Path:
        path = tmp_path_factory.mktemp("small")
        save_model(small(policy), path / "model.keras")
        return path

    return folder
