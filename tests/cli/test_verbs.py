"""Verbs are found without being imported, ours and those of plugins."""

import subprocess
import sys
import time
from typing import Any

import click
import pytest

from zoo_core.cli.verbs import OPEN_GROUPS, VERBS, Verb, found_entries
from zoo_core.cli.verbs import zoo as group
from zoo_core.plugins import find_entries, remember
from zoo_core.plugins.verdicts import Verdict

HEAVY = {"tensorflow", "keras", "numpy", "pandas", "pyarrow", "pydantic", "rich", "stevedore", "sklearn", "skimage"}
MOST_SECONDS = 0.5

COMMAND = """
from dataclasses import dataclass
import click
from zoo_core.contract import Plugin

@dataclass(frozen=True)
class Config:
    '''Nothing can be set.'''

def create(config):
    @click.command()
    @click.argument("well")
    def tray(well):
        '''Looks at a well.'''
        click.echo(f"well {well}")
    return tray

plugin = Plugin(config=Config, create=create, summary="Looks at trays.")
"""
RAISES = "raise RuntimeError('imported')"


def install_command(site: Any, source: str = COMMAND, name: str = "tray", distribution: str = "lab") -> None:
    module = distribution.replace("-", "_")
    site.install(distribution, {f"zoo.commands.v1:{name}": f"{module}:plugin"}, **{module: source})


def on_one_line(text: str) -> str:
    return " ".join(text.split())


def test_help_shows_every_verb_with_its_line_and_imports_none(
    zoo: Any, site: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    (site.folder / "lab_verb.py").write_text(RAISES)
    monkeypatch.setitem(VERBS, "try", Verb("lab_verb:verb", "Tries what was never tried."))
    answer = zoo("--help")
    assert answer.code == 0
    assert all(name in answer.out for name in VERBS)
    assert "Tries what was never tried." in answer.out


@pytest.mark.parametrize("name", sorted(VERBS))
def test_every_verb_has_a_help_of_its_own(zoo: Any, name: str) -> None:
    answer = zoo(name, "--help")
    assert answer.code == 0
    assert answer.out.startswith(f"Usage: zoo {name} ")


def test_a_verb_of_a_plugin_is_in_the_help_before_it_was_ever_imported(zoo: Any, site: Any) -> None:
    install_command(site, RAISES)
    assert "'zoo tray --help' says what it does. (of lab 1.0)" in on_one_line(zoo("--help").out)


def test_a_verb_of_a_plugin_shows_its_summary_once_it_was_tried(zoo: Any, site: Any) -> None:
    install_command(site, RAISES)
    remember(Verdict("ok", None, "Looks at trays.").on(e) for e in find_entries() if e.distribution == "lab")
    assert "Looks at trays. (of lab 1.0)" in zoo("--help").out


def test_a_verb_of_a_plugin_runs(zoo: Any, site: Any) -> None:
    install_command(site)
    assert zoo("tray", "B07").out == "well B07\n"
    assert "Looks at a well." in zoo("tray", "--help").out


def test_a_wrong_call_of_a_plugins_verb_is_one_line(zoo: Any, site: Any) -> None:
    install_command(site)
    answer = zoo("tray")
    assert (answer.code, answer.err) == (
        2,
        "zoo: error: Missing argument 'WELL'. ('zoo tray --help' says more)\n",
    )


def test_a_verb_of_a_plugin_is_suggested_too(zoo: Any, site: Any) -> None:
    install_command(site, RAISES)
    assert "Did you mean 'tray'?" in zoo("trays").err


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (RAISES, "RuntimeError: imported"),
        (COMMAND.replace("return tray", "return 3"), "wanted a click.Command"),
    ],
)
def test_a_broken_verb_of_a_plugin_is_one_line_and_leaves_the_others(
    zoo: Any, site: Any, source: str, said: str
) -> None:
    install_command(site, source)
    install_command(site, name="sound", distribution="lab-sound")
    answer = zoo("tray", "B07")
    assert (answer.code, answer.err.count("\n")) == (2, 1)
    assert said in answer.err
    assert zoo("sound", "B07").out == "well B07\n"


