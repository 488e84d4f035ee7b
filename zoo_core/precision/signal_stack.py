"""A thread's stack for signals, kept while a library works that takes it away.

An OpenVINO core gives the thread that makes it a stack for signals, and frees it when the core ends. Of several cores
that do not end in the reverse order the thread is left with one that is gone: the next signal, Ctrl-C too, is then a
segmentation fault.
"""

import contextlib
import ctypes
from collections.abc import Iterator


class _Stack(ctypes.Structure):
    """`stack_t` of Linux's <signal.h>."""

    _fields_ = (("sp", ctypes.c_void_p), ("flags", ctypes.c_int), ("size", ctypes.c_size_t))


@contextlib.contextmanager
def signal_stack_kept() -> Iterator[None]:
    """Put back, in the end, the stack that this thread has for signals."""
    process = ctypes.CDLL(None)
    before = _Stack()
    process.sigaltstack(None, ctypes.byref(before))
    try:
        yield
    finally:
        process.sigaltstack(ctypes.byref(before), None)
