"""A run that is stopped, by whatever, and resumed is the run that was not: real processes, real signals."""

import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from zoo_core.cli import main
from zoo_core.evaluation.predictions import read_predictions
from zoo_core.runtime.checkpoint import read_checkpoint, read_state

N_STEPS_OF_EPOCH, BATCH_SIZE = 11, 4
"""43 training examples in batches of 4."""

LESS_THAN_A_CHECKPOINT = 8192
"""Bytes: more than the other files that training writes."""


pytestmark = pytest.mark.usefixtures("heeded_signals")


@pytest.fixture
def run(run_zoo, signalling_lab, tmp_path, monkeypatch):
    """Runs the lab in a folder until its end, or until a signal at a read; or goes on with the run there."""

    def call(out: str, *more: str, signals: str = "0 0 nobody", resume: bool = False) -> subprocess.CompletedProcess:
        monkeypatch.setenv("SIGNALLING_LAB", signals)
        arguments = ["chexnet", "--resume"] if resume else [*signalling_lab, *more]
        return run_zoo("run", *arguments, "--out", out, cwd=tmp_path)

    return call


@pytest.fixture
def begin(tmp_path):
    """Starts `zoo run chexnet` and does not wait for it."""

    def start(*arguments: str, **streams: int) -> "subprocess.Popen[str]":
        command = [sys.executable, "-m", "zoo_core.cli", "run", "chexnet", *arguments]
        given = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **streams}
        return subprocess.Popen(command, cwd=tmp_path, text=True, **given)

    return start


def last_step(out: Path) -> int:
    return read_state(out / "checkpoints" / "last.safetensors").step


def assert_same(out: Path, reference: Path) -> None:
    for name in ("last", "best"):
        arrays, state = read_checkpoint(out / "checkpoints" / f"{name}.safetensors")
        wanted, wanted_state = read_checkpoint(reference / "checkpoints" / f"{name}.safetensors")
        assert state == wanted_state
        assert {key: a.tobytes() for key, a in arrays.items()} == {key: a.tobytes() for key, a in wanted.items()}
    tables = [read_predictions(path / "predictions.parquet").table for path in (out, reference)]
    predictions = [table.filter(like="prediction.").to_numpy() for table in tables]
    assert (predictions[0] == predictions[1]).all()
    assert np.std(predictions[0]) > 0


def test_killed_then_terminated_twice_then_resumed_is_the_uninterrupted_run_bit_for_bit(
    run, tmp_path, monkeypatch, capfd
):
    assert run("reference").returncode == 0
    out = tmp_path / "run"

    assert run("run", signals=f"{signal.SIGKILL} 24 self").returncode == -signal.SIGKILL
    killed_at = last_step(out)
    assert 0 < killed_at < N_STEPS_OF_EPOCH

    terminated = run("run", signals=f"{signal.SIGTERM} 16 self", resume=True)
    assert terminated.returncode == 128 + signal.SIGTERM
    assert terminated.stderr.splitlines()[-1] == (
        "zoo: stopped by SIGTERM: go on with 'zoo run chexnet --resume --out run'"
    )
    assert killed_at < last_step(out) < N_STEPS_OF_EPOCH

    first_read_of_validation = (N_STEPS_OF_EPOCH - last_step(out)) * BATCH_SIZE + 1
    within = run("run", signals=f"{signal.SIGTERM} {first_read_of_validation} self", resume=True)
    assert within.returncode == 128 + signal.SIGTERM
    assert "epoch 1/2: compiling" in within.stderr.splitlines()
    assert "validation mean" not in within.stderr
    assert last_step(out) == N_STEPS_OF_EPOCH

    resumed = run("run", resume=True)
    assert resumed.returncode == 0, resumed.stderr
    assert_same(out, tmp_path / "reference")

    monkeypatch.chdir(tmp_path)
    capfd.readouterr()
    assert main(["run", "chexnet", "--resume", "--out", "run"]) == 0
    again = capfd.readouterr()
    assert again.err == "the run in 'run' is finished\n"
    assert "Effusion" in again.out
    assert again.out.splitlines()[-1] == resumed.stdout.splitlines()[-1] == "run folder: run"


def test_a_terminal_that_is_closed_stops_a_run_that_has_saved(begin, signalling_lab, tmp_path, monkeypatch):
    monkeypatch.setenv("SIGNALLING_LAB", f"{signal.SIGHUP} 24 self")
    ours, theirs = os.openpty()
    process = begin(*signalling_lab[1:], "--out", "run", stdout=theirs, stderr=theirs)
    os.close(theirs)
    seen = b""
    while b"compiling" not in seen:
        seen += os.read(ours, 1000)
    os.close(ours)
    assert process.wait() == 128 + signal.SIGHUP
    assert 0 < last_step(tmp_path / "run") < N_STEPS_OF_EPOCH


def test_two_ranks_stop_at_one_step_on_ctrl_c_or_a_full_disk_and_go_on_bit_for_bit(run, begin, tmp_path):
    pytest.importorskip("horovod", reason="Horovod is not installed: 'make setup' builds it")
    assert run("reference", "-np", "2").returncode == 0
    out = tmp_path / "run"

    stopped = run("run", "-np", "2", signals=f"{signal.SIGINT} 14 launcher")
    assert stopped.returncode == 128 + signal.SIGINT
    assert "--resume --out run" in stopped.stderr.splitlines()[-1]
    assert 0 < last_step(out) < N_STEPS_OF_EPOCH
    arrays, _ = read_checkpoint(out / "checkpoints" / "last.safetensors")
    first, second = arrays["ranks/statistics"]
    assert not np.array_equal(first, second)

    before = (out / "checkpoints" / "last.safetensors").read_bytes()
    full = begin("--resume", "--out", "run")
    # On the process and those it starts, never on the one that writes the report of these tests.
    resource.prlimit(full.pid, resource.RLIMIT_FSIZE, (LESS_THAN_A_CHECKPOINT,) * 2)
    error = full.communicate()[1].splitlines()[-1]
    assert full.returncode == 2
    assert "last.safetensors' needs to be written, which failed (File too large)" in error
    assert (out / "checkpoints" / "last.safetensors").read_bytes() == before

    resumed = run("run", resume=True)
    assert resumed.returncode == 0, resumed.stderr
    assert_same(out, tmp_path / "reference")
