"""Small networks shared by the tests of the models."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np
import pytest

from zoo_core.contract import InputScaling, Topology, Weights
from zoo_core.models.densenet import densenet121
from zoo_core.models.mobilenet import mobilenetv2
from zoo_core.models.resnet import resnet50
from zoo_core.models.vgg import vgg16


@dataclass(frozen=True)
class TinyTopology:
    """A third party's network: plain and depthwise convolution, batch norm, a nested model."""

    weights: Mapping[str, Weights] = field(default_factory=dict)
    scaling: InputScaling = field(default_factory=InputScaling)
    n_filters: int = 5

    def build(self, input_shape: tuple[int, int, int]) -> Any:
        image = keras.Input(input_shape)
        x = keras.layers.Conv2D(self.n_filters, 3, padding="same", use_bias=False, name="stem")(image)
        x = keras.layers.BatchNormalization(momentum=0.9, name="stem_bn")(x)
        x = keras.layers.DepthwiseConv2D(3, padding="same", name="depthwise")(x)
        inner_input = keras.Input(x.shape[1:])
        inner = keras.layers.BatchNormalization(momentum=0.9, name="inner_bn")(inner_input)
        return keras.Model(image, keras.Model(inner_input, inner, name="inner")(x))


@dataclass(frozen=True)
class TinyTask:
    """Only what a model needs of a task: a head of two outputs."""

    def head(self, features: Any) -> Any:
        pooled = keras.layers.GlobalAveragePooling2D()(features)
        return keras.layers.Dense(2, dtype="float32", name="logits")(pooled)


def _randomise(model: Any, seed: int = 0) -> Any:
    rng = np.random.default_rng(seed)
    for variable in model.variables:
        variable.assign(rng.uniform(-0.5, 0.5, variable.shape).astype(np.float32) + ("var" in variable.name))
    return model


@pytest.fixture(scope="session")
def topologies() -> dict[str, Topology]:
    """The built-in topologies by name."""
    plugins = {"densenet121": densenet121, "mobilenetv2": mobilenetv2, "resnet50": resnet50, "vgg16": vgg16}
    return {name: plugin.create(plugin.config()) for name, plugin in plugins.items()}


@pytest.fixture(scope="session")
def backbones(topologies: dict[str, Topology]) -> dict[str, Any]:
    """One network of each built-in topology for 32 px, built once: tests must leave its weights as they are."""
    return {name: topology.build((32, 32, 3)) for name, topology in topologies.items()}


@pytest.fixture
def tiny() -> type[TinyTopology]:
    return TinyTopology


@pytest.fixture
def task() -> Any:
    return TinyTask()


@pytest.fixture
def randomise() -> Callable[..., Any]:
    """Gives every variable of a model, moving statistics too, a value of its own; variances above zero."""
    return _randomise


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(7)
