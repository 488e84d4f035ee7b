"""The repository as the tests of its architecture see it."""

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def root() -> Path:
    """The working copy."""
    return ROOT


@pytest.fixture(scope="session")
def kept_files(root: Path) -> list[Path]:
    """Files that are in the repository, or would be with the next commit."""
    if not (root / ".git").exists():
        pytest.skip("needs a git working copy to tell the repository's files from others")
    # In CI the working copy may belong to another user, which git refuses unless told otherwise.
    command = ["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout
    return sorted(path for name in listed.split("\0") if name and (path := root / name).is_file())


@pytest.fixture(scope="session")
def sources(root: Path, kept_files: list[Path]) -> list[Path]:
    """Python files that are shipped or run by a maintainer: all but tests."""
    python = [path for path in kept_files if path.suffix == ".py"]
    return [path for path in python if "tests" not in path.relative_to(root).parts]
