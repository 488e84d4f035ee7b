"""The environment of one working copy: where it is, what decides its contents, and whether they are there."""

from __future__ import annotations

import fcntl
import hashlib
import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from machine import PYTHON_VERSION


class Environment:
    """`.venv` of a working copy.

    Attributes:
        root: the working copy.
        folder: `.venv` in it.
        python: the environment's interpreter.
        constraints: the pinned versions.
        cache: what outlives the environment: built wheels and the log of the last set-up.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.folder = root / ".venv"
        self.python = self.folder / "bin" / "python"
        self.constraints = root / "constraints.txt"
        self.cache = root / ".cache"
        self._record = self.folder / "zoo-setup.json"

    def projects(self) -> list[Path]:
        """The folder of every distribution, the core's first."""
        files = [*self.root.glob("plugins/*/pyproject.toml"), *self.root.glob("datasets/*/pyproject.toml")]
        return [self.root, *sorted(file.parent for file in files)]

    def fingerprint(self) -> str:
        """Digest of everything that decides what the environment holds."""
        tools = [path for path in self.root.glob("tools/**/*") if path.suffix in {".py", ".h"}]
        projects = [project / "pyproject.toml" for project in self.projects()]
        digest = hashlib.sha256(str(self.folder).encode())
        for path in [self.constraints, self.root / "zoo_core" / "__init__.py", *projects, *sorted(tools)]:
            digest.update(f"\0{path.relative_to(self.root)}\0{path.stat().st_size}\0".encode() + path.read_bytes())
        return digest.hexdigest()

    def is_usable(self) -> bool:
        """True where the environment was made at this very place and its Python starts and has the right version."""
        command = [str(self.python), "-c", "import sys, pip; print('%d.%d' % sys.version_info[:2])"]
        try:
            made_by = (self.folder / "pyvenv.cfg").read_text()
            printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
        except (OSError, subprocess.CalledProcessError):
            return False
        # Scripts of an environment name its place: one that was moved or copied is made anew.
        return printed == PYTHON_VERSION and str(self.folder) in made_by

    def is_finished(self, with_horovod: bool) -> bool:
        """True where a set-up of the present files was finished, with Horovod if that is asked for."""
        try:
            record = json.loads(self._record.read_text())
        except (OSError, ValueError):
            return False
        enough = record["horovod"] or not with_horovod
        return enough and record["fingerprint"] == self.fingerprint() and self.python.exists()

    def unfinish(self) -> None:
        """Forgets that a set-up was finished."""
        self._record.unlink(missing_ok=True)

    def finish(self, with_horovod: bool) -> None:
        """Records that the set-up of the present files is finished."""
        self._record.write_text(json.dumps({"fingerprint": self.fingerprint(), "horovod": with_horovod}))

    @contextmanager
    def held(self) -> Iterator[None]:
        """Waits for another set-up of this working copy to end, and keeps others waiting."""
        self.cache.mkdir(exist_ok=True)
        with (self.cache / "setup.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
