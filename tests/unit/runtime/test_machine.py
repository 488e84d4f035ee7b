"""The machine is described without naming it."""

import json
import os
import socket
from dataclasses import asdict

import pytest

from zoo_core.runtime import machine as machine_module
from zoo_core.runtime.machine import FLAGS, THREAD_VARIABLES, describe_machine


def test_the_description_can_be_written_down_and_names_no_host() -> None:
    text = json.dumps(asdict(describe_machine()))
    assert socket.gethostname() not in text.split('"')


def test_cores_and_memory_are_those_of_this_machine() -> None:
    machine = describe_machine()
    assert machine.n_usable_cores == len(os.sched_getaffinity(0))
    assert machine.n_physical_cores is None or machine.n_physical_cores >= 1
    assert machine.memory_bytes == os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def test_cores_are_counted_anew_when_this_process_is_bound_to_fewer() -> None:
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cores)})
    try:
        assert describe_machine().n_usable_cores == 1
    finally:
        os.sched_setaffinity(0, cores)


def test_flags_are_in_the_order_of_the_table_and_those_of_the_operating_system() -> None:
    try:
        with open("/proc/cpuinfo") as file:  # noqa: PTH123 - a kernel's file
            present = next(set(line.split()) for line in file if line.startswith("flags"))
    except (OSError, StopIteration):
        pytest.skip("needs /proc/cpuinfo with flags")
    assert describe_machine().flags == tuple(flag for flag in FLAGS if flag in present)


def test_limits_of_threads_are_those_that_are_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in THREAD_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    assert describe_machine().thread_limits == {}
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    assert describe_machine().thread_limits == {"OMP_NUM_THREADS": "3"}


FIRST = "processor\t: 0\nmodel name\t: A CPU @ 2: 3 GHz\nflags\t\t: sse avx512_bf16 amx_tile\n"
TABLE = f"{FIRST}\nprocessor\t: 1\nflags\t: avx2\n"


@pytest.fixture
def table(tmp_path, monkeypatch):
    path = tmp_path / "cpuinfo"
    monkeypatch.setattr(machine_module, "CPU_TABLE", path)
    machine_module._cpu.cache_clear()
    yield path
    machine_module._cpu.cache_clear()


def test_the_kernels_table_names_the_cpu_and_its_instructions(table):
    table.write_text(TABLE)
    machine = describe_machine()
    assert machine.cpu_model == "A CPU @ 2: 3 GHz"
    assert machine.flags == ("avx512_bf16", "amx_tile")


@pytest.mark.parametrize("text", [None, "", "Features\t: asimd\n"])
def test_where_the_kernel_says_it_otherwise_the_library_is_asked(table, monkeypatch, text):
    if text is not None:
        table.write_text(text)
    monkeypatch.setattr("cpuinfo.get_cpu_info", lambda: {"brand_raw": "Other", "flags": ["avx2", "sse"]})
    machine = describe_machine()
    assert (machine.cpu_model, machine.flags) == ("Other", ("avx2",))
