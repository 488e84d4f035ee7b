"""Runs the checks of an installed plugin in processes of their own, each check within a time limit."""

import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zoo_core.contract import ConfigError
from zoo_core.testing.installed import Installed
from zoo_core.testing.session import FAILED

NOT_RUN = "not run"
MAKING = "making it"
"""What is under way before the first check."""

TIME_LIMIT_S = 120.0
"""Of a check: the longest of ours, a large network that is saved and loaded, takes 10 s on two quiet cores."""

MOST_ENDED = 2
"""Processes that may hang or end in the middle of a check; the checks that are left then are not run."""


@dataclass(frozen=True)
class Verdict:
    """What became of a check.

    Attributes:
        name: of the check.
        verdict: "ok", "failed", "skipped" or "not run".
        reason: why it is not ok.
        seconds: that it took.
    """

    name: str
    verdict: str
    reason: str | None = None
    seconds: float = 0.0


def run_checks(plugin: Installed, time_limit_s: float = TIME_LIMIT_S) -> Iterator[Verdict]:
    """Run the checks of a plugin, and give each verdict as it comes.

    A check that hangs, or that ends its process, has failed; the others are run in another process.

    Args:
        plugin: that is checked.
        time_limit_s: of each check, and of making what is checked.
    Raises:
        ConfigError: the settings make no object of the plugin.
    """
    done: set[str] = set()
    for _ in range(MOST_ENDED):
        with tempfile.TemporaryDirectory(prefix="zoo-check-") as folder:
            session = _Session(plugin, frozenset(done), Path(folder))
            try:
                for verdict in session.verdicts(time_limit_s):
                    done.add(verdict.name)
                    yield verdict
            finally:
                session.end()
        if not session.left or session.under_way == MAKING:
            return
    yield from (Verdict(name, NOT_RUN, f"{MOST_ENDED} checks have ended their process") for name in session.left)


class _Session:
    """A process that runs checks."""

    def __init__(self, plugin: Installed, done: frozenset[str], folder: Path) -> None:
        self.left: list[str] = []
        self.under_way = MAKING
        self._begun = time.monotonic()
        self._log = folder / "log"
        order = {"plugin": plugin.as_json(), "done": sorted(done), "folder": str(folder)}
        (folder / "order.json").write_text(json.dumps(order))
        self._events, theirs = os.pipe()
        # -P: a file of the user's current folder must not stand in for a module.
        command = [sys.executable, "-P", "-m", "zoo_core.testing.session", str(folder / "order.json"), str(theirs)]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(  # noqa: S603 - this interpreter and our own module
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=[theirs],
                env=_environment(),
                start_new_session=True,
            )
        os.close(theirs)

    def verdicts(self, time_limit_s: float) -> Iterator[Verdict]:
        """As they come; the last is of what hung, or ended the process."""
        for event in self._read(time_limit_s):
            match event["event"]:
                case "mistake":
                    raise ConfigError(event["reason"])
                case "broken":
                    yield Verdict(MAKING, FAILED, event["reason"])
                    return
                case "collected":
                    self.left = event["names"]
                    if not self.left:
                        yield Verdict("collecting checks", FAILED, "no check was collected")
                        return
                case "begun":
                    self.under_way, self._begun = event["name"], time.monotonic()
                case "verdict":
                    yield self._done(event)
        if self.left or self.under_way == MAKING:
            yield self._done({"verdict": FAILED, "reason": self._why_ended(time_limit_s)})

    def end(self) -> None:
        """End what is still at work, and what it has started."""
        os.close(self._events)
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def _done(self, event: dict[str, Any]) -> Verdict:
        name = self.under_way
        if name in self.left:
            self.left.remove(name)
        return Verdict(name, event["verdict"], event["reason"], round(time.monotonic() - self._begun, 2))

    def _read(self, time_limit_s: float) -> Iterator[dict[str, Any]]:
        """Events, until the process ends or the time is up."""
        rest = b""
        while True:
            rest_s = self._begun + time_limit_s - time.monotonic()
            ready, _, _ = select.select([self._events], [], [], max(0.0, rest_s))
            chunk = os.read(self._events, 65536) if ready else b""
            if not chunk:
                return
            *lines, rest = (rest + chunk).split(b"\n")
            yield from map(json.loads, lines)

    def _why_ended(self, time_limit_s: float) -> str:
        try:
            code = self._process.wait(1)
        except subprocess.TimeoutExpired:
            return f"it hangs: not done within {time_limit_s:g} s"
        how = f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
        words = self._log.read_text(errors="replace").strip().splitlines()
        return f"it ended its process with {how}" + (f": {words[-1].strip()}" if words else "")


def _environment() -> dict[str, str]:
    """Without what a user has set for pytest: plugins of others would run the checks otherwise."""
    kept = {name: value for name, value in os.environ.items() if name not in ("PYTEST_ADDOPTS", "PYTEST_PLUGINS")}
    return {**kept, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
