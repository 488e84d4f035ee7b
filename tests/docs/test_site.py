"""The documentation as it is built."""

import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import click
import pytest

from contract_snapshot import describe
from pins import normalise, project_files
from zoo_core.cli.verbs import VERBS, zoo
from zoo_core.contract import GROUPS
from zoo_core.plugins import Entry, describe_options, find_entries, load
from zoo_core.runtime.config import RunConfig

ROOT = Path(__file__).resolve().parents[2]
FETCHED = re.compile(r'<(?:script|link|img|iframe|source)[^>]*?(?:src|href)="(?:https?:)?//[^"]+"')
IMPORTED_BY_STYLE = re.compile(r"(?:@import|url\()\s*['\"]?(?:https?:)?//")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built pages."""
    folder = tmp_path_factory.mktemp("site")
    build = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", folder]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    result = subprocess.run(build, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stdout + result.stderr) == (0, "")
    return folder


def text_of(site: Path, page: str) -> str:
    return re.sub(r"<[^>]+>", "", (site / page / "index.html").read_text())


def test_a_page_fetches_nothing_from_elsewhere(site: Path) -> None:
    pages = {page: FETCHED.findall(page.read_text()) for page in site.rglob("*.html")}
    styles = {style: IMPORTED_BY_STYLE.findall(style.read_text()) for style in site.rglob("*.css")}
    assert len(pages) > 10
    assert {path.name: found for path, found in {**pages, **styles}.items() if found} == {}


def test_a_page_that_fetches_would_be_seen() -> None:
    assert FETCHED.search('<script defer src="https://cdn.example/x.js">')
    assert IMPORTED_BY_STYLE.search("@import '//fonts.example/a.css'")


SECTIONS = [RunConfig, *(field.default_factory for field in fields(RunConfig) if is_dataclass(field.default_factory))]
CONTRACT = describe()


def verbs_below(verb: str) -> list[str]:
    """A verb and those below it, as they are typed."""
    command = zoo.get_command(click.Context(zoo), verb)
    below = command.list_commands(click.Context(command)) if isinstance(command, click.Group) else []
    return [verb, *(f"{verb} {name}" for name in below)]


OURS = {normalise(tomllib.loads(path.read_text())["project"]["name"]) for path in project_files()}
ENTRIES = [entry for entry in find_entries() if normalise(entry.distribution) in OURS]
COMMANDS = [entry.name for entry in ENTRIES if entry.kind == "command" and "." not in entry.name]
PLUGINS = [entry for entry in ENTRIES if entry.kind != "command"]


@pytest.mark.parametrize("verb", [below for verb in (*VERBS, *COMMANDS) for below in verbs_below(verb)])
def test_every_verb_is_in_the_reference(site: Path, verb: str) -> None:
    assert f"Usage: zoo {verb} [OPTIONS]" in text_of(site, "reference/command-line")


@pytest.mark.parametrize("record", SECTIONS)
def test_every_setting_of_the_core_is_in_the_reference(site: Path, record: Any) -> None:
    assert missing_words(text_of(site, "reference/configuration"), [field.name for field in fields(record)]) == []


@pytest.mark.parametrize("entry", PLUGINS, ids=lambda entry: f"{entry.kind} {entry.name}")
def test_every_option_of_a_plugin_is_in_the_reference(site: Path, entry: Entry) -> None:
    _, found, after = text_of(site, "reference/plugins").partition(f"$ zoo info {entry.name}\n")
    assert found
    shown = after.partition("$ zoo info ")[0]
    assert missing_words(shown, [option.name for option in describe_options(load(entry.kind, entry.name).config)]) == []


def missing_words(text: str, words: Iterable[str]) -> list[str]:
    return [word for word in words if not re.search(rf"\b{word}\b", text)]


def test_a_word_that_is_missing_would_be_seen() -> None:
    assert missing_words("n_epochs and epochs_n", ["n_epochs", "epochs", "n"]) == ["epochs", "n"]


def test_every_entry_point_group_is_in_the_reference(site: Path) -> None:
    assert missing_words(text_of(site, "reference/contract"), GROUPS.values()) == []


def test_every_name_of_the_contract_is_in_the_reference(site: Path) -> None:
    page = (site / "reference" / "contract" / "index.html").read_text()
    assert [name for name in CONTRACT if f'id="{name}"' not in page] == []


def test_every_member_of_the_contract_is_in_the_reference(site: Path) -> None:
    page = (site / "reference" / "contract" / "index.html").read_text()
    parts = ("fields", "methods", "members")
    members = [f"{name}.{one}" for name, record in CONTRACT.items() for part in parts for one in record.get(part, ())]
    assert [name for name in members if f'id="{name}"' not in page and f'title="{name}"' not in page] == []


PAGES = sorted({*(ROOT / "docs").rglob("*.md")} - {ROOT / "docs" / "index.md"})
"""All but the first, which leads to the others."""


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_begins_with_its_question(page: Path) -> None:
    lines = [line for line in page.read_text().splitlines() if line]
    assert lines[0].startswith("# ")
    assert re.fullmatch(r"\*.+\?\*", lines[1])
