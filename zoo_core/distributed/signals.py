"""Signals that ask a process to save what it has and to stop."""

import signal
from types import FrameType
from typing import Any, Self

from zoo_core.distributed.terminal import write_error

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""Ctrl-C, a scheduler's preemption, a terminal that is closed."""

NOTICE = "zoo: {name}: saving, then stopping; once more stops at once\n"


class Stopped(BaseException):
    """A signal has ended the work: no error, as KeyboardInterrupt is none, so that what catches errors lets it pass.

    Attributes:
        exit_code: 128 and the signal's number, as shells have it.
    """

    def __init__(self, received: signal.Signals) -> None:
        super().__init__(f"stopped by {received.name}")
        self.exit_code = exit_code_of(received)


class StopRequests:
    """While entered, keeps the first signal that asks this process to stop; a second one, but SIGHUP, stops it at once.

    A signal that is ignored when this is entered (under nohup, or in the background of a script) stays ignored.

    Args:
        tells: whether the first signal is answered on standard error.
    Attributes:
        received: the first signal; None before it.
    """

    def __init__(self, *, tells: bool = False) -> None:
        self.received: signal.Signals | None = None
        self._tells = tells
        self._saved = False
        self._stopping = False
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        heeded = [number for number in STOP_SIGNALS if signal.getsignal(number) != signal.SIG_IGN]
        self._before = {number: signal.signal(number, self._take) for number in heeded}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def all_is_saved(self) -> None:
        """From now on there is nothing to wait for: any signal stops at once, also one that came before.

        Called again, it stops where Python has lost the first stop: what a signal raises within a finalizer is ignored.

        Raises:
            Stopped: one came before.
        """
        self._saved = True
        if self.received:
            self._stopping = True
            raise Stopped(self.received)

    def _take(self, number: int, _frame: FrameType | None) -> None:
        if self._stopping:
            return  # a third one must not interrupt the ending of ranks
        if number == self.received == signal.SIGHUP and not self._saved:
            return  # where a terminal is closed, its shell sends one and the system another: nobody has asked twice
        if self._saved or self.received:
            self._stopping = True
            self.received = self.received or signal.Signals(number)
            raise Stopped(signal.Signals(number))
        self.received = signal.Signals(number)
        if self._tells:
            # Not print: it may be in the middle of a line of its own.
            write_error(NOTICE.format(name=self.received.name).encode())


def exit_code_of(received: signal.Signals) -> int:
    """128 and the signal's number, as shells have it."""
    return 128 + received


def signal_of(exit_code: int) -> signal.Signals | None:
    """The signal by which a process ended as `exit_code_of` says; None where it ended otherwise.

    >>> signal_of(143)
    <Signals.SIGTERM: 15>
    >>> signal_of(1)
    """
    return next((number for number in STOP_SIGNALS if exit_code == exit_code_of(number)), None)
