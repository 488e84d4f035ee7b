"""A worker answers line by line, its death is told, and nothing of it is left behind."""

import sys
from pathlib import Path

import psutil
import pytest

from zoo_core.studies.worker import Worker

ECHO = """
import json, sys, tempfile
from zoo_core.studies.worker import Answers
answers = Answers()
print("a library says something")
for line in sys.stdin:
    said = json.loads(line)
    if said.get("keep"):
        said["kept"] = tempfile.mkdtemp()
    if said.get("die"):
        print("no more memory", file=sys.stderr)
        sys.exit(3)
    answers.say(said)
"""


@pytest.fixture
def worker():
    made = Worker([sys.executable, "-c", ECHO])
    yield made
    made.close()


def test_what_is_asked_is_answered_in_its_order_and_what_libraries_print_is_no_answer(worker):
    for i in range(3):
        worker.tell({"i": i})
    assert [worker.answer() for _ in range(3)] == [{"i": i} for i in range(3)]


def test_one_that_has_died_answers_nothing_and_its_last_words_are_known(worker):
    worker.tell({"die": True})
    assert worker.answer() is None
    worker.tell({"i": 1})
    assert worker.answer() is None
    assert worker.last_words() == "no more memory"


def test_one_that_was_killed_has_its_code_for_last_words(worker):
    worker.process.kill()
    assert worker.answer() is None
    assert worker.last_words() == "exit code -9"


def test_closing_leaves_no_process(worker):
    worker.tell({"i": 0})
    assert worker.answer() == {"i": 0}
    number = worker.process.pid
    worker.close()
    assert not psutil.pid_exists(number)


def test_closing_leaves_nothing_of_what_it_was_working_on(worker):
    worker.tell({"keep": True})
    kept = Path(worker.answer()["kept"])
    assert kept.is_dir()
    worker.close()
    assert not kept.parent.exists()
    assert kept.parent.name.startswith("zoo-worker-")
