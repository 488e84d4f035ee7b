"""A plugin is tried where it can do no harm: in a process of its own, for a limited time."""

from pathlib import Path
from typing import Any

import psutil
import pytest

from zoo_core.plugins import Verdict, find
from zoo_core.plugins.trial import try_plugin

HANGS = "import threading; threading.Event().wait()"


def tried(site: Any, source: str, time_limit_s: float = 60.0) -> Verdict:
    site.install_topology("lab-net", "tiny", source)
    return try_plugin(find("topology", "tiny"), time_limit_s)


def has_ended(pid: int) -> bool:
    """Whether a process that is not our child is gone soon, or is only waiting for somebody to notice."""
    try:
        process = psutil.Process(pid)
        psutil.wait_procs([process], timeout=1.0)
        return bool(process.status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True


def test_a_sound_plugin_is_ok_and_shows_its_summary(site: Any) -> None:
    assert tried(site, site.sound_topology) == Verdict("ok", None, "A net of one layer.")


def test_what_a_plugin_prints_is_not_taken_for_its_verdict(site: Any) -> None:
    assert tried(site, f"print('{{}}')\n{site.sound_topology}").health == "ok"


def test_a_failing_import_is_unhealthy_with_distribution_and_cause(site: Any) -> None:
    verdict = tried(site, "import no_such_library")
    assert verdict.health == "unhealthy"
    assert "lab-net 1.0" in (verdict.reason or "")
    assert "ModuleNotFoundError: No module named 'no_such_library'" in (verdict.reason or "")


def test_a_hang_is_named_and_ends_with_all_that_it_started(site: Any, tmp_path: Path) -> None:
    note = tmp_path / "child"
    starts_a_child = (
        "import pathlib, subprocess, sys\n"
        f"child = subprocess.Popen([sys.executable, '-c', {HANGS!r}])\n"
        f"pathlib.Path({str(note)!r}).write_text(str(child.pid))\n"
    )
    verdict = tried(site, starts_a_child + HANGS, time_limit_s=4.0)
    assert verdict == Verdict("unhealthy", "Topology 'tiny' of lab-net 1.0 hangs: it does not load within 4 s")
    assert has_ended(int(note.read_text()))


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("import os; os.abort()", "with signal SIGABRT"),
        ("import os; os._exit(0)", "with exit code 0"),
        ("import os, sys; print('no license', file=sys.stderr, flush=True); os._exit(3)", "exit code 3: no license"),
    ],
)
def test_a_plugin_that_ends_its_process_is_unhealthy_with_its_last_words(site: Any, source: str, said: str) -> None:
    verdict = tried(site, source)
    assert verdict.health == "unhealthy"
    assert said in (verdict.reason or "")
    assert "lab-net 1.0" in (verdict.reason or "")


def creating(site: Any, statement: str) -> str:
    return str(site.sound_topology.replace("self.config = config", statement))


def test_a_plugin_that_needs_a_setting_first_is_ok(site: Any) -> None:
    needs = "from zoo_core.contract import ConfigError; raise ConfigError('needs data.root')"
    assert tried(site, creating(site, needs)).health == "ok"


def test_a_plugin_that_makes_no_object_from_its_defaults_is_unhealthy_but_keeps_its_summary(site: Any) -> None:
    verdict = tried(site, creating(site, "raise ValueError('wrong\\nshape')"))
    assert verdict.health == "unhealthy"
    assert (verdict.reason or "").endswith("lab-net 1.0 makes no object from its defaults: ValueError: wrong shape")
    assert verdict.summary == "A net of one layer."


def test_a_plugin_whose_object_breaks_the_protocol_is_unhealthy(site: Any) -> None:
    verdict = tried(site, site.sound_topology.replace("def build", "def construct"))
    assert "it lacks 'build'" in (verdict.reason or "")


def test_files_of_the_current_folder_do_not_stand_in_for_modules(
    site: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("zoo_core", "json", "lab_net"):
        (tmp_path / f"{name}.py").write_text("raise RuntimeError('imported from the current folder')")
    monkeypatch.chdir(tmp_path)
    assert tried(site, site.sound_topology).health == "ok"
