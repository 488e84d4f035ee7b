"""How much memory this process holds, and the most it held since a moment."""

import re
import resource
from pathlib import Path

import psutil

STATUS, CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")
FORGET_PEAK = "5"
"""Of proc(5), clear_refs: the peak of the resident set becomes what it is now."""


def resident_bytes() -> int:
    """The resident set of this process."""
    return int(psutil.Process().memory_info().rss)


def forget_peak() -> None:
    """Let `peak_bytes` begin anew; where the kernel does not allow it, the peak is that since the process began."""
    try:
        CLEAR.write_text(FORGET_PEAK, encoding="ascii")
    except OSError:
        return


def peak_bytes() -> int:
    """The largest resident set since `forget_peak`."""
    try:
        found = re.search(r"^VmHWM:\s+(\d+) kB", STATUS.read_text(encoding="utf-8"), re.MULTILINE)
    except OSError:
        found = None
    n_kb = int(found[1]) if found else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return 1024 * n_kb
