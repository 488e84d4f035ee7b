import os
import sys

import pytest

from zoo_core.distributed import launch
from zoo_core.distributed.launch import launch_local
from zoo_core.distributed.signals import Stopped

pytestmark = pytest.mark.usefixtures("heeded_signals")

pytest.importorskip("horovod", reason="Horovod is not installed: 'make setup' builds it")


def python(program: str) -> list[str]:
    return [sys.executable, "-c", f"import os, sys, time; rank = os.environ['HOROVOD_RANK']\n{program}"]


def test_every_rank_is_started_once_and_told_which_it_is(tmp_path):
    program = f"open(os.path.join({str(tmp_path)!r}, rank + '-of-' + os.environ['HOROVOD_SIZE']), 'x').close()"
    assert launch_local(python(program), n_ranks=3) == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["0-of-3", "1-of-3", "2-of-3"]


def test_only_the_root_prints(capfd):
    assert launch_local(python("print('I am', rank)"), n_ranks=2) == 0
    assert capfd.readouterr().out == "I am 0\n"


def test_a_rank_that_fails_ends_the_others_and_is_shown_with_its_number(capfd, monkeypatch):
    monkeypatch.setattr(launch, "GRACE_S", 0.5)
    program = "if rank == '1': sys.exit('out of memory')\ntime.sleep(600)"
    assert launch_local(python(program), n_ranks=2) == 1
    assert "[rank 1] out of memory" in capfd.readouterr().err


def test_where_the_root_fails_too_its_words_and_its_code_stand(capfd):
    program = "print('mistake', rank, file=sys.stderr); sys.exit(2 if rank == '0' else 3)"
    assert launch_local(python(program), n_ranks=2) == 2
    assert capfd.readouterr().err == "mistake 0\n"


def test_a_rank_that_is_killed_fails_the_launch(capfd, monkeypatch):
    monkeypatch.setattr(launch, "GRACE_S", 0.5)
    program = "if rank == '1': os.kill(os.getpid(), 9)\ntime.sleep(600)"
    assert launch_local(python(program), n_ranks=2) == 1
    assert "rank 1 ended with exit code -9" in capfd.readouterr().err


SAVES = """
import pathlib, signal
def save(number, frame):
    pathlib.Path({folder!r}, 'saved-' + rank).touch()
    sys.exit(128 + number)
signal.signal(signal.SIGTERM, save)
if rank == '1':  # the launcher hears of it once both can save
    while not pathlib.Path({folder!r}, 'ready').exists(): time.sleep(0.01)
    os.kill(os.getppid(), signal.SIGTERM)
else:
    pathlib.Path({folder!r}, 'ready').touch()
time.sleep(600)
"""


def test_a_signal_to_stop_is_passed_on_to_every_rank_and_is_the_exit_code(tmp_path, capfd):
    assert launch_local(python(SAVES.format(folder=str(tmp_path))), n_ranks=2) == 128 + 15
    assert sorted(path.name for path in tmp_path.glob("saved-*")) == ["saved-0", "saved-1"]
    assert "rank" not in capfd.readouterr().err


def test_a_signal_that_kills_ranks_before_they_can_heed_it_is_the_exit_code(capfd):
    program = "if rank == '0': os.kill(os.getppid(), 15)\ntime.sleep(600)"
    assert launch_local(python(program), n_ranks=2) == 128 + 15


def test_a_second_signal_ends_ranks_that_do_not_listen(tmp_path):
    program = (
        "import signal, pathlib; signal.signal(signal.SIGTERM, lambda *_: os.kill(os.getppid(), signal.SIGINT))\n"
        f"pathlib.Path({str(tmp_path)!r}, rank).write_text(str(os.getpid()))\n"
        f"while len(os.listdir({str(tmp_path)!r})) < 2: time.sleep(0.01)\n"
        "if rank == '0': os.kill(os.getppid(), signal.SIGTERM)\n"
        "time.sleep(600)"
    )
    with pytest.raises(Stopped):
        launch_local(python(program), n_ranks=2)
    for path in tmp_path.iterdir():
        with pytest.raises(ProcessLookupError):
            os.kill(int(path.read_text()), 0)
