"""Ranks that go on as others, ranks that part, and losses that are no number: real processes, real signals."""

import json
import signal

import numpy as np
import pytest

from zoo_core.contract import Rank
from zoo_core.runtime.checkpoint import read_checkpoint
from zoo_core.runtime.record import RunFolder
from zoo_core.runtime.resume import prepared_in
from zoo_core.runtime.stream import TrainingStream

N_TRAINING, N_STEPS_OF_EPOCH = 43, 11
"""In batches of 4, so that the last step of an epoch sees an example or two of the next."""

pytestmark = pytest.mark.usefixtures("heeded_signals")


@pytest.fixture
def run(run_zoo, signalling_lab, tmp_path, monkeypatch):
    """Runs the lab on so many ranks until its end, or until the root is killed at a read; or goes on with the run."""

    def call(n_ranks: int, *more: str, killed_at: int = 0, out: str = "run", resume: bool = False):
        monkeypatch.setenv("SIGNALLING_LAB", f"{signal.SIGKILL.value} {killed_at} self")
        arguments = ["chexnet", "--resume"] if resume else [*signalling_lab, *more]
        return run_zoo("run", *arguments, "-np", str(n_ranks), "--out", out, cwd=tmp_path)

    return call


def covered(folder):
    events = map(json.loads, (folder / "events.jsonl").read_text().splitlines())
    return [
        (event["epoch"], event["n_distinct"], event["n_repeated"], event["n_never"])
        for event in events
        if event["event"] == "EpochCovered"
    ]


def seen_in(stream, steps):
    """How often each row of the index is in the global batches of an uninterrupted run."""
    batches = [stream.rows[stream.order.global_batch(step)] for step in steps]
    return np.bincount(np.concatenate(batches), minlength=len(stream.prepared.index))


@pytest.mark.parametrize(("before", "killed_at", "after"), [(1, 21, 3), (3, 8, 2), (2, 14, 1)])
def test_killed_and_resumed_on_other_ranks_the_order_is_that_of_an_uninterrupted_run(
    run, tmp_path, before, killed_at, after
):
    if max(before, after) > 1:
        pytest.importorskip("horovod", reason="Horovod is not installed: 'make setup' builds it")
    assert run(before, killed_at=killed_at).returncode != 0
    folder = RunFolder(tmp_path / "run")
    arrays, state = read_checkpoint(folder.last_checkpoint)
    assert 0 < state.step < N_STEPS_OF_EPOCH
    stream = TrainingStream(prepared_in(folder), Rank())
    assert arrays["ranks/seen_in_epoch"].tolist() == seen_in(stream, range(state.step)).tolist()

    resumed = run(after, resume=True)
    assert resumed.returncode == 0, resumed.stderr
    counts = [seen_in(stream, range(N_STEPS_OF_EPOCH * epoch, N_STEPS_OF_EPOCH * (epoch + 1))) for epoch in range(2)]
    assert covered(folder.path) == [
        (epoch + 1, (count > 0).sum(), (count > 1).sum(), 0) for epoch, count in enumerate(counts)
    ]
    assert (counts[0] > 0).sum() == N_TRAINING


def test_virtual_ranks_killed_and_resumed_are_those_that_were_not(run, tmp_path):
    virtual = ("--set", "launch.n_virtual_ranks=3", "--set", "trainer.sharding=independent")
    assert run(1, *virtual, out="reference").returncode == 0
    assert run(1, *virtual, killed_at=24).returncode == -signal.SIGKILL
    assert run(1, resume=True).returncode == 0
    first, second = (tmp_path / name for name in ("reference", "run"))
    arrays, wanted = (read_checkpoint(folder / "checkpoints" / "last.safetensors") for folder in (first, second))
    assert arrays[1] == wanted[1]
    assert {name: a.tobytes() for name, a in arrays[0].items()} == {name: a.tobytes() for name, a in wanted[0].items()}
    assert covered(first) == covered(second)
    assert covered(first)[0][1] < 0.85 * N_TRAINING  # 1-(1-1/3)^3 is 0.70


def test_a_rank_that_parts_from_the_others_is_named_before_anything_is_saved(run, tmp_path, monkeypatch):
    pytest.importorskip("horovod", reason="Horovod is not installed: 'make setup' builds it")
    monkeypatch.setenv("LYING_RANK", "1")
    parted = run(2)
    assert parted.returncode == 2
    assert "after step 1 rank 1 of 2 differ from rank 0" in parted.stderr.splitlines()[-1]
    assert not (tmp_path / "run").exists()


def test_a_loss_that_is_no_number_stops_the_run_with_its_step_and_the_last_good_checkpoint(run, tmp_path):
    diverged = run(1, "--set", "trainer.optimizer=sgd", "--set", "trainer.learning_rate=1e30")
    assert diverged.returncode == 2
    last = tmp_path / "run" / "checkpoints" / "last.safetensors"
    arrays, state = read_checkpoint(last)
    assert all(np.isfinite(array).all() for array in arrays.values())
    line = diverged.stderr.splitlines()[-1]
    assert f"in step {state.step + 1} (last good checkpoint: 'run/checkpoints/last.safetensors' is of step" in line
    assert f"is of step {state.step}): lower trainer.learning_rate" in line
