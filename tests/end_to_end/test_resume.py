"""A run that is stopped, by whatever, and resumed is the run that was not: real processes, real signals."""

import signal
import subprocess
from pathlib import Path

import numpy as np
import pytest

from zoo_core.cli import main
from zoo_core.evaluation.predictions import read_predictions
from zoo_core.runtime.checkpoint import read_checkpoint, read_state

N_STEPS_OF_EPOCH = 11
"""43 training examples in batches of 4."""


pytestmark = pytest.mark.usefixtures("heeded_signals")


@pytest.fixture
def run(run_zoo, signalling_lab, tmp_path, monkeypatch):
    """Runs the lab in a folder until its end, or until a signal at a read; or goes on with the run there."""

    def call(out: str, *more: str, signals: str = "0 0 nobody", resume: bool = False) -> subprocess.CompletedProcess:
        monkeypatch.setenv("SIGNALLING_LAB", signals)
        arguments = ["chexnet", "--resume"] if resume else [*signalling_lab, *more]
        return run_zoo("run", *arguments, "--out", out, cwd=tmp_path)

    return call


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


def test_killed_then_terminated_then_resumed_is_the_uninterrupted_run_bit_for_bit(run, tmp_path, monkeypatch, capfd):
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


def test_two_ranks_stop_at_one_step_on_ctrl_c_and_go_on_bit_for_bit(run, tmp_path):
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

    resumed = run("run", resume=True)
    assert resumed.returncode == 0, resumed.stderr
    assert_same(out, tmp_path / "reference")
