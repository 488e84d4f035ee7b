"""Laws of mobilenetv2: Keras's own network in the zoo's hands, from a file of arrays to 8 bits."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from zoo_core.contract import ConfigError, Load, Topology
from zoo_core.data.images import read_rgb, resize
from zoo_core.models.assembly import build_backbone, build_model, load_model, save_model
from zoo_core.models.weights import LoadedWeights, load_weights
from zoo_core.precision import int8
from zoo_core.precision.keras_network import KerasNetwork

N_BATCH_NORMS = 52
FLOAT32_TOLERANCE = 1e-4
"""Of 52 layers, sums in another order; outputs are of order 1."""
N_LEAVES, SIZE_PX = 30, 160
LEAST_RIGHT, LEAST_LIKENESS = 0.8, 0.9
"""Of leaves whose nearest neighbour is of their class, and of features in 8 bits with those in 32: correlation."""

Arrays = dict[str, np.ndarray]


class Pooled:
    """A head that passes the features on."""

    def head(self, features: Any) -> Any:
        return keras.layers.GlobalAveragePooling2D(dtype="float32")(features)


@pytest.fixture
def topology(topologies: dict[str, Topology]) -> Topology:
    return topologies["mobilenetv2"]


@pytest.fixture
def images(rng: np.random.Generator) -> np.ndarray:
    return rng.random((2, 32, 64, 3), dtype=np.float32)


@pytest.fixture
def make_model(topology: Topology, randomise: Callable[..., Any]) -> Callable[[str], Any]:
    def make(policy: str) -> Any:
        backbone = build_backbone(topology, (32, 64, 3), policy)
        for variable in randomise(backbone).variables:
            if variable.path.endswith("kernel"):
                variable.assign(variable * 0.3)
        return build_model(backbone, Pooled(), topology.scaling, policy)  # type: ignore[arg-type]  # only its head

    return make


@pytest.fixture
def keras_2_arrays(backbones: dict[str, Any]) -> Arrays:
    """The network's variables under the names that Keras 2.2 gave them."""

    def name(path: str) -> str:
        layer, _, variable = path.rpartition("/")
        return f"{layer}/{'depthwise_kernel' if layer.endswith('depthwise') else variable}"

    return {name(variable.path): variable.numpy() for variable in backbones["mobilenetv2"].variables}


@pytest.fixture
def load(topology: Topology, backbones: dict[str, Any], tmp_path: Path) -> Callable[[Arrays], LoadedWeights]:
    """Gives the network, whose weights are left as they are, a file of arrays."""

    def load(arrays: Arrays) -> LoadedWeights:
        file = tmp_path / "own.npz"
        np.savez(file, **arrays)  # type: ignore[arg-type]  # numpy's stub sees its option allow_pickle
        return load_weights(backbones["mobilenetv2"], topology, str(file))

    return load


def test_arrays_of_keras_2_fit_all_of_them_and_get_the_networks_own_scaling(
    load: Callable[[Arrays], LoadedWeights], topology: Topology, backbones: dict[str, Any], keras_2_arrays: Arrays
) -> None:
    before = backbones["mobilenetv2"].get_weights()
    loaded = load(keras_2_arrays)
    assert len(keras_2_arrays) == 260
    assert (loaded.source, loaded.trained_on) == ("file", "unknown")
    assert loaded.scaling == topology.scaling
    for own, kept in zip(backbones["mobilenetv2"].get_weights(), before, strict=True):
        np.testing.assert_array_equal(own, kept)


def left_out(arrays: Arrays) -> Arrays:
    return {name: array for name, array in arrays.items() if name != "block_3_depthwise/depthwise_kernel"}


def turned(arrays: Arrays) -> Arrays:
    return arrays | {"block_3_depthwise/depthwise_kernel": arrays["block_3_depthwise/depthwise_kernel"].T}


def of_more(arrays: Arrays) -> Arrays:
    return arrays | {"block_17_depthwise/depthwise_kernel": np.zeros((3, 3, 8, 1), np.float32)}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (left_out, r"variable 'block_3_depthwise/kernel' needs shape .* Received: no such variable"),
        (turned, r"variable 'block_3_depthwise/kernel' needs shape \(3, 3, 144, 1\). Received: shape \(1, 144, 3, 3\)"),
        (of_more, r"no variable 'block_17_depthwise/depthwise_kernel'"),
    ],
)
def test_an_array_that_is_wrong_is_named_and_nothing_is_set(
    change: Callable[[Arrays], Arrays],
    message: str,
    load: Callable[[Arrays], LoadedWeights],
    backbones: dict[str, Any],
    keras_2_arrays: Arrays,
) -> None:
    before = backbones["mobilenetv2"].get_weights()
    with pytest.raises(ConfigError, match=message):
        load(change({name: array + np.float32(1) for name, array in keras_2_arrays.items()}))
    for own, kept in zip(backbones["mobilenetv2"].get_weights(), before, strict=True):
        np.testing.assert_array_equal(own, kept)


