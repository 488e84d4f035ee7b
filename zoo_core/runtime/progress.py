"""What a person sees while a run works: a bar in a terminal, a line now and then in a log."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Protocol, cast

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from zoo_core.distributed.terminal import Screen

SECONDS_BETWEEN_LINES = 15.0


class Meter(Protocol):
    """Work of known length."""

    def advance(self, n: int = 1, note: str = "") -> None:
        """Say that `n` more are done."""


class Silent:
    """No progress: every rank but the root."""

    @contextmanager
    def meter(self, what: str, total: int, note: str = "") -> Iterator[Meter]:  # noqa: ARG002 - as `Shown.meter`
        """A meter that shows nothing."""
        yield _NoMeter()

    def say(self, line: str) -> None:
        """Nothing."""


class Shown:
    """Progress on standard error."""

    def __init__(self) -> None:
        self._console = Console(file=cast("IO[str]", Screen(sys.stderr)), highlight=False)

    @contextmanager
    def meter(self, what: str, total: int, note: str = "") -> Iterator[Meter]:
        """A meter with rate and time left.

        Args:
            what: what is being done.
            total: how much of it there is.
            note: what is being done before the first of it is.
        """
        if not self._console.is_terminal:
            if note:
                self.say(f"{what}: {note}")
            yield _Lines(self, what, total)
            return
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, TextColumn("{task.fields[note]}"), console=self._console, transient=True) as progress:
            yield _Bar(progress, what, total, note)

    def say(self, line: str) -> None:
        """A line that stays."""
        self._console.print(line, markup=False, soft_wrap=True)


class _NoMeter:
    def advance(self, n: int = 1, note: str = "") -> None:
        """Nothing."""


class _Bar:
    def __init__(self, progress: Progress, what: str, total: int, note: str) -> None:
        self._progress = progress
        self._task = progress.add_task(what, total=total, note=note)

    def advance(self, n: int = 1, note: str = "") -> None:
        self._progress.update(self._task, advance=n, note=note)


class _Lines:
    def __init__(self, shown: Shown, what: str, total: int) -> None:
        self._shown, self._what, self._total = shown, what, total
        self._done = 0
        self._start = self._last = time.monotonic()

    def advance(self, n: int = 1, note: str = "") -> None:
        self._done += n
        now = time.monotonic()
        if now - self._last < SECONDS_BETWEEN_LINES:
            return
        self._last = now
        left_s = (now - self._start) / self._done * max(self._total - self._done, 0)
        self._shown.say(f"{self._what} {self._done}/{self._total}, about {left_s:.0f} s left {note}".rstrip())
