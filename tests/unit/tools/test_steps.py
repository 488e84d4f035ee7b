"""A step shows that it runs, logs what it prints, and explains itself where it fails."""

import io
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from steps import SetupError, Steps


class Terminal(io.StringIO):
    """A screen whose last line can be written anew."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def screen() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def steps(tmp_path: Path, screen: io.StringIO) -> Steps:
    return Steps(tmp_path / "logs" / "setup.log", screen)


def python(program: str) -> list[str]:
    return [sys.executable, "-c", program]


def test_a_step_is_announced_and_its_time_is_said(steps: Steps, screen: io.StringIO) -> None:
    steps.run("counting", python("print('one'); print('two')"))
    lines = screen.getvalue().splitlines()
    assert lines[0] == "  counting ... 0 s"
    assert lines[-1].startswith("  counting: ")
    assert "one" not in screen.getvalue()


def test_what_all_steps_print_is_in_the_log(steps: Steps) -> None:
    steps.run("first", python("print('one')"))
    steps.run("second", python("import sys; print('two', file=sys.stderr)"))
    log = steps.log.read_text().splitlines()
    assert "one" in log
    assert "two" in log


def test_a_step_that_fails_shows_its_end_and_where_the_rest_is(steps: Steps) -> None:
    with pytest.raises(SetupError) as caught:
        steps.run("counting", python("for i in range(50): print('line', i)\nraise SystemExit(3)"))
    text = str(caught.value)
    assert text.splitlines()[0].startswith("counting failed, exit code 3. ")
    assert str(steps.log) in text
    assert "line 49" in text
    assert "line 30" not in text


def test_a_step_that_fails_shows_its_first_errors_however_far_up(steps: Steps) -> None:
    program = "print('x.cc:3: fatal error: no such file')\nfor i in range(50): print('line', i)\nraise SystemExit(1)"
    with pytest.raises(SetupError, match=r"\| x\.cc:3: fatal error: no such file"):
        steps.run("compiling", python(program))


def test_errors_of_an_earlier_step_are_not_shown(steps: Steps) -> None:
    steps.run("first", python("print('error: harmless')"))
    with pytest.raises(SetupError) as caught:
        steps.run("second", python("raise SystemExit(1)"))
    assert "harmless" not in str(caught.value)


def test_a_terminal_shows_the_share_that_is_done(tmp_path: Path) -> None:
    screen = Terminal()
    marker = tmp_path / "seen"
    program = (
        "import pathlib, time\n"
        "print('[ 45%] Building', flush=True)\n"
        f"while not pathlib.Path({str(marker)!r}).exists(): time.sleep(0.01)\n"
    )
    screen_write = screen.write

    def write(text: str) -> int:
        if "45 %" in text:
            marker.touch()
        return screen_write(text)

    screen.write = write  # type: ignore[method-assign]
    Steps(tmp_path / "log", screen).run("compiling", python(program))
    assert "\r  compiling ... 45 %, " in screen.getvalue()
    assert screen.getvalue().endswith("\n")


def test_a_command_cannot_wait_for_an_answer(steps: Steps) -> None:
    steps.run("asking", python("import sys; assert sys.stdin.read() == ''"))


class Impatient(io.StringIO):
    """Somebody presses Ctrl-C as soon as anything is shown."""

    def write(self, text: str) -> int:
        raise KeyboardInterrupt


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list["subprocess.Popen[bytes]"]:
    """The processes that steps start."""
    processes: list[subprocess.Popen[bytes]] = []
    start = subprocess.Popen

    def note(*arguments: Any, **options: Any) -> "subprocess.Popen[bytes]":
        processes.append(start(*arguments, **options))
        return processes[-1]

    monkeypatch.setattr(subprocess, "Popen", note)
    return processes


def test_an_interrupted_step_leaves_no_process(
    tmp_path: Path, started: list["subprocess.Popen[bytes]"], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("steps._GRACE_S", 0.1)
    with pytest.raises(KeyboardInterrupt):
        Steps(tmp_path / "log", Impatient()).run("waiting", python("import time; time.sleep(600)"))
    assert started[0].returncode == -signal.SIGTERM


def test_an_interrupted_command_may_clear_away_what_it_made(
    tmp_path: Path, started: list["subprocess.Popen[bytes]"]
) -> None:
    with pytest.raises(KeyboardInterrupt):
        Steps(tmp_path / "log", Impatient()).run("clearing", python("import time; time.sleep(0.2)"))
    assert started[0].returncode == 0
