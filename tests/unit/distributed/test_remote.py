"""What a command on another host is given from its start."""

import shlex
from pathlib import Path

import pytest

from zoo_core.distributed.remote import on_host

COMMAND = ["/opt/bin/python", "-m", "rank"]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("PYTHONPATH", "ZOO_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def script() -> str:
    """What the shell of the other host is told."""
    return shlex.split(on_host("a.invalid", COMMAND, "ssh")[-1])[-1]


def test_a_command_runs_in_the_same_folder(folder: Path) -> None:
    assert script() == f"cd {folder} && {shlex.join(COMMAND)}; exit $?"


def test_the_allow_list_of_this_folder_is_the_one_that_holds_there(folder: Path) -> None:
    (folder / "zoo.toml").write_text("[allow]\n")
    assert f"&& ZOO_CONFIG={folder}/zoo.toml /opt/bin/python" in script()


def test_a_file_that_is_named_is_named_there_by_its_whole_path(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZOO_CONFIG", "of our lab.toml")
    monkeypatch.setenv("PYTHONPATH", "/a b")
    assert f"&& PYTHONPATH='/a b' ZOO_CONFIG='{folder}/of our lab.toml' /opt/bin/python" in script()
