"""`zoo doctor` says what is wrong, what it costs, and what to do."""

import json
from pathlib import Path
from typing import Any

import pytest

from zoo_core.cli.doctor import as_text
from zoo_core.plugins import Entry, find_entries
from zoo_core.runtime import examination
from zoo_core.runtime.examination import Examination, PrecisionState, RankLayout, rank_layouts
from zoo_core.runtime.libraries import Library
from zoo_core.runtime.machine import Machine

MACHINE = Machine("A CPU", ("avx2", "avx512_vnni"), 2, 1, 8 * 2**30, {"OMP_NUM_THREADS": "1"})
WORKING = (Library("TensorFlow", "2.21.0"), Library("Horovod", "0.28.1"))
WITHOUT_HOROVOD = (WORKING[0], Library("Horovod", None, "is not installed", "run 'make setup'", needed=False))
BROKEN_HOROVOD = (WORKING[0], Library("Horovod", "0.28.1", "cannot be imported: no symbol", "build it anew"))


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch, site: Any) -> Any:
    """A machine and libraries as told, and no plugins but those of the site."""

    def set_up(libraries: tuple[Library, ...]) -> None:
        monkeypatch.setattr(examination, "describe_machine", lambda: MACHINE)
        monkeypatch.setattr(examination, "examine_libraries", lambda: libraries)
        monkeypatch.setattr(examination, "host_name_trap", lambda: None)
        monkeypatch.setattr(
            "zoo_core.cli.doctor.found_entries",
            lambda: tuple(e for e in find_entries() if e.distribution.startswith("lab-")),
        )

    set_up(WORKING)
    return set_up


def test_where_all_is_well_nothing_is_to_mend_and_the_exit_code_is_0(zoo: Any, site: Any, here: Any) -> None:
    site.install_topology("lab-net", "tiny")
    answer = zoo("doctor")
    assert answer.code == 0
    assert answer.out.endswith("To mend\n  nothing\n")
    assert "looking at topology tiny" in answer.err


def test_an_unhealthy_plugin_is_to_mend_and_the_exit_code_is_1(zoo: Any, site: Any, here: Any) -> None:
    site.install_topology("lab-net", "tiny")
    site.install_topology("lab-broken", "broken", "import no_such_library")
    site.install("lab-next", {"zoo.tasks.v2:next": "lab_next:plugin"})
    answer = zoo("doctor")
    mend = answer.out.partition("To mend\n")[2]
    assert answer.code == 1
    assert "Topology 'broken' of lab-broken 1.0 does not load" in mend
    assert "Task 'next' of lab-next 1.0 is written for contract v2" in mend
    assert "tiny" not in mend


def test_the_verdict_is_shown_by_the_next_list(zoo: Any, site: Any, here: Any) -> None:
    site.install_topology("lab-net", "tiny")
    site.install_topology("lab-broken", "broken", "import no_such_library")
    zoo("doctor")
    health = {record["name"]: record["health"] for record in json.loads(zoo("list", "--json").out)}
    assert (health["tiny"], health["broken"]) == ("ok", "unhealthy")


def test_what_was_unhealthy_is_tried_again(zoo: Any, site: Any, here: Any) -> None:
    site.install_topology("lab-net", "tiny", "import no_such_library")
    assert zoo("doctor").code == 1
    site.install_topology("lab-net", "tiny")
    assert zoo("doctor").code == 0


def test_without_horovod_one_rank_still_works_and_the_exit_code_is_0(zoo: Any, here: Any) -> None:
    here(WITHOUT_HOROVOD)
    answer = zoo("doctor")
    assert answer.code == 0
    assert "Good to know\n  -  Horovod is not installed: run 'make setup'\n" in answer.out


def test_a_horovod_that_does_not_work_is_to_mend(zoo: Any, here: Any) -> None:
    here(BROKEN_HOROVOD)
    answer = zoo("doctor")
    assert answer.code == 1
    assert "To mend\n  -  Horovod cannot be imported: no symbol: build it anew\n" in answer.out


def test_all_of_it_is_there_for_programs(zoo: Any, site: Any, here: Any) -> None:
    site.install_topology("lab-net", "tiny")
    found = json.loads(zoo("doctor", "--json").out)
    assert found["machine"]["cpu_model"] == "A CPU"
    assert found["libraries"][0]["version"] == "2.21.0"
    assert [plugin["health"] for plugin in found["plugins"]] == ["ok"]
    assert found["problems"] == found["notes"] == []


def test_a_memory_that_cannot_be_written_is_a_warning_only(
    zoo: Any, site: Any, here: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    answer = zoo("doctor")
    assert answer.code == 0
    assert "zoo: warning: The verdicts on plugins cannot be remembered" in answer.err


def test_the_cores_and_threads_of_each_rank_are_shown(zoo: Any, here: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(examination.os, "sched_getaffinity", lambda pid: {0, 1, 2, 3, 5, 7})
    assert rank_layouts([4, 6]) == (RankLayout(1, ((4, 6),)), RankLayout(2, ((4,), (6,))))
    lines = [" ".join(line.split()) for line in zoo("doctor").out.splitlines()]
    assert [line for line in lines if line.startswith("-np")] == [
        "-np 1 cores 0,1,2,3,5,7 (6 threads)",
        "-np 2 cores 0-2 (3 threads) | 3,5,7 (3 threads)",
        "-np 4 cores 0,1 (2 threads) | 2,3 (2 threads) | 5 (1 thread) | 7 (1 thread)",
    ]


def test_the_machine_is_described_with_what_it_has_and_lacks() -> None:
    entry = Entry("precision", "half", "lab", "1.0", "v1", "lab:plugin", "ok", None, "Half.")
    states = (
        PrecisionState("half", None, (), ("avx512_bf16", "amx_bf16")),
        PrecisionState("tiny", "needs a library"),
        PrecisionState("eighth", None, ("avx512_vnni",)),
        PrecisionState("whole", None),
    )
    lines = as_text(Examination(MACHINE, WORKING, states, (entry,), (), ())).splitlines()
    text = "\n".join(" ".join(line.split()) for line in lines)
    for said in (
        "CPU A CPU",
        "instructions avx2 avx512_vnni",
        "cores 2 usable, 1 physical",
        "limits: OMP_NUM_THREADS=1",
        "memory 8.0 GiB",
        "TensorFlow 2.21.0 works",
        "half works, slower than with avx512_bf16 or amx_bf16",
        "tiny unavailable: needs a library",
        "eighth works, fast with avx512_vnni",
        "whole works",
    ):
        assert said in text
    assert "amx_tile" in next(line for line in lines if line.strip().startswith("not there"))
