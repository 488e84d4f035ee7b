"""Programs that stand in for those of a machine."""

from collections.abc import Callable
from pathlib import Path

import pytest

WriteProgram = Callable[[Path, str], Path]


@pytest.fixture
def write_program() -> WriteProgram:
    """Writes a shell script that can be run."""

    def write(path: Path, body: str) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#!/bin/sh\n{body}\n")
        path.chmod(0o755)
        return path

    return write


@pytest.fixture
def only_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder that is all there is on PATH."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.delenv("CXX", raising=False)
    return folder
