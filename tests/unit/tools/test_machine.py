"""What is missing on a machine is said in one line, with the Debian package that brings it."""

import ast
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import machine

WriteProgram = Callable[[Path, str], Path]
COMPILES = "exit 0"
FINDS_NO_HEADERS = "exit 1"


@pytest.fixture
def no_running_python(tmp_path: Path, write_program: WriteProgram, monkeypatch: pytest.MonkeyPatch) -> None:
    """As if another Python than 3.11 had been started."""
    monkeypatch.setattr(sys, "executable", str(write_program(tmp_path / "other" / "python3.9", "exit 1")))


def test_missing_build_tools_are_named_by_their_packages(only_path: Path) -> None:
    assert machine.missing_build_packages() == ["cmake", "make", "g++"]


def test_a_machine_with_the_build_tools_misses_nothing(only_path: Path, write_program: WriteProgram) -> None:
    for tool in ("cmake", "make", "c++"):
        write_program(only_path / tool, COMPILES)
    assert machine.missing_build_packages() == []


def test_a_compiler_without_headers_is_no_compiler(only_path: Path, write_program: WriteProgram) -> None:
    for tool, body in {"cmake": "", "make": "", "g++": FINDS_NO_HEADERS}.items():
        write_program(only_path / tool, body)
    assert machine.missing_build_packages() == ["g++"]


def test_the_compiler_of_this_machine_finds_its_headers() -> None:
    if machine.find_compiler() is None:
        pytest.skip("needs a C++ compiler")
    assert "g++" not in machine.missing_build_packages()


def test_the_compiler_that_is_asked_for_is_the_one_taken(
    only_path: Path, write_program: WriteProgram, monkeypatch: pytest.MonkeyPatch
) -> None:
    for tool in ("c++", "clang++"):
        write_program(only_path / tool, COMPILES)
    assert machine.find_compiler() == str(only_path / "c++")
    monkeypatch.setenv("CXX", "clang++")
    assert machine.find_compiler() == str(only_path / "clang++")


def test_the_running_python_is_taken_first(only_path: Path) -> None:
    assert machine.find_python() == sys.executable


@pytest.mark.usefixtures("no_running_python")
def test_no_python_is_said_in_one_line_with_its_packages(only_path: Path) -> None:
    with pytest.raises(machine.MissingPackagesError) as caught:
        machine.find_python()
    assert str(caught.value) == "Python 3.11 is missing: apt-get install python3.11 python3.11-venv"


@pytest.mark.usefixtures("no_running_python")
def test_a_python_that_makes_no_environments_is_said_with_its_package(
    only_path: Path, write_program: WriteProgram
) -> None:
    python = write_program(only_path / "python3.11", "exit 2")
    with pytest.raises(machine.MissingPackagesError) as caught:
        machine.find_python()
    assert str(caught.value) == f"{python} cannot make environments: apt-get install python3.11-venv"


@pytest.mark.usefixtures("no_running_python")
def test_a_shim_that_refuses_hides_no_python_behind_it(
    tmp_path: Path, only_path: Path, write_program: WriteProgram, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_program(only_path / "python3.11", "exit 127")
    real = write_program(tmp_path / "real" / "python3.11", "exit 0")
    monkeypatch.setenv("PATH", f"{only_path}:{real.parent}")
    assert machine.find_python() == str(real)


@pytest.mark.usefixtures("no_running_python")
def test_everything_that_is_missing_is_listed_at_once(only_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "SYSTEM_FOLDERS", ())
    build = ["python3.11", "python3.11-venv", "cmake", "make", "g++"]
    assert machine.missing_packages() == [*build, "openssh-server", "iproute2", "openmpi-bin"]


def test_what_only_tests_need_is_found_in_the_systems_folders_too(
    only_path: Path, tmp_path: Path, write_program: WriteProgram, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "SYSTEM_FOLDERS", (str(tmp_path / "sbin"),))
    write_program(tmp_path / "sbin" / "sshd", "")
    write_program(only_path / "mpirun", "")
    assert machine.missing_test_packages() == ["iproute2"]


def test_the_set_up_can_be_read_by_an_old_python() -> None:
    tools = Path(machine.__file__).parent
    for path in tools.glob("*.py"):
        assert ast.parse(path.read_text(), feature_version=(3, 8)).body
