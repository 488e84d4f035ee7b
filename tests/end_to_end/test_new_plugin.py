"""What `zoo new-plugin` writes, in the hands of a stranger: built, installed with our wheels, tested, checked, run."""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

KINDS = ("task", "dataset", "topology", "precision")
OURS = ("zoo_core", "zoo_images", "zoo_radiology", "zoo_data_chestxray14")
"""Distributions that the shortest runs need; the template's own is none of them."""

pytestmark = pytest.mark.slow


def clean_variables(**more: str) -> dict[str, str]:
    """Ours, without what would let this working copy shine through."""
    hidden = {"PYTHONPATH", "VIRTUAL_ENV", "PYTHONHOME", "ZOO_CONFIG"}
    return {name: value for name, value in os.environ.items() if name not in hidden} | more


def link_dependencies(folder: Path) -> None:
    """Everything that is installed here but this repository's distributions."""
    folder.mkdir()
    for path in Path(sysconfig.get_path("purelib")).iterdir():
        if path.suffix != ".pth" and not path.name.lstrip("_").startswith("zoo_"):
            (folder / path.name).symlink_to(path)


class Stranger:
    """An environment with our wheels, and a folder to work in."""

    def __init__(self, folder: Path, wheels: Path) -> None:
        self.folder, self._wheels, self._venv = folder, wheels, folder / "venv"
        self._uv = shutil.which("uv", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}")
        if self._uv is None:
            pytest.skip("needs uv to make an environment")
        self._run([self._uv, "venv", "--offline", "--python", sys.executable, self._venv])
        link_dependencies(folder / "dependencies")
        packages = sysconfig.get_path("purelib", vars={"base": str(self._venv), "platbase": str(self._venv)})
        Path(packages, "dependencies.pth").write_text(f"{folder / 'dependencies'}\n")
        self.install(*(next(wheels.glob(f"{name}-*.whl")) for name in OURS))

    def install(self, *wheels: Path) -> None:
        install = [self._uv, "pip", "install", "--python", self._venv / "bin" / "python", "--offline", "--no-index"]
        self._run([*install, "--no-deps", *wheels])

    def zoo(self, *arguments: str) -> str:
        return self._run([self._venv / "bin" / "zoo", *arguments])

    def python(self, *arguments: str, within: str = "") -> str:
        return self._run([self._venv / "bin" / "python", "-m", *arguments], self.folder / within)

    def _run(self, command: list[str | Path], cwd: Path | None = None) -> str:
        settings = clean_variables(XDG_CACHE_HOME=str(self.folder / "cache"))
        done = subprocess.run(
            command, cwd=cwd or self.folder, env=settings, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def stranger(wheels: Path, tmp_path_factory: pytest.TempPathFactory) -> Stranger:
    """With a package of each kind, built and installed."""
    one = Stranger(tmp_path_factory.mktemp("stranger"), wheels)
    for kind in KINDS:
        one.zoo("new-plugin", f"zoo-lab-{kind}", "--kind", kind)
        one.python("hatchling", "build", "--target", "wheel", "--directory", "../built", within=f"zoo-lab-{kind}")
    one.install(*(one.folder / "built").glob("*.whl"))
    return one


@pytest.fixture(scope="module")
def run(stranger: Stranger) -> str:
    """The folder of a run with the stranger's topology."""
    stranger.zoo("run", "chexnet", "--topology", "lab-topology", "--preset", "smoke", "--out", "trained")
    return "trained"


def test_nothing_comes_from_this_working_copy(stranger: Stranger) -> None:
    records = json.loads(stranger.zoo("list", "--json"))
    assert {f"lab-{kind}" for kind in KINDS} <= {record["name"] for record in records}
    assert all(Path(record["file"]).is_relative_to(stranger.folder / "venv") for record in records)
    assert not any("template" in record["name"] for record in records)


@pytest.mark.parametrize("kind", KINDS)
def test_its_tests_pass(stranger: Stranger, kind: str) -> None:
    told = stranger.python("pytest", "-q", "-p", "no:cacheprovider", within=f"zoo-lab-{kind}")
    assert " passed" in told.splitlines()[-1]


@pytest.mark.parametrize("kind", KINDS)
def test_its_checks_pass_where_it_is_installed(stranger: Stranger, kind: str) -> None:
    counts = json.loads(stranger.zoo("check", f"lab-{kind}", "--json"))["counts"]
    assert counts["ok"] > 5
    assert set(counts) <= {"ok", "skipped"}


def test_a_data_set_is_learned_by_a_task_of_others(stranger: Stranger) -> None:
    stranger.zoo("run", "image-labels", "--data", "lab-dataset", "--preset", "smoke", "--out", "of-data")
    assert metrics_of(stranger.folder / "of-data").keys() == {"Bright disc"}


def test_a_task_is_asked_of_the_data_of_others(stranger: Stranger) -> None:
    stranger.zoo("run", "lab-task", "--preset", "smoke", "--out", "of-task")
    assert metrics_of(stranger.folder / "of-task").keys() == {"Effusion"}


def test_a_topology_is_trained(stranger: Stranger, run: str) -> None:
    record = json.loads((stranger.folder / run / "run.json").read_text())
    assert record["config"]["topology"]["name"] == "lab-topology"
    assert "Effusion" in metrics_of(stranger.folder / run)


def test_a_network_is_converted_to_a_precision(stranger: Stranger, run: str) -> None:
    stranger.zoo("quantize", run, "--precision", "lab-precision")
    assert (stranger.folder / run / "model-lab-precision" / "weights.npz").exists()


def metrics_of(run: Path) -> dict[str, dict[str, float]]:
    labels: dict[str, dict[str, float]] = json.loads((run / "metrics.json").read_text())["test"]["labels"]
    return labels
