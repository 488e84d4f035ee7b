"""A limit to how long the import of a plugin may take in this process."""

import contextlib
import faulthandler
import os
import signal
import threading
from collections.abc import Iterator
from typing import Any

from zoo_core.contract import PluginError

GRACE_S = 5.0
"""In which code that was told that its time is up has to come to its end."""

EXIT_CODE = 2
"""Of a process that had to be ended: as of any mistake that a user can mend."""


STANDARD_ERROR = 2


class _TimeIsUp(BaseException):
    """No `Exception`, since a plugin may catch those."""


@contextlib.contextmanager
def end_hang(title: str, limit_s: float) -> Iterator[None]:
    """Let the body take so long at most.

    What hangs in Python, or waits in the operating system, is told so by a signal. What hears no signal within
    `GRACE_S`, such as compiled code that never returns or a body outside the main thread, ends the process with one
    line. Compiled code that holds the interpreter's lock holds every thread of Python's too: then faulthandler ends the
    process after another `GRACE_S`, and shows the import that does not return.

    Args:
        title: of the plugin, for errors.
        limit_s: how long.
    Raises:
        PluginError: time is up.
    """
    said = f"{title} hangs: it does not load within {limit_s:g} s"
    ended = threading.Event()
    is_main = threading.current_thread() is threading.main_thread()

    def tell(*_: Any) -> None:
        if not ended.is_set():
            raise _TimeIsUp

    before = signal.signal(signal.SIGALRM, tell) if is_main else None
    watch = threading.Thread(target=_watch, args=(said, limit_s, ended, is_main), name="zoo-watches", daemon=True)
    watch.start()
    faulthandler.dump_traceback_later(limit_s + 2 * GRACE_S, exit=True, file=STANDARD_ERROR)
    try:
        try:
            yield
        finally:
            ended.set()
    except _TimeIsUp:
        raise PluginError(said) from None
    finally:
        ended.set()  # once more: the signal may have come in between
        watch.join()
        faulthandler.cancel_dump_traceback_later()
        if is_main:
            signal.signal(signal.SIGALRM, before or signal.SIG_DFL)


def _watch(said: str, limit_s: float, ended: threading.Event, is_main: bool) -> None:
    if ended.wait(limit_s):
        return
    if is_main:
        # No timer of the process: there is one only, and it may be somebody else's.
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGALRM)
        if ended.wait(GRACE_S):
            return
    os.write(STANDARD_ERROR, f"zoo: error: {said}\n".encode())
    os._exit(EXIT_CODE)
