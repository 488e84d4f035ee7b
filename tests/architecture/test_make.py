"""The doors into the repository: `make` and `.ci/run`."""

import os
import re
import subprocess
import sys
from pathlib import Path


def run(command: list[str], folder: Path) -> str:
    """What a command prints."""
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout


def test_make_alone_lists_every_target(root: Path) -> None:
    targets = re.findall(r"^\.PHONY: (\S+)$", (root / "Makefile").read_text(), re.MULTILINE)
    listed = run(["make", "--no-print-directory"], root)
    assert {"setup", "run", "test", "check", "docs"} <= set(targets)
    assert [line.split()[1] for line in listed.splitlines()] == targets


def test_every_target_that_needs_an_environment_sets_it_up(root: Path) -> None:
    rules = re.findall(r"^([a-z]+):(.*?)  ##", (root / "Makefile").read_text(), re.MULTILINE)
    assert {name for name, needs in rules if "setup" not in needs} == {"help", "setup", "clean"}


def test_what_a_change_must_pass_can_be_run(root: Path) -> None:
    script = root / ".ci" / "run"
    assert os.access(script, os.X_OK)
    subprocess.run(["bash", "-n", script], check=True)
    assert script.read_text().splitlines()[-2:] == ["make check", "make test"]


def test_the_formatter_sees_every_python_file_that_is_kept(root: Path, kept_files: list[Path]) -> None:
    seen = run([sys.executable, "-m", "ruff", "check", "--show-files"], root).splitlines()
    assert {str(path) for path in kept_files if path.suffix == ".py"} <= set(seen)
