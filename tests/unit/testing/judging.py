"""Runs checks of the kit on sound objects and on liars, by a pytest within this one."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from zoo_core.testing.checks import Checks, laws_of

SOUND = "sound"
"""Name of what breaks no law."""

MODULE = """
import pytest
from {module} import {checks}

class TestThem({checks}):
    @pytest.fixture(scope="class")
    @classmethod
    def {fixture}(cls, subject):
        return subject()
"""


@dataclass(frozen=True)
class Liar:
    """One that breaks a law.

    Attributes:
        law: the check that catches it.
        words: part of what that check says of it.
        make: gives it.
    """

    law: str
    words: str
    make: Callable[[], Any]


@dataclass(frozen=True)
class Judged:
    """What became of the checks: outcome and reason by (law, number of the liar, or `SOUND`)."""

    outcomes: Mapping[tuple[str, str], tuple[str, str]]


def judged(checks: type[Checks], fixture: str, sound: Callable[[], Any], liars: Iterable[Liar], folder: Path) -> Judged:
    """Run every check on the sound one, and on each liar the one that is to catch it."""
    numbered = {str(i): liar for i, liar in enumerate(liars)}
    makers = {SOUND: sound, **{number: liar.make for number, liar in numbered.items()}}
    wanted = {(law, SOUND) for law in laws_of(checks)} | {(liar.law, number) for number, liar in numbered.items()}
    recorder = _recorder(makers, wanted)
    source = MODULE.format(module=checks.__module__, checks=checks.__name__, fixture=fixture)
    module = folder / f"test_{fixture}.py"  # a name of its own: pytest keeps modules by their names
    module.write_text(source)
    (folder / "pytest.ini").write_text("[pytest]\n")
    arguments = ["-c", str(folder / "pytest.ini"), "--rootdir", str(folder), "--basetemp", str(folder / "temporary")]
    arguments += ["-p", "no:cacheprovider", "-p", "no:hypothesispytest", "--noconftest", "--import-mode=importlib"]
    pytest.main([*arguments, "-q", str(module)], plugins=[recorder])
    return Judged(recorder.outcomes)


def _recorder(makers: Mapping[str, Callable[[], Any]], wanted: set[tuple[str, str]]) -> Any:
    class Recorder:
        def __init__(self) -> None:
            self.outcomes: dict[tuple[str, str], tuple[str, str]] = {}

        @pytest.fixture(scope="class", params=list(makers.values()), ids=list(makers))
        def subject(self, request: pytest.FixtureRequest) -> Any:
            return request.param

        def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
            items[:] = [item for item in items if _key(item.name) in wanted]

        def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
            if report.when == "call" or not report.passed:
                key = _key(report.nodeid.rpartition("::")[2])
                self.outcomes[key] = (report.outcome, report.longreprtext)

    return Recorder()


def _key(name: str) -> tuple[str, str]:
    law, _, number = name.rstrip("]").partition("[")
    return law, number
