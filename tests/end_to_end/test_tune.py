"""`zoo tune` from its call to the run that uses what it found, with a network and images of no size."""

import json
import os
import signal
import subprocess
import sys
import time

import psutil
import pytest

from zoo_core.distributed import horovod

BUDGET_S = "100"


@pytest.fixture
def lab(signalling_lab: list[str]) -> list[str]:
    """The lab's arguments without its precision, which is to be found."""
    at = signalling_lab.index("--precision")
    return signalling_lab[:at] + signalling_lab[at + 2 :]


def test_what_is_found_is_kept_and_the_next_run_uses_it(run_zoo, lab, tmp_path):
    tuned = run_zoo("tune", *lab, "--budget", BUDGET_S, "--json")
    assert tuned.returncode == 0, tuned.stderr
    found = json.loads(tuned.stdout)
    default, *others = found["candidates"]
    assert default["is_default"]
    assert default["n_rounds"] >= 3
    assert all(one["images_per_s"] or one["failure"] for one in others)
    assert {one["n_ranks"] for one in found["candidates"]} >= ({1} if horovod.unavailable() else {1, 2})
    assert found["ratio"] >= 1
    done = run_zoo("run", *lab, "--out", tmp_path / "run")
    assert done.returncode == 0, done.stderr
    assert f"tuned on {found['date']}" in done.stderr
    config = json.loads((tmp_path / "run" / "run.json").read_text())["config"]
    assert found["chosen"]["launch"].items() <= config["launch"].items()
    assert config["precision"]["name"] == found["chosen"]["precision"]["name"]


def test_a_budget_that_is_too_small_for_the_default_is_one_line_and_keeps_nothing(run_zoo, lab, tmp_path):
    done = run_zoo("tune", "chexnet", "--preset", "paper", "--set", "data.n_patients=30", "--budget", "10")
    assert (done.returncode, done.stdout) == (2, "")
    assert "to be measured within --budget 10. Received: time was up" in done.stderr.splitlines()[-1]
    assert not (tmp_path / "cache" / "zoo" / "tuned.json").exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_keeps_nothing_and_leaves_no_process_and_no_file(lab, tmp_path, heeded_signals, number):
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    command = [sys.executable, "-m", "zoo_core.cli", "tune", *lab]
    with subprocess.Popen(
        command, stderr=subprocess.PIPE, text=True, env={**os.environ, "TMPDIR": str(scratch)}
    ) as process:
        trials = wait_for_trials(process)
        process.send_signal(number)
        said = process.stderr.read()
    assert process.returncode == 128 + number
    assert "nothing was kept" in said
    assert psutil.wait_procs(trials, timeout=60)[1] == []
    assert list(scratch.iterdir()) == []
    assert not (tmp_path / "cache" / "zoo" / "tuned.json").exists()


def wait_for_trials(process: "subprocess.Popen[str]") -> list[psutil.Process]:
    """What it tries candidates with, once that is there: no event tells of it."""
    while not (trials := [child for child in psutil.Process(process.pid).children() if is_trial(child)]):
        assert process.poll() is None
        time.sleep(0.05)
    return trials


def is_trial(process: psutil.Process) -> bool:
    try:
        return "zoo_core.runtime.tuning.trial" in process.cmdline()
    except psutil.NoSuchProcess:
        return False
