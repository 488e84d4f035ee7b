import dataclasses

import pytest

from zoo_core.runtime.config import LaunchConfig
from zoo_core.runtime.settings import configured, given_settings
from zoo_core.runtime.tuning import applying
from zoo_core.runtime.tuning.applying import configure_tuned
from zoo_core.runtime.tuning.candidates import Candidate
from zoo_core.runtime.tuning.records import remember_records


@pytest.fixture(autouse=True)
def horovod_is_there(monkeypatch):
    monkeypatch.setattr(applying.horovod, "unavailable", lambda: None)


def test_what_was_tuned_wins_over_defaults(given, record):
    remember_records([record])
    config, used = configure_tuned(given())
    assert config.launch == LaunchConfig(n_ranks=2, n_threads=1, n_streams=2)
    assert used == record
    as_found = configured(given())
    assert dataclasses.replace(config, launch=as_found.launch, precision=as_found.precision) == as_found
    assert config.precision.name == record.candidate.precision


def test_a_tuned_precision_wins_over_the_default_one(given, record):
    remember_records([dataclasses.replace(record, candidate=Candidate(1, 0, "bfloat16"))])
    assert configure_tuned(given()).config.precision.name == "bfloat16"


@pytest.mark.parametrize(
    "layer",
    [
        {"launch": {"n_ranks": 1}},
        {"launch": {"n_threads": 2}},
        {"launch": {"n_streams": 1}},
        {"precision": {"name": "bfloat16"}},
    ],
)
def test_where_a_user_gives_one_of_them_another_value_nothing_tuned_is_used(given, record, layer):
    remember_records([record])
    assert configure_tuned(given(layer)) == (configured(given(layer)), None)


@pytest.mark.parametrize(
    "layer",
    [
        {"launch": {"n_ranks": 2}},
        {"precision": {"name": "float32"}},
        {"trainer": {"n_epochs": 9}},
        {"data": {"n_patients": 50}},
        {"seed": 3},
    ],
)
def test_what_a_user_gives_besides_leaves_the_record_in_use(given, record, layer):
    remember_records([record])
    assert configure_tuned(given(layer)).record == record


@pytest.mark.parametrize(
    "layer", [{"data": {"size_px": 32}}, {"task": {"image_size_px": 8}}, {"topology": {"name": "vgg16"}}]
)
def test_a_record_is_not_used_for_another_model(given, record, layer):
    remember_records([record])
    assert configure_tuned(given(layer)).record is None


@pytest.mark.parametrize("part", ["machine", "versions"])
def test_a_record_of_another_machine_or_version_is_not_used(given, record, part):
    values = {**getattr(record.subject, part), "cpu_model": "B", "keras": "1"}
    remember_records([dataclasses.replace(record, subject=dataclasses.replace(record.subject, **{part: values}))])
    assert configure_tuned(given()).record is None


def test_ranks_are_not_used_without_horovod(given, record, monkeypatch):
    monkeypatch.setattr(applying.horovod, "unavailable", lambda: "Horovod is not installed")
    remember_records([record])
    assert configure_tuned(given()) == (configured(given()), None)


def test_more_ranks_than_examples_in_a_batch_are_not_used(given, record):
    remember_records([record])
    assert configure_tuned(given({"trainer": {"global_batch_size": 1}})).config.launch.n_ranks == 1


def test_a_precision_that_is_no_longer_installed_is_not_used(given, record):
    remember_records([dataclasses.replace(record, candidate=Candidate(2, 1, "gone"))])
    assert configure_tuned(given()) == (configured(given()), None)


def test_a_data_set_that_cannot_be_looked_at_is_left_to_the_run(record):
    remember_records([record])
    given = given_settings("chexnet", "default", [{"data": {"name": "packed", "root": "nowhere"}}])
    assert configure_tuned(given).record is None


def test_what_was_tuned_for_several_ranks_is_not_used_by_one_process_that_plays_them(given, record):
    remember_records([record])
    config, used = configure_tuned(given({"launch": {"n_virtual_ranks": 4}}))
    assert used is None
    assert config.launch.n_virtual_ranks == 4
