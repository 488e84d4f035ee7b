import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from zoo_core.distributed import job, watch
from zoo_core.distributed.channel import LOST
from zoo_core.distributed.job import Job, run_job
from zoo_core.distributed.network import LOOPBACK, LOOPBACK_INTERFACE
from zoo_core.distributed.signals import Stopped
from zoo_core.distributed.slots import place_ranks

pytestmark = pytest.mark.usefixtures("heeded_signals")

pytest.importorskip("horovod", reason="Horovod is not installed: 'make setup' builds it")

ELSEWHERE = "elsewhere.invalid"

RANK = """
import os, pathlib, signal, sys, time
from zoo_core.distributed.channel import take_work
work, pulse = take_work()
rank, folder = int(os.environ["HOROVOD_RANK"]), pathlib.Path(work.arguments["folder"])
(folder / f"pid-{rank}").write_text(str(os.getpid()))
def wait_for(name):
    while not (folder / name).exists(): time.sleep(0.01)
def others_are_there():
    for other in range(int(os.environ["HOROVOD_SIZE"])): wait_for(f"pid-{other}")
"""


def run(folder: Path, program: str, hosts: tuple[str, ...] = ("localhost",) * 2, ssh: str = "ssh") -> job.Outcome:
    command = (sys.executable, "-c", RANK + program)
    where = (ssh, LOOPBACK_INTERFACE, LOOPBACK)
    return run_job(Job(command, {"folder": str(folder)}, place_ranks(hosts), *where))


def is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()


def none_is_left(folder: Path) -> bool:
    """Whether all ranks are gone; those that ssh started notice it themselves, a moment later."""
    pids = [int(path.read_text()) for path in folder.glob("pid-*")]
    until = time.monotonic() + 10
    while any(map(is_there, pids)) and time.monotonic() < until:
        time.sleep(0.05)
    return bool(pids) and not any(map(is_there, pids))


def test_every_rank_is_told_which_it_is_and_what_to_do(tmp_path):
    program = "(folder / f'{rank}-of-{os.environ[\"HOROVOD_SIZE\"]}').touch()"
    assert run(tmp_path, program, ("localhost",) * 3).exit_code == 0
    assert sorted(path.name for path in tmp_path.glob("*-of-*")) == ["0-of-3", "1-of-3", "2-of-3"]


def test_the_root_alone_is_shown_and_what_it_prints_is_no_beat(tmp_path, capfd):
    assert run(tmp_path, "print('I am', rank); os.system('echo from a library')").exit_code == 0
    out, err = capfd.readouterr()
    assert (out, sorted(err.splitlines())) == ("", ["I am 0", "from a library"])


def test_a_rank_that_is_killed_is_named_with_its_host_and_the_last_thing_it_did(tmp_path):
    program = """
others_are_there()
pulse.done("step 12 done")
time.sleep(1.5)
if rank == 1: os.kill(os.getpid(), 9)
wait_for("never")
"""
    outcome = run(tmp_path, program)
    assert outcome.exit_code == LOST
    assert outcome.why == ("rank 1 on localhost was killed (SIGKILL), perhaps for want of memory (last: step 12 done)")
    assert (outcome.lost.rank.rank, outcome.host_is_lost) == (1, False)
    assert none_is_left(tmp_path)


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Waits as long as these programs need."""
    monkeypatch.setattr(job, "GRACE_S", 1.0)


def test_a_rank_that_is_held_is_found_out_and_named(tmp_path, monkeypatch):
    monkeypatch.setattr(watch, "SILENCE_S", 3.0)
    program = """
others_are_there()
pulse.done("step 3 done")
time.sleep(1.5)
if rank == 1: os.kill(os.getpid(), signal.SIGSTOP)
wait_for("never")
"""
    outcome = run(tmp_path, program)
    assert outcome.exit_code == LOST
    assert outcome.why.startswith("rank 1 on localhost was not heard of for 3 s")
    assert outcome.why.endswith("(last: step 3 done)")
    assert none_is_left(tmp_path)


def test_a_rank_that_waits_within_its_step_is_found_out_and_the_one_behind_named(tmp_path, monkeypatch):
    monkeypatch.setattr(watch, "HANG_S", 2.0)
    program = """
for step in range(3):
    pulse.has_batch(f"step {step} begun")
    pulse.done(f"step {step} done")
if rank == 0: pulse.has_batch("step 3 begun")  # and waits there for rank 1, which has no batch
wait_for("never")
"""
    outcome = run(tmp_path, program)
    assert outcome.exit_code == LOST
    assert outcome.why.startswith("rank 1 on localhost hangs: no step was done for 2 s")
    assert none_is_left(tmp_path)


def test_a_rank_that_lost_another_is_never_the_one_named(tmp_path, capfd):
    program = f"""
