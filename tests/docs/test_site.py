"""The documentation as it is built."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from zoo_core.cli.verbs import VERBS
from zoo_core.runtime.config import LaunchConfig, ReportConfig, SplitConfig, TrainerConfig

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


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_is_in_the_reference(site: Path, verb: str) -> None:
    assert f"Usage: zoo {verb} [OPTIONS]" in text_of(site, "reference/command-line")


@pytest.mark.parametrize("record", [SplitConfig, TrainerConfig, LaunchConfig, ReportConfig])
def test_every_setting_of_the_core_is_in_the_reference(site: Path, record: type) -> None:
    text = text_of(site, "reference/configuration")
    fields: dict[str, object] = record.__dataclass_fields__
    assert [name for name in fields if not re.search(rf"\b{name}\b", text)] == []


def test_every_name_of_the_contract_is_in_the_reference(site: Path) -> None:
    from zoo_core import api, contract

    page = (site / "reference" / "contract" / "index.html").read_text()
    names = [f"zoo_core.contract.{name}" for name in contract.__all__] + [
        f"zoo_core.api.{name}" for name in api.__all__
    ]
    assert [name for name in names if f'id="{name}"' not in page] == []


PAGES = sorted({*(ROOT / "docs").rglob("*.md")} - {ROOT / "docs" / "index.md"})
"""All but the first, which leads to the others."""


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_begins_with_its_question(page: Path) -> None:
    lines = [line for line in page.read_text().splitlines() if line]
    assert lines[0].startswith("# ")
    assert re.fullmatch(r"\*.+\?\*", lines[1])
