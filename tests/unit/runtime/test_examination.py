"""Everything a run needs is looked at, and what is wrong is sorted by what it costs."""

from dataclasses import replace
from typing import Any

import pytest

from zoo_core.plugins import find_entries
from zoo_core.runtime import examination
from zoo_core.runtime.examination import Examination, PrecisionState, examine
from zoo_core.runtime.libraries import Library
from zoo_core.runtime.machine import Machine

MACHINE = Machine("A CPU", ("avx2", "amx_bf16"), 2, 2, 2**30, {})
PRECISION = """
from dataclasses import dataclass
from zoo_core.contract import MachineError, Plugin

@dataclass(frozen=True)
class Config:
    '''Nothing can be set.'''

class Backend:
    instructions = {instructions}
    promise = "Half of it."

    def __init__(self, config):
        {init}

    def unavailable(self):
        return {reason}

    def load(self, folder, use):
        raise NotImplementedError

    def policy(self):
        return "mixed_bfloat16"

plugin = Plugin(config=Config, create=Backend, summary="Half.")
"""


@pytest.fixture(autouse=True)
def machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(examination, "describe_machine", lambda: MACHINE)
    monkeypatch.setattr(examination, "examine_libraries", lambda: (Library("TensorFlow", "2.21.0"),))
    monkeypatch.setattr(examination, "host_name_trap", lambda: None)


def examined(site: Any, instructions: str = "()", reason: str = "None", init: str = "pass") -> Examination:
    source = PRECISION.format(instructions=instructions, reason=reason, init=init)
    site.install("lab", {"zoo.precision.v1:half": "lab_half:plugin"}, lab_half=source)
    return examine([e for e in find_entries() if e.distribution == "lab"], lambda what: None)


def test_a_precision_with_instructions_of_this_cpu_is_fast(site: Any) -> None:
    found = examined(site, instructions="('avx512_bf16', 'amx_bf16')")
    assert found.precisions == (PrecisionState("half", None, ("amx_bf16",), (), "training"),)
    assert found.notes == found.problems == ()


def test_a_precision_without_its_instructions_is_worth_knowing_and_no_problem(site: Any) -> None:
    found = examined(site, instructions="('avx512_vnni', 'amx_int8')")
    assert found.precisions == (PrecisionState("half", None, (), ("avx512_vnni", "amx_int8"), "training"),)
    line = "precision 'half' is slower than it can be on this CPU, which has none of avx512_vnni, amx_int8"
    assert found.notes == (line,)
    assert found.problems == ()


def test_a_precision_that_cannot_be_used_here_says_why_once(site: Any) -> None:
    found = examined(site, instructions="('avx512_vnni',)", reason="'needs a library'")
    assert found.notes == ("precision 'half' is unavailable: needs a library",)
    assert found.problems == ()


def test_a_precision_that_cannot_be_made_here_is_unavailable(site: Any) -> None:
    found = examined(site, init="raise MachineError('needs another CPU')")
    assert found.precisions == (PrecisionState("half", "needs another CPU"),)


def test_a_broken_precision_is_a_problem_and_is_not_loaded_here(site: Any) -> None:
    found = examined(site, init="import os; os.abort()")
    assert found.precisions == ()
    assert "SIGABRT" in found.problems[0]


def test_a_host_name_that_is_a_trap_is_worth_knowing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(examination, "host_name_trap", lambda: "the name of this host leads astray")
    (note,) = examine([], lambda what: None).notes
    assert note.startswith("the name of this host leads astray: runs over several hosts would fail; ")


def test_what_metadata_shows_to_be_unhealthy_is_a_problem_and_is_not_tried(site: Any) -> None:
    site.install_topology("lab", "tiny")
    (entry,) = [e for e in find_entries() if e.distribution == "lab"]
    looked_at: list[str] = []
    found = examine([entry.found_unhealthy("bears a name that is taken")], looked_at.append)
    assert found.problems == ("Topology 'tiny' of lab 1.0 bears a name that is taken",)
    assert "topology tiny" not in looked_at


def test_every_plugin_of_this_repository_is_healthy() -> None:
    ours = [e for e in find_entries() if e.distribution.startswith("zoo-")]
    found = examine(ours, lambda what: None)
    assert len(found.plugins) >= 8
    assert found.problems == ()
    assert [replace(e, summary=None, health="not tried") for e in found.plugins] == ours
