"""A run packs its data set when that is worth it, says why, and trains on what it would have trained on."""

import dataclasses

import numpy as np
import pytest

from zoo_core.contract import ConfigError, ImageError
from zoo_core.runtime import first_use
from zoo_core.runtime.config import StoreConfig
from zoo_core.runtime.first_use import packed_on_first_use, reading_rate, training_rate
from zoo_core.runtime.prepare import prepare
from zoo_core.runtime.settings import configure
from zoo_core.runtime.tuning.trials import TrialFailedError
from zoo_radiology.chexnet import CheXNet

SIZE_PX = 16
SMALL = {
    "data": {"name": "chest-phantom", "size_px": SIZE_PX, "n_patients": 40},
    "task": {"image_size_px": SIZE_PX},
    "topology": {"name": "resnet50"},
    "precision": {"name": "float32"},
}


class Told:
    """What a person would read."""

    def __init__(self):
        self.lines = []

    def say(self, line):
        self.lines.append(line)

    @property
    def text(self):
        return "\n".join(self.lines)


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Prepares a run, with rates that are given, and returns it with what was said."""
    folder = tmp_path / "stores"

    def decide(when="slow", reading=10.0, training=20.0, least_s=1.0, layers=()):
        def trained(_):
            if isinstance(training, Exception):
                raise training
            return training

        monkeypatch.setattr(first_use, "LEAST_READING_S", least_s)
        monkeypatch.setattr(first_use, "reading_rate", lambda _: reading)
        monkeypatch.setattr(first_use, "training_rate", trained)
        prepared = prepare(configure("chexnet", "default", [SMALL, *layers]))
        store = StoreConfig(when, str(folder))
        prepared = dataclasses.replace(prepared, config=dataclasses.replace(prepared.config, store=store))
        told = Told()
        return prepared, packed_on_first_use(prepared, told), told

    decide.folder = folder
    return decide


def times(folder):
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.name != ".lock"}


def images(prepared):
    return prepared.examples().batch(prepared.rows("train")[:5]).images


def test_a_slow_data_set_is_packed_and_the_examples_stay_what_they_are(run):
    source, packed, told = run()
    assert packed.config.data.name == "packed"
    assert packed.fingerprint == source.fingerprint
    assert packed.split.hash == source.split.hash
    assert (images(packed) == images(source)).all()
    assert "10 images/s are read" in told.text
    assert "trains 20 images/s and would wait" in told.text
    assert "store.when=never" in told.text


def test_the_second_use_neither_measures_nor_packs(run):
    _, first, _ = run()
    before = times(run.folder)
    _, second, told = run(reading=1e9, training=TrialFailedError("asked for"))
    assert second.config.data == first.config.data
    assert times(run.folder) == before
    assert len(told.lines) == 1


@pytest.mark.parametrize(
    "why",
    [
        {"when": "never"},
        {"reading": 21.0},
        {"least_s": 1e9},
        {"training": TrialFailedError("ended with SIGKILL")},
    ],
)
def test_a_run_stays_on_its_files_where_packing_is_not_wanted_or_not_worth_it(run, why):
    source, kept, told = run(**why)
    assert kept is source
    assert not run.folder.exists()
    assert ("SIGKILL" in told.text) == ("training" in why)


def test_a_disk_with_too_little_room_is_left_alone(run, monkeypatch):
    monkeypatch.setattr(first_use, "_free_bytes", lambda _: 1000)
    source, kept, told = run()
    assert kept is source
    assert "more than half of the room" in told.text


def test_always_packs_without_measuring(run):
    _, packed, _ = run(when="always", reading=1e9, training=TrialFailedError("asked for"), least_s=1e9)
    assert packed.config.data.name == "packed"


def test_what_cannot_be_packed_is_left_alone_unless_it_was_asked_for(run, monkeypatch):
    monkeypatch.setattr(CheXNet, "input_shape", lambda self, fitted: (SIZE_PX, 8, 3))
    source, kept, _ = run()
    assert kept is source
    with pytest.raises(ConfigError, match=r"store.when=always.*square.*16 x 8"):
        run(when="always")


def test_a_run_on_a_store_is_not_packed_again(run):
    _, packed, _ = run(when="always")
    told = Told()
    assert packed_on_first_use(packed, told) is packed
    assert not told.lines


def test_another_split_size_or_data_set_has_another_store(run):
    folders = {
        first_use.store_of(prepare(configure("chexnet", "default", [SMALL, layer]))).folder
        for layer in (
            {},
            {"split": {"seed": 1}},
            {"task": {"image_size_px": 8}},
            {"data": {"seed": 1}},
            {"data": {"view_shortcut": 0.5}},
        )
    }
    assert len(folders) == 5


def test_images_that_cannot_be_read_count_as_read(monkeypatch):
    prepared = prepare(configure("chexnet", "default", [SMALL]))
    seen = []

    def read(row):
        seen.append(row)
        raise ImageError("is damaged")

    monkeypatch.setattr(prepared.adapter, "read", read)
    assert reading_rate(prepared) > 0
    assert sorted(seen) == sorted(np.random.default_rng(0).permutation(prepared.rows("train"))[: first_use.N_READ])


def test_the_rate_of_training_is_measured_in_the_runs_own_processes(signalling_lab):
    layers = [{"data": {"name": "signalling"}, "topology": {"name": "one-layer"}, "precision": {"name": "float32"}}]
    assert training_rate(prepare(configure("chexnet", "default", layers))) > 0


def test_a_rate_of_training_that_cannot_be_measured_says_why(signalling_lab):
    layers = [{"data": {"name": "signalling"}, "topology": {"name": "one-layer"}, "precision": {"name": "float32"}}]
    prepared = prepare(configure("chexnet", "default", layers))
    gone = dataclasses.replace(prepared.config.topology, name="gone")
    prepared = dataclasses.replace(prepared, config=dataclasses.replace(prepared.config, topology=gone))
    with pytest.raises(TrialFailedError, match="gone"):
        training_rate(prepared)
