import dataclasses
import json

import pytest

from zoo_core.contract import DataError, OutputError
from zoo_core.runtime.tuning import records as module
from zoo_core.runtime.tuning.candidates import Candidate
from zoo_core.runtime.tuning.records import recall_records, remember_records, without


def test_a_record_comes_back_as_it_was(record):
    remember_records([record])
    assert recall_records() == [record]


def test_where_nothing_was_tuned_there_are_no_records():
    assert recall_records() == []


def test_a_user_without_a_home_has_none(monkeypatch):
    def no_home():
        raise RuntimeError("no home")

    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setattr("pathlib.Path.home", no_home)
    assert recall_records() == []


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"{",
        b"\xff",
        b'{"schema_version": 2, "records": []}',
        b'{"schema_version": 1}',
        b'{"schema_version": 1, "records": [{}]}',
    ],
)
def test_a_damaged_or_foreign_file_is_one_line(memory, content):
    memory.mkdir()
    (memory / "tuned.json").write_bytes(content)
    with pytest.raises(DataError, match=r"tuned\.json.*tune again, or remove it") as caught:
        recall_records()
    assert "\n" not in str(caught.value)


def test_a_record_with_one_wrong_value_is_damage(memory, record):
    remember_records([record])
    content = json.loads((memory / "tuned.json").read_text())
    content["records"][0]["candidate"]["n_ranks"] = "many"
    (memory / "tuned.json").write_text(json.dumps(content))
    with pytest.raises(DataError, match="values that no record has"):
        recall_records()


def test_a_place_that_cannot_be_written_is_named_and_nothing_is_half_written(memory, record):
    memory.write_text("a file where the folder should be")
    with pytest.raises(OutputError, match=r"tuned\.json"):
        remember_records([record])
    assert memory.read_text() == "a file where the folder should be"


def test_a_new_record_takes_the_place_of_the_subjects_own_of_any_version_and_of_no_others(record):
    subject = record.subject
    old = dataclasses.replace(record, subject=dataclasses.replace(subject, versions={"keras": "1"}))
    elsewhere = dataclasses.replace(record, subject=dataclasses.replace(subject, machine={"cpu_model": "B"}))
    other = dataclasses.replace(record, subject=dataclasses.replace(subject, model={**subject.model, "arrays": []}))
    assert without([old, elsewhere, record, other], subject) == [elsewhere, other]


def test_a_record_says_what_it_is_of_and_what_it_found(record):
    assert record.name == "chexnet, resnet50, 16x16x3"
    assert record.describe() == "2 ranks x 1 thread, float32, predicting in 2 streams"
    one = dataclasses.replace(record, candidate=Candidate(1, 3, "float32"), n_streams=1)
    assert one.describe() == "1 rank x 3 threads, float32, predicting in 1 stream"


@pytest.mark.parametrize(
    "change", [{"n_usable_cores": 99}, {"cpu_model": "B"}, {"flags": ("amx_tile",)}, {"memory_bytes": 2**50}]
)
def test_a_record_is_of_one_machine(here, record, change):
    assert record.subject.is_here(here)
    assert not record.subject.is_here(dataclasses.replace(here, **change))


def test_a_record_is_of_the_versions_it_was_made_with(here, record, monkeypatch):
    monkeypatch.setattr(module, "_version", lambda distribution: "another")
    assert not record.subject.is_here(here)
