"""Laws of reading weights files, format by format."""

import pickle
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
import pytest
from keras.src.legacy.saving.legacy_h5_format import save_weights_to_hdf5_group

from zoo_core.contract import ConfigError
from zoo_core.models.weight_files import FORMATS, read_into

SHAPE = (6, 10, 3)


def write_legacy(model: Any, file: Path) -> None:
    with h5py.File(file, "w") as opened:
        save_weights_to_hdf5_group(opened, model)


def write_npz(model: Any, file: Path) -> None:
    np.savez(file, **{variable.path: variable.numpy() for variable in model.variables})


WRITERS: dict[str, Callable[[Any, Path], None]] = {
    ".weights.h5": lambda model, file: model.save_weights(file),
    ".h5": write_legacy,
    ".npz": write_npz,
}
STEM = {".weights.h5": r"stem \(layers/conv2d/vars/0\)", ".h5": "stem/kernel", ".npz": "stem/kernel"}
"""How an error names the first variable."""


def assert_equal(actual: Any, wanted: list[np.ndarray]) -> None:
    for a, w in zip(actual.get_weights(), wanted, strict=True):
        np.testing.assert_array_equal(a, w)


def test_every_format_has_a_writer_in_these_tests() -> None:
    assert set(WRITERS) == set(FORMATS) == set(STEM)


@pytest.mark.parametrize("suffix", WRITERS)
def test_weights_come_back_as_they_were_written(suffix: str, tiny: Any, randomise: Any, tmp_path: Path) -> None:
    written = randomise(tiny().build(SHAPE))
    WRITERS[suffix](written, tmp_path / f"w{suffix}")
    backbone = tiny().build(SHAPE)
    read_into(backbone, tmp_path / f"w{suffix}")
    assert_equal(backbone, written.get_weights())


@pytest.mark.parametrize("suffix", WRITERS)
def test_another_shape_is_named_and_nothing_is_set(suffix: str, tiny: Any, tmp_path: Path) -> None:
    file = tmp_path / f"w{suffix}"
    WRITERS[suffix](tiny(n_filters=4).build(SHAPE), file)
    backbone = tiny().build(SHAPE)
    before = backbone.get_weights()
    message = rf"w{suffix} belong.*'{STEM[suffix]}' needs shape \(3, 3, 3, 5\). Received: shape \(3, 3, 3, 4\)$"
    with pytest.raises(ConfigError, match=message):
        read_into(backbone, file)
    assert_equal(backbone, before)


def chain(*names: str) -> Any:
    """Convolutions of equal shape, one a name."""
    x = image = keras.Input(SHAPE)
    for name in names:
        x = keras.layers.Conv2D(3, 1, use_bias=False, name=name)(x)
    return keras.Model(image, x)


@pytest.mark.parametrize("suffix", WRITERS)
def test_the_same_shapes_under_other_names_are_another_network(suffix: str, tmp_path: Path) -> None:
    WRITERS[suffix](chain("block1_conv", "block2_conv"), tmp_path / f"w{suffix}")
    with pytest.raises(ConfigError, match=r"variable 'block_0_conv\W.*no such variable$"):
        read_into(chain("block_0_conv", "block_1_conv"), tmp_path / f"w{suffix}")


@pytest.mark.parametrize("suffix", WRITERS)
def test_a_missing_variable_is_named(suffix: str, tmp_path: Path) -> None:
    WRITERS[suffix](chain("a"), tmp_path / f"w{suffix}")
    with pytest.raises(ConfigError, match=r"variable 'b\W.*needs shape \(1, 1, 3, 3\). Received: no such variable$"):
        read_into(chain("a", "b"), tmp_path / f"w{suffix}")


