"""Loads one plugin by name, or says in one line why not."""

import difflib
from typing import Any

from zoo_core.contract import GROUPS, Plugin, PluginError
from zoo_core.plugins.entries import Entry, find_entries
from zoo_core.plugins.faults import object_faults, record_faults
from zoo_core.plugins.hanging import end_hang

IMPORT_LIMIT_S = 120.0
"""Twice what 'zoo doctor' gives: a network file system from which many ranks read at once is slow."""


def find(kind: str, name: str) -> Entry:
    """The entry of one plugin, by metadata alone.

    Raises:
        PluginError: the name is unknown, not allowed, taken twice, or for another contract version.
        ConfigError: the file that may hold an allow-list cannot be used.
    """
    entries = find_entries()
    claims = [entry for entry in entries if (entry.kind, entry.name) == (kind, name)]
    sound = [entry for entry in claims if entry.is_usable]
    if sound:
        return sound[0]
    if claims:
        raise PluginError(claims[0].reason)
    raise PluginError(f"There is no {kind} '{name}'{_hint(entries, kind, name)}")


def load(kind: str, name: str) -> Plugin:
    """Import the one plugin of a kind and name; no other is touched.

    Raises:
        PluginError: as `find`; or the import fails or hangs, or what it gives is no sound `Plugin`.
    """
    return _load(find(kind, name))


def create(kind: str, name: str, config: Any) -> Any:
    """Make a plugin's object from its configuration, and check that it keeps the contract of its kind.

    What the plugin's own `create` raises is raised as it is.

    Raises:
        PluginError: as `load`; or the object lacks members, or has methods that cannot be called as the contract says.
    """
    entry = find(kind, name)
    made = _load(entry).create(config)
    _refuse(entry, "makes an object that does not keep the contract", object_faults(kind, made))
    return made


def _hint(entries: tuple[Entry, ...], kind: str, name: str) -> str:
    names = sorted({entry.name for entry in entries if entry.kind == kind})
    if not names:
        return f", and no other: install a package with an entry point in the group '{GROUPS[kind]}'"
    other_kinds = [entry.kind for entry in entries if entry.name == name]
    if other_kinds:
        return f", but a {other_kinds[0]} of that name. Installed for {kind}: {', '.join(names)}"
    near = difflib.get_close_matches(name, names, n=1)
    question = f": did you mean '{near[0]}'?" if near else "."
    return f"{question} Installed: {', '.join(names)}"


def _load(entry: Entry) -> Plugin:
    # Stevedore is imported where something is loaded: `zoo list` and `zoo --help` load nothing.
    from zoo_core.plugins.driver import load_object

    with end_hang(entry.title, IMPORT_LIMIT_S):
        try:
            found = load_object(entry)
        except (Exception, SystemExit) as error:
            text = " ".join(str(error).split())
            raise PluginError(
                f"{entry.title} does not load: importing '{entry.value}' raised {type(error).__name__}: {text}"
            ) from error
    _refuse(entry, f"('{entry.value}') does not keep the contract", record_faults(found))
    plugin: Plugin = found
    return plugin


def _refuse(entry: Entry, verdict: str, faults: list[str]) -> None:
    if faults:
        raise PluginError(f"{entry.title} {verdict}: {'; '.join(faults)}")
