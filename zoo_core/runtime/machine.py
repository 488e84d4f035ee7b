"""What a machine brings to a run, in a record that names no machine and no person."""

import functools
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

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

CPU_TABLE = Path("/proc/cpuinfo")

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


def lacking_instructions(instructions: Iterable[str], machine: Machine) -> tuple[str, ...]:
    """Of instructions any one of which is enough, all, where the machine has none of them; else nothing.

    >>> here = Machine("a CPU", ("avx2",), 2, 2, 2**30, {})
    >>> lacking_instructions(["avx512_vnni", "amx_int8"], here), lacking_instructions(["avx2", "avx512f"], here)
    (('avx512_vnni', 'amx_int8'), ())
    """
    wanted = tuple(instructions)
    return () if set(wanted) & set(machine.flags) else wanted


def words_of_lacking(precision: str, lacking: Iterable[str]) -> str:
    """A line that says of a precision which instructions a CPU has none of."""
    return f"precision '{precision}' is slower than it can be on this CPU, which has none of {', '.join(lacking)}"


def describe_machine() -> Machine:
    """Look at this machine."""
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
    model, flags = _cpu_of_linux() or _cpu_by_asking()
    return model, tuple(flag for flag in FLAGS if flag in flags)


def _cpu_of_linux() -> tuple[str, set[str]] | None:
    """What the kernel says of the first core; None where it says it in other words, or there is no such file."""
    try:
        lines = CPU_TABLE.read_text(encoding="utf-8").partition("\n\n")[0].splitlines()
    except OSError:
        return None
    found = {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in lines)}
    return (found["model name"], set(found["flags"].split())) if {"model name", "flags"} <= set(found) else None


def _cpu_by_asking() -> tuple[str, set[str]]:
    # It calls several programs and takes more than a second, which every start of a run would have to wait.
    info = cpuinfo.get_cpu_info()
    return info.get("brand_raw", "unknown"), set(info.get("flags", ()))
