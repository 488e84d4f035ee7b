"""A terminal that is closed while a run works: nobody reads it any more, and what is written to it must end nothing."""

import errno
import os
import stat
from typing import Any, TextIO

STANDARD_OUTPUT, STANDARD_ERROR = 1, 2


class Screen:
    """Standard error that can be written to whatever becomes of its terminal.

    Args:
        stream: what is written to.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write, or let go of a terminal that was closed."""
        try:
            return self._stream.write(text)
        except OSError as error:
            let_go_if_closed(error)
            return len(text)

    def flush(self) -> None:
        """Flush, or let go of a terminal that was closed."""
        try:
            self._stream.flush()
        except OSError as error:
            let_go_if_closed(error)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def write_error(text: bytes) -> None:
    """Write to standard error at once, past all buffers, or let go of a terminal that was closed."""
    try:
        os.write(STANDARD_ERROR, text)
    except OSError as error:
        let_go_if_closed(error)


def let_go_if_closed(error: OSError) -> None:
    """Send what goes to a closed terminal nowhere from now on, whoever of this process writes it.

    Raises:
        OSError: `error` is something else.
    """
    terminal = os.fstat(STANDARD_ERROR)
    if error.errno != errno.EIO or not stat.S_ISCHR(terminal.st_mode):
        raise error
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for number in (STANDARD_OUTPUT, STANDARD_ERROR):
        if os.path.samestat(os.fstat(number), terminal):
            os.dup2(nowhere, number)
    os.close(nowhere)
