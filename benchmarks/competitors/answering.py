"""A measured process: each line of standard input is a number of steps, and is answered by one line of JSON."""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

N_WARM_UP = 3
"""Steps before the first measurement: compilation, and memory that the allocator gets from the system once."""


def answer(step: Callable[[], float], n_parameters: int, version: str) -> None:
    """Warm up, say so, and answer until standard input ends.

    Args:
        step: trains once and returns the loss.
        n_parameters: that it trains.
        version: of the library.
    """
    for _ in range(N_WARM_UP):
        step()
    _say({"n_parameters": n_parameters, "version": version})
    for line in sys.stdin:
        seconds, processor = [], []
        for _ in range(int(line)):
            start, worked = time.perf_counter(), time.process_time()
            loss = step()
            seconds.append(time.perf_counter() - start)
            processor.append(time.process_time() - worked)
        record = {"seconds": seconds, "processor_seconds": processor, "loss": loss}
        _say({**record, "peak_memory_mb": peak_memory_mb()})


def peak_memory_mb() -> float:
    """The most memory that this process ever held, as the kernel counts it."""
    with Path("/proc/self/status").open(encoding="ascii") as file:
        return next(float(line.split()[1]) / 1024 for line in file if line.startswith("VmHWM"))


def _say(record: dict[str, object]) -> None:
    print(json.dumps(record), flush=True)  # noqa: T201 - what the other process reads
