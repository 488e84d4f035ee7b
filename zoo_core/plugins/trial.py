"""Tries one plugin in a process of its own, with a time limit."""

import json
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from zoo_core.plugins.entries import Entry
from zoo_core.plugins.verdicts import Verdict, verdict_of

TIME_LIMIT_S = 60.0
"""Importing TensorFlow takes 4 s on two quiet cores; a loaded machine and a cold disk need several times that."""


def try_plugin(entry: Entry, time_limit_s: float = TIME_LIMIT_S) -> Verdict:
    """Load a plugin and make its object from the default configuration, where it can do no harm.

    A configuration that needs a setting first (a `ZooError` other than `PluginError`) is no fault.

    Args:
        entry: a plugin of this contract version.
        time_limit_s: what takes longer hangs.
    """
    with tempfile.TemporaryDirectory(prefix="zoo-trial-") as folder:
        answer, errors = Path(folder) / "verdict.json", Path(folder) / "stderr"
        # -P: a file of the user's current folder must not stand in for a module.
        command = [sys.executable, "-P", "-m", "zoo_core.plugins.judge", entry.kind, entry.name, str(answer)]
        code = _run(command, errors, time_limit_s)
        if code is None:
            return Verdict("unhealthy", f"{entry.title} hangs: it does not load within {time_limit_s:g} s")
        try:
            return verdict_of(json.loads(answer.read_bytes()))
        except (OSError, ValueError):
            return Verdict("unhealthy", f"{entry.title} {_last_words(code, errors)}")


def _run(command: list[str], errors: Path, time_limit_s: float) -> int | None:
    """The exit code, or None where the time is up; what it has started itself ends with it."""
    with errors.open("wb") as stderr:
        process = subprocess.Popen(  # noqa: S603 - this interpreter and this module
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=stderr, start_new_session=True
        )
    try:
        return process.wait(time_limit_s)
    except subprocess.TimeoutExpired:
        return None
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _last_words(code: int, errors: Path) -> str:
    lines = errors.read_text(errors="replace").strip().splitlines()
    how = f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
    said = f": {lines[-1].strip()}" if lines else ""
    return f"ended the process that tried it with {how}{said}"
