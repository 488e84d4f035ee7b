"""Builds Horovod for the TensorFlow of this environment, installs it, and proves that it works.

    .venv/bin/python tools/build_horovod.py .cache/horovod

Horovod's project no longer follows TensorFlow; docs/adr/0003-horovod-on-a-new-tensorflow.md says why this works.
A wheel is kept in a folder whose name carries the versions and a digest of everything it was built with: one that was
built for another TensorFlow, by another compiler or with other flags is never taken.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.metadata
import importlib.util
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from machine import find_compiler
from pins import read_pins
from steps import SetupError

ROOT = Path(__file__).resolve().parent.parent
HEADERS = ROOT / "tools" / "horovod_headers"

FLAGS = {
    "HOROVOD_WITH_TENSORFLOW": "1",
    "HOROVOD_WITH_GLOO": "1",
    "HOROVOD_WITHOUT_MPI": "1",
    "HOROVOD_WITHOUT_PYTORCH": "1",
    "HOROVOD_WITHOUT_MXNET": "1",
    # CMake 4 refuses Gloo's and FlatBuffers' minimum of 2.8.
    "CMAKE_POLICY_VERSION_MINIMUM": "3.5",
}
_COMPILER_VARIABLES = ("CC", "CXX", "CFLAGS", "CXXFLAGS", "CPPFLAGS", "LDFLAGS")

_GIB_PER_COMPILATION = 2.5
"""The largest of Horovod's compilations took 2.2 GiB."""

_PROOF = """
import horovod.tensorflow as hvd, tensorflow as tf
hvd.init()
summed = hvd.allreduce(tf.constant([2.0, 3.0]), op=hvd.Sum).numpy().tolist()
assert hvd.gloo_built() and summed == [2.0 * hvd.size(), 3.0 * hvd.size()], summed
print("Horovod", hvd.__file__, "works with TensorFlow", tf.__version__)
"""
_PROOF_TIMEOUT_S = 300


def ingredients() -> dict[str, object]:
    """Everything that the built library depends on."""
    return {
        "horovod": read_pins(ROOT / "constraints.txt")["horovod"],
        "tensorflow": importlib.metadata.version("tensorflow-cpu"),
        "python": ".".join(platform.python_version_tuple()[:2]),
        "machine": [platform.machine(), *platform.libc_ver()],
        "compiler": _first_line([find_compiler() or "c++", "--version"]),
        "cmake": _first_line(["cmake", "--version"]),
        "setuptools": importlib.metadata.version("setuptools"),
        "variables": {name: os.environ.get(name) for name in _COMPILER_VARIABLES},
        "flags": FLAGS,
        "headers": {str(path.relative_to(HEADERS)): path.read_text() for path in sorted(HEADERS.rglob("*.h"))},
    }


def _first_line(command: list[str]) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[0]


def folder_name(parts: Mapping[str, object]) -> str:
    """Name of the folder that keeps the wheel built from these ingredients."""
    digest = hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:12]
    return f"horovod-{parts['horovod']}-tensorflow-{parts['tensorflow']}-python-{parts['python']}-{digest}"


def build(version: str, folder: Path) -> None:
    """Builds the wheel into `folder`, which appears only when the wheel is whole."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix="building-") as scratch:
        unfinished = Path(scratch) / "wheel"
        command = [sys.executable, "-m", "pip", "wheel", "--verbose", "--no-deps", "--no-cache-dir", "--use-pep517"]
        command += ["--no-build-isolation", "--no-binary=horovod", f"--wheel-dir={unfinished}", f"horovod=={version}"]
        subprocess.run(command, env={**_outer_environment(), **FLAGS, **_build_variables()}, check=True)
        unfinished.rename(folder)


def _outer_environment() -> dict[str, str]:
    # Flags of a calling make, and settings of Horovod that the folder's name does not carry, stay outside.
    refused = ("MAKEFLAGS", "MAKELEVEL", "MFLAGS", "HOROVOD_")
    return {name: value for name, value in os.environ.items() if not name.startswith(refused)}


def _build_variables() -> dict[str, str]:
    found = importlib.util.find_spec("tensorflow")
    if found is None or found.origin is None:
        raise SetupError("Horovod is built against TensorFlow, which is not installed: run make setup.")
    external = Path(found.origin).parent / "include" / "external"
    paths = [HEADERS, external / "farmhash_archive" / "src", external / "highwayhash"]
    return {
        "CPLUS_INCLUDE_PATH": os.pathsep.join(map(str, paths)),
        "MAKEFLAGS": f"-j{_n_compilations()}",
    }


def _n_compilations() -> int:
    memory_gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return max(1, min(len(os.sched_getaffinity(0)), int(memory_gib / _GIB_PER_COMPILATION)))


def install(folder: Path) -> None:
    """Installs the wheel in `folder` and proves in a process of its own that it reduces; drops the folder if not."""
    (wheel,) = folder.glob("*.whl")
    pip = [sys.executable, "-m", "pip", "install", "--no-deps", "--force-reinstall", str(wheel)]
    subprocess.run(pip, check=True)
    try:
        subprocess.run([sys.executable, "-c", _PROOF], timeout=_PROOF_TIMEOUT_S, check=True)
    except subprocess.SubprocessError:
        subprocess.run([sys.executable, "-m", "pip", "uninstall", "--yes", "horovod"], check=True)
        shutil.rmtree(folder)
        raise


def main() -> int:
    """Builds if nothing fitting is kept, installs and proves."""
    parser = argparse.ArgumentParser(description="Build Horovod for this environment's TensorFlow and install it.")
    parser.add_argument("cache", type=Path, help="folder that keeps built wheels")
    cache: Path = parser.parse_args().cache
    parts = ingredients()
    folder = cache.resolve() / folder_name(parts)
    try:
        if folder.is_dir():
            print(f"Taking the wheel that was built before: {folder}", flush=True)
        else:
            build(str(parts["horovod"]), folder)
        install(folder)
    except (SetupError, subprocess.SubprocessError) as error:
        print(f"Horovod: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
