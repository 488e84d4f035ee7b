"""What end-to-end tests share: the wheels of this repository, built once."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROJECTS = [path.parent for kind in (".", "plugins/*", "datasets/*") for path in ROOT.glob(f"{kind}/pyproject.toml")]


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel of every distribution of this repository."""
    folder = tmp_path_factory.mktemp("wheels")
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    variables = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME")}

    def build(project: Path) -> None:
        subprocess.run(command, cwd=project, check=True, capture_output=True, env=variables)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(build, PROJECTS))
    return folder
