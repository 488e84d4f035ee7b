"""Whether the libraries that a run leans on work here; each is imported in a process of its own."""

import importlib.metadata
import ipaddress
import shutil
import socket
import subprocess
import sys
from dataclasses import dataclass, replace

TIME_LIMIT_S = 120.0

BUILD_PROGRAMS = {"cmake": ("cmake",), "make": ("make",), "g++": ("g++", "c++")}
"""What building Horovod needs: Debian package to the programs of which it brings one."""

_SHOW_TENSORFLOW = "import tensorflow; print(tensorflow.__version__)"


@dataclass(frozen=True)
class Library:
    """One library.

    Attributes:
        name: as its project writes it.
        version: None where it is not installed.
        problem: why it cannot be used, in words that follow its name; None where it can.
        cure: what to do about the problem.
        needed: False where zoo works without it, in part.
    """

    name: str
    version: str | None
    problem: str | None = None
    cure: str | None = None
    needed: bool = True


def examine_libraries() -> tuple[Library, Library]:
    """TensorFlow, under whichever name it is installed, and Horovod, with what lacks to build it."""
    horovod = _horovod_by_metadata()
    if horovod.version:
        # Importing TensorFlow takes seconds: where both work, one process shows both.
        version, fault = _run(f"import horovod.tensorflow; {_SHOW_TENSORFLOW}")
        if not fault:
            return Library("TensorFlow", version), horovod
        broken = f"cannot be imported: {fault}"
        horovod = replace(horovod, problem=broken, cure=f"build it anew. {_how_to_build()}")
    version, fault = _run(_SHOW_TENSORFLOW)
    if fault:
        return Library("TensorFlow", None, f"cannot be imported: {fault}", "run 'make setup'"), horovod
    return Library("TensorFlow", version), horovod


def host_name_trap() -> str | None:
    """Why a run over several hosts would fail by this host's name; None where it would not.

    Horovod binds to the address that the host's own name resolves to.
    """
    name = socket.gethostname()
    try:
        address = socket.gethostbyname(name)
    except OSError as error:
        return f"the name of this host does not resolve ({error.strerror})"
    if ipaddress.ip_address(address).is_loopback:
        return f"the name of this host resolves to the loopback address {address}"
    return None


def _horovod_by_metadata() -> Library:
    try:
        return Library("Horovod", importlib.metadata.version("horovod"))
    except importlib.metadata.PackageNotFoundError:
        return Library("Horovod", None, "is not installed (more than one rank needs it)", _how_to_build(), needed=False)


def _how_to_build() -> str:
    packages = [package for package, programs in BUILD_PROGRAMS.items() if not any(map(shutil.which, programs))]
    if not packages:
        return "Run 'make setup'"
    return f"Building it needs {', '.join(packages)}: 'apt-get install {' '.join(packages)}', then 'make setup'"


def _run(code: str) -> tuple[str, str]:
    """The last line that Python code prints in a process of its own; and what went wrong, or nothing."""
    try:
        # -P: a file of the user's current folder must not stand in for a library.
        done = subprocess.run(  # noqa: S603 - this interpreter
            [sys.executable, "-P", "-c", code], capture_output=True, text=True, timeout=TIME_LIMIT_S, check=False
        )
    except subprocess.TimeoutExpired:
        return "", f"it hangs, {TIME_LIMIT_S:g} s and more"
    if done.returncode == 0:
        return _last_line(done.stdout), ""
    return "", _last_line(done.stderr) or f"exit code {done.returncode} without a word"


def _last_line(text: str) -> str:
    return text.strip().rpartition("\n")[2].strip()
