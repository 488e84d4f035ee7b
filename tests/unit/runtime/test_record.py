import json

import pytest

from zoo_core.contract import DataError, OutputError
from zoo_core.runtime import record
from zoo_core.runtime.prepare import prepare
from zoo_core.runtime.record import RunFolder
from zoo_core.runtime.settings import configure, run_config


@pytest.fixture(scope="module")
def prepared():
    return prepare(configure("chexnet", "smoke", [{"data": {"n_patients": 40}, "precision": {"name": "float32"}}]))


def test_run_json_holds_the_configuration_that_makes_the_same_run(prepared, tmp_path):
    folder = RunFolder.create(tmp_path / "run", prepared)
    assert run_config(folder.settings()) == prepared.config


def test_run_json_names_no_machine_and_no_person(prepared, tmp_path):
    import getpass
    import socket

    text = RunFolder.create(tmp_path / "run", prepared).run_json.read_text()
    words = {word.strip('",:') for word in text.split()}
    assert not {getpass.getuser(), socket.gethostname()} & words


def test_a_folder_that_exists_is_not_touched(prepared, tmp_path):
    (tmp_path / "run").mkdir()
    with pytest.raises(OutputError, match="which exists"):
        RunFolder.create(tmp_path / "run", prepared)
    assert not list((tmp_path / "run").iterdir())


def test_a_folder_whose_first_file_cannot_be_written_is_not_left_behind(prepared, tmp_path, monkeypatch):
    def full(path, _content):
        raise OutputError(f"'{path}' needs to be written, which failed")

    monkeypatch.setattr(record, "write_atomically", full)
    with pytest.raises(OutputError, match=r"run\.json"):
        RunFolder.create(tmp_path / "run", prepared)
    assert not (tmp_path / "run").exists()


def test_extending_keeps_what_was_there(prepared, tmp_path):
    folder = RunFolder.create(tmp_path / "run", prepared)
    before = folder.describe()
    folder.extend({"weights": {"choice": "random"}})
    assert folder.describe() == {**before, "weights": {"choice": "random"}}


def test_a_run_without_a_checkpoint_is_removed_and_one_with_is_kept(prepared, tmp_path):
    empty, begun = (RunFolder.create(tmp_path / name, prepared) for name in ("empty", "begun"))
    begun.last_checkpoint.write_bytes(b"")
    for folder in (empty, begun):
        folder.remove_if_empty()
    assert not empty.path.exists()
    assert begun.path.exists()


def test_not_a_number_is_never_written(prepared, tmp_path):
    folder = RunFolder.create(tmp_path / "run", prepared)
    with pytest.raises(ValueError, match="JSON"):
        folder.write_json(folder.metrics, {"auroc": float("nan")})
    assert not folder.metrics.exists()


def test_folder_that_is_no_run_is_refused_by_name(tmp_path):
    (tmp_path / "run.json").write_text(json.dumps([])[:1])
    for path in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(DataError, match=r"run\.json was wanted"):
            RunFolder(path).describe()
