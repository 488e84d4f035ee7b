"""Reads constraints.txt, and says what should stand in it: the closure of what this environment was asked to hold.

.venv/bin/python tools/pins.py > constraints.txt
"""

from __future__ import annotations

import importlib.metadata
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parent.parent

_LINE = re.compile(r"([a-z0-9]+(?:-[a-z0-9]+)*)==([0-9][0-9a-z.+!]*)")


def read_pins(path: Path) -> dict[str, str]:
    """Versions by normalised name.

    Raises:
        ValueError: a line is something else than NAME==VERSION.
    """
    pins = {}
    for number, line in enumerate(path.read_text().splitlines(), 1):
        found = _LINE.fullmatch(line)
        if found is None:
            raise ValueError(f"{path.name} holds lines of the form NAME==VERSION. Received: line {number}, {line!r}")
        pins[found[1]] = found[2]
    return pins


def normalise(name: str) -> str:
    """A distribution's name as indexes compare it.

    >>> normalise("Keras_CV")
    'keras-cv'
    """
    return re.sub(r"[-_.]+", "-", name).lower()


def project_files() -> list[Path]:
    """pyproject.toml of every distribution of this repository, the core's first."""
    return [
        ROOT / "pyproject.toml",
        *sorted([*ROOT.glob("plugins/*/pyproject.toml"), *ROOT.glob("datasets/*/pyproject.toml")]),
    ]


def direct_requirements() -> Iterator[Requirement]:
    """What this repository's distributions ask for besides each other, extras and development groups included."""
    import tomllib

    from packaging.requirements import Requirement

    projects = [tomllib.loads(path.read_text()) for path in project_files()]
    own = {project["project"]["name"] for project in projects}
    for project in projects:
        extras = project["project"].get("optional-dependencies", {})
        groups = project.get("dependency-groups", {})
        for wanted in (project["project"]["dependencies"], *extras.values(), *groups.values()):
            yield from (found for found in map(Requirement, wanted) if found.name not in own)


def installed_closure() -> dict[str, str]:
    """Installed versions, by normalised name, of everything that the direct requirements bring in."""
    from packaging.requirements import Requirement

    waiting = list(direct_requirements())
    versions: dict[str, str] = {}
    seen = set()
    while waiting:
        wanted = waiting.pop()
        key = (normalise(wanted.name), frozenset(wanted.extras))
        if key in seen:
            continue
        seen.add(key)
        found = importlib.metadata.distribution(wanted.name)
        versions[key[0]] = found.version
        needed = map(Requirement, found.requires or ())
        waiting += [requirement for requirement in needed if _applies(requirement, wanted.extras)]
    return versions


def _applies(requirement: Requirement, extras: set[str]) -> bool:
    marker = requirement.marker
    return marker is None or any(marker.evaluate({"extra": extra}) for extra in ("", *extras))


if __name__ == "__main__":
    for name, version in sorted(installed_closure().items()):
        print(f"{name}=={version}")
