"""A run that is stopped after any step goes on as if it had not been."""

import dataclasses
import errno
import json
import math
import signal

import keras
import numpy as np
import pytest

from zoo_core.contract import ConfigError, DataError, OutputError
from zoo_core.distributed.signals import Stopped, StopRequests
from zoo_core.distributed.single import SingleRank
from zoo_core.runtime import run
from zoo_core.runtime.checkpoint import TrainingState, read_checkpoint, read_state, write_checkpoint
from zoo_core.runtime.config import LaunchConfig, SplitConfig
from zoo_core.runtime.prepare import prepare
from zoo_core.runtime.record import RunFolder
from zoo_core.runtime.resume import prepared_in, refuse_foreign_checkpoint, resumed_config
from zoo_core.runtime.schedule import Progress
from zoo_core.runtime.settings import configure
from zoo_core.runtime.wishes import Agreed, Wishes

SETTINGS = {
    "data": {"name": "signalling"},
    "topology": {"name": "one-layer"},
    "precision": {"name": "float32"},
    "task": {"label_names": ["Effusion", "Edema"]},
    "trainer": {"global_batch_size": 6, "n_epochs": 2, "schedule": "plateau", "warmup_epochs": 0.5},
}
N_STEPS = 15
"""Two times 43 training examples in batches of 6."""


@pytest.fixture
def prepared(signalling_lab):
    return prepare(configure("chexnet", "default", [SETTINGS]))


@pytest.fixture
def begun(prepared, tmp_path):
    """A run folder with a checkpoint, and the checkpoint's state."""
    folder = RunFolder.create(tmp_path / "run", prepared)
    config = prepared.config
    names = (prepared.split.hash, config.topology.name, config.task.name)
    state = TrainingState(3, 0, config.seed, Progress(), *names)
    write_checkpoint(folder.last_checkpoint, {}, state)
    return folder, state


class StopAfter(Wishes):
    """Agrees to stop the n-th time that ranks are asked."""

    def __init__(self, n: int) -> None:
        super().__init__(SingleRank(), StopRequests(), every_s=math.inf)
        self._left = n

    def agree(self) -> Agreed:
        self._left -= 1
        return Agreed(True, signal.SIGTERM) if self._left == 0 else Agreed(False, None)


def execute(folder: RunFolder, prepared) -> None:
    keras.backend.clear_session()  # names count from one, as in a new process
    run.execute(folder, prepared, SingleRank(), StopRequests())


def computed(folder: RunFolder) -> dict[str, bytes]:
    arrays = {
        f"{path.name}/{name}": array.tobytes()
        for path in (folder.last_checkpoint, folder.best_checkpoint)
        for name, array in read_checkpoint(path)[0].items()
    }
    return {**arrays, "predictions": folder.predictions.read_bytes()}


def interrupted(folder: RunFolder, prepared, monkeypatch, every: int) -> int:
    """Run to the end in pieces; the number of pieces."""
    monkeypatch.setattr(run, "Wishes", lambda *_: StopAfter(every))
    for piece in range(1, N_STEPS + 3):
        try:
            execute(folder, prepared)
        except Stopped:
            continue
        return piece
    pytest.fail("the run makes no progress")


@pytest.fixture
def uninterrupted(prepared, tmp_path):
    folder = RunFolder.create(tmp_path / "whole", prepared)
    execute(folder, prepared)
    return folder


def test_stopped_every_few_steps_and_resumed_is_the_uninterrupted_run_bit_for_bit(
    prepared, uninterrupted, tmp_path, monkeypatch
):
    wanted = computed(uninterrupted)
    # Questions of an epoch: 8 after steps, one after the one batch of its validation, one after that. Stops fall within
    # an epoch, between its last step and its validation, within the validation and after it.
    for every in (4, 9, 10):
        folder = RunFolder.create(tmp_path / str(every), prepared)
        assert interrupted(folder, prepared, monkeypatch, every) >= 2
        assert computed(folder) == wanted
        starts = [json.loads(line) for line in (folder.path / "events.jsonl").read_text().splitlines()]
        assert [event["event"] for event in starts].count("EpochDone") == 2


def test_stopped_within_a_validation_a_run_has_all_the_steps_before_it(prepared, tmp_path, monkeypatch):
    folder = RunFolder.create(tmp_path / "run", prepared)
    monkeypatch.setattr(run, "Wishes", lambda *_: StopAfter(9))
    with pytest.raises(Stopped):
        execute(folder, prepared)
    state = read_state(folder.last_checkpoint)
    assert (state.step, state.epoch) == (8, 0)
    assert "EpochDone" not in (folder.path / "events.jsonl").read_text()
    assert not folder.best_checkpoint.exists()


