"""What this machine must have before anything is installed, and the Debian package that brings what is missing.

Runs on any Python from 3.8 on: it is what finds the Python that the zoo needs.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator

from steps import SetupError

PYTHON_VERSION = "3.11"

_USABLE, _LACKS_VENV = 0, 2
_PYTHON_PROBE = f"""
import sys
if "%d.%d" % sys.version_info[:2] != "{PYTHON_VERSION}":
    sys.exit(1)
try:
    import ensurepip, venv
except ImportError:
    sys.exit({_LACKS_VENV})
"""

SYSTEM_FOLDERS = ("/usr/sbin", "/sbin")

# What Horovod needs of the system besides the compiler itself.
_HEADERS_PROBE = "#include <string>\n#include <sys/socket.h>\n"


class MissingPackagesError(SetupError):
    """This machine lacks something that Debian packages bring."""

    def __init__(self, what: str, packages: list[str]) -> None:
        super().__init__(f"{what}: apt-get install {' '.join(packages)}")
        self.packages = packages


def find_python() -> str:
    """Path of a Python 3.11 that can make environments: the running one, else the first on PATH.

    Raises:
        MissingPackagesError: there is none, or none with Debian's package for environments.
    """
    lacks_venv = None
    for candidate in _python_candidates():
        verdict = subprocess.run([candidate, "-c", _PYTHON_PROBE], stderr=subprocess.DEVNULL, check=False).returncode
        if verdict == _USABLE:
            return candidate
        if verdict == _LACKS_VENV:
            lacks_venv = candidate
    if lacks_venv:
        raise MissingPackagesError(f"{lacks_venv} cannot make environments", [f"python{PYTHON_VERSION}-venv"])
    packages = [f"python{PYTHON_VERSION}", f"python{PYTHON_VERSION}-venv"]
    raise MissingPackagesError(f"Python {PYTHON_VERSION} is missing", packages)


def _python_candidates() -> Iterator[str]:
    yield sys.executable
    # Every folder of PATH, not the first hit only: a version switcher's shim may stand there and refuse to run.
    for name in (f"python{PYTHON_VERSION}", "python3", "python"):
        for folder in os.get_exec_path():
            found = shutil.which(name, path=folder)
            if found:
                yield found


def missing_build_packages() -> list[str]:
    """Debian packages that bring what Horovod's build lacks here; empty where nothing is missing."""
    missing = [tool for tool in ("cmake", "make") if not shutil.which(tool)]
    compiler = find_compiler()
    if compiler is None or not _finds_headers(compiler):
        missing.append("g++")
    return missing


def find_compiler() -> str | None:
    """The C++ compiler that CMake would take: CXX, else the first of c++, g++, clang++ on PATH."""
    wished = os.environ.get("CXX")
    return next(filter(None, map(shutil.which, [wished] if wished else ["c++", "g++", "clang++"])), None)


def _finds_headers(compiler: str) -> bool:
    command = [compiler, "-x", "c++", "-fsyntax-only", "-"]
    return subprocess.run(command, input=_HEADERS_PROBE, text=True, capture_output=True, check=False).returncode == 0


TEST_PROGRAMS = {"sshd": "openssh-server", "ip": "iproute2", "mpirun": "openmpi-bin"}
"""Programs that some tests need, which are skipped without; and the Debian packages that bring them."""


def missing_test_packages() -> list[str]:
    """Debian packages that bring what some tests lack here; nobody needs them to run or to build anything."""
    # sshd and ip are found in root's folders, which not every PATH has.
    path = os.pathsep.join([os.environ.get("PATH", ""), *SYSTEM_FOLDERS])
    return [package for program, package in TEST_PROGRAMS.items() if not shutil.which(program, path=path)]


def missing_packages() -> list[str]:
    """Every Debian package that a full set-up, and the whole test suite, lack on this machine."""
    try:
        find_python()
    except MissingPackagesError as error:
        return error.packages + missing_build_packages() + missing_test_packages()
    return missing_build_packages() + missing_test_packages()
