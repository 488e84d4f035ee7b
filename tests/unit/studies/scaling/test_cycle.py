"""Horovod's cycle: what a run waits for, and what all-reduces are measured without."""

import os

import pytest

from zoo_core.contract import ConfigError, Rank
from zoo_core.distributed.horovod import CYCLE_MS, CYCLE_TIME, cycle_ms
from zoo_core.distributed.single import SingleRank
from zoo_core.studies.scaling import rank
from zoo_core.studies.step_time import StepShape


def test_a_run_has_the_default_cycle_or_the_one_that_is_given(monkeypatch):
    monkeypatch.delenv(CYCLE_TIME, raising=False)
    assert cycle_ms() == CYCLE_MS
    monkeypatch.setenv(CYCLE_TIME, "2.5")
    assert cycle_ms() == 2.5


def test_a_cycle_that_is_no_number_is_named(monkeypatch):
    monkeypatch.setenv(CYCLE_TIME, "often")
    with pytest.raises(ConfigError, match="HOROVOD_CYCLE_TIME needs milliseconds"):
        cycle_ms()


def test_all_reduces_alone_are_measured_with_a_close_cycle_whatever_is_given(monkeypatch):
    seen = []

    def communicator(_):
        seen.append(os.environ[CYCLE_TIME])
        return SingleRank()

    monkeypatch.setenv(CYCLE_TIME, "5")
    monkeypatch.setattr("zoo_core.runtime.process.prepare_process", lambda rank: [])
    monkeypatch.setattr(rank, "_communicator", communicator)
    job = rank.Job("all-reduce", 1, StepShape("vgg16", "", 32, 2))
    assert rank._all_reduces(job, Rank()) == {"seconds": {}}
    assert seen == ["0.1"]
