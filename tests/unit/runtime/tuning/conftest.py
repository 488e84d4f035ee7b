"""A subject and records of it."""

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from zoo_core.runtime.machine import Machine, describe_machine
from zoo_core.runtime.settings import given_settings
from zoo_core.runtime.tuning.applying import subject_of_settings
from zoo_core.runtime.tuning.candidates import Candidate
from zoo_core.runtime.tuning.records import Record

TWO_RANKS = Candidate(2, 1, "float32")
SMALL = {"data": {"name": "chest-phantom", "size_px": 16, "n_patients": 40}, "topology": {"name": "resnet50"}}


@pytest.fixture(autouse=True)
def memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a user who has tuned nothing yet."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "zoo"


@pytest.fixture(scope="session")
def here() -> Machine:
    """This machine."""
    return describe_machine()


@pytest.fixture
def given() -> Callable[..., dict[str, Any]]:
    """What a user gives, over a small data set."""
    return lambda *layers: given_settings("chexnet", "default", [SMALL, *layers])


@pytest.fixture
def record(given: Callable[..., dict[str, Any]]) -> Record:
    """Two ranks were the fastest for the small data set on this machine."""
    return Record(subject_of_settings(given()), dt.date(2024, 2, 29), (16, 16, 3), TWO_RANKS, 2, 7.5, 1.25)