@pytest.mark.parametrize("suffix", WRITERS)
def test_a_variable_too_many_is_named(suffix: str, tmp_path: Path) -> None:
    WRITERS[suffix](chain("a", "b"), tmp_path / f"w{suffix}")
    with pytest.raises(ConfigError, match=r"has no variable '.*' of shape \(1, 1, 3, 3\)$"):
        read_into(chain("a"), tmp_path / f"w{suffix}")


def twins() -> Any:
    """Two nested networks whose layers have the same names."""
    image = keras.Input(SHAPE)
    return keras.Model(image, chain("a")(chain("a")(image)))


def test_equal_names_within_nested_networks_need_keras_3s_format(tmp_path: Path, rng: np.random.Generator) -> None:
    written = twins()
    written.set_weights([rng.random(w.shape, dtype=np.float32) for w in written.get_weights()])
    written.save_weights(tmp_path / "w.weights.h5")
    backbone = twins()
    read_into(backbone, tmp_path / "w.weights.h5")
    assert_equal(backbone, written.get_weights())
    write_npz(written, tmp_path / "w.npz")
    with pytest.raises(ConfigError, match=r"several of one name. Use a .weights.h5 file"):
        read_into(backbone, tmp_path / "w.npz")


def test_names_that_keras_numbers_by_itself_may_differ(tmp_path: Path) -> None:
    models = []
    for _ in range(2):
        image = keras.Input(SHAPE)
        models.append(keras.Model(image, keras.layers.Conv2D(4, 1)(keras.layers.Conv2D(5, 1)(image))))
    written, backbone = models
    assert written.layers[1].name != backbone.layers[1].name
    written.save_weights(tmp_path / "w.weights.h5")
    read_into(backbone, tmp_path / "w.weights.h5")
    assert_equal(backbone, written.get_weights())


def test_a_whole_model_in_keras_2s_format_serves_as_a_weights_file(tiny: Any, randomise: Any, tmp_path: Path) -> None:
    written = randomise(tiny().build(SHAPE))
    written.save(tmp_path / "model.h5")
    backbone = tiny().build(SHAPE)
    read_into(backbone, tmp_path / "model.h5")
    assert_equal(backbone, written.get_weights())


def test_keras_1s_names_of_variables_are_read_by_their_order(tmp_path: Path, rng: np.random.Generator) -> None:
    image = keras.Input(SHAPE)
    backbone = keras.Model(image, keras.layers.Conv2D(2, 1, name="block1_conv1")(image))
    kernel, bias = rng.random((1, 1, 3, 2), dtype=np.float32), rng.random(2, dtype=np.float32)
    with h5py.File(tmp_path / "w.h5", "w") as opened:
        opened.attrs["layer_names"] = [b"input_1", b"block1_conv1"]
        opened.create_group("input_1").attrs["weight_names"] = np.zeros(0, "S1")
        group = opened.create_group("block1_conv1")
        group.attrs["weight_names"] = [b"block1_conv1_W_1:0", b"block1_conv1_b_1:0"]
        group["block1_conv1_W_1:0"], group["block1_conv1_b_1:0"] = kernel, bias
    read_into(backbone, tmp_path / "w.h5")
    assert_equal(backbone, [kernel, bias])


def test_keras_2s_name_of_a_depthwise_kernel_is_known(tiny: Any, randomise: Any, tmp_path: Path) -> None:
    written = randomise(tiny().build(SHAPE))
    names = {v.path: v.path.replace("depthwise/kernel", "depthwise/depthwise_kernel") for v in written.variables}
    assert names["depthwise/kernel"] == "depthwise/depthwise_kernel"
    np.savez(tmp_path / "w.npz", **{names[v.path]: v.numpy() for v in written.variables})
    backbone = tiny().build(SHAPE)
    read_into(backbone, tmp_path / "w.npz")
    assert_equal(backbone, written.get_weights())


def link_outside(target: Any, source: Any, name: str) -> None:
    target[name] = h5py.ExternalLink(source.filename, name)


