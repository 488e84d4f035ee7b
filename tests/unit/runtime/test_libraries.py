"""Whether libraries work is seen in a process of its own, and what lacks is named."""

import importlib.metadata
import socket
from pathlib import Path

import pytest

from zoo_core.runtime import libraries
from zoo_core.runtime.libraries import Library, examine_libraries, host_name_trap

WORKS = "print('a library says hello'); print('9.9')"
FAILS = "raise ImportError('no symbol')"


@pytest.fixture
def tensorflow(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """A TensorFlow that imports at once."""
    monkeypatch.setattr(libraries, "_SHOW_TENSORFLOW", WORKS)
    return monkeypatch


@pytest.fixture
def horovod(site: object, tensorflow: pytest.MonkeyPatch) -> "type[Horovod]":
    """A Horovod that is installed, with a module as told."""
    Horovod.folder = site.folder / "horovod"  # type: ignore[attr-defined]
    Horovod.folder.mkdir()
    tensorflow.setattr(importlib.metadata, "version", {"horovod": "0.28.1"}.__getitem__)
    return Horovod


class Horovod:
    folder: Path

    @classmethod
    def write(cls, source: str) -> None:
        for name in ("__init__.py", "tensorflow.py"):
            (cls.folder / name).write_text(source)


@pytest.fixture
def no_horovod(tensorflow: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> str:
        raise importlib.metadata.PackageNotFoundError(name)

    tensorflow.setattr(importlib.metadata, "version", missing)


def test_libraries_that_work_have_their_versions(horovod: type[Horovod]) -> None:
    horovod.write("")
    assert examine_libraries() == (Library("TensorFlow", "9.9"), Library("Horovod", "0.28.1"))


def test_a_horovod_that_does_not_import_says_why_and_leaves_tensorflow(horovod: type[Horovod]) -> None:
    horovod.write(FAILS)
    tensorflow, broken = examine_libraries()
    assert tensorflow == Library("TensorFlow", "9.9")
    assert broken.version == "0.28.1"
    assert broken.needed
    assert broken.problem == "cannot be imported: ImportError: no symbol"


def test_a_tensorflow_that_crashes_says_so(no_horovod: None, tensorflow: pytest.MonkeyPatch) -> None:
    tensorflow.setattr(libraries, "_SHOW_TENSORFLOW", "import os; os.abort()")
    library = examine_libraries()[0]
    assert library.version is None
    assert library.needed
    assert library.problem == "cannot be imported: exit code -6 without a word"


def test_a_library_that_hangs_is_given_up(no_horovod: None, tensorflow: pytest.MonkeyPatch) -> None:
    tensorflow.setattr(libraries, "_SHOW_TENSORFLOW", "import threading; threading.Event().wait()")
    tensorflow.setattr(libraries, "TIME_LIMIT_S", 0.5)
    assert examine_libraries()[0].problem == "cannot be imported: it hangs, 0.5 s and more"


def test_an_absent_horovod_is_not_needed_and_the_packages_to_build_it_are_named(
    no_horovod: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for program in ("make", "c++"):
        (tmp_path / program).touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    _, horovod = examine_libraries()
    assert (horovod.version, horovod.needed) == (None, False)
    assert horovod.cure == "Building it needs cmake: 'apt-get install cmake', then 'make setup'"


def test_where_every_tool_is_there_one_command_builds_horovod(
    no_horovod: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for program in ("make", "g++", "cmake"):
        (tmp_path / program).touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert examine_libraries()[1].cure == "Run 'make setup'"


@pytest.mark.parametrize(
    ("address", "trapped"), [("127.0.1.1", True), ("127.0.0.1", True), ("10.0.0.7", False), ("192.0.2.1", False)]
)
def test_a_host_name_that_means_the_host_itself_is_a_trap(
    address: str, trapped: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "gethostbyname", lambda name: address)
    trap = host_name_trap()
    assert (trap is not None) is trapped
    assert trap is None or address in trap


def test_a_host_name_that_does_not_resolve_is_a_trap(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(name: str) -> str:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "gethostbyname", unknown)
    assert host_name_trap() == "the name of this host does not resolve (Name or service not known)"
