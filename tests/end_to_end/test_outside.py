"""Ranks that something else has started do not launch again: mpirun, horovodrun, and Slurm by its variables."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("horovod", reason="Horovod is not installed: 'make setup' builds it")

BIN = Path(sys.executable).parent
ZOO = (sys.executable, "-m", "zoo_core.cli", "run")
needs_mpirun = pytest.mark.skipif(
    not shutil.which("mpirun"), reason="mpirun is not installed: apt-get install openmpi-bin"
)
MPIRUN = ("mpirun", "--allow-run-as-root", "--oversubscribe", "-np", "2")


def call(command, folder, **environment):
    return subprocess.run(
        [*map(str, command)],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}", **environment},
    )


def assert_ran_once_on_two_ranks(folder, shown):
    assert sum("run folder: run" in line for line in shown.splitlines()) == 1
    description = json.loads((folder / "run" / "run.json").read_text())
    assert description["n_ranks"] == 2
    assert [rank["host"] for rank in description["ranks"]] == [0, 0]
    assert not list(folder.glob(".zoo-meeting-*"))


@needs_mpirun
def test_ranks_of_mpirun_meet_by_themselves(signalling_lab, tmp_path):
    run = call([*MPIRUN, *ZOO, *signalling_lab, "--out", "run"], tmp_path)
    assert run.returncode == 0, run.stderr
    assert_ran_once_on_two_ranks(tmp_path, run.stdout)


def test_ranks_of_horovodrun_use_its_rendezvous(signalling_lab, tmp_path):
    run = call([BIN / "horovodrun", "-np", "2", *ZOO, *signalling_lab, "--out", "run"], tmp_path)
    assert run.returncode == 0, run.stderr
    assert_ran_once_on_two_ranks(tmp_path, run.stdout)


def test_tasks_of_a_slurm_step_are_ranks(signalling_lab, tmp_path):
    step = {"SLURM_JOB_ID": "7", "SLURM_STEP_ID": "0", "SLURM_NTASKS": "2"}
    command = [*ZOO, *signalling_lab, "--out", "run"]
    environment = {**os.environ, **step}
    other = subprocess.Popen(
        command, cwd=tmp_path, env={**environment, "SLURM_PROCID": "1"}, stdout=subprocess.PIPE, text=True
    )
    root = call(command, tmp_path, **step, SLURM_PROCID="0")
    assert root.returncode == 0, root.stderr
    assert other.communicate()[0] == ""
    assert other.returncode == 0
    assert_ran_once_on_two_ranks(tmp_path, root.stdout)


@needs_mpirun
@pytest.mark.parametrize(
    ("option", "words"),
    [
        (("-np", "3"), "mpirun has started 2 ranks. Received: -np 3"),
        (("--hosts", "a:2"), "--hosts is of no use within mpirun"),
        (("--set", "trainer.fly=1"), "There is no configuration key 'trainer.fly'"),
    ],
)
def test_a_mistake_is_said_once(signalling_lab, tmp_path, option, words):
    run = call([*MPIRUN, *ZOO, *signalling_lab, *option, "--out", "run"], tmp_path)
    assert run.returncode == 2
    errors = [line for line in run.stderr.splitlines() if line.startswith("zoo: error:")]
    assert len(errors) == 1
    assert words in errors[0]
    assert not list(tmp_path.glob(".zoo-meeting-*"))
