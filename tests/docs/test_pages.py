"""Every code block of the documentation is tried; CONTRIBUTING.md has the list of what is done with which language."""

import ast
import os
import re
import shlex
import subprocess
import sys
import textwrap
import tomllib
from dataclasses import dataclass
from pathlib import Path

import click
import pytest

from zoo_core.cli.verbs import zoo

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]

FENCE = re.compile(
    r'^(?P<indent> *)```(?P<language>\S*)(?: title="(?P<title>[^"]+)")?\n(?P<text>.*?)^(?P=indent)```$',
    re.MULTILINE | re.DOTALL,
)
QUICK_VERBS = ("list", "info", "doctor", "new-plugin")
QUICK_DATA_VERBS = ("init", "check")
"""Of `zoo data`, where the page has made what they look at."""

PROGRAMS = {
    "pytest": ("-m", "pytest", "-q", "--collect-only"),
    "python": (),
    "ruff": ("-m", "ruff"),
}
"""Others that are run, by what this environment's Python is given before a page's words."""

NOT_TRIED = ("apt-get install ", ". .venv/bin/activate", ".venv/bin/pre-commit install")
"""Commands that change the machine, or the shell they are typed into."""


@dataclass(frozen=True)
class Block:
    """A code block: the word after the fence, the file that it is (or empty), and what it holds."""

    language: str
    title: str
    text: str


def blocks_of(page: str) -> list[Block]:
    """Code blocks of a page, in their order."""
    return [
        Block(found["language"], found["title"] or "", textwrap.dedent(found["text"])) for found in FENCE.finditer(page)
    ]


