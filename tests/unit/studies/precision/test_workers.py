"""A process a precision: started when it is asked, its mistakes are a user's, and none outlives the study."""

import sys

import psutil
import pytest

from zoo_core.contract import DataError, MachineError
from zoo_core.studies.precision.job import Job
from zoo_core.studies.precision.workers import Workers

STAND_IN = """
import json, sys
for line in sys.stdin:
    command = json.loads(line)
    if command["do"] == "die":
        print("Killed by nobody", file=sys.stderr)
        sys.exit(1)
    for n in command.get("steps", ()):
        print(json.dumps({"done": n}), flush=True)
    mistake = {"mistake": "no such file"}
    print(json.dumps(mistake if command["do"] == "err" else {"values": json.loads(sys.argv[1])}), flush=True)
"""


@pytest.fixture
def children():
    """Processes that this test has started: others may have left one, such as the tracker of multiprocessing."""
    before = psutil.Process().children()
    return lambda: [child for child in psutil.Process().children() if child not in before]


def job(name):
    return Job("run", name, "network", "test", 4, 16, 3)


@pytest.fixture
def workers():
    with Workers([job("float32"), job("int8")], [sys.executable, "-c", STAND_IN]) as made:
        yield made


def test_a_process_is_started_when_it_is_first_asked_and_knows_its_job(workers, children):
    assert children() == []
    assert workers.ask("int8", {"do": "time"})["precision"] == "int8"
    workers.ask("int8", {"do": "time"})
    assert len(children()) == 1


def test_what_is_done_is_told(workers):
    done = []
    workers.ask("float32", {"do": "predict", "steps": [4, 4, 1]}, done.append)
    assert done == [4, 4, 1]


def test_a_mistake_is_one_line_that_names_the_precision(workers):
    with pytest.raises(DataError, match=r"^int8: no such file$"):
        workers.ask("int8", {"do": "err"})


def test_a_death_is_told_with_its_last_words(workers):
    with pytest.raises(MachineError, match=r"'int8' needs to die .* it died \(Killed by nobody\)"):
        workers.ask("int8", {"do": "die"})


def test_no_process_outlives_the_study(children):
    with Workers([job("float32")], [sys.executable, "-c", STAND_IN]) as workers:
        workers.ask("float32", {"do": "time"})
        (child,) = children()
    assert not child.is_running()


def test_a_job_is_read_as_it_was_written():
    assert Job.from_json(job("int8").to_json()) == job("int8")
