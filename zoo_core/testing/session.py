"""The process that `zoo check` starts: runs the checks of an installed plugin by pytest, and tells each verdict.

`python -m zoo_core.testing.session FILE DESCRIPTOR`: FILE holds, in JSON, the plugin, a folder of its own, and the
checks that were done before; to DESCRIPTOR a line of JSON is written for each thing that happens.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any, TextIO

import pytest

from zoo_core.contract import Rank, ZooError
from zoo_core.testing import installed
from zoo_core.testing.promises import one_line, said

OK, FAILED, SKIPPED = "ok", "failed", "skipped"
"""Verdicts."""


class Reporter:
    """Pytest's plugin: gives the checks their subject, leaves out those that were done, and tells what happens.

    Args:
        subject: what is checked.
        done: names of the checks that were done before.
        lines: where to tell it.
    """

    def __init__(self, subject: Any, done: frozenset[str], lines: TextIO) -> None:
        self._subject = subject
        self._done = done
        self._lines = lines

    @pytest.fixture(scope="session")
    def subject(self) -> Any:
        """What is checked."""
        return self._subject

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Leave out what was done."""
        items[:] = [item for item in items if item.name not in self._done]
        self.tell(event="collected", names=[item.name for item in items])

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """A check begins."""
        self.tell(event="begun", name=_name(nodeid))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """A check is done, or what it needs cannot be made, or cannot be put away."""
        if report.when == "call" or not report.passed:
            verdict = {"passed": OK, "failed": FAILED, "skipped": SKIPPED}[report.outcome]
            self.tell(event="verdict", name=_name(report.nodeid), verdict=verdict, reason=_reason(report))

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Nothing can be collected."""
        if report.failed:
            self.tell(event="broken", reason=one_line(report.longreprtext))

    def tell(self, **event: Any) -> None:
        """Write a line."""
        self._lines.write(json.dumps(event) + "\n")
        self._lines.flush()


def run(order: dict[str, Any], lines: TextIO) -> None:
    """Make the plugin's object, and run its checks.

    Args:
        order: `plugin`, `folder` and `done`.
        lines: where to tell what happens.
    """
    one, folder = installed.installed_of(order["plugin"]), Path(order["folder"])
    teller = Reporter(None, frozenset(), lines)
    if one.kind != "dataset":
        from zoo_core.runtime.process import prepare_process

        prepare_process(Rank())
    try:
        subject = one.make()
    except ZooError as error:
        teller.tell(event="mistake", reason=one_line(str(error)))
        return
    except Exception as error:  # noqa: BLE001 - a stranger's plugin may raise anything
        teller.tell(event="broken", reason=f"it cannot be made: {said(error)}")
        return
    (folder / "pytest.ini").write_text("[pytest]\n")
    arguments = ["-c", str(folder / "pytest.ini"), "--rootdir", str(folder), "--basetemp", str(folder / "temporary")]
    arguments += ["-p", "no:cacheprovider", "--noconftest", "--import-mode=importlib"]
    checks = f"{installed.__file__}::{installed.CLASSES[one.kind].__name__}"
    pytest.main([*arguments, checks], plugins=[Reporter(subject, frozenset(order["done"]), lines)])


def _name(nodeid: str) -> str:
    return nodeid.rpartition("::")[2]


def _reason(report: pytest.TestReport) -> str | None:
    if report.passed:
        return None
    if isinstance(report.longrepr, tuple):  # of a skip: file, line and reason
        return one_line(report.longrepr[2].removeprefix("Skipped: "))
    crash = getattr(report.longrepr, "reprcrash", None)
    return one_line(crash.message if crash else report.longreprtext).removeprefix("Failed: ")


if __name__ == "__main__":
    _, _file, _descriptor = sys.argv
    with os.fdopen(int(_descriptor), "w") as _lines:
        run(json.loads(Path(_file).read_bytes()), _lines)
