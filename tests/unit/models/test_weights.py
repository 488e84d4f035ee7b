"""Laws of choosing weights: what is loaded, what is recorded, what is refused."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
import pytest
from keras.src.legacy.saving.legacy_h5_format import save_weights_to_hdf5_group
from keras_cv.src.utils import preset_utils

from zoo_core.contract import ConfigError, InputScaling, MachineError, PluginError, Topology, Weights
from zoo_core.data.fetching import fetch_file
from zoo_core.models.backbones import KerasCVBackbone
from zoo_core.models.weights import Fetch, LoadedWeights, load_weights

SHAPE = (6, 10, 3)
TRAINED_WITH = InputScaling(factor=2.0, mean=(1.0, 1.0, 1.0))
OWN = InputScaling(mean=(0.5, 0.5, 0.5))


@pytest.fixture
def fetched(tmp_path: Path) -> Fetch:
    """Fetches to a folder of this test."""
    return lambda address, checksum: fetch_file(address, checksum, tmp_path / "cache" / address.rpartition("/")[2])


@pytest.fixture
def written(tiny: Any, randomise: Callable[..., Any]) -> Any:
    return randomise(tiny().build(SHAPE))


@pytest.fixture
def file(written: Any, tmp_path: Path) -> Path:
    (tmp_path / "published").mkdir()
    path = tmp_path / "published" / "tiny.weights.h5"
    written.save_weights(path)
    return path


def digest(file: Path, algorithm: str) -> str:
    return f"{algorithm}:{hashlib.new(algorithm, file.read_bytes()).hexdigest()}"


def publish(file: Path, checksum: str | None) -> dict[str, Weights]:
    return {"imagenet": Weights(file.as_uri(), "CC0", "ImageNet", TRAINED_WITH, checksum)}


def assert_equal(actual: Any, wanted: list[np.ndarray]) -> None:
    for a, w in zip(actual.get_weights(), wanted, strict=True):
        np.testing.assert_array_equal(a, w)


def test_random_weights_are_left_as_they_are(tiny: Any) -> None:
    topology = tiny(scaling=OWN)
    backbone = topology.build(SHAPE)
    before = backbone.get_weights()
    assert load_weights(backbone, topology, "random") == LoadedWeights("random", "random", None, "none", "nothing", OWN)
    assert_equal(backbone, before)


def test_a_file_of_ones_own_is_recorded_with_its_checksum(file: Path, written: Any, tiny: Any) -> None:
    topology = tiny(scaling=OWN)
    backbone = topology.build(SHAPE)
    loaded = load_weights(backbone, topology, str(file))
    assert_equal(backbone, written.get_weights())
    sha256 = digest(file, "sha256").partition(":")[2]
    assert loaded == LoadedWeights(str(file), "file", sha256, "unknown", "unknown", OWN)


@pytest.mark.parametrize("algorithm", ["md5", "sha256"])
def test_published_weights_bring_their_licence_and_scaling(
    algorithm: str, file: Path, written: Any, tiny: Any, fetched: Fetch
) -> None:
    topology = tiny(weights=publish(file, digest(file, algorithm)), scaling=OWN)
    backbone = topology.build(SHAPE)
    loaded = load_weights(backbone, topology, "imagenet", fetched)
    assert_equal(backbone, written.get_weights())
    sha256 = digest(file, "sha256").partition(":")[2]
    assert loaded == LoadedWeights("imagenet", file.as_uri(), sha256, "CC0", "ImageNet", TRAINED_WITH)


def test_fetched_weights_are_used_again_without_a_network(file: Path, written: Any, tiny: Any, fetched: Fetch) -> None:
    topology = tiny(weights=publish(file, digest(file, "sha256")))
    load_weights(topology.build(SHAPE), topology, "imagenet", fetched)
    file.unlink()
    backbone = topology.build(SHAPE)
    load_weights(backbone, topology, "imagenet", fetched)
    assert_equal(backbone, written.get_weights())


def test_a_wrong_checksum_is_refused_and_nothing_is_set(file: Path, tiny: Any, fetched: Fetch) -> None:
    topology = tiny(weights=publish(file, "sha256:" + "0" * 64))
    backbone = topology.build(SHAPE)
    before = backbone.get_weights()
    with pytest.raises(
        MachineError, match=r"Weights 'imagenet': .*could not be fetched.*checksum.*--set topology.weights="
    ):
        load_weights(backbone, topology, "imagenet", fetched)
    assert_equal(backbone, before)


def test_without_a_network_the_cure_is_named_in_one_line(file: Path, tiny: Any, fetched: Fetch) -> None:
    topology = tiny(weights=publish(file.with_name("absent.h5"), None))
    with pytest.raises(MachineError, match=r"absent.h5.*--set topology.weights=FILE$") as caught:
        load_weights(topology.build(SHAPE), topology, "imagenet", fetched)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("algorithm", ["md5", "sha256"])
def test_a_local_copy_of_published_weights_is_recognised_under_any_name(
    algorithm: str, file: Path, tiny: Any, tmp_path: Path
) -> None:
    topology = tiny(weights=publish(file, digest(file, algorithm)), scaling=OWN)
    copy = file.rename(tmp_path / "copy.weights.h5")
    loaded = load_weights(topology.build(SHAPE), topology, str(copy))
    assert (loaded.choice, loaded.licence, loaded.scaling) == (str(copy), "CC0", TRAINED_WITH)


def test_a_damaged_copy_of_published_weights_is_refused(file: Path, tiny: Any) -> None:
    topology = tiny(weights=publish(file, "md5:" + "0" * 32))
    with pytest.raises(ConfigError, match=r"name of the published weights 'imagenet' but not their md5 000"):
        load_weights(topology.build(SHAPE), topology, str(file))


@pytest.mark.parametrize("choice", ["imagnet", "", "no/such/file.h5"])
def test_an_unknown_choice_lists_the_known_ones(choice: str, file: Path, tiny: Any) -> None:
    topology = tiny(weights=publish(file, None))
    with pytest.raises(ConfigError, match=r"random, imagenet|config.json"):
        load_weights(topology.build(SHAPE), topology, choice)


def test_the_vgg16_file_of_keras_applications_gives_its_outputs(
    topologies: dict[str, Topology], rng: np.random.Generator, tmp_path: Path
) -> None:
    published = keras.applications.VGG16(include_top=False, weights=None, input_shape=(32, 32, 3))
    with h5py.File(tmp_path / "vgg16.h5", "w") as opened:
        save_weights_to_hdf5_group(opened, published)
    backbone = topologies["vgg16"].build((32, 32, 3))
    load_weights(backbone, topologies["vgg16"], str(tmp_path / "vgg16.h5"))
    images = rng.random((2, 32, 32, 3), dtype=np.float32)
    np.testing.assert_array_equal(backbone(images), published(images))


def small_resnet(**numbers: Any) -> KerasCVBackbone:
    defaults = {"stackwise_filters": [4, 8], "stackwise_blocks": [1, 2], "stackwise_strides": [1, 2]}
    weights = {"imagenet": Weights("preset:resnet50_imagenet", "Apache-2.0", "ImageNet", TRAINED_WITH)}
    return KerasCVBackbone("small", "ResNetBackbone", {**defaults, **numbers}, weights, OWN)


@pytest.fixture
def preset(tmp_path: Path, randomise: Callable[..., Any]) -> tuple[Path, Any]:
    """A preset folder as keras-cv writes it, and its network, which rescales pixels by 1 / 255 itself."""
    import keras_cv

    network = keras_cv.models.ResNetBackbone(include_rescaling=True, input_shape=(64, 96, 3), **small_resnet().numbers)
    preset_utils.save_to_preset(randomise(network), str(tmp_path / "preset"))
    return tmp_path / "preset", network


def test_a_preset_folder_gives_its_networks_outputs(preset: tuple[Path, Any], rng: np.random.Generator) -> None:
    folder, network = preset
    topology = small_resnet()
    backbone = topology.build((64, 96, 3))
    loaded = load_weights(backbone, topology, str(folder))
    images = rng.random((2, 64, 96, 3), dtype=np.float32)
    wanted = network(images * 255.0).numpy()
    np.testing.assert_allclose(backbone(images), wanted, rtol=1e-4, atol=1e-5 * float(np.abs(wanted).max()))
    assert loaded.sha256 == digest(folder / "model.weights.h5", "sha256").partition(":")[2]
    assert (loaded.source, loaded.scaling) == ("file", OWN)


def test_a_published_preset_is_fetched_through_keras_cv(
    preset: tuple[Path, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, network = preset
    asked = []

    def get_file(handle: str, name: str) -> str:
        asked.append((handle, name))
        return str(folder / name)

    monkeypatch.setattr(preset_utils, "get_file", get_file)
    topology = small_resnet()
    backbone = topology.build((64, 96, 3))
    loaded = load_weights(backbone, topology, "imagenet")
    handle = "kaggle://keras/resnetv1/keras/resnet50_imagenet/2"
    assert asked == [(handle, "config.json"), (handle, "model.weights.h5")]
    assert_equal(backbone, network.get_weights())
    assert (loaded.source, loaded.scaling) == ("preset:resnet50_imagenet", TRAINED_WITH)


@pytest.mark.parametrize("name", ["densenet121", "resnet50"])
def test_a_built_in_preset_that_cannot_be_fetched_names_the_cure(
    name: str,
    topologies: dict[str, Topology],
    backbones: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def get_file(handle: str, _name: str) -> str:
        raise ConnectionError(f"no route to {handle}\nmore")

    monkeypatch.setattr(preset_utils, "get_file", get_file)
    message = rf"from kaggle://keras/.*/{name}_imagenet/2: no route to .*--set topology.weights=FOLDER$"
    with pytest.raises(MachineError, match=message) as caught:
        load_weights(backbones[name], topologies[name], "imagenet")
    assert "\n" not in str(caught.value)


def test_a_preset_that_keras_cv_does_not_know_is_named(tiny: Any) -> None:
    topology = tiny(weights={"imagenet": Weights("preset:tiny_imagenet", "", "", TRAINED_WITH)})
    with pytest.raises(PluginError, match="'preset:tiny_imagenet'"):
        load_weights(topology.build(SHAPE), topology, "imagenet")


def test_a_preset_with_other_strides_is_refused_though_its_variables_fit(preset: tuple[Path, Any]) -> None:
    topology = small_resnet(stackwise_strides=[2, 2])
    message = r"another network: stackwise_strides needs to be \[2, 2\]. Received: \[1, 2\]"
    with pytest.raises(ConfigError, match=message):
        load_weights(topology.build((64, 96, 3)), topology, str(preset[0]))


def test_a_preset_of_another_class_is_refused(preset: tuple[Path, Any], topologies: dict[str, Topology]) -> None:
    topology = topologies["densenet121"]
    message = "class_name needs to be DenseNetBackbone. Received: ResNetBackbone"
    with pytest.raises(ConfigError, match=message):
        load_weights(topology.build((32, 32, 3)), topology, str(preset[0]))


@pytest.mark.parametrize("name", ["config.json", "model.weights.h5"])
def test_a_folder_that_is_no_preset_names_what_is_missing(name: str, preset: tuple[Path, Any]) -> None:
    (preset[0] / name).unlink()
    topology = small_resnet()
    with pytest.raises(ConfigError, match=f"where {name} is missing"):
        load_weights(topology.build((64, 96, 3)), topology, str(preset[0]))


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", json.dumps({"class_name": "ResNetBackbone", "config": 3})])
def test_a_preset_with_a_broken_configuration_is_named(text: str, preset: tuple[Path, Any]) -> None:
    (preset[0] / "config.json").write_text(text)
    topology = small_resnet()
    with pytest.raises(ConfigError, match=r"configuration was wanted in .*config.json"):
        load_weights(topology.build((64, 96, 3)), topology, str(preset[0]))
