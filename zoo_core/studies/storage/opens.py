"""How often files are opened, whoever opens them and in whatever language: counted from what the kernel reports."""

import ctypes
import os
import select
import struct
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Self

_IN_OPEN, _IN_CLOSE_NOWRITE, _IN_Q_OVERFLOW = 0x20, 0x10, 0x4000
_EVENT = struct.Struct("iIII")
"""inotify_event of inotify(7): watch, mask, cookie, length of the name that follows."""

_BUFFER_BYTES = 2**20
_libc = ctypes.CDLL(None, use_errno=True)
_libc.inotify_add_watch.argtypes = (ctypes.c_int, ctypes.c_char_p, ctypes.c_uint32)


class Opens:
    """While entered, counts how often files are opened, by any process of this machine.

    Args:
        files: that are counted; other files of their folders are not.
    Attributes:
        count: how often; None where the kernel could not watch, or lost some.
    """

    # An audit hook of Python would miss what TensorFlow and tensorstore open, and strace need not be there.

    def __init__(self, files: Sequence[Path]) -> None:
        self.count: int | None = 0
        self._names = {os.fsencode(path.name) for path in files}
        self._folders = {path.parent for path in files}

    def __enter__(self) -> Self:
        self._inotify = _libc.inotify_init1(os.O_CLOEXEC | os.O_NONBLOCK)
        # Closes are asked for only because the kernel merges equal events that follow each other.
        mask = _IN_OPEN | _IN_CLOSE_NOWRITE
        if self._inotify < 0 or any(
            _libc.inotify_add_watch(self._inotify, os.fsencode(folder), mask) < 0 for folder in self._folders
        ):
            self.count = None
        self._ended, self._end = os.pipe()
        self._thread = threading.Thread(target=self._follow, name="zoo-opens", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._end)
        self._thread.join()
        os.close(self._ended)
        if self._inotify >= 0:
            os.close(self._inotify)

    def _follow(self) -> None:
        waiting = [self._ended, *([self._inotify] if self._inotify >= 0 else [])]
        while self._ended not in select.select(waiting, [], [])[0]:
            self._take()
        if self._inotify >= 0:
            self._take()

    def _take(self) -> None:
        """Count the events that are waiting."""
        while True:
            try:
                events = os.read(self._inotify, _BUFFER_BYTES)
            except BlockingIOError:
                return
            self._count(events)

    def _count(self, events: bytes) -> None:
        at = 0
        while at < len(events):
            _, mask, _, length = _EVENT.unpack_from(events, at)
            name = events[at + _EVENT.size : at + _EVENT.size + length].rstrip(b"\0")
            at += _EVENT.size + length
            if mask & _IN_Q_OVERFLOW:
                self.count = None
            elif mask & _IN_OPEN and name in self._names and self.count is not None:
                self.count += 1
