"""What a trial showed is remembered for one version of one distribution in one environment."""

import errno
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from zoo_core.contract import OutputError
from zoo_core.plugins import Entry, Verdict, recall, remember
from zoo_core.plugins import verdicts as module

ENTRY = Entry("task", "x", "lab", "1.0", "v1", "lab:plugin")
OK = Verdict("ok", None, "A task.")
BROKEN = Verdict("unhealthy", "Task 'x' of lab 1.0 hangs")


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "zoo"


@pytest.mark.parametrize("verdict", [OK, BROKEN])
def test_a_verdict_comes_back_with_its_reason_and_summary(verdict: Verdict) -> None:
    remember([verdict.on(ENTRY)])
    assert recall([ENTRY]) == (verdict.on(ENTRY),)


def test_nothing_is_remembered_of_what_was_never_tried() -> None:
    assert recall([ENTRY]) == (ENTRY,)


@pytest.mark.parametrize(
    "change", [{"version": "1.1"}, {"value": "lab:other"}, {"distribution": "lab2"}, {"name": "y"}, {"kind": "dataset"}]
)
def test_a_verdict_holds_for_one_version_of_one_entry_point_only(change: dict[str, str]) -> None:
    remember([OK.on(ENTRY)])
    other = replace(ENTRY, **change)  # type: ignore[arg-type]
    assert recall([other, ENTRY]) == (other, OK.on(ENTRY))


def test_what_metadata_proves_is_stronger_than_a_memory() -> None:
    remember([OK.on(ENTRY)])
    taken = ENTRY.found_unhealthy("bears a name that is taken")
    assert recall([taken]) == (taken,)


@pytest.mark.parametrize("change", ["__version__", "SCHEMA"])
def test_a_memory_of_another_version_of_zoo_is_none(change: str, monkeypatch: pytest.MonkeyPatch) -> None:
    remember([OK.on(ENTRY)])
    monkeypatch.setattr(module, change, "another")
    assert recall([ENTRY]) == (ENTRY,)


def test_another_environment_has_another_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    remember([OK.on(ENTRY)])
    monkeypatch.setattr("sys.prefix", "/another/environment")
    assert recall([ENTRY]) == (ENTRY,)


def damaged(values: dict[str, Any]) -> str:
    return json.dumps({"for": module._validity(), "entries": [values]})


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        "null",
        "{}",
        '"text"',
        damaged({}),
        damaged({**vars(OK.on(ENTRY)), "health": "splendid"}),
        damaged({**vars(OK.on(ENTRY)), "summary": 3}),
        damaged({**vars(OK.on(ENTRY)), "name": ["x"]}),
        json.dumps({"for": module._validity(), "entries": "text"}),
        json.dumps({"for": module._validity()}),
    ],
)
def test_a_damaged_memory_is_none_and_can_be_written_again(content: str) -> None:
    path = module.cache_file()
    path.parent.mkdir()
    path.write_text(content)
    assert recall([ENTRY]) == (ENTRY,)
    remember([OK.on(ENTRY)])
    assert recall([ENTRY]) == (OK.on(ENTRY),)


def test_bytes_that_are_no_text_are_no_memory() -> None:
    path = module.cache_file()
    path.parent.mkdir()
    path.write_bytes(b"\xff\xfe\x00")
    assert recall([ENTRY]) == (ENTRY,)


def test_a_full_disk_leaves_the_old_memory_and_nothing_else(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    remember([OK.on(ENTRY)])

    def write_half(self: Path, text: str) -> None:
        with self.open("w") as file:
            file.write(text[: len(text) // 2])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_text", write_half)
    with pytest.raises(OutputError, match=r"cannot be remembered in .*No space left on device"):
        remember([BROKEN.on(ENTRY)])
    monkeypatch.undo()
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache.parent))
    assert recall([ENTRY]) == (OK.on(ENTRY),)
    assert len(list(cache.iterdir())) == 1


def test_a_file_where_the_folder_should_be_is_named(cache: Path) -> None:
    cache.write_text("not a folder")
    with pytest.raises(OutputError, match=f"'{cache}"):
        remember([OK.on(ENTRY)])
    assert recall([ENTRY]) == (ENTRY,)


def test_a_relative_cache_folder_is_ignored_as_the_xdg_specification_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "somewhere")
    monkeypatch.setenv("HOME", "/home/somebody")
    assert module.cache_file().parent == Path("/home/somebody/.cache/zoo")


def test_without_a_home_there_is_no_memory_but_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    def homeless() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setattr(Path, "home", homeless)
    assert recall([ENTRY]) == (ENTRY,)
    with pytest.raises(OutputError, match="XDG_CACHE_HOME or HOME"):
        remember([OK.on(ENTRY)])
