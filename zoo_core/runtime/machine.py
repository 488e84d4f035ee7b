"""What a machine brings to a run, in a record that names no machine and no person."""

import functools
import os
from collections.abc import Mapping
from dataclasses import dataclass

import cpuinfo
import psutil

FLAGS = (
    "avx2",
    "avx512f",
    "avx_vnni",
    "avx512_vnni",
    "avx512_bf16",
    "avx512_fp16",
    "amx_tile",
    "amx_int8",
    "amx_bf16",
)
"""Instruction sets that decide how fast a precision is, as Linux names them."""

THREAD_VARIABLES = ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")


@dataclass(frozen=True)
class Machine:
    """What decides speed.

    Attributes:
        cpu_model: as the maker names it.
        flags: those of `FLAGS` that this CPU has.
        n_usable_cores: logical cores that this process may use.
        n_physical_cores: of the machine; None where the system does not say.
        memory_bytes: of the machine.
        thread_limits: environment variables that bound the number of threads.
    """

    cpu_model: str
    flags: tuple[str, ...]
    n_usable_cores: int
    n_physical_cores: int | None
    memory_bytes: int
    thread_limits: Mapping[str, str]


def describe_machine() -> Machine:
    """Look at this machine; the first call of a process takes about a second, the time to read the CPU's flags."""
    cpu_model, flags = _cpu()
    return Machine(
        cpu_model=cpu_model,
        flags=flags,
        n_usable_cores=len(os.sched_getaffinity(0)),
        n_physical_cores=psutil.cpu_count(logical=False),
        memory_bytes=psutil.virtual_memory().total,
        thread_limits={name: os.environ[name] for name in THREAD_VARIABLES if name in os.environ},
    )


@functools.cache
def _cpu() -> tuple[str, tuple[str, ...]]:
    info = cpuinfo.get_cpu_info()
    flags = set(info.get("flags", ()))
    return info.get("brand_raw", "unknown"), tuple(flag for flag in FLAGS if flag in flags)
