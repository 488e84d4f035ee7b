"""The steps of a set-up: each is a command that is shown while it runs, logged, and explained where it fails."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

_REWRITE_EVERY_S = 0.5
_SAY_EVERY_S = 30.0
"""How often a step says that it is still running where the line cannot be rewritten."""

_GRACE_S = 5.0
"""Ctrl-C reaches a command too, which may have things to clear away."""

_N_LAST_LINES = 10
_N_FIRST_ERRORS = 3
_ERROR = re.compile(r"\b(fatal )?error\b[:! ]", re.IGNORECASE)
_PERCENT = re.compile(rb"\[ *(\d+)%\]")
"""CMake's makefiles print `[ 45%] Building ...`."""


class SetupError(Exception):
    """What stops the set-up; the first line says what is wrong and what to do."""


class Steps:
    """Runs commands one after the other, writing their output to one log.

    Attributes:
        log: the file that holds what the commands print.
    """

    def __init__(self, log: Path, screen: TextIO = sys.stderr) -> None:
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_bytes(b"")
        self.log = log
        self._screen = screen

    def run(self, title: str, command: Sequence[str | Path]) -> None:
        """Runs a command to its end.

        Raises:
            SetupError: it fails; holds the last lines that it printed.
        """
        start = time.monotonic()
        with self.log.open("ab") as output:
            output.write(f"\n$ {' '.join(map(str, command))}\n".encode())
            output.flush()
            begin = output.tell()
            process = subprocess.Popen(
                [str(word) for word in command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
            try:
                self._watch(process, title, start, begin)
            finally:
                _end(process)
        if process.returncode:
            raise SetupError(f"{title} failed, exit code {process.returncode}. {self._explain(begin)}")
        self._show(f"  {title}: {time.monotonic() - start:.0f} s", end="\n")

    def _watch(self, process: subprocess.Popen[bytes], title: str, start: float, begin: int) -> None:
        say_every_s = _REWRITE_EVERY_S if self._screen.isatty() else _SAY_EVERY_S
        while True:
            self._show(f"  {title} ...{self._percent(begin)} {time.monotonic() - start:.0f} s")
            try:
                process.wait(timeout=say_every_s)
            except subprocess.TimeoutExpired:
                continue
            return

    def _show(self, line: str, end: str = "") -> None:
        self._screen.write(f"\r{line}\x1b[K{end}" if self._screen.isatty() else f"{line}\n")
        self._screen.flush()

    def _printed(self, begin: int) -> bytes:
        with self.log.open("rb") as log:
            log.seek(begin)
            return log.read()

    def _percent(self, begin: int) -> str:
        found = _PERCENT.findall(self._printed(begin))
        return f" {int(found[-1])} %," if found else ""

    def _explain(self, begin: int) -> str:
        lines = self._printed(begin).decode(errors="replace").splitlines()
        # The first errors are what went wrong; the last lines often tell only that something did.
        errors = [line for line in lines[:-_N_LAST_LINES] if _ERROR.search(line)][:_N_FIRST_ERRORS]
        shown = [*errors, "...", *lines[-_N_LAST_LINES:]] if errors else lines[-_N_LAST_LINES:]
        return "\n".join([f"All that it printed is in {self.log}; here in part:", *(f"  | {line}" for line in shown)])


def _end(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(timeout=_GRACE_S)
    except subprocess.TimeoutExpired:
        process.terminate()
        process.wait()