class Desk:
    """A folder in which the blocks of a page are tried from top to bottom."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._installed = folder / ".installed"
        self._environment = {
            **os.environ,
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
            "PYTHONPATH": str(self._installed),
            "XDG_CACHE_HOME": str(folder / ".cache"),
        }

    def try_block(self, block: Block) -> None:
        """Do with a block what its language asks for; fails where nothing is known about it."""
        if block.title:
            self._write(block)
        elif block.language == "console":
            self._try_console(block.text)
        elif block.language == "python":
            self._run([sys.executable, "-c", block.text])
        elif block.language == "toml":
            tomllib.loads(block.text)
        elif block.language == "diff":
            self._run(["git", "apply", "-p0"], block.text)
        else:
            assert block.language == "text", f"nothing is known about blocks of '{block.language}'"

    def _write(self, block: Block) -> None:
        {"python": ast.parse, "toml": tomllib.loads}[block.language](block.text)
        path = self.folder / block.title
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(block.text)

    def _try_console(self, text: str) -> None:
        for line in filter(None, text.replace("\\\n", " ").splitlines()):
            assert line.startswith("$ "), f"a console block holds commands after '$ ' alone: {line}"
            if not line.startswith(tuple(f"$ {command}" for command in NOT_TRIED)):
                self._try_command(line.removeprefix("$ "))

    def _try_command(self, command: str) -> None:
        match shlex.split(command):
            case ["zoo", verb, *words]:
                self._try_verb(command, verb, words)
            case ["make", *words]:
                subprocess.run(["make", "--dry-run", *words], cwd=ROOT, capture_output=True, check=True)
            case ["pip", "install", path] | ["pip", "install", "--editable", path]:
                self._install(path)
            case ["python", "-m", "build", *words]:
                self._run([sys.executable, "-m", "build", "--no-isolation", *words])
            case [program, *words] if program in PROGRAMS:
                self._run([sys.executable, *PROGRAMS[program], *words])
            case _:
                pytest.fail(f"nothing is known about the command '{command}'")

    def _try_verb(self, command: str, verb: str, words: list[str]) -> None:
        if verb in QUICK_VERBS or self._is_quick_of_data(verb, words):
            self._run(["/bin/sh", "-c", command])
        elif verb != "run" or "--resume" in words:
            parse(verb, words)
        else:
            self._run(["/bin/sh", "-c", command if "--show-config" in words else f"{command} --show-config"])

    def _is_quick_of_data(self, verb: str, words: list[str]) -> bool:
        return verb == "data" and words[0] in QUICK_DATA_VERBS and (self.folder / words[1]).exists()

    def _install(self, path: str) -> None:
        # Beside this environment, not into it: it goes away with the folder.
        pip = [sys.executable, "-m", "pip", "install", "--no-deps", "--no-index", "--no-build-isolation", "--upgrade"]
        self._run([*pip, "--target", str(self._installed), path])

    def _run(self, command: list[str], given: str = "") -> None:
        result = subprocess.run(
            command, cwd=self.folder, env=self._environment, input=given, capture_output=True, text=True, check=False
        )
        assert result.returncode == 0, f"{command[-1]}\n{result.stdout}{result.stderr}"


def parse(verb: str, arguments: list[str]) -> None:
    """Parse a command line without running it; fails where a verb or an option is not there."""
    command = zoo.get_command(click.Context(zoo), verb)
    assert command is not None, f"there is no 'zoo {verb}'"
    if isinstance(command, click.Group):
        verb, *arguments = arguments
        command = command.get_command(click.Context(command), verb)
        assert command is not None, f"there is no '{verb}' of this verb"
    command.make_context(verb, arguments)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_code_block_of_a_page_works(page: Path, tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    for block in blocks_of(page.read_text()):
        desk.try_block(block)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_no_code_block_is_overlooked(page: Path) -> None:
    n_fences = len(re.findall(r"^ *```", page.read_text(), re.MULTILINE))
    assert n_fences == 2 * len(blocks_of(page.read_text()))


LIARS = {
    "a verb that is not there": Block("console", "", "$ zoo fly\n"),
    "an option that is not there": Block("console", "", "$ zoo run chexnet --fly\n"),
    "a setting that is not there": Block("console", "", "$ zoo run chexnet --set trainer.fly=1\n"),
    "an option of a verb that is only parsed": Block("console", "", "$ zoo evaluate x --fly\n"),
    "an option of a verb below a verb": Block("console", "", "$ zoo data check x --fly\n"),
    "a verb below a verb that is not there": Block("console", "", "$ zoo data fly\n"),
    "a target that is not there": Block("console", "", "$ make fly\n"),
    "a command that nobody can try": Block("console", "", "$ fly\n"),
    "output among commands": Block("console", "", "$ zoo list\nfly\n"),
    "tests that are not there": Block("console", "", "$ pytest fly\n"),
    "a file to look at that is not there": Block("console", "", "$ ruff check fly.py\n"),
    "a package that is not there": Block("console", "", "$ python -m build fly\n"),
    "a change of a file that is not there": Block("diff", "", "--- fly\n+++ fly\n@@ -1 +1 @@\n-a\n+b\n"),
    "a program that fails": Block("python", "", "assert 1 == 2\n"),
    "a file that is no Python": Block("python", "x.py", "def f(:\n"),
    "a file that is no TOML": Block("toml", "x.toml", "a = \n"),
    "settings that are no TOML": Block("toml", "", "a = \n"),
    "a language that nothing is known about": Block("bash", "", "true\n"),
}


@pytest.mark.parametrize("liar", LIARS)
def test_a_block_that_does_not_work_is_caught(tmp_path: Path, liar: str) -> None:
    with pytest.raises(
        (
            AssertionError,
            SyntaxError,
            ValueError,
            click.UsageError,
            subprocess.CalledProcessError,
            pytest.fail.Exception,
        )
    ):
        Desk(tmp_path).try_block(LIARS[liar])


def test_a_file_of_a_page_serves_the_commands_after_it(tmp_path: Path) -> None:
    page = '```toml title="a.toml"\nseed = 7\n```\n```console\n$ zoo run chexnet --config a.toml > b.toml\n```\n'
    desk = Desk(tmp_path)
    for block in blocks_of(page):
        desk.try_block(block)
    # A redirection takes the option that was added with it.
    assert "seed" in (tmp_path / "b.toml").read_text()
