"""int8 of small networks by the real libraries: what it keeps, what it loads from, and what control saves."""

import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from zoo_core.contract import Control, DataError, Load, SupportsAccuracyControl, SupportsConversion, SupportsTraining
from zoo_core.precision import int8, int8_litert, quantizing
from zoo_core.precision.keras_network import KerasNetwork, in_float32
from zoo_core.precision.openvino_network import CONSTANTS, NETWORK, core, openvino

PLUGINS = {"int8": int8.plugin, "int8-litert": int8_litert.plugin}

Convert = Callable[..., Path]


def backend_of(name: str) -> Any:
    return PLUGINS[name].create(PLUGINS[name].config())


def correlation(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.corrcoef(a.ravel(), b.ravel())[0, 1])


@pytest.fixture(scope="module")
def reference(pictures: np.ndarray) -> Callable[[Any], np.ndarray]:
    return lambda model: KerasNetwork(in_float32(model)).outputs(pictures)


@pytest.fixture(scope="module")
def wanted_of_small(reference: Any, make_small: Callable[..., Any]) -> np.ndarray:
    result: np.ndarray = reference(make_small())
    return result


@pytest.fixture(params=PLUGINS)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def convert(make_small: Callable[..., Any], pictures: np.ndarray, tmp_path: Path) -> Convert:
    def convert(name: str, policy: str = "float32") -> Path:
        folder = tmp_path / f"{name}-{policy}"
        folder.mkdir()
        backend_of(name).convert(make_small(policy), pictures, folder)
        return folder

    return convert


@pytest.mark.parametrize("policy", ["float32", "mixed_bfloat16"])
def test_outputs_are_nearly_those_of_float32(
    name: str, policy: str, convert: Convert, wanted_of_small: np.ndarray, pictures: np.ndarray
) -> None:
    outputs = backend_of(name).load(convert(name, policy), Load(len(pictures))).outputs(pictures)
    assert outputs.dtype == np.float32
    wanted = wanted_of_small
    assert 0 < np.abs(outputs - wanted).max() < 0.1 * np.ptp(wanted)
    assert correlation(outputs, wanted) > 0.999


def test_outputs_do_not_depend_on_batch_mates(name: str, convert: Convert, pictures: np.ndarray) -> None:
    folder, backend = convert(name), backend_of(name)
    together = backend.load(folder, Load(16)).outputs(pictures[:16])
    one = backend.load(folder, Load(1))
    np.testing.assert_allclose(together, np.concatenate([one.outputs(p[None]) for p in pictures[:16]]), atol=1e-5)
    np.testing.assert_array_equal(backend.load(folder, Load(16)).outputs(pictures[:5]), together[:5])


def test_streams_answer_at_the_same_time(name: str, convert: Convert, pictures: np.ndarray) -> None:
    network = backend_of(name).load(convert(name), Load(4, n_streams=2))
    batches = [pictures[i : i + 4] for i in range(0, 40, 4)]
    alone = [network.outputs(batch) for batch in batches]
    with ThreadPoolExecutor(4) as pool:
        for one, other in zip(alone, pool.map(network.outputs, batches), strict=True):
            np.testing.assert_array_equal(one, other)


