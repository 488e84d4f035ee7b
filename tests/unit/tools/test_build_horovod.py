"""A built Horovod is kept under the name of all that it was built with, and never half."""

import importlib.util
import re
import subprocess
from pathlib import Path

import pytest

import build_horovod

PARTS = {
    "horovod": "0.28.1",
    "tensorflow": "2.21.0",
    "python": "3.11",
    "compiler": "c++ 12.2.0",
    "flags": {"HOROVOD_WITH_GLOO": "1"},
    "headers": {"x.h": "#include <x>"},
}


def test_the_folder_carries_the_versions() -> None:
    assert build_horovod.folder_name(PARTS).startswith("horovod-0.28.1-tensorflow-2.21.0-python-3.11-")


@pytest.mark.parametrize("part", PARTS)
def test_every_ingredient_changes_the_folder(part: str) -> None:
    changed = {**PARTS, part: "another"}
    assert build_horovod.folder_name(changed) != build_horovod.folder_name(PARTS)


def test_the_same_ingredients_find_the_same_folder() -> None:
    backwards = dict(reversed(PARTS.items()))
    assert build_horovod.folder_name(backwards) == build_horovod.folder_name(PARTS)


def test_a_build_that_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(command: list[str], **options: object) -> None:
        wheels = Path(next(word for word in command if word.startswith("--wheel-dir=")).split("=")[1])
        wheels.mkdir()
        (wheels / "half.whl").touch()
        raise subprocess.CalledProcessError(1, command)

    monkeypatch.setattr(build_horovod.subprocess, "run", fail)
    with pytest.raises(subprocess.CalledProcessError):
        build_horovod.build("0.28.1", tmp_path / "cache" / "folder")
    assert list((tmp_path / "cache").iterdir()) == []


def test_a_wheel_that_does_not_work_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail_at_proof(command: list[str], **options: object) -> None:
        if "-c" in command:
            raise subprocess.CalledProcessError(1, command)

    monkeypatch.setattr(build_horovod.subprocess, "run", fail_at_proof)
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "horovod-0.28.1.whl").touch()
    with pytest.raises(subprocess.CalledProcessError):
        build_horovod.install(tmp_path / "folder")
    assert not (tmp_path / "folder").exists()


def test_settings_of_the_caller_do_not_reach_the_build(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAKEFLAGS", "-j --jobserver-auth=3,4")
    monkeypatch.setenv("HOROVOD_GPU_OPERATIONS", "NCCL")
    monkeypatch.setenv("CXXFLAGS", "-g")
    outer = build_horovod._outer_environment()
    assert {"MAKEFLAGS", "HOROVOD_GPU_OPERATIONS"} & set(outer) == set()
    assert outer["CXXFLAGS"] == "-g"


def test_the_forwarding_headers_lead_to_headers_of_this_tensorflow() -> None:
    found = importlib.util.find_spec("tensorflow")
    assert found is not None
    assert found.origin is not None
    include = Path(found.origin).parent / "include"
    headers = list(build_horovod.HEADERS.rglob("*.h"))
    targets = [re.fullmatch(r'#include "(.+)"\n', header.read_text()) for header in headers]
    assert len(headers) == 5
    assert [target[0] for target in targets if target and not (include / target[1]).is_file()] == []


def test_every_folder_that_the_build_is_pointed_at_is_there() -> None:
    variables = build_horovod._build_variables()
    assert [path for path in variables["CPLUS_INCLUDE_PATH"].split(":") if not Path(path).is_dir()] == []
