"""Real processes of a candidate: they work when asked, rest otherwise, and leave nothing behind."""

import json
import os
import signal
import subprocess
import sys
import time

import psutil
import pytest

from zoo_core.distributed import horovod
from zoo_core.runtime.settings import as_settings, configure, merged
from zoo_core.runtime.tuning.candidates import Candidate
from zoo_core.runtime.tuning.trials import Trial, TrialFailedError

LIMIT_S = 200.0
ONE = Candidate(1, 1, "float32")

CONDUCTOR = """
import json, os, sys, time
from pathlib import Path
from zoo_core.runtime.tuning.trials import Trial
trial = Trial(json.loads(sys.argv[1]), list(range(20)), Path(sys.argv[2]))
trial.train(4, 1, time.monotonic() + 200)
print(*(process.pid for process in trial._tree()), flush=True)
time.sleep(200)
"""


def settings(candidate, **trainer):
    layers = [{"data": {"name": "signalling"}, "topology": {"name": "one-layer"}, "trainer": trainer}]
    return merged(as_settings(configure("chexnet", "default", layers)), candidate.settings())


@pytest.fixture
def begin(signalling_lab, tmp_path):
    begun = []

    def start(candidate, **trainer):
        folder = tmp_path / f"trial-{len(begun)}"
        folder.mkdir()
        begun.append(Trial(settings(candidate, **trainer), range(20), folder))
        return begun[-1]

    yield start
    for trial in begun:
        trial.end()


def until():
    return time.monotonic() + LIMIT_S


def rest(processes):
    """Whether processes stop before long: a signal takes its time to arrive on a machine that is busy."""
    deadline = until()
    while {process.status() for process in processes} != {psutil.STATUS_STOPPED}:
        if time.monotonic() > deadline:
            return False
    return True


@pytest.mark.parametrize("n_ranks", [1, 2])
def test_a_trial_trains_and_predicts_when_asked_rests_otherwise_and_ends_whole(begin, n_ranks):
    if n_ranks > 1 and horovod.unavailable():
        pytest.skip("Horovod is not installed: 'make setup' builds it")
    trial = begin(Candidate(n_ranks, 1, "float32"))
    assert trial.train(4, 2, until()) > 0
    assert rest(trial._tree())
    assert trial.train(8, 1, until()) > 0
    assert trial.compute(8, 2, until()) > 0
    assert trial.predict(1, 2, until()) > 0
    assert trial.predict(2, 3, until()) > 0
    processes = trial._tree()
    assert len(processes) == (1 if n_ranks == 1 else 1 + n_ranks)
    trial.end()
    _, alive = psutil.wait_procs(processes, timeout=LIMIT_S)
    assert alive == []


def test_a_trial_that_fails_gives_its_last_words(begin):
    trial = begin(Candidate(1, 1, "nonesuch"))
    with pytest.raises(TrialFailedError, match="no precision 'nonesuch'"):
        trial.train(4, 1, until())


def test_a_trial_that_is_killed_says_by_what(begin):
    trial = begin(ONE)
    os.kill(trial._process.pid, signal.SIGKILL)
    with pytest.raises(TrialFailedError, match="SIGKILL"):
        trial.train(4, 1, until())


def test_a_trial_that_takes_too_long_is_given_up(begin):
    with pytest.raises(TrialFailedError, match="time was up"):
        begin(ONE).train(4, 1, time.monotonic())


def test_trials_end_with_their_conductor_even_where_it_is_killed_while_they_rest(signalling_lab, tmp_path):
    command = [sys.executable, "-c", CONDUCTOR, json.dumps(settings(ONE)), str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as conductor:
        trials = [psutil.Process(int(pid)) for pid in conductor.stdout.readline().split()]
        assert rest(trials)
        conductor.kill()
        _, alive = psutil.wait_procs(trials, timeout=LIMIT_S)
    assert trials
    assert alive == []
