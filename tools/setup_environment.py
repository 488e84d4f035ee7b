"""Makes `.venv` hold the pinned dependencies, every distribution of this repository and Horovod.

    python3 tools/setup_environment.py

Runs on any Python from 3.8 on and looks for the one that the zoo needs. It ends at once where nothing has changed; one
that was interrupted goes on with the next call, as the record of a finished one is written last.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from environment import Environment
from machine import find_python, missing_build_packages, missing_packages
from steps import SetupError, Steps

ROOT = Path(__file__).resolve().parent.parent

_EXIT_MISTAKE = 2
_EXIT_INTERRUPTED = 130


def main() -> int:
    """Sets up, or lists what the machine lacks for it."""
    parser = argparse.ArgumentParser(description="Make .venv hold everything that make run and make test need.")
    parser.add_argument("--without-horovod", action="store_true", help="do not build Horovod: one rank only")
    parser.add_argument(
        "--list-missing", action="store_true", help="print the Debian packages that are missing, and end"
    )
    arguments = parser.parse_args()
    if arguments.list_missing:
        print(" ".join(missing_packages()))
        return 0
    try:
        set_up_if_needed(Environment(ROOT), horovod_wanted=not arguments.without_horovod)
    except SetupError as error:
        print(f"set-up: {error}", file=sys.stderr)
        return _EXIT_MISTAKE
    except KeyboardInterrupt:
        print("\nset-up: interrupted; the same command goes on with it.", file=sys.stderr)
        return _EXIT_INTERRUPTED
    return 0


def set_up_if_needed(environment: Environment, horovod_wanted: bool) -> None:
    """Sets up unless that was done for the present files.

    Raises:
        SetupError: see `set_up`.
    """
    if environment.is_finished(with_horovod=horovod_wanted):
        return
    missing = missing_build_packages() if horovod_wanted else []
    if missing:
        cure = f"apt-get install {' '.join(missing)}"
        print(f"set-up: no Horovod, so one rank only, until this machine has its tools: {cure}", file=sys.stderr)
    with_horovod = horovod_wanted and not missing
    with environment.held():
        if not environment.is_finished(with_horovod):
            set_up(environment, with_horovod)


def set_up(environment: Environment, with_horovod: bool) -> None:
    """Makes the environment hold what the working copy asks for.

    Raises:
        SetupError: something is missing on this machine, or a step fails.
    """
    start = time.monotonic()
    steps = Steps(environment.cache / "setup.log")
    print(f"set-up: making {environment.folder} hold what this working copy needs", file=sys.stderr)
    environment.unfinish()
    if not environment.is_usable():
        steps.run("making the environment", [find_python(), "-m", "venv", "--clear", environment.folder])
    _install_distributions(environment, steps)
    if with_horovod:
        _install_horovod(environment, steps)
    else:
        # One that is left from before may have been built for another TensorFlow.
        steps.run("leaving Horovod out", [environment.python, "-m", "pip", "uninstall", "--yes", "horovod"])
    environment.finish(with_horovod)
    print(f"set-up: done in {time.monotonic() - start:.0f} s", file=sys.stderr)


def _install_distributions(environment: Environment, steps: Steps) -> None:
    constraints = environment.constraints
    steps.run("installing uv", [environment.python, "-m", "pip", "install", "--constraint", constraints, "uv"])
    command: list[str | Path] = [environment.python, "-m", "uv", "pip", "install", "--python", environment.python]
    command += ["--constraints", constraints, "--build-constraints", constraints]
    # Where Python may not write bytecode itself (PYTHONDONTWRITEBYTECODE, a folder that is read-only), importing
    # TensorFlow without it takes three times as long in every process.
    command.append("--compile-bytecode")
    for group in ("dev", "horovod-build"):
        command += ["--group", f"{environment.root / 'pyproject.toml'}:{group}"]
    for project in environment.projects():
        command += ["--editable", project]
    # The version number stands in one file, which an installer does not look at to see whether a distribution changed.
    for name in ("zoo-core", *(project.name for project in environment.projects()[1:])):
        command += ["--reinstall-package", name]
    steps.run("installing the pinned dependencies and this repository's distributions", command)


def _install_horovod(environment: Environment, steps: Steps) -> None:
    build = [environment.python, environment.root / "tools" / "build_horovod.py", environment.cache / "horovod"]
    try:
        steps.run("installing Horovod (built once, some 3 minutes on two cores)", build)
    except SetupError as error:
        raise SetupError(f"{error}\nOne rank works without it: HOROVOD=no make run") from error


if __name__ == "__main__":
    sys.exit(main())
