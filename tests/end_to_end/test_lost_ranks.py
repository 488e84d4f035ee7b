"""A rank that is killed or held ends the run or, where that was asked for, leaves it to the others: real processes."""

import json
import signal

import pytest

from zoo_core.runtime.checkpoint import read_state

pytest.importorskip("horovod", reason="Horovod is not installed: 'make setup' builds it")

pytestmark = pytest.mark.usefixtures("heeded_signals")

READS_BEFORE = 30
"""Of a rank: within the second epoch, whose first has left a checkpoint."""


def test_the_run_goes_on_from_its_checkpoint_without_a_rank_that_is_killed(
    run_zoo, signalling_lab, tmp_path, monkeypatch
):
    monkeypatch.setenv("SIGNALLING_LAB", f"{signal.SIGKILL} {READS_BEFORE} 1")
    run = run_zoo("run", *signalling_lab, "-np", "2", "--restarts", "1", "--out", "run", cwd=tmp_path)
    assert run.returncode == 0, run.stderr
    line = next(line for line in run.stderr.splitlines() if "restarts left" in line)
    assert line.startswith("rank 1 on localhost was killed (SIGKILL), perhaps for want of memory (last: ")
    assert line.endswith("the run goes on from its last checkpoint with 1 rank (0 restarts left)")
    assert "Traceback" not in run.stderr
    description = json.loads((tmp_path / "run" / "run.json").read_text())
    assert description["n_ranks"] == len(description["ranks"]) == 1


def test_a_rank_that_is_held_ends_the_run_which_can_be_resumed(run_zoo, signalling_lab, tmp_path, monkeypatch):
    monkeypatch.setenv("SIGNALLING_LAB", f"{signal.SIGSTOP} {READS_BEFORE} 1")
    run = run_zoo("run", *signalling_lab, "-np", "2", "--out", "run", cwd=tmp_path)
    assert run.returncode == 75, run.stderr
    error = run.stderr.splitlines()[-1]
    assert error.startswith("zoo: error: rank 1 on localhost was not heard of for 20 s")
    assert error.endswith("go on with 'zoo run chexnet --resume --out run'")
    assert "Traceback" not in run.stderr
    state = read_state(tmp_path / "run" / "checkpoints" / "last.safetensors")
    assert state.step > 0
    resumed = run_zoo("run", "chexnet", "--resume", "--out", "run", "-np", "1", cwd=tmp_path)
    assert resumed.returncode == 0, resumed.stderr
