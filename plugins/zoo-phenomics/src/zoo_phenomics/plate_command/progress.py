"""How far a plate is: a bar in a terminal, a line now and then in a log, on standard error."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

SECONDS_BETWEEN_LINES = 15.0

Told = Callable[[str, int, int], None]
"""Told what is being done, how much of it is done, and how much there is."""


@contextmanager
def shown_progress() -> Iterator[Told]:
    """Show progress with the time left, for as long as the block lasts."""
    console = Console(stderr=True, highlight=False)
    if not console.is_terminal:
        yield _Lines(console).tell
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        tasks = {}

        def tell(what: str, n_done: int, n_all: int) -> None:
            if what not in tasks:
                tasks[what] = progress.add_task(what, total=n_all)
            progress.update(tasks[what], completed=n_done, total=n_all)

        yield tell


class _Lines:
    def __init__(self, console: Console) -> None:
        self._console = console
        self._what = ""
        self._n_before = 0
        self._start = self._last = 0.0

    def tell(self, what: str, n_done: int, n_all: int) -> None:
        now = time.monotonic()
        if what != self._what:
            # What an earlier call did took no time of this one.
            self._what, self._n_before = what, n_done
            self._start = self._last = now
        n_now = n_done - self._n_before
        if now - self._last < SECONDS_BETWEEN_LINES or not n_now:
            return
        self._last = now
        left_s = (now - self._start) / n_now * (n_all - n_done)
        self._console.print(f"{what} {n_done}/{n_all}, about {left_s:.0f} s left", markup=False, soft_wrap=True)