def test_a_network_loads_without_tensorflow_in_another_process(name: str, convert: Convert) -> None:
    code = f"""
import sys, numpy as np
from pathlib import Path
from zoo_core import plugins
from zoo_core.contract import Load
backend = plugins.create("precision", {name!r}, plugins.load("precision", {name!r}).config())
print(backend.load(Path({str(convert(name))!r}), Load(1)).outputs(np.zeros((1, 12, 12, 3), np.float32)).shape)
print(sorted({{"tensorflow", "keras", "nncf", "sklearn", "matplotlib"}} & {{*sys.modules}}))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-2:] == ["(1, 3)", "[]"]


@pytest.mark.parametrize(("name", "file"), [("int8", NETWORK), ("int8", CONSTANTS), ("int8-litert", "network.tflite")])
@pytest.mark.parametrize("damage", ["missing", "cut"])
def test_a_damaged_file_is_named(name: str, file: str, damage: str, convert: Convert) -> None:
    path = convert(name) / file
    content = path.read_bytes()
    path.unlink()
    if damage == "cut":
        path.write_bytes(content[: len(content) // 2])
    with pytest.raises(DataError, match=r"was wanted. Received: .*convert"):
        backend_of(name).load(path.parent, Load())


def test_what_a_backend_can_do_is_told_by_its_methods(name: str) -> None:
    backend = backend_of(name)
    assert isinstance(backend, SupportsConversion)
    assert not isinstance(backend, SupportsTraining)
    assert isinstance(backend, SupportsAccuracyControl) == (name == "int8")


def test_a_missing_library_is_named_with_what_to_install(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda module: None)
    assert "cannot be imported: 'pip install zoo-core" in str(backend_of(name).unavailable())


def test_converting_leaves_the_model_as_it_is(make_small: Any, pictures: np.ndarray, tmp_path: Path) -> None:
    model = make_small("mixed_bfloat16")
    before = np.asarray(model(pictures, training=False))
    backend_of("int8").convert(model, pictures, tmp_path)
    np.testing.assert_array_equal(np.asarray(model(pictures, training=False)), before)


def test_weights_use_seven_bits(convert: Convert) -> None:
    network = core().read_model(convert("int8") / NETWORK)
    constants = [one for one in network.get_ordered_ops() if one.get_type_name() == "Constant"]
    kernels = [one.data for one in constants if str(one.get_element_type().get_type_name()) == "i8"]
    assert len(kernels) == 3
    assert max(int(np.abs(one.astype(int)).max()) for one in kernels) in (63, 64)


def test_without_our_ranges_bright_pictures_are_cut_off(
    make_small: Any, reference: Any, pictures: np.ndarray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the other setting guards against is seen on CPUs without VNNI alone."""
    model, bright = make_small(), slice(0, None, 10)
    wanted = reference(model)[bright]

    def error(folder: str) -> float:
        (tmp_path / folder).mkdir()
        backend_of("int8").convert(model, pictures, tmp_path / folder)
        outputs = backend_of("int8").load(tmp_path / folder, Load(len(pictures))).outputs(pictures)
        return float(np.abs(outputs[bright] - wanted).max())

    ours = error("ours")
    monkeypatch.setattr(quantizing, "_ranges", lambda nncf: nncf.AdvancedQuantizationParameters())
    assert error("default") > 3 * ours


class Limits:
    """How near outputs have to be to those of float32."""

    def __init__(self, wanted: np.ndarray, most: float) -> None:
        self.wanted, self.most, self.seen = wanted, most, 0

    def __call__(self, outputs: np.ndarray) -> float:
        self.seen += 1
        return self.most - float(np.abs(outputs - self.wanted).max())


def test_control_leaves_the_layer_in_float32_that_loses_the_signal(
    make_spiked: Any, reference: Any, pictures: np.ndarray, tmp_path: Path
) -> None:
    model, backend = make_spiked(), backend_of("int8")
    wanted = reference(model)
    margin = Limits(wanted, 0.05 * float(np.ptp(wanted)))
    for folder in ("plain", "controlled"):
        (tmp_path / folder).mkdir()
    backend.convert(model, pictures, tmp_path / "plain")
    how = backend.convert_within(model, pictures, Control(pictures, margin, most_s=200), tmp_path / "controlled")
    plain, controlled = (
        margin(backend.load(tmp_path / folder, Load(len(pictures))).outputs(pictures))
        for folder in ("plain", "controlled")
    )
    assert plain < 0 <= controlled
    assert how["float_layers"] == ["second"]


def test_control_leaves_a_good_network_in_int8(
    make_small: Any, reference: Any, pictures: np.ndarray, tmp_path: Path
) -> None:
    model = make_small()
    wanted = reference(model)
    margin = Limits(wanted, 0.1 * float(np.ptp(wanted)))
    how = backend_of("int8").convert_within(model, pictures, Control(pictures, margin, most_s=200), tmp_path)
    assert how["float_layers"] == []
    assert margin.seen == 3  # float32's own twice, and the network's


def test_control_whose_time_is_up_writes_nothing(
    make_spiked: Any, reference: Any, pictures: np.ndarray, tmp_path: Path
) -> None:
    model = make_spiked()
    margin = Limits(reference(model), 0.0)
    assert backend_of("int8").convert_within(model, pictures, Control(pictures, margin, most_s=0), tmp_path) is None
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_told_over_the_network() -> None:
    openvino()
    assert sys.modules["openvino_telemetry"] is None


def test_the_first_calls_may_come_from_many_threads_at_a_time(convert: Convert) -> None:
    """Without what `core` does first, two processes in three waited for good."""
    code = f"""
import sys, threading, numpy as np
from pathlib import Path
from zoo_core.contract import Load
from zoo_core.precision.openvino_network import OpenVINONetwork
sys.setswitchinterval(5e-3)
network = OpenVINONetwork(Path({str(convert("int8"))!r}), Load(2, n_streams=8))
barrier, done = threading.Barrier(8), []
def call():
    barrier.wait()
    done.append(network.outputs(np.zeros((2, 12, 12, 3), np.float32)).shape)
threads = [threading.Thread(target=call) for _ in range(8)]
[one.start() for one in threads], [one.join() for one in threads]
print(len(done))
"""
    for _ in range(3):
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
        assert done.stdout.strip() == "8"