def test_the_published_address_is_the_one_keras_states(topology: Topology) -> None:
    address = keras.src.applications.mobilenet_v2.BASE_WEIGHT_PATH
    name = "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224_no_top.h5"
    assert topology.weights["imagenet"].source == address + name


def test_images_are_scaled_as_keras_scales_them(make_model: Callable[[str], Any], images: np.ndarray) -> None:
    scaled = make_model("float32").get_layer("input_scaling")(images)
    wanted = keras.applications.mobilenet_v2.preprocess_input(images * 255)
    np.testing.assert_allclose(scaled, wanted, atol=1e-6)


def test_every_batch_norm_is_fused_and_computes_what_keras_does(
    make_model: Callable[[str], Any], images: np.ndarray
) -> None:
    model = make_model("float32")
    plain = keras.models.clone_model(model)
    plain.set_weights(model.get_weights())
    graph = tf.function(lambda x: model(x, training=True)).get_concrete_function(tf.constant(images)).graph
    assert sum(operation.type == "FusedBatchNormV3" for operation in graph.get_operations()) == N_BATCH_NORMS
    wanted = plain(images, training=True).numpy()
    assert np.ptp(wanted) > 0
    np.testing.assert_allclose(model(images, training=True), wanted, atol=FLOAT32_TOLERANCE, rtol=FLOAT32_TOLERANCE)


@pytest.mark.parametrize("policy", ["float32", "mixed_bfloat16"])
def test_a_saved_model_answers_alike_in_a_process_with_keras_alone(
    policy: str, make_model: Callable[[str], Any], images: np.ndarray, tmp_path: Path
) -> None:
    model = make_model(policy)
    save_model(model, tmp_path / "model.keras")
    np.savez(tmp_path / "io.npz", images=images, outputs=model(images))
    code = (
        "import keras, numpy as np; io = np.load('io.npz'); model = keras.models.load_model('model.keras');"
        " assert np.abs(model(io['images']) - io['outputs']).max() < 0.05 * io['outputs'].max()"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=tmp_path, capture_output=True)
    np.testing.assert_array_equal(load_model(tmp_path / "model.keras")(images), model(images))


def test_features_in_8_bits_tell_leaves_apart_as_those_in_32_do(
    topology: Topology, shared_data: Callable[[str], Path], tmp_path: Path
) -> None:
    """Depthwise convolutions and ReLU6 through OpenVINO, on 90 leaves of three classes."""
    root, weights = shared_data("plantvillage_potato"), next(shared_data("pretrained_mobilenetv2").glob("*.npz"))
    folders = sorted(path for path in root.iterdir() if path.is_dir())
    paths = [path for folder in folders for path in sorted(folder.iterdir())[:N_LEAVES]]
    leaves = np.stack([resize(read_rgb(path), (SIZE_PX, SIZE_PX)) / np.float32(255) for path in paths])
    backbone = build_backbone(topology, (SIZE_PX, SIZE_PX, 3), "float32")
    load_weights(backbone, topology, str(weights))
    model = build_model(backbone, Pooled(), topology.scaling, "float32")  # type: ignore[arg-type]  # only its head
    backend = int8.plugin.create(int8.plugin.config())
    backend.convert(model, leaves, tmp_path)
    converted = backend.load(tmp_path, Load(len(leaves))).outputs(leaves)
    wanted = KerasNetwork(model).outputs(leaves)
    assert np.corrcoef(converted.ravel(), wanted.ravel())[0, 1] > LEAST_LIKENESS
    assert _share_of_neighbours_alike(wanted) > LEAST_RIGHT
    assert _share_of_neighbours_alike(converted) > LEAST_RIGHT


def _share_of_neighbours_alike(features: np.ndarray) -> float:
    """Leave-one-out: how many examples have their nearest neighbour in their own class."""
    unit = features / np.linalg.norm(features, axis=1, keepdims=True)
    nearest = (unit @ unit.T - 2 * np.eye(len(unit))).argmax(axis=1)
    return float((nearest // N_LEAVES == np.arange(len(unit)) // N_LEAVES).mean())
