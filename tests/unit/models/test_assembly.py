"""Laws of a model put together of scaling, backbone and head."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from zoo_core.contract import ConfigError, DataError, InputScaling, OutputError, Topology
from zoo_core.models.assembly import build_backbone, build_model, load_model, save_model

SHAPE = (6, 10, 3)
TOLERANCE = 1e-5
"""Float32 sums in another order; outputs are of order 1."""
CAFFE = InputScaling(factor=255.0, mean=(103.939, 116.779, 123.68), channel_order="bgr")
PER_CHANNEL = InputScaling(mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225))
SCALINGS = {
    "identity": InputScaling(),
    "caffe": CAFFE,
    "per channel": PER_CHANNEL,
    "minus one to one": InputScaling(2.0, (1.0, 1.0, 1.0)),
}


@pytest.fixture
def images(rng: np.random.Generator) -> np.ndarray:
    return rng.random((2, *SHAPE), dtype=np.float32)


@pytest.fixture
def make_model(tiny: Any, task: Any, randomise: Callable[..., Any]) -> Callable[..., Any]:
    def make(scaling: InputScaling = CAFFE, policy: str = "float32") -> Any:
        return build_model(randomise(build_backbone(tiny(), SHAPE, policy)), task, scaling, policy)

    return make


def n_kernels(model: Any, images: np.ndarray) -> int:
    graph = tf.function(lambda x: model(x, training=True)).get_concrete_function(tf.constant(images)).graph
    return sum(operation.type == "FusedBatchNormV3" for operation in graph.get_operations())


@pytest.mark.parametrize("name", SCALINGS)
def test_the_network_sees_the_scaled_image(name: str, make_model: Callable[..., Any], images: np.ndarray) -> None:
    scaling = SCALINGS[name]
    channels = images[..., ::-1] if scaling.channel_order == "bgr" else images
    scaled = (channels * scaling.factor - np.array(scaling.mean)) / np.array(scaling.std)
    model = make_model(scaling)
    outputs = model.get_layer("backbone")(scaled.astype(np.float32))
    seen = keras.Model(model.input, model.get_layer("features").output)(images)
    np.testing.assert_allclose(seen, outputs, rtol=TOLERANCE, atol=TOLERANCE * float(np.abs(outputs).max()))


def test_caffe_scaling_is_what_keras_applications_does(make_model: Callable[..., Any], images: np.ndarray) -> None:
    wanted = keras.applications.vgg16.preprocess_input(images * 255.0)
    scaled = make_model(CAFFE).get_layer("input_scaling")(images)
    np.testing.assert_allclose(scaled, wanted, rtol=TOLERANCE, atol=1e-4)


def test_scaling_is_computed_in_float32_under_any_policy(make_model: Callable[..., Any], images: np.ndarray) -> None:
    wanted = make_model(CAFFE, "float32").get_layer("input_scaling")(images)
    np.testing.assert_array_equal(make_model(CAFFE, "mixed_bfloat16").get_layer("input_scaling")(images), wanted)


def test_nothing_to_scale_adds_no_layer(make_model: Callable[..., Any]) -> None:
    names = [layer.name for layer in make_model(InputScaling()).layers]
    assert names == ["image", "backbone", "features", "head", "outputs"]


@pytest.mark.parametrize("policy", ["float32", "mixed_bfloat16"])
def test_layers_have_stable_names_and_outputs_are_float32(
    policy: str, make_model: Callable[..., Any], images: np.ndarray
) -> None:
    model = make_model(CAFFE, policy)
    assert [layer.name for layer in model.layers] == [
        "image",
        "input_scaling",
        "backbone",
        "features",
        "head",
        "outputs",
    ]
    assert model.input_shape == (None, *SHAPE)
    assert model(images).dtype == tf.float32
    assert model.get_layer("backbone").get_layer("stem").dtype_policy.name == policy
    assert all(variable.dtype == "float32" for variable in model.variables)


@pytest.mark.parametrize("before", ["float32", "mixed_bfloat16"])
def test_building_leaves_the_global_policy_as_it_was(before: str, make_model: Callable[..., Any]) -> None:
    keras.config.set_dtype_policy(before)
    try:
        make_model(policy="mixed_bfloat16")
        assert keras.config.dtype_policy().name == before
    finally:
        keras.config.set_dtype_policy("float32")


def test_a_failing_build_leaves_the_global_policy_as_it_was(topologies: dict[str, Topology]) -> None:
    with pytest.raises(ConfigError):
        build_backbone(topologies["vgg16"], (8, 8, 3), "mixed_bfloat16")
    assert keras.config.dtype_policy().name == "float32"


@pytest.mark.parametrize("scaling", [CAFFE, PER_CHANNEL])
def test_scaling_by_colour_refuses_images_without_colours(scaling: InputScaling, tiny: Any, task: Any) -> None:
    backbone = build_backbone(tiny(), (6, 10, 2), "float32")
    with pytest.raises(ConfigError, match=r"images of 3 channels. Received: 2"):
        build_model(backbone, task, scaling, "float32")


def test_the_same_scaling_of_all_channels_takes_any_number_of_them(tiny: Any, task: Any) -> None:
    backbone = build_backbone(tiny(), (6, 10, 2), "float32")
    model = build_model(backbone, task, SCALINGS["minus one to one"], "float32")
    scaled = model.get_layer("input_scaling")(np.full((1, 6, 10, 2), 0.25, np.float32))
    np.testing.assert_array_equal(scaled, np.full((1, 6, 10, 2), -0.5))


def test_outputs_have_a_gradient_by_the_features(make_model: Callable[..., Any], images: np.ndarray) -> None:
    model = make_model()
    both = keras.Model(model.input, [model.get_layer("features").output, model.output])
    with tf.GradientTape() as tape:
        features, outputs = both(images)
        score = tf.reduce_sum(outputs[:, 0])
    gradient = tape.gradient(score, features)
    weights = model.get_layer("head").get_layer("logits").kernel[:, 0]
    np.testing.assert_allclose(gradient[1, 2, 3], weights / (SHAPE[0] * SHAPE[1]), rtol=TOLERANCE)


def test_the_model_shares_its_weights_with_the_backbone(tiny: Any, task: Any) -> None:
    backbone = build_backbone(tiny(), SHAPE, "float32")
    model = build_model(backbone, task, CAFFE, "float32")
    assert {id(v) for v in backbone.variables} < {id(v) for v in model.variables}


def test_batch_norm_is_fused_wherever_it_is(make_model: Callable[..., Any], images: np.ndarray) -> None:
    assert n_kernels(make_model(), images) == 2


def test_every_batch_norm_of_densenet121_is_fused(
    backbones: dict[str, Any], task: Any, rng: np.random.Generator
) -> None:
    model = build_model(backbones["densenet121"], task, InputScaling(), "float32")
    assert n_kernels(model, rng.random((2, 32, 32, 3), dtype=np.float32)) == 121


@pytest.mark.parametrize("policy", ["float32", "mixed_bfloat16"])
def test_a_saved_model_comes_back_the_same_and_fused(
    policy: str, make_model: Callable[..., Any], images: np.ndarray, tmp_path: Path
) -> None:
    model = make_model(CAFFE, policy)
    save_model(model, tmp_path / "model.keras")
    loaded = load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded(images), model(images))
    assert [layer.name for layer in loaded.layers] == [layer.name for layer in model.layers]
    assert n_kernels(loaded, images) == 2
    assert [file.name for file in tmp_path.iterdir()] == ["model.keras"]


PLAIN_KERAS = """
import sys, numpy as np, keras
model = keras.models.load_model(sys.argv[1], compile=False)
np.save(sys.argv[3], model(np.load(sys.argv[2]), training=False))
foreign = {"zoo_core", "keras_cv"} & set(sys.modules)
assert not foreign, foreign
"""


def test_plain_keras_loads_a_saved_model_and_computes_the_same(
    backbones: dict[str, Any], task: Any, rng: np.random.Generator, tmp_path: Path
) -> None:
    model = build_model(backbones["densenet121"], task, CAFFE, "float32")
    images = rng.random((2, 32, 32, 3), dtype=np.float32)
    save_model(model, tmp_path / "model.keras")
    np.save(tmp_path / "images.npy", images)
    files = [str(tmp_path / name) for name in ("model.keras", "images.npy", "outputs.npy")]
    subprocess.run([sys.executable, "-c", PLAIN_KERAS, *files], check=True, cwd=tmp_path)
    np.testing.assert_allclose(np.load(files[2]), model(images), rtol=TOLERANCE, atol=TOLERANCE)


def test_a_model_that_cannot_be_written_leaves_nothing(make_model: Callable[..., Any], tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="cannot be written"):
        save_model(make_model(), tmp_path / "absent" / "model.keras")
    (tmp_path / "model.keras").mkdir()
    with pytest.raises(OutputError, match="cannot be written"):
        save_model(make_model(), tmp_path / "model.keras")
    assert [file.name for file in tmp_path.iterdir()] == ["model.keras"]


@pytest.mark.parametrize("content", [None, b"", b"no zip", b"PK\x03\x04 cut off"])
def test_a_file_without_a_model_is_named_in_one_line(content: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / "model.keras"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DataError, match=r"model.keras") as caught:
        load_model(path)
    assert "\n" not in str(caught.value)
