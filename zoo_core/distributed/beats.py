"""What a rank says of itself while it works, so that a rank that hangs is found out and named."""

import statistics
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

N_REMEMBERED = 32
"""Steps whose median tells how long one takes."""


@dataclass(frozen=True)
class Beat:
    """A rank at a moment.

    Attributes:
        event: the last thing it did, in words.
        n_done: grows with each thing it does.
        is_stepping: whether it is in steps that follow each other, which can be seen to hang.
        idle_s: since a step was done.
        step_s: median of the last steps.
        pid: its process.
    """

    event: str
    n_done: int = 0
    is_stepping: bool = False
    idle_s: float = 0.0
    step_s: float = 0.0
    pid: int = 0


class Beats(Protocol):
    """Is told what a rank does."""

    def begins(self, what: str) -> None:
        """Work begins that takes as long as it takes, such as compiling or writing."""
        ...

    def has_batch(self, what: str) -> None:
        """All is there that the next step needs."""
        ...

    def done(self, what: str) -> None:
        """A step is done, and another like it follows, or `begins` is called."""
        ...


class NoBeats:
    """Nobody listens: the run is one process, or has another launcher."""

    def begins(self, what: str) -> None:
        """Nothing."""

    def has_batch(self, what: str) -> None:
        """Nothing."""

    def done(self, what: str) -> None:
        """Nothing."""


NO_BEATS = NoBeats()


class Pulse:
    """Keeps what it is told, for the thread that tells the launcher.

    Args:
        clock: seconds that only grow.
        pid: of this process.
    Attributes:
        changed: set with each thing it is told.
    """

    def __init__(self, pid: int = 0, clock: Callable[[], float] = time.monotonic) -> None:
        self.changed = threading.Event()
        self._pid, self._clock = pid, clock
        self._lock = threading.Lock()
        self._event, self._n_done, self._is_stepping = "started", 0, False
        self._since = clock()
        self._steps: deque[float] = deque(maxlen=N_REMEMBERED)

    def begins(self, what: str) -> None:
        """Work begins that is not watched; what steps took before says nothing of those after it."""
        with self._lock:
            self._steps.clear()
            self._tell(what, is_stepping=False)

    def has_batch(self, what: str) -> None:
        """All is there that the next step needs."""
        with self._lock:
            self._tell(what, is_stepping=self._is_stepping)

    def done(self, what: str) -> None:
        """A step is done; from the first on, the time of the next is watched."""
        with self._lock:
            now = self._clock()
            if self._is_stepping:
                self._steps.append(now - self._since)
            self._since = now
            self._tell(what, is_stepping=True)

    def beat(self) -> Beat:
        """This rank now."""
        with self._lock:
            idle_s = self._clock() - self._since
            step_s = statistics.median(self._steps) if self._steps else 0.0
            return Beat(self._event, self._n_done, self._is_stepping, idle_s, step_s, self._pid)

    def _tell(self, event: str, is_stepping: bool) -> None:
        self._event, self._is_stepping = event, is_stepping
        self._n_done += 1
        self.changed.set()