def store_outside(target: Any, source: Any, name: str) -> None:
    target.create_dataset(name, source[name].shape, "f4", external=[(f"{source.filename}.raw", 0, h5py.h5f.UNLIMITED)])


def map_outside(target: Any, source: Any, name: str) -> None:
    layout = h5py.VirtualLayout(source[name].shape, "f4")
    layout[...] = h5py.VirtualSource(source[name])
    target.create_virtual_dataset(name, layout)


KERAS, LEGACY = (".weights.h5", "layers/conv2d/vars/0"), (".h5", "a/a/kernel")


@pytest.mark.parametrize(
    ("place", "point", "reason"),
    [
        (KERAS, link_outside, "no such variable"),
        (KERAS, store_outside, "its arrays in itself"),
        (KERAS, map_outside, "its arrays in itself"),
        (LEGACY, link_outside, "its arrays in itself"),
        ((".h5", "a"), link_outside, "its arrays in itself"),
        (LEGACY, store_outside, "its arrays in itself"),
        (LEGACY, map_outside, "its arrays in itself"),
    ],
)
def test_an_array_kept_outside_the_file_is_refused(
    place: tuple[str, str], point: Callable[[Any, Any, str], None], reason: str, tmp_path: Path
) -> None:
    suffix, dataset = place
    backbone = chain("a")
    WRITERS[suffix](backbone, tmp_path / f"other{suffix}")
    shutil.copy(tmp_path / f"other{suffix}", tmp_path / f"w{suffix}")
    (tmp_path / f"other{suffix}.raw").write_bytes(bytes(36))
    with h5py.File(tmp_path / f"other{suffix}") as source, h5py.File(tmp_path / f"w{suffix}", "a") as target:
        del target[dataset]
        point(target, source, dataset)
    before = backbone.get_weights()
    with pytest.raises(ConfigError, match=reason):
        read_into(backbone, tmp_path / f"w{suffix}")
    assert_equal(backbone, before)


class _Trap:
    """Unpickling it makes a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return Path.touch, (self.path,)


def test_nothing_is_unpickled(tmp_path: Path) -> None:
    touched = tmp_path / "touched"
    np.savez(tmp_path / "w.npz", **{"a/kernel": np.array([_Trap(touched)], object)})
    (tmp_path / "v.npz").write_bytes(pickle.dumps(_Trap(touched)))
    for name in ("w.npz", "v.npz"):
        with pytest.raises(ConfigError, match=name):
            read_into(chain("a"), tmp_path / name)
    assert not touched.exists()


@pytest.mark.parametrize("content", [b"", b"neither HDF5 nor zip", b"PK\x03\x04", b"\x89HDF\r\n\x1a\n"])
@pytest.mark.parametrize("suffix", WRITERS)
def test_a_file_that_does_not_open_is_named_in_one_line(suffix: str, content: bytes, tmp_path: Path) -> None:
    file = tmp_path / f"w{suffix}"
    file.write_bytes(content)
    with pytest.raises(ConfigError, match=rf"w{suffix}") as caught:
        read_into(chain("a"), file)
    assert "\n" not in str(caught.value)


def test_an_unknown_suffix_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"needs to end in .weights.h5, .h5, .npz. Received: .*w.pth"):
        read_into(chain("a"), tmp_path / "w.pth")


def test_mobilenetv2_of_the_real_data_fits_variable_by_variable(shared_data: Callable[[str], Path]) -> None:
    (file,) = shared_data("pretrained_mobilenetv2").glob("*.npz")
    backbone = keras.applications.MobileNetV2(include_top=False, weights=None, input_shape=(32, 32, 3))
    read_into(backbone, file)
    with np.load(file) as arrays:
        assert len(arrays.files) == len(backbone.variables) == 260
        kernel = next(v for v in backbone.variables if v.path == "block_10_depthwise/kernel")
        np.testing.assert_array_equal(kernel, arrays["block_10_depthwise/depthwise_kernel"])
