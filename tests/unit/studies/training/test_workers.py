"""Workers: each job is done once, a death is made good once, mistakes are one line, and nobody is left behind."""

import json
import sys

import psutil
import pytest

from zoo_core.contract import ConfigError, MachineError
from zoo_core.studies.training.workers import Job, Workers

STAND_IN = """
import json, os, pathlib, sys
for line in sys.stdin:
    job = json.loads(line)["settings"]
    mark = pathlib.Path(job["mark"])
    if job["dies"] == "always" or (job["dies"] == "once" and not mark.exists()):
        mark.touch()
        print("out of memory", file=sys.stderr)
        os._exit(3)
    answer = {"mistake": job["mistake"]} if "mistake" in job else {"values": {"worker": int(sys.argv[1])}}
    print(json.dumps(answer), flush=True)
"""


@pytest.fixture
def command(tmp_path):
    path = tmp_path / "stand_in.py"
    path.write_text(STAND_IN)
    return [sys.executable, str(path)]


@pytest.fixture
def job(tmp_path):
    def make(name, dies="never", **more):
        return Job(name, {"dies": dies, "mark": str(tmp_path / f"{name}.died"), **more}, tmp_path / "p.parquet")

    return make


def test_every_job_is_done_once_by_no_more_workers_than_there_are(command, job):
    with Workers(2, command) as workers:
        done = [(one.name, values["worker"]) for one, values in workers.train([job(f"j{i}") for i in range(7)])]
    assert sorted(name for name, _ in done) == [f"j{i}" for i in range(7)]
    assert {worker for _, worker in done} <= {0, 1}


def test_a_job_whose_worker_dies_is_tried_once_more(command, job):
    with Workers(2, command) as workers:
        names = [one.name for one, _ in workers.train([job("a"), job("b", dies="once"), job("c")])]
    assert sorted(names) == ["a", "b", "c"]


def test_a_job_that_kills_two_workers_ends_it_with_what_they_said_and_keeps_what_was_done(command, job):
    done = []
    with (
        Workers(1, command) as workers,
        pytest.raises(MachineError, match=r"b needs .* 2 workers died \(out of memory\)"),
    ):
        done.extend(one.name for one, _ in workers.train([job("a"), job("b", dies="always"), job("c")]))
    assert done == ["a"]


def test_a_mistake_names_its_cell(command, job):
    with Workers(1, command) as workers, pytest.raises(ConfigError, match="a: too small"):
        list(workers.train([job("a", mistake="too small")]))


def test_no_worker_outlives_the_study(command, job):
    # Other tests of this process may have left one, such as multiprocessing's tracker of resources.
    before = psutil.Process().children()
    with Workers(2, command) as workers:
        training = workers.train([job(f"j{i}") for i in range(4)])
        next(training)
        started = [child for child in psutil.Process().children() if child not in before]
        assert started
    assert [one for one in started if one.is_running()] == []


def test_settings_reach_a_worker_as_they_are(tmp_path):
    echo = tmp_path / "echo.py"
    echo.write_text(
        "import json, sys\nfor line in sys.stdin: print(json.dumps({'values': json.loads(line)}), flush=True)"
    )
    settings = {"trainer": {"n_epochs": 2}, "seed": 1}
    with Workers(1, [sys.executable, str(echo)]) as workers:
        ((_, values),) = workers.train([Job("a", settings, tmp_path / "p")])
    assert values == json.loads(json.dumps({"settings": settings, "predictions": str(tmp_path / "p")}))
