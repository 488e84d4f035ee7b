import contextlib
import dataclasses
import json
import resource
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from zoo_core.contract import DataError, OutputError
from zoo_core.data import files
from zoo_core.data.files import write_atomically
from zoo_core.runtime import checkpoint
from zoo_core.runtime.checkpoint import TrainingState, read_checkpoint, read_state, write_checkpoint
from zoo_core.runtime.schedule import Progress

N_KILLS = 50

STATE = TrainingState(
    step=7, epoch=2, seed=3, progress=Progress(0.5, 4, 1, 1), split_hash="abc", topology="densenet121", task="chexnet"
)
ARRAYS = {"model/0": np.arange(6, dtype=np.float32).reshape(2, 3), "optimizer/0": np.array(5)}


def test_what_was_written_is_read(tmp_path):
    write_checkpoint(tmp_path / "last.safetensors", ARRAYS, STATE)
    arrays, state = read_checkpoint(tmp_path / "last.safetensors")
    assert state == STATE
    assert arrays.keys() == ARRAYS.keys()
    assert all((arrays[name] == ARRAYS[name]).all() and arrays[name].dtype == ARRAYS[name].dtype for name in ARRAYS)


def test_a_later_checkpoint_takes_the_place_of_an_earlier_one_and_leaves_nothing_else(tmp_path):
    for step in (1, 2):
        write_checkpoint(tmp_path / "last.safetensors", ARRAYS, dataclasses.replace(STATE, step=step))
    assert read_checkpoint(tmp_path / "last.safetensors")[1].step == 2
    assert [path.name for path in tmp_path.iterdir()] == ["last.safetensors"]


def test_a_failed_write_leaves_the_old_file_and_no_part_of_the_new(tmp_path, monkeypatch):
    path = tmp_path / "run.json"
    write_atomically(path, b"old")
    monkeypatch.setattr(files.os, "fsync", lambda _: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(OSError, match="No space"):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("damage", [lambda content: content[: len(content) // 2], lambda _: b"", lambda _: b"{}" * 40])
def test_damaged_checkpoint_is_refused_by_name(tmp_path, damage):
    path = tmp_path / "last.safetensors"
    write_checkpoint(path, ARRAYS, STATE)
    path.write_bytes(damage(path.read_bytes()))
    for read in (read_checkpoint, read_state):
        with pytest.raises(DataError, match=r"last\.safetensors"):
            read(path)


def test_missing_checkpoint_is_refused_by_name(tmp_path):
    with pytest.raises(DataError, match="nowhere"):
        read_checkpoint(tmp_path / "nowhere")


def test_checkpoint_of_a_newer_schema_is_refused(tmp_path, monkeypatch):
    path = tmp_path / "last.safetensors"
    with monkeypatch.context() as newer:
        newer.setattr(checkpoint, "SCHEMA_VERSION", checkpoint.SCHEMA_VERSION + 1)
        write_checkpoint(path, ARRAYS, STATE)
    with pytest.raises(DataError, match=r"schema 1 can be read\. Received: schema 2"):
        read_checkpoint(path)


def test_state_is_read_without_the_arrays(tmp_path):
    write_checkpoint(tmp_path / "last.safetensors", ARRAYS, STATE)
    assert read_state(tmp_path / "last.safetensors") == STATE


@pytest.mark.parametrize("state", ["{}", "[]", "no json", json.dumps({"step": 1, "progress": {}})])
def test_a_file_of_another_kind_is_refused_by_name(tmp_path, state):
    path = tmp_path / "last.safetensors"
    save_file(ARRAYS, path, metadata={"schema_version": "1", "state": state})
    with pytest.raises(DataError, match=r"last\.safetensors"):
        read_state(path)


@contextlib.contextmanager
def full_disk():
    """A limit to the size of files, which the system answers as it does a full disk: with an error in the middle."""
    limits, handler = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
    try:
        yield
    finally:
        # At once: the limit is the process's, and pytest's own output may be a file.
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)


def test_on_a_full_disk_the_checkpoint_before_stays_and_the_cure_is_said_in_one_line(tmp_path):
    folder = tmp_path / "my run" / "checkpoints"
    folder.mkdir(parents=True)
    write_checkpoint(folder / "last.safetensors", ARRAYS, STATE)
    large = {"model/0": np.zeros(1000)}
    with pytest.raises(OutputError, match="make room") as refused, full_disk():
        write_checkpoint(folder / "last.safetensors", large, dataclasses.replace(STATE, step=8))
    assert f"'zoo run chexnet --resume --out '{folder.parent}''" in str(refused.value)
    assert "\n" not in str(refused.value)
    assert read_state(folder / "last.safetensors") == STATE
    assert [path.name for path in folder.iterdir()] == ["last.safetensors"]


def test_a_place_that_cannot_be_written_is_refused_by_name(tmp_path):
    (tmp_path / "checkpoints").write_text("a file, below which there can be none")
    with pytest.raises(OutputError, match="Not a directory"):
        write_checkpoint(tmp_path / "checkpoints" / "last.safetensors", ARRAYS, STATE)


def test_what_a_killed_process_left_of_a_file_is_removed_when_the_file_is_next_written(tmp_path):
    left, other = tmp_path / ".last.safetensors.1.part", tmp_path / ".best.safetensors.1.part"
    for path in (left, other):
        path.write_bytes(b"half")
    write_checkpoint(tmp_path / "last.safetensors", ARRAYS, STATE)
    assert not left.exists()
    assert other.exists()


@pytest.mark.parametrize("seed", [0])
def test_killed_at_any_moment_a_checkpoint_is_whole_and_no_older_than_the_last_reported(tmp_path, seed):
    program = Path(__file__).with_name("save_and_be_killed.py")
    command = [sys.executable, str(program), str(tmp_path), str(seed), str(N_KILLS)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    rounds = json.loads(done.stdout)
    assert len(rounds) == N_KILLS
    assert all(reported <= read <= reported + 1 for reported, read in rounds), f"seed {seed}: {rounds}"
    assert rounds[-1][1] > 0, "nothing was saved in any round"
    write_checkpoint(tmp_path / "last.safetensors", ARRAYS, STATE)
    assert [path.name for path in tmp_path.iterdir()] == ["last.safetensors"]
