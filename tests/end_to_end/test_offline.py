"""Without a network: the wheels of this repository are installed from a folder, and all that is tried works."""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ELSEWHERE = ("198.51.100.1", 80)
"""Of a network that is for documentation: RFC 5737."""

NAMESPACE = ("unshare", "--map-root-user", "--net")
"""A command after it has no network but a loopback device that is down."""

NO_SOCKETS = """
import errno, socket

def refuse(self, address):
    if self.family == socket.AF_UNIX or address[0] in ("localhost", "127.0.0.1", "::1"):
        return connect(self, address)
    raise OSError(errno.ENETUNREACH, "Network is unreachable")

connect, socket.socket.connect = socket.socket.connect, refuse
"""

pytestmark = pytest.mark.slow

Call = Callable[..., "subprocess.CompletedProcess[str]"]


def way_of_blocking() -> str:
    """Where the kernel lets us, no process has a network; elsewhere no Python socket connects."""
    if (
        shutil.which(NAMESPACE[0])
        and not subprocess.run([*NAMESPACE, "true"], capture_output=True, check=False).returncode
    ):
        return "in_a_namespace_without_network"
    return "with_sockets_that_do_not_connect"


def clean_environment(**more: str) -> dict[str, str]:
    """Ours, without what would let this working copy shine through."""
    hidden = {"PYTHONPATH", "VIRTUAL_ENV", "PYTHONHOME", "ZOO_CONFIG"}
    return {name: value for name, value in os.environ.items() if name not in hidden} | more


@pytest.fixture(scope="module", params=[way_of_blocking()])
def offline(request: pytest.FixtureRequest) -> tuple[str, ...]:
    """What stands before a command."""
    return NAMESPACE if request.param == "in_a_namespace_without_network" else ()


@pytest.fixture(scope="module")
def environment(wheels: Path, offline: tuple[str, ...], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clean environment with these wheels; what they depend on lies where it lies for the tests."""
    uv = shutil.which("uv", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}")
    if uv is None:
        pytest.skip("needs uv to make an environment")
    venv = tmp_path_factory.mktemp("offline") / "venv"
    subprocess.run([uv, "venv", "--offline", "--python", sys.executable, venv], check=True, capture_output=True)
    packages = Path(sysconfig.get_path("purelib", vars={"base": str(venv), "platbase": str(venv)}))
    # Behind its own packages, so that ours come from the wheels: `.pth` files that lie there are not heeded.
    (packages / "dependencies.pth").write_text(f"{sysconfig.get_path('purelib')}\n")
    if not offline:
        (packages / "sitecustomize.py").write_text(NO_SOCKETS)
    names = [wheel.name.partition("-")[0] for wheel in wheels.glob("*.whl")]
    install = ["pip", "install", "--python", venv / "bin" / "python", "--offline", "--no-index", "--no-deps"]
    command = [*offline, uv, *install, "--find-links", wheels, *names]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=clean_environment())
    assert done.returncode == 0, done.stderr
    return venv


@pytest.fixture
def call(environment: Path, offline: tuple[str, ...], tmp_path: Path) -> Call:
    """Runs a program of that environment without a network, in an empty folder."""

    def run(program: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
        command = [*offline, environment / "bin" / program, *arguments]
        settings = clean_environment(XDG_CACHE_HOME=str(tmp_path / "cache"))
        return subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path, env=settings)

    return run


def test_there_is_no_network(call: Call) -> None:
    done = call("python", "-c", f"import socket; socket.create_connection({ELSEWHERE}, timeout=30)")
    assert "Network is unreachable" in done.stderr


def test_every_plugin_is_listed_with_its_file_in_the_wheels(call: Call, environment: Path, wheels: Path) -> None:
    records: list[dict[str, Any]] = json.loads(call("zoo", "list", "--json").stdout)
    assert {record["name"] for record in records} >= {"chexnet", "chest-phantom", "densenet121", "float32", "plate"}
    assert all(Path(record["file"]).is_relative_to(environment) for record in records)
    assert {record["health"] for record in records} == {"not tried"}
    installed = {wheel.name.partition("-")[0].replace("_", "-") for wheel in wheels.glob("*.whl")}
    assert {record["distribution"] for record in records} <= installed


def test_a_plugin_is_checked(call: Call) -> None:
    done = call("zoo", "check", "chest-phantom")
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_run_goes_from_data_to_report(call: Call, tmp_path: Path) -> None:
    done = call("zoo", "run", "chexnet", "--preset", "smoke", "--out", "run")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "run" / "report.html").exists()
    assert json.loads((tmp_path / "run" / "metrics.json").read_text())["test"]["labels"]["Effusion"]["n"] > 0
