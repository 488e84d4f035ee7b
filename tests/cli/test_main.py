"""Exit codes and errors: one line for every mistake of a user, a traceback for every fault of ours."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from zoo_core import __version__
from zoo_core.cli.verbs import VERBS, Verb

RAISES = """
import click
from zoo_core.contract import ConfigError, OutputError

@click.command()
@click.option("--size", type=int, required=True)
def verb(size):
    {statement}
"""


@pytest.fixture
def verb_that(site: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Put a verb `try` into the table, whose body is one statement."""

    def install(statement: str) -> None:
        (site.folder / "lab_verb.py").write_text(RAISES.format(statement=statement))
        monkeypatch.setitem(VERBS, "try", Verb("lab_verb:verb", "Tries."))

    return install


def test_a_mistake_is_one_line_on_stderr_and_exit_code_2(zoo: Any, verb_that: Any) -> None:
    verb_that("print('half'); raise ConfigError('trainer.n_epochs needs\\n a number. Received: x')")
    answer = zoo("try", "--size", "3")
    assert (answer.code, answer.err) == (2, "zoo: error: trainer.n_epochs needs a number. Received: x\n")


def test_a_mistake_that_is_also_an_oserror_is_a_mistake(zoo: Any, verb_that: Any) -> None:
    verb_that("raise OutputError('the folder is there')")
    assert zoo("try", "--size", "3").err == "zoo: error: the folder is there\n"


def test_a_fault_of_ours_keeps_its_traceback(zoo: Any, verb_that: Any) -> None:
    verb_that("raise RuntimeError('a bug')")
    with pytest.raises(RuntimeError, match="a bug"):
        zoo("try", "--size", "3")


def test_ctrl_c_ends_with_130_and_no_traceback(zoo: Any, verb_that: Any) -> None:
    verb_that("raise KeyboardInterrupt")
    answer = zoo("try", "--size", "3")
    assert answer.code == 130
    assert answer.err.split() == ["zoo:", "interrupted"]


@pytest.mark.parametrize("statement", ["raise SystemExit(7)", "click.get_current_context().exit(7)"])
def test_a_verb_chooses_its_exit_code(zoo: Any, verb_that: Any, statement: str) -> None:
    verb_that(statement)
    assert zoo("try", "--size", "3").code == 7


def test_what_a_verb_returns_is_no_exit_code(zoo: Any, verb_that: Any) -> None:
    verb_that("return 7")
    assert zoo("try", "--size", "3").code == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["lsit"], "There is no verb 'lsit'. Did you mean 'list'?"),
        (["qqq"], "There is no verb 'qqq'. ('zoo --help' says more)"),
        (["--jsno"], "No such option '--jsno'."),
        (["list", "--jsno"], "Did you mean '--json'? ('zoo list --help' says more)"),
        (["list", "too", "many"], "Got unexpected extra arguments (too many)"),
        (["try"], "Missing option '--size'."),
        (["try", "--size", "x"], "Invalid value for '--size': 'x' is not a valid integer."),
        (["try", "--size"], "Option '--size' requires an argument."),
    ],
)
def test_a_wrong_call_is_one_line_that_says_what_to_do(
    zoo: Any, verb_that: Any, arguments: list[str], said: str
) -> None:
    verb_that("pass")
    answer = zoo(*arguments)
    assert (answer.code, answer.out, answer.err.count("\n")) == (2, "", 1)
    assert answer.err.startswith("zoo: error: ")
    assert said in answer.err


def test_without_a_verb_the_help_is_shown(zoo: Any) -> None:
    answer = zoo()
    assert answer.code == 2
    assert answer.err.startswith("Usage: zoo")


def test_the_version_is_that_of_the_package(zoo: Any) -> None:
    assert zoo("--version").out == f"zoo {__version__}\n"


def test_zoo_can_be_called_as_a_module_and_a_reader_may_leave_early() -> None:
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "zoo_core.cli", "list", "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    assert b"Traceback" not in process.stderr.read()
    assert process.wait() == 1


def test_the_script_and_the_module_are_the_same(tmp_path: Path) -> None:
    script = Path(sys.executable).with_name("zoo")
    if not script.exists():
        pytest.skip("needs zoo-core installed beside this Python")
    answers = [
        subprocess.run([*command, "lsit"], capture_output=True, text=True, check=False, cwd=tmp_path)
        for command in ([str(script)], [sys.executable, "-m", "zoo_core.cli"])
    ]
    assert {(answer.returncode, answer.stderr.count("\n")) for answer in answers} == {(2, 1)}
    assert answers[0].stderr == answers[1].stderr
