"""A set-up does what is needed, once; one that fails or is interrupted is not taken for a finished one."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

import setup_environment
from environment import Environment
from steps import SetupError

WriteProgram = Callable[[Path, str], Path]

# Stands in for the environment's Python: notes what it is asked to run, and fails at what FAILS names.
PYTHON = """
case "$1" in
  -c) echo 3.11; exit 0 ;;
esac
echo "$@" >> "{calls}"
if [ -e "{fails}" ] && echo "$@" | grep -q -e "$(cat "{fails}")"; then echo "no such thing"; exit 1; fi
"""


@pytest.fixture
def environment(tmp_path: Path, write_program: WriteProgram) -> Environment:
    """A working copy with one plugin, whose environment exists and whose Python installs nothing."""
    root = tmp_path / "copy"
    for file in (
        "pyproject.toml",
        "plugins/zoo-x/pyproject.toml",
        "constraints.txt",
        "zoo_core/__init__.py",
        "tools/a.py",
    ):
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).write_text(file)
    made = Environment(root)
    write_program(made.python, PYTHON.format(calls=tmp_path / "calls", fails=tmp_path / "fails"))
    (made.folder / "pyvenv.cfg").write_text(f"command = python3 -m venv {made.folder}\n")
    return made


@pytest.fixture
def calls(tmp_path: Path) -> Callable[[], list[str]]:
    """What the environment's Python was asked to run since the last look."""

    def look() -> list[str]:
        path = tmp_path / "calls"
        lines = path.read_text().splitlines() if path.exists() else []
        path.unlink(missing_ok=True)
        return lines

    return look