def test_a_verb_that_two_plugins_claim_says_so_and_runs_neither(zoo: Any, site: Any) -> None:
    install_command(site, RAISES, distribution="lab-a")
    install_command(site, RAISES, distribution="lab-b")
    assert "Cannot be used, see 'zoo list'" in zoo("--help").out
    answer = zoo("tray", "B07")
    assert answer.code == 2
    assert "lab-a" in answer.err
    assert "lab-b" in answer.err


def test_a_verb_for_two_contract_versions_runs_ours(zoo: Any, site: Any) -> None:
    site.install("lab", {"zoo.commands.v1:tray": "lab:plugin", "zoo.commands.v2:tray": "lab:next"}, lab=COMMAND)
    assert zoo("tray", "B07").out == "well B07\n"
    assert "'zoo tray --help' says what it does. (of lab 1.0)" in on_one_line(zoo("--help").out)


def test_no_plugin_can_take_the_name_of_one_of_our_verbs(zoo: Any, site: Any) -> None:
    install_command(site, RAISES, name="list")
    answer = zoo("list", "--json")
    assert answer.code == 0
    assert "bears the name of a verb of zoo-core" in answer.out


def test_a_plugin_adds_a_verb_to_a_group_of_ours(zoo: Any, site: Any) -> None:
    install_command(site, name="data.tray")
    assert "'zoo data tray --help' says what it does. (of lab 1.0)" in on_one_line(zoo("data", "--help").out)
    assert zoo("data", "tray", "B07").out == "well B07\n"
    assert zoo("data", "tray", "--help").out.startswith("Usage: zoo data tray ")
    assert "data.tray" not in zoo("--help").out
    assert zoo("data.tray", "B07").code == 2


def test_the_verbs_of_an_open_group_are_those_of_the_table() -> None:
    groups = {name: group.get_command(click.Context(group), name) for name in OPEN_GROUPS}
    assert {name: tuple(own.commands) for name, own in groups.items() if isinstance(own, click.Group)} == OPEN_GROUPS


def test_help_of_an_open_group_imports_no_verb_of_a_plugin(zoo: Any, site: Any) -> None:
    install_command(site, RAISES, name="data.tray")
    assert "tray  " in zoo("data", "--help").out
    with click.Context(group) as ctx:
        data = group.get_command(ctx, "data")
        assert isinstance(data, click.Group)
        assert [item.value for item in data.shell_complete(ctx, "tr")] == ["tray"]
    assert "RuntimeError: imported" in zoo("data", "tray", "B07").err


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("data.check", "bears the name of a verb of zoo-core"),
        ("run.tray", "bears a name with a dot that is not 'data.VERB'"),
        ("data.tray.well", "bears a name with a dot that is not 'data.VERB'"),
    ],
)
def test_a_dotted_name_that_cannot_be_called_is_said(zoo: Any, site: Any, name: str, fault: str) -> None:
    install_command(site, RAISES, name=name)
    entry = next(entry for entry in found_entries() if entry.distribution == "lab")
    assert entry.health == "unhealthy"
    assert fault in (entry.reason or "")


def test_completion_offers_verbs_and_imports_none(site: Any) -> None:
    install_command(site, RAISES)
    with click.Context(group) as ctx:
        assert [item.value for item in group.shell_complete(ctx, "tra")] == ["tray"]
        assert {"list", "info", "doctor"} <= {item.value for item in group.shell_complete(ctx, "")}
        assert "--version" in {item.value for item in group.shell_complete(ctx, "--v")}


@pytest.mark.parametrize("arguments", [["--help"], ["list"], ["list", "--json"], ["doctor", "--help"], ["lsit"]])
def test_nothing_heavy_is_imported_to_list_and_to_help(arguments: list[str]) -> None:
    program = f"import sys; from zoo_core.cli import main; main({arguments}); print(*sys.modules, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    loaded = done.stderr.split() or pytest.fail("the program said nothing")
    assert HEAVY & set(loaded) == set()


@pytest.mark.parametrize("arguments", [["--help"], ["list"]])
def test_help_and_list_take_half_a_second_at_most(arguments: list[str]) -> None:
    seconds = []
    for _ in range(5):
        start = time.perf_counter()
        subprocess.run([sys.executable, "-m", "zoo_core.cli", *arguments], capture_output=True, check=True)
        seconds.append(time.perf_counter() - start)
    # The best of five: others may be busy on this machine.
    assert min(seconds) <= MOST_SECONDS
