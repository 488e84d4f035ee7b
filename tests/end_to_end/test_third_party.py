"""A stranger's package, installed as a wheel beside ours in an environment that never saw this working copy."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
TINY_LAB = Path(__file__).with_name("tiny_lab")
OURS = (ROOT, ROOT / "plugins" / "zoo-radiology", ROOT / "datasets" / "zoo-data-chestxray14")
NOT_TO_BE_HAD = ("failed to fetch", "error sending request", "dns error", "timed out", "connect")

pytestmark = pytest.mark.slow

Zoo = Callable[..., "subprocess.CompletedProcess[str]"]


def clean_environment(**more: str) -> dict[str, str]:
    """Ours, without what would let this working copy shine through."""
    hidden = {"PYTHONPATH", "VIRTUAL_ENV", "PYTHONHOME"}
    return {name: value for name, value in os.environ.items() if name not in hidden} | more


def build_wheel(project: Path, folder: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(command, cwd=project, check=True, capture_output=True, env=clean_environment())


def install(uv: str, python: Path, wheels: list[Path]) -> None:
    command = [uv, "pip", "install", "--python", python, "--constraints", ROOT / "constraints.txt", *wheels]
    environment = clean_environment(UV_LINK_MODE="hardlink")
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if done.returncode and any(sign in done.stderr.lower() for sign in NOT_TO_BE_HAD):
        pytest.skip(f"needs the pinned packages: {done.stderr.strip().splitlines()[-1]}")
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh environment with our wheels and the stranger's."""
    uv = shutil.which("uv", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}")
    if uv is None:
        pytest.skip("needs uv to make an environment")
    folder = tmp_path_factory.mktemp("third-party")
    stranger = shutil.copytree(TINY_LAB, folder / "tiny_lab")
    for project in (*OURS, stranger):
        build_wheel(project, folder / "wheels")
    subprocess.run([uv, "venv", "--python", sys.executable, folder / "venv"], check=True, capture_output=True)
    install(uv, folder / "venv" / "bin" / "python", sorted((folder / "wheels").glob("*.whl")))
    return folder / "venv"


@pytest.fixture
def zoo(environment: Path, tmp_path: Path) -> Zoo:
    """The command line of that environment, remembering nothing of another test."""

    def call(*arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [environment / "bin" / "zoo", *arguments],
            capture_output=True,
            text=True,
            check=False,
            env=clean_environment(XDG_CACHE_HOME=str(tmp_path / "cache")),
            cwd=tmp_path,
        )

    return call


def listed(zoo: Zoo) -> dict[tuple[str, str, str], Mapping[str, Any]]:
    records = json.loads(zoo("list", "--json").stdout)
    return {(record["kind"], record["name"], record["distribution"]): record for record in records}


def test_everything_comes_from_the_wheels_and_nothing_from_this_working_copy(zoo: Zoo, environment: Path) -> None:
    files = [record["file"] for record in listed(zoo).values()]
    assert len(files) >= 12
    assert all(Path(file).is_relative_to(environment) for file in files)


def test_metadata_alone_shows_a_strangers_plugins_and_its_mistakes(zoo: Zoo) -> None:
    found = listed(zoo)
    good = found["dataset", "tiny-lab", "tiny-lab"]
    assert (good["version"], good["contract_version"], good["health"]) == ("1.2.3", "v1", "not tried")
    assert found["dataset", "tiny-broken", "tiny-lab"]["health"] == "not tried"
    assert found["task", "tiny-next", "tiny-lab"]["health"] == "unhealthy"
    assert "contract v2" in found["task", "tiny-next", "tiny-lab"]["reason"]
    twins = [found["topology", "vgg16", name] for name in ("zoo-core", "tiny-lab")]
    assert [twin["health"] for twin in twins] == ["unhealthy", "unhealthy"]
    assert "tiny-lab 1.2.3" in twins[0]["reason"]
    assert "zoo-core" in twins[1]["reason"]


def test_the_doctor_names_every_broken_plugin_and_the_next_list_remembers(zoo: Zoo) -> None:
    doctor = zoo("doctor", "--json")
    assert doctor.returncode == 1, doctor.stderr
    problems = json.loads(doctor.stdout)["problems"]
    assert len(problems) == 4
    assert any("tiny-lab needs a microscope" in problem for problem in problems)
    assert all("tiny-lab" in problem for problem in problems)
    found = listed(zoo)
    broken = {name for (_, name, _), record in found.items() if record["health"] == "unhealthy"}
    assert broken == {"tiny-broken", "tiny-next", "vgg16"}
    assert {record["health"] for record in found.values()} == {"ok", "unhealthy"}
    assert found["dataset", "tiny-lab", "tiny-lab"]["summary"] == "Drawn noise with two findings."


def test_a_strangers_data_set_has_its_card(zoo: Zoo) -> None:
    record = json.loads(zoo("info", "tiny-lab", "--json").stdout)
    assert record["about"]["title"] == "Tiny lab"
    assert record["about"]["drawn"] is True
    assert [option["name"] for option in record["options"]] == ["n_patients", "size_px", "seed"]


@pytest.mark.parametrize("name", ["tiny-broken", "vgg16"])
def test_a_broken_plugin_is_one_line_where_it_is_asked_for(zoo: Zoo, name: str) -> None:
    done = zoo("info", name)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert "tiny-lab 1.2.3" in done.stderr


def test_our_task_runs_on_a_strangers_data_set(zoo: Zoo, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    done = zoo("run", "chexnet", "--data", "tiny-lab", "--preset", "smoke", "--out", str(folder))
    assert done.returncode == 0, done.stderr
    assert (folder / "predictions.parquet").exists()
    metrics = json.loads((folder / "metrics.json").read_text())
    labels = metrics["test"]["labels"]
    assert labels["Effusion"]["n"] > 0
    assert labels["Effusion"]["auroc"] is not None