if rank == 0: os._exit({LOST})
wait_for("pid-0")
time.sleep(0.5)
print("no such file", file=sys.stderr)
sys.exit(1)
"""
    outcome = run(tmp_path, program)
    assert outcome.exit_code == 1
    assert outcome.why.startswith("rank 1 on localhost ended with exit code 1")
    assert outcome.lost is not None
    assert "[rank 1] no such file" in capfd.readouterr().err


def test_a_mistake_is_no_loss_and_the_roots_words_stand(tmp_path, capfd):
    program = "print('mistake', rank, file=sys.stderr); sys.exit(2 if rank == 0 else 3)"
    outcome = run(tmp_path, program)
    assert (outcome.exit_code, outcome.why, outcome.lost) == (2, "", None)
    assert capfd.readouterr().err == "mistake 0\n"


def test_a_fault_of_the_program_on_every_rank_is_no_loss(tmp_path):
    outcome = run(tmp_path, "others_are_there(); sys.exit(1)")
    assert (outcome.exit_code, outcome.lost) == (1, None)


SAVES = """
def save(number, frame):
    (folder / f"saved-{rank}").touch()
    sys.exit(128 + number)
signal.signal(signal.SIGTERM, save)
(folder / f"ready-{rank}").touch()
for other in (0, 1): wait_for(f"ready-{other}")
if rank == 1: os.kill(os.getppid(), signal.SIGTERM)
wait_for("never")
"""


def test_a_signal_to_stop_is_passed_on_to_every_rank_and_is_the_exit_code(tmp_path, capfd):
    outcome = run(tmp_path, SAVES)
    assert (outcome.exit_code, outcome.why) == (128 + signal.SIGTERM, "")
    assert sorted(path.name for path in tmp_path.glob("saved-*")) == ["saved-0", "saved-1"]
    assert "rank" not in capfd.readouterr().err


def test_a_second_signal_ends_ranks_that_do_not_listen(tmp_path):
    program = """
signal.signal(signal.SIGTERM, lambda *_: os.kill(os.getppid(), signal.SIGINT))
others_are_there()
if rank == 0: os.kill(os.getppid(), signal.SIGTERM)
wait_for("never")
"""
    with pytest.raises(Stopped):
        run(tmp_path, program)
    assert none_is_left(tmp_path)


def test_ranks_whose_launcher_is_killed_end_themselves(tmp_path):
    launcher = f"""
import sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
from pathlib import Path
from test_job import run
run(Path({str(tmp_path)!r}), "wait_for('never')")
"""
    process = subprocess.Popen([sys.executable, "-c", launcher])
    while len(list(tmp_path.glob("pid-*"))) < 2:
        time.sleep(0.05)
    process.kill()
    process.wait()
    assert none_is_left(tmp_path)


def test_a_rank_on_another_host_ends_where_it_hears_nothing_any_more(tmp_path, ssh, monkeypatch, capfd):
    # The root's host is here and the launcher is mute, as over a cut link, but no pipe is closed.
    monkeypatch.setattr(job, "SILENCE_S", 1.0)
    monkeypatch.setattr(job, "EVERY_S", 600.0)
    outcome = run(tmp_path, "wait_for('never')", ("localhost", ELSEWHERE), ssh)
    assert outcome.exit_code == LOST
    assert outcome.why.startswith(f"rank 1 on {ELSEWHERE} lost the others")
    assert "[rank 1] zoo: rank 1 ends: it heard nothing of its launcher for 1 s" in capfd.readouterr().err
    assert none_is_left(tmp_path)


def test_ranks_on_another_host_are_as_those_here(tmp_path, ssh, monkeypatch):
    monkeypatch.setenv("OMP_PROC_BIND", "true")
    program = "(folder / f'told-{rank}').write_text(f'{sorted(work.environment)} {os.getcwd()}')"
    assert run(tmp_path, program, ("localhost", ELSEWHERE), ssh).exit_code == 0
    told = (tmp_path / "told-1").read_text()
    assert "OMP_PROC_BIND" in told
    assert "PATH" not in told
    assert told.endswith(f" {Path.cwd()}")
    words = (tmp_path / "ssh-was-called-with").read_text()
    assert words.startswith("-o BatchMode=yes -o ConnectTimeout=10 -o ServerAliveInterval=5")
    assert "StrictHostKeyChecking" not in words
    assert "HOROVOD" not in words.partition("take_work()")[0]


def test_a_rank_that_is_killed_on_another_host_is_told_from_a_host_that_is_gone(tmp_path, ssh):
    killed = run(tmp_path, "if rank == 1: os.kill(os.getpid(), 9)\nwait_for('never')", ("localhost", ELSEWHERE), ssh)
    assert "was killed (SIGKILL)" in killed.why
    assert not killed.host_is_lost
    gone = run(tmp_path, "if rank == 1: sys.exit(255)\nwait_for('never')", ("localhost", ELSEWHERE), ssh)
    assert gone.why.startswith(f"rank 1 on {ELSEWHERE} cannot be reached any more")
    assert gone.host_is_lost


def test_a_held_rank_on_another_host_is_ended_there_too(tmp_path, ssh, monkeypatch):
    monkeypatch.setattr(watch, "SILENCE_S", 3.0)
    program = (
        "others_are_there()\ntime.sleep(1.5)\nif rank == 1: os.kill(os.getpid(), signal.SIGSTOP)\nwait_for('never')"
    )
    outcome = run(tmp_path, program, ("localhost", ELSEWHERE), ssh)
    assert "was not heard of" in outcome.why
    assert none_is_left(tmp_path)
