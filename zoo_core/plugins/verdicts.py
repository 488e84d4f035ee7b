"""Remembers what trials of plugins showed, so that `zoo list` can say it without importing anything.

A verdict holds for an environment, a distribution's version and an entry point's value. The code of an editable
installation can change under the same version: `zoo doctor` then has to be asked again.
"""

import hashlib
import json
import os
import platform
import sys
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from zoo_core import __version__
from zoo_core.contract import OutputError
from zoo_core.plugins.entries import Entry, Health

SCHEMA = 1

_VERDICTS = ("ok", "unhealthy")


@dataclass(frozen=True)
class Verdict:
    """What a trial of one plugin showed.

    Attributes:
        health: `ok` or `unhealthy`.
        reason: why it is unhealthy, or None.
        summary: the plugin's own sentence; None where it did not load.
    """

    health: Health
    reason: str | None = None
    summary: str | None = None

    def on(self, entry: Entry) -> Entry:
        """The entry with this verdict."""
        return replace(entry, health=self.health, reason=self.reason, summary=self.summary)


def verdict_of(values: Mapping[str, Any]) -> Verdict:
    """Read a verdict from JSON values; other keys are left alone.

    Raises:
        ValueError: they hold no verdict.
    """
    health, reason, summary = (values.get(key) for key in ("health", "reason", "summary"))
    texts = all(text is None or isinstance(text, str) for text in (reason, summary))
    if health not in _VERDICTS or not texts:
        raise ValueError("no verdict on a plugin")
    return Verdict(health, reason, summary)


def cache_file() -> Path:
    """Where this environment's verdicts are: one file each in `memory_folder`.

    Raises:
        OutputError: this user has no home folder.
    """
    environment = hashlib.sha256(sys.prefix.encode()).hexdigest()[:16]
    return memory_folder() / f"plugins-{environment}.json"


def memory_folder() -> Path:
    """Where zoo keeps what it found out about this machine: below `$XDG_CACHE_HOME`, or `~/.cache`.

    Raises:
        OutputError: this user has no home folder.
    """
    named = Path(os.environ.get("XDG_CACHE_HOME", ""))
    try:
        # The XDG base directory specification has relative paths ignored.
        folder = named if named.is_absolute() else Path.home() / ".cache"
    except RuntimeError as error:
        raise OutputError(f"A place for zoo's memory needs XDG_CACHE_HOME or HOME. Received: {error}") from error
    return folder / "zoo"


def recall(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """Lay remembered verdicts over what metadata shows.

    A memory that is missing, damaged, or of another version of zoo or Python is none.
    """
    verdicts = _read()
    return tuple(
        verdicts[_key(asdict(entry))].on(entry)
        if entry.health == "not tried" and _key(asdict(entry)) in verdicts
        else entry
        for entry in entries
    )


def remember(entries: Iterable[Entry]) -> None:
    """Write the verdicts on all entries that were tried, in place of what was remembered before.

    Raises:
        OutputError: the file cannot be written.
    """
    path = cache_file()
    tried = [asdict(entry) for entry in entries if entry.health in _VERDICTS]
    content = {"for": _validity(), "entries": tried}
    part = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(json.dumps(content))
        part.replace(path)
    except OSError as error:
        if part.exists():
            part.unlink()
        raise OutputError(f"The verdicts on plugins cannot be remembered in '{path}': {error.strerror}") from error


def _read() -> dict[tuple[Any, ...], Verdict]:
    try:
        content = json.loads(cache_file().read_bytes())
        if content["for"] != _validity():
            return {}
        return {_key(values): verdict_of(values) for values in content["entries"]}
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return {}


def _validity() -> list[Any]:
    return [SCHEMA, __version__, platform.python_version()]


def _key(values: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(values[key] for key in ("kind", "name", "distribution", "version", "contract_version", "value"))
