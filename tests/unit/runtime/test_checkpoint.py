import dataclasses

import numpy as np
import pytest

from zoo_core.contract import DataError
from zoo_core.runtime import checkpoint
from zoo_core.runtime.checkpoint import TrainingState, read_checkpoint, write_atomically, write_checkpoint
from zoo_core.runtime.schedule import Progress

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
    monkeypatch.setattr(checkpoint.os, "fsync", lambda _: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(OSError, match="No space"):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("damage", [lambda content: content[: len(content) // 2], lambda _: b"", lambda _: b"{}" * 40])
def test_damaged_checkpoint_is_refused_by_name(tmp_path, damage):
    path = tmp_path / "last.safetensors"
    write_checkpoint(path, ARRAYS, STATE)
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(DataError, match=r"last\.safetensors"):
        read_checkpoint(path)


def test_missing_checkpoint_is_refused_by_name(tmp_path):
    with pytest.raises(DataError, match="nowhere"):
        read_checkpoint(tmp_path / "nowhere")


def test_checkpoint_of_a_newer_schema_is_refused(tmp_path, monkeypatch):
    path = tmp_path / "last.safetensors"
    with monkeypatch.context() as newer:
        newer.setattr(checkpoint, "SCHEMA_VERSION", checkpoint.SCHEMA_VERSION + 1)
        write_checkpoint(path, ARRAYS, STATE)
    with pytest.raises(DataError, match="schema 1"):
        read_checkpoint(path)
