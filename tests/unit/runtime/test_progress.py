"""What a person is told while a run works."""

import io
import sys

from zoo_core.runtime.progress import Shown, Silent


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_log_says_what_is_done_before_the_first_step_is(capsys):
    with Shown().meter("epoch 1/3", 5, "compiling"):
        assert capsys.readouterr().err == "epoch 1/3: compiling\n"


def test_a_log_is_silent_where_there_is_nothing_to_say(capsys):
    with Shown().meter("epoch 2/3", 5) as meter:
        meter.advance()
    assert capsys.readouterr().err == ""


def test_a_bar_says_what_is_done_until_the_first_step_is(monkeypatch):
    terminal = Terminal()
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys, "stderr", terminal)
    with Shown().meter("epoch 1/3", 5, "compiling") as meter:
        meter.advance(note="loss 0.5")
    before, _, after = terminal.getvalue().partition("loss 0.5")
    assert "compiling" in before
    assert "compiling" not in after


def test_other_ranks_than_the_root_show_nothing(capsys):
    with Silent().meter("epoch 1/3", 5, "compiling") as meter:
        meter.advance(note="loss 0.5")
    assert capsys.readouterr() == ("", "")
