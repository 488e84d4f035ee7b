"""Which precisions are measured: those that can be used, or those that are asked for."""

import hashlib
import json
from types import SimpleNamespace

import pytest

from tests.unit.studies.precision.conftest import Converting, Trained
from zoo_core import plugins
from zoo_core.contract import ConfigError, DataError, MachineError
from zoo_core.studies.precision import subject as module
from zoo_core.studies.precision.subject import choose_candidates, fingerprint_of, network_files

BACKENDS = {"float32": Trained(), "bfloat16": Trained(), "int8": Converting()}


@pytest.fixture
def model(subject, monkeypatch):
    """Of the run; three precisions are installed, and a fourth that cannot be used."""

    def usable(name):
        if name not in BACKENDS:
            raise MachineError(f"'{name}' cannot be used here: install its library")
        return BACKENDS[name]

    entries = [SimpleNamespace(kind="precision", name=name) for name in ("broken", *reversed(BACKENDS))]
    entries.append(SimpleNamespace(kind="topology", name="vgg16"))
    monkeypatch.setattr(module, "usable_backend", usable)
    monkeypatch.setattr(plugins, "find_entries", lambda: entries)
    return subject.model


def quantized(model, verdict="passed", network=bytes(7)):
    folder = model.folder.with_name("model-int8")
    folder.mkdir(exist_ok=True)
    (folder / "network.bin").write_bytes(network)
    (folder / "model.json").write_text("{}")
    files = {"network.bin": hashlib.sha256(network).hexdigest()}
    record = {"schema_version": 1, "verdict": verdict, "network_files": files}
    (folder / "conversion.json").write_text(json.dumps(record))
    return folder


def test_all_that_can_be_used_are_taken_float32_first_and_the_others_told_with_their_reason(model):
    found, unusable = choose_candidates(model, None)
    assert [one.name for one in found] == ["float32", "int8", "bfloat16"]
    assert unusable == {"broken": "'broken' cannot be used here: install its library"}


def test_those_that_are_asked_for_are_taken_once_and_float32_with_them(model):
    found, _ = choose_candidates(model, ["int8", "float32", "int8"])
    assert [one.name for one in found] == ["float32", "int8"]


def test_one_that_is_asked_for_and_cannot_be_used_is_refused(model):
    with pytest.raises(MachineError, match="install its library"):
        choose_candidates(model, ["int8", "broken"])


def test_float32_alone_is_refused(model):
    with pytest.raises(ConfigError, match="Received: float32 alone"):
        choose_candidates(model, ["float32"])


def test_a_model_that_was_quantized_is_used_and_else_the_study_converts(model):
    (_, before), _ = choose_candidates(model, ["int8"])
    folder = quantized(model)
    (_, after), _ = choose_candidates(model, ["int8"])
    assert (before.folder, after.folder) == (None, folder)


def test_the_size_of_a_network_is_that_of_its_own_files(model, tmp_path):
    quantized(model)
    (reference, converted), _ = choose_candidates(model, ["int8"])
    assert list(network_files(reference, reference.folder)) == ["model.keras"]
    assert list(network_files(converted, converted.folder)) == ["network.bin"]
    (tmp_path / "own" / "deep").mkdir(parents=True)
    (tmp_path / "own" / "deep" / "a.bin").touch()
    unconverted = module.Candidate("int8", Converting(), None)
    assert list(network_files(unconverted, tmp_path / "own")) == ["deep/a.bin"]


def test_another_network_has_another_fingerprint(model):
    quantized(model)
    (_, one), _ = choose_candidates(model, ["int8"])
    before = fingerprint_of(one)
    quantized(model, network=bytes(8))
    assert fingerprint_of(one) != before


def test_a_network_that_is_not_the_one_that_was_judged_is_refused(model):
    folder = quantized(model)
    (folder / "network.bin").write_bytes(bytes(8))
    (_, one), _ = choose_candidates(model, ["int8"])
    with pytest.raises(DataError, match="needs to be what the conversion wrote"):
        fingerprint_of(one)


def test_a_folder_without_its_record_is_refused(model):
    (quantized(model) / "conversion.json").unlink()
    (_, one), _ = choose_candidates(model, ["int8"])
    with pytest.raises(DataError, match="missing or damaged"):
        fingerprint_of(one)


def test_a_folder_of_no_finished_run_is_refused(model, monkeypatch):
    monkeypatch.setattr(module, "read_model", lambda run: model)
    with pytest.raises(DataError, match="A folder of a run that came to its end was wanted"):
        module.read_subject(model.folder.parent)
