"""`zoo new-plugin` as a user meets it: what it writes passes its own linter and types at once."""

import subprocess
import sys
from pathlib import Path

import pytest

from zoo_core.scaffold.names import LONGEST

KINDS = ("task", "dataset", "topology", "precision")
LONG = "w" * (LONGEST - 2) + "-w"
"""The longest name, of the widest lines; `ab` is of the shortest."""


def tool(folder: Path, *command: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=folder, capture_output=True, text=True, check=False, timeout=200
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", ["zoo-lab-chests", "ab", "x2", "b", LONG])
@pytest.mark.parametrize("kind", KINDS)
def test_what_is_written_is_formatted_and_linted(zoo, tmp_path, kind, name):
    answer = zoo("new-plugin", name, "--kind", kind, "--out", str(tmp_path / "own"))
    assert (answer.code, answer.err) == (0, "")
    tool(tmp_path / "own", "ruff", "format", "--no-cache", "--check", "--diff", ".")
    tool(tmp_path / "own", "ruff", "check", "--no-cache", ".")


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    """Of mypy: what the four packages import is looked at once."""
    return str(tmp_path_factory.mktemp("mypy"))


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_written_is_typed(zoo, tmp_path, cache, monkeypatch, kind):
    assert zoo("new-plugin", "zoo-lab-chests", "--kind", kind, "--out", str(tmp_path / "own")).code == 0
    monkeypatch.setenv("MYPYPATH", "src")
    tool(tmp_path / "own", "mypy", "--cache-dir", cache)


def test_the_next_commands_are_said_and_stand_in_the_readme(zoo, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    answer = zoo("new-plugin", "zoo-lab-chests", "--kind", "dataset")
    first, *commands = answer.out.splitlines()
    assert first == "zoo-lab-chests: package zoo-lab-chests with dataset 'lab-chests'. In that folder:"
    assert [command.strip() for command in commands] == [
        'pip install --editable ".[dev]"',
        "pytest",
        "zoo check lab-chests",
        "zoo info lab-chests",
        "zoo run image-labels --data lab-chests --preset smoke",
    ]
    readme = (tmp_path / "zoo-lab-chests" / "README.md").read_text()
    assert all(f"$ {command.strip()}\n" in readme for command in commands)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("Lab Chests", "--kind", "task"), "such as 'lab-chests'. Received: 'Lab Chests'"),
        (("class", "--kind", "task"), "such as 'zoo-class'. Received: 'class'"),
        (("float32", "--kind", "task"), "precision 'float32' of zoo-core"),
        (("json", "--kind", "task"), "Python has a module 'json'"),
        (("numpy", "--kind", "task"), "the distribution numpy"),
        (("zoo-label", "--kind", "dataset"), "would hide 'Label'"),
        (("lab-chests", "--kind", "command"), "'command' is not one of"),
        (("lab-chests", "--kind", "plant"), "'plant' is not one of"),
        (("lab-chests",), "--kind"),
        ((), "NAME"),
        (("lab-chests", "--kind", "task", "--out", "."), "which exists"),
    ],
)
def test_a_mistake_is_one_line_and_nothing_is_written(zoo, tmp_path, monkeypatch, arguments, words):
    monkeypatch.chdir(tmp_path)
    answer = zoo("new-plugin", *arguments)
    assert (answer.code, answer.out, answer.err.count("\n")) == (2, "", 1)
    assert words in answer.err
    assert list(tmp_path.iterdir()) == []
