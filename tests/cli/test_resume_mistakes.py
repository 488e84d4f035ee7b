"""Every mistake at `zoo run --resume`: exit 2, one line that says what to change, and nothing lost."""

import json

import pytest

from zoo_core.cli import main
from zoo_core.runtime.checkpoint import TrainingState, write_checkpoint
from zoo_core.runtime.prepare import prepare
from zoo_core.runtime.record import RunFolder
from zoo_core.runtime.schedule import Progress
from zoo_core.runtime.settings import configure


@pytest.fixture
def folder(tmp_path, monkeypatch, signalling_lab):
    """The run folder `run` with a checkpoint."""
    monkeypatch.chdir(tmp_path)
    choices = {"data": {"name": "signalling"}, "topology": {"name": "one-layer"}, "precision": {"name": "float32"}}
    prepared = prepare(configure("chexnet", "default", [choices]))
    folder = RunFolder.create(tmp_path / "run", prepared)
    state = TrainingState(3, 0, 0, Progress(), prepared.split.hash, "one-layer", "chexnet")
    write_checkpoint(folder.last_checkpoint, {}, state)
    return folder


@pytest.fixture
def mistake(folder, capfd):
    """Runs `zoo run` in this process and gives the one line it must end with."""

    def run(*arguments: str) -> str:
        before = {path: path.read_bytes() for path in folder.path.rglob("*") if path.is_file()}
        assert main(["run", *arguments]) == 2
        out, err = capfd.readouterr()
        assert out == ""
        assert err.count("\n") == 1
        assert err.startswith("zoo: error: ")
        assert {path: path.read_bytes() for path in folder.path.rglob("*") if path.is_file()} == before
        return err

    return run


@pytest.mark.parametrize(
    "given",
    [
        ["--set", "trainer.n_epochs=9"],
        ["--preset", "default"],
        ["--data", "signalling"],
        ["--topology", "one-layer"],
        ["--precision", "float32"],
        ["--config", "a.toml"],
    ],
)
def test_a_setting_beside_resume_is_refused_by_name_also_where_it_is_the_same(mistake, given):
    line = mistake("chexnet", "--resume", "--out", "run", *given)
    assert "keeps its configuration" in line
    assert f"Received: {given[0]}\n" in line


def test_resume_needs_a_folder(mistake):
    assert "--out DIR" in mistake("chexnet", "--resume")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["chexnet", "--out", "nowhere"], "'nowhere'"),
        (["chexnet", "--out", "run/checkpoints"], "run.json was wanted"),
        (["boneage", "--out", "run"], "'chexnet'. Received: 'boneage'"),
        (["chexnet", "--out", "run", "-np", "0"], "-np"),
        (["chexnet", "--out", "run", "-np", "999"], "999 in all"),
    ],
)
def test_what_is_no_run_to_go_on_with_is_refused(mistake, arguments, words):
    assert words in mistake(*arguments, "--resume")


@pytest.mark.parametrize("run_json", ["[]", "{}", "", '{"schema_version": "new"}', '{"schema_version": 99}'])
def test_folder_of_something_else_is_refused(mistake, folder, run_json):
    folder.run_json.write_text(run_json)
    assert "run.json was wanted" in mistake("chexnet", "--resume", "--out", "run")


def test_truncated_checkpoint_is_refused_and_kept(mistake, folder):
    content = folder.last_checkpoint.read_bytes()
    folder.last_checkpoint.write_bytes(content[: len(content) // 2])
    assert "last.safetensors" in mistake("chexnet", "--resume", "--out", "run")


def test_run_without_a_checkpoint_is_told_to_start_again(mistake, folder):
    folder.last_checkpoint.unlink()
    assert "another --out" in mistake("chexnet", "--resume", "--out", "run")


def test_configuration_of_a_run_is_shown(folder, capfd):
    assert main(["run", "chexnet", "--resume", "--out", "run", "-np", "3", "--show-config"]) == 0
    shown = capfd.readouterr().out
    assert 'name = "signalling"' in shown
    assert "n_ranks = 3" in shown
    assert json.loads(folder.run_json.read_text())["config"]["launch"]["n_ranks"] == 1