@pytest.fixture(autouse=True)
def missing(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Debian packages this machine lacks; a test may fill it."""
    packages: list[str] = []
    monkeypatch.setattr(setup_environment, "missing_build_packages", lambda: list(packages))
    return packages


def set_up(environment: Environment, horovod_wanted: bool = True) -> None:
    setup_environment.set_up_if_needed(environment, horovod_wanted)


def test_the_first_call_installs_and_the_second_does_nothing(
    environment: Environment, calls: Callable[[], list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    set_up(environment)
    assert len(calls()) == 3
    capsys.readouterr()
    set_up(environment)
    assert calls() == []
    assert capsys.readouterr() == ("", "")


def test_every_distribution_is_installed_under_the_constraints(
    environment: Environment, calls: Callable[[], list[str]]
) -> None:
    set_up(environment)
    (install,) = [call for call in calls() if "uv pip install" in call]
    assert f"--constraints {environment.constraints}" in install
    assert f"--editable {environment.root} " in install
    assert f"--editable {environment.root}/plugins/zoo-x" in install


@pytest.mark.parametrize(
    "file", ["pyproject.toml", "plugins/zoo-x/pyproject.toml", "constraints.txt", "zoo_core/__init__.py", "tools/a.py"]
)
def test_a_change_of_what_decides_the_contents_sets_up_again(
    environment: Environment, calls: Callable[[], list[str]], file: str
) -> None:
    set_up(environment)
    calls()
    (environment.root / file).write_text("changed")
    set_up(environment)
    assert len(calls()) == 3


def test_a_new_distribution_sets_up_again(environment: Environment, calls: Callable[[], list[str]]) -> None:
    set_up(environment)
    calls()
    (environment.root / "datasets" / "zoo-data-y").mkdir(parents=True)
    (environment.root / "datasets" / "zoo-data-y" / "pyproject.toml").touch()
    set_up(environment)
    assert "datasets/zoo-data-y" in calls()[1]


@pytest.mark.parametrize("step", ["install --constraint", "uv pip", "build_horovod"])
def test_a_step_that_fails_is_done_again_by_the_next_call(
    tmp_path: Path, environment: Environment, calls: Callable[[], list[str]], step: str
) -> None:
    (tmp_path / "fails").write_text(step)
    with pytest.raises(SetupError, match="no such thing"):
        set_up(environment)
    (tmp_path / "fails").unlink()
    calls()
    set_up(environment)
    assert len(calls()) == 3


def test_a_failed_change_forgets_the_finished_set_up_before_it(tmp_path: Path, environment: Environment) -> None:
    set_up(environment)
    before = environment.constraints.read_text()
    environment.constraints.write_text("changed")
    (tmp_path / "fails").write_text("uv pip")
    with pytest.raises(SetupError):
        set_up(environment)
    environment.constraints.write_text(before)
    assert not environment.is_finished(with_horovod=False)


def test_a_horovod_that_does_not_build_names_the_way_on(tmp_path: Path, environment: Environment) -> None:
    (tmp_path / "fails").write_text("build_horovod")
    with pytest.raises(SetupError, match="HOROVOD=no make run"):
        set_up(environment)
    (tmp_path / "fails").unlink()
    set_up(environment, horovod_wanted=False)
    assert environment.is_finished(with_horovod=False)


def test_without_the_build_tools_one_line_says_so_at_each_call(
    environment: Environment, calls: Callable[[], list[str]], missing: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    missing += ["cmake", "g++"]
    set_up(environment)
    assert "uninstall" in calls()[2]
    capsys.readouterr()
    set_up(environment)
    assert calls() == []
    line = "set-up: no Horovod, so one rank only, until this machine has its tools: apt-get install cmake g++\n"
    assert capsys.readouterr().err == line


def test_horovod_is_built_when_its_tools_have_come(
    environment: Environment, calls: Callable[[], list[str]], missing: list[str]
) -> None:
    missing += ["cmake"]
    set_up(environment)
    missing.clear()
    calls()
    set_up(environment)
    assert "build_horovod" in calls()[2]


def test_tools_that_have_gone_take_no_built_horovod_away(
    environment: Environment, calls: Callable[[], list[str]], missing: list[str]
) -> None:
    set_up(environment)
    calls()
    missing += ["cmake"]
    set_up(environment)
    assert calls() == []


@pytest.mark.parametrize("record", ["", "{", json.dumps({"fingerprint": "x", "horovod": True})])
def test_a_record_that_is_broken_or_of_other_files_counts_for_nothing(environment: Environment, record: str) -> None:
    (environment.folder / "zoo-setup.json").write_text(record)
    assert not environment.is_finished(with_horovod=False)


def test_an_environment_that_was_moved_is_not_usable(tmp_path: Path, environment: Environment) -> None:
    assert environment.is_usable()
    environment.root.rename(tmp_path / "moved")
    assert not Environment(tmp_path / "moved").is_usable()


def test_an_environment_of_another_python_is_not_usable(environment: Environment, write_program: WriteProgram) -> None:
    write_program(environment.python, "echo 3.12")
    assert not environment.is_usable()


def test_an_environment_whose_making_was_interrupted_is_not_usable(environment: Environment) -> None:
    environment.python.unlink()
    assert not environment.is_usable()


def test_a_missing_python_ends_with_one_line_and_code_2(
    environment: Environment, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    environment.python.unlink()
    monkeypatch.setattr("machine._python_candidates", list)
    monkeypatch.setattr(setup_environment, "ROOT", environment.root)
    monkeypatch.setattr("sys.argv", ["setup_environment.py"])
    assert setup_environment.main() == 2
    last = capsys.readouterr().err.splitlines()[-1]
    assert last == "set-up: Python 3.11 is missing: apt-get install python3.11 python3.11-venv"


def test_an_interrupted_set_up_says_how_to_go_on(
    environment: Environment, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt(*arguments: object, **options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(setup_environment, "set_up_if_needed", interrupt)
    monkeypatch.setattr("sys.argv", ["setup_environment.py"])
    assert setup_environment.main() == 130
    assert "the same command goes on" in capsys.readouterr().err