def test_checkpoint_of_another_network_is_refused_by_array(begun, prepared, uninterrupted, tmp_path):
    folder, state = begun
    arrays, _ = read_checkpoint(uninterrupted.last_checkpoint)
    name = next(name for name in arrays if name.startswith("model/"))
    write_checkpoint(folder.last_checkpoint, {**arrays, name: np.zeros((2, 3), np.float32)}, state)
    with pytest.raises(DataError, match=f"'{name}': .*2, 3"):
        execute(folder, prepared)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"task": "boneage"}, "task 'boneage'"),
        ({"topology": "vgg16"}, "topology 'vgg16'"),
        ({"seed": 7}, "seed '7'"),
        ({"split_hash": "abc"}, "split 'abc'"),
    ],
)
def test_checkpoint_of_another_run_is_refused_by_what_differs(begun, prepared, changed, words):
    folder, state = begun
    refuse_foreign_checkpoint(folder, prepared)
    write_checkpoint(folder.last_checkpoint, {}, dataclasses.replace(state, **changed))
    with pytest.raises(DataError, match=words):
        refuse_foreign_checkpoint(folder, prepared)


def test_run_without_a_checkpoint_cannot_go_on(begun, prepared):
    folder, _ = begun
    folder.last_checkpoint.unlink()
    with pytest.raises(DataError, match="none yet"):
        refuse_foreign_checkpoint(folder, prepared)


def test_configuration_is_that_of_the_folder_and_the_number_of_ranks_may_change(begun, prepared):
    folder, _ = begun
    assert resumed_config(folder, "chexnet", {}) == prepared.config
    other = resumed_config(folder, "chexnet", {"n_ranks": 3})
    assert other.launch.n_ranks == 3
    assert dataclasses.replace(other, launch=prepared.config.launch) == prepared.config


def test_threads_chosen_for_the_ranks_there_were_are_not_those_of_other_ranks(begun, prepared):
    folder, _ = begun
    description = folder.describe()
    description["config"]["launch"] = {"n_ranks": 2, "n_threads": 5, "n_streams": 3}
    folder.write_json(folder.run_json, description)
    assert resumed_config(folder, "chexnet", {"n_ranks": 2}).launch == LaunchConfig(2, 5, 3)
    assert resumed_config(folder, "chexnet", {}).launch == LaunchConfig(2, 5, 3)
    assert resumed_config(folder, "chexnet", {"n_ranks": 3}).launch == LaunchConfig(3, 0, 3)


def test_ranks_that_find_no_example_and_another_task_are_refused(begun):
    folder, _ = begun
    with pytest.raises(ConfigError, match="7 in all"):
        resumed_config(folder, "chexnet", {"n_ranks": 7})
    with pytest.raises(ConfigError, match=r"'chexnet'\. Received: 'boneage'"):
        resumed_config(folder, "boneage", {})


def test_data_that_have_changed_are_refused(begun):
    folder, _ = begun
    assert len(prepared_in(folder).index) == 60
    folder.extend({"data": {**folder.describe()["data"], "fingerprint": "another"}})
    with pytest.raises(DataError, match="has changed since"):
        prepared_in(folder)


def test_what_killed_processes_left_is_removed(begun):
    folder, _ = begun
    before = sorted(folder.path.rglob("*"))
    for name in (".run.json.1.part", "checkpoints/.best.safetensors.12.part"):
        (folder.path / name).write_bytes(b"half")
    folder.remove_leftovers()
    assert sorted(folder.path.rglob("*")) == before


def test_a_full_disk_has_words_and_a_fault_of_ours_keeps_its_own(begun):
    folder, _ = begun
    with pytest.raises(OutputError, match="make room"), folder.errors_named():
        raise OSError(errno.ENOSPC, "No space left on device")
    with pytest.raises(ConnectionError), folder.errors_named():
        raise ConnectionError(errno.ECONNRESET, "reset")


def test_another_split_is_another_run(begun, prepared):
    folder, _ = begun
    other = prepare(dataclasses.replace(prepared.config, split=SplitConfig(seed=1)))
    with pytest.raises(DataError, match="split"):
        refuse_foreign_checkpoint(folder, other)
