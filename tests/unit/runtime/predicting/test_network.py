"""Which network answers, and how it is loaded."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from zoo_core.contract import DataError, Load, MachineError, PluginError
from zoo_core.runtime.predicting import network as subject
from zoo_core.runtime.predicting.network import ChosenNetwork, choose_network
from zoo_core.runtime.trained_model import TrainedModel, read_model

N_CORES = 3


@pytest.fixture
def model_here(model_folder: Path) -> TrainedModel:
    return read_model(model_folder)


def convert(model: TrainedModel, **other: Any) -> Path:
    """The folder of the model in int8, as `zoo quantize` leaves it, but for its network."""
    folder = model.folder.with_name("model-int8")
    folder.mkdir()
    for path in model.folder.iterdir():
        if path.name != "model.keras":
            (folder / path.name).write_bytes(path.read_bytes())
    said = {"schema_version": 1, "precision": "int8", "verdict": "passed", "model_hash": model.description["hash"]}
    (folder / "conversion.json").write_text(json.dumps({**said, **other}))
    return folder


@pytest.mark.parametrize("precision", [None, "float32", "bfloat16"])
def test_a_precision_that_converts_nothing_loads_the_trained_model(
    model_here: TrainedModel, precision: str | None
) -> None:
    network = choose_network(model_here, precision)
    assert (network.precision, network.folder) == (precision or "float32", model_here.folder)
    assert (network.needs_keras, network.hash) == (True, None)


@pytest.mark.parametrize("precision", [None, "int8"])
def test_the_folder_of_a_converted_model_is_a_model_in_its_own_precision(
    model_here: TrainedModel, precision: str | None
) -> None:
    folder = convert(model_here)
    network = choose_network(read_model(folder), precision)
    assert network == choose_network(model_here, "int8")
    assert (network.precision, network.folder, network.needs_keras) == ("int8", folder, False)


def test_a_converted_model_has_no_other_precision(model_here: TrainedModel) -> None:
    with pytest.raises(DataError, match=r"was converted to int8\. Received: --precision float32"):
        choose_network(read_model(convert(model_here)), "float32")


def test_a_precision_that_the_model_was_not_converted_to_is_refused(model_here: TrainedModel) -> None:
    with pytest.raises(DataError, match="needs the model converted to it"):
        choose_network(model_here, "int8")


def test_a_conversion_of_other_weights_is_refused(model_here: TrainedModel) -> None:
    convert(model_here, model_hash="of a training before")
    with pytest.raises(DataError, match=r"needs to be of the weights in '.*model'\. Received: a conversion of others"):
        choose_network(model_here, "int8")


def test_a_precision_that_is_not_there_is_refused(model_here: TrainedModel) -> None:
    with pytest.raises(PluginError, match="no precision 'int7'"):
        choose_network(model_here, "int7")


def test_a_precision_that_cannot_be_used_here_is_refused_with_its_reason(
    model_here: TrainedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("zoo_core.precision.int8.LIBRARIES", ("a_library_of_the_future",))
    with pytest.raises(MachineError, match="cannot be used here: a_library_of_the_future"):
        choose_network(model_here, "int8")


@pytest.mark.parametrize(("verdict", "n_lines"), [("passed", 0), ("not enough evidence", 1)])
def test_a_verdict_other_than_passed_is_said(network: ChosenNetwork, verdict: str, n_lines: int) -> None:
    lines = dataclasses.replace(network, conversion={"verdict": verdict}).warnings()
    assert len(lines) == n_lines
    assert all(verdict in line for line in lines)


def test_what_the_cpu_lacks_is_said(network: ChosenNetwork, backend: Any) -> None:
    backend.instructions = ("instructions_of_the_future",)
    assert "instructions_of_the_future" in network.warnings()[0]


@pytest.mark.parametrize(
    ("n_examples", "wanted"),
    [(1, Load(1, 1)), (2, Load(1, 2)), (7, Load(1, 3)), (8, Load(8, 1)), (9, Load(8, 2)), (800, Load(8, 3))],
)
def test_a_converted_network_has_whole_batches_or_single_examples_and_a_core_for_each_call(
    network: ChosenNetwork, backend: Any, monkeypatch: pytest.MonkeyPatch, n_examples: int, wanted: Load
) -> None:
    monkeypatch.setattr(subject.os, "sched_getaffinity", lambda _: set(range(N_CORES)))
    assert network.load(8, n_examples).use == wanted
    assert backend.uses == [wanted]


@pytest.mark.parametrize(("n_examples", "wanted"), [(5, Load(5, 1)), (80, Load(8, 1))])
def test_keras_has_one_call_at_a_time(network: ChosenNetwork, n_examples: int, wanted: Load) -> None:
    assert dataclasses.replace(network, conversion=None).load(8, n_examples).use == wanted


def test_a_file_that_is_not_the_one_that_was_judged_is_not_loaded(network: ChosenNetwork, backend: Any) -> None:
    path = network.folder / "network.txt"
    path.write_text("the median")
    with pytest.raises(DataError, match="Received: another file than was written: convert anew"):
        network.load(8, 1)
    path.unlink()
    with pytest.raises(DataError, match="Received: no such file: convert anew"):
        network.load(8, 1)
    assert backend.uses == []


@pytest.mark.parametrize("name", ["../model/model.keras", "/dev/null"])
def test_a_record_that_names_a_file_elsewhere_is_refused(network: ChosenNetwork, name: str) -> None:
    strange = dataclasses.replace(network, conversion={"verdict": "passed", "network_files": {name: "0"}})
    with pytest.raises(DataError, match=f"needs to name files of its folder. Received: '{name}'"):
        strange.load(8, 1)
