"""What things are called in a new package, and which names it cannot have."""

import ast
import importlib.metadata
import importlib.util
import keyword
import re
import sys
from dataclasses import dataclass

from zoo_core.contract import ConfigError
from zoo_core.plugins import find_entries

LONGEST = 24
"""Characters of a name: lines of the template that hold it thrice still fit."""

PREFIX = "zoo-"
RESERVED = ("src", "test", "tests")
"""Folders of the new package: a module of that name would be taken for them."""

_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


@dataclass(frozen=True)
class Names:
    """What a new package is called.

    Attributes:
        distribution: as it is installed, such as "zoo-lab-chests".
        package: as it is imported, "zoo_lab_chests".
        plugin: of the entry point, "lab-chests".
        class_name: "LabChests".
    """

    distribution: str
    package: str
    plugin: str
    class_name: str


def names_of(name: str) -> Names:
    """What a package of this name is called.

    Args:
        name: of the distribution; a plugin of "zoo-x" is called "x".
    Raises:
        ConfigError: no distribution, no module or no plugin can have this name, or one has it.

    >>> names_of("zoo-lab-chests").class_name
    'LabChests'
    """
    if not _NAME.fullmatch(name) or len(name) > LONGEST:
        raise _refused(name, f"small letters and digits in parts joined by '-', {LONGEST} at most", _nearest(name))
    package = name.replace("-", "_")
    if keyword.iskeyword(package) or package in RESERVED:
        raise _refused(name, "a name that Python has no other use for", f"zoo-{name}")
    rest = name.removeprefix(PREFIX)
    plugin = rest if _NAME.fullmatch(rest) else name
    names = Names(name, package, plugin, "".join(part.capitalize() for part in plugin.split("-")))
    if taken := _taken(names):
        raise ConfigError(f"NAME needs to be one that nothing has yet. Received: '{name}': {taken}: choose another")
    return names


def refuse_hiding(names: Names, source: str) -> None:
    """See that the class hides nothing that the module uses.

    Args:
        names: of the package.
        source: of the template's module.
    Raises:
        ConfigError: the module uses something that is called so.
    """
    used = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Name):
            used.add(node.id)
        elif isinstance(node, ast.alias):
            used.add(node.asname or node.name)
    if hidden := used & {names.class_name, f"{names.class_name}Config"}:
        raise ConfigError(
            f"NAME needs to be one that the new module has no other use for. Received: '{names.distribution}', whose "
            f"class would hide '{min(hidden)}': choose another"
        )


def _taken(names: Names) -> str | None:
    for entry in find_entries():
        if entry.name == names.plugin:
            return f"{entry.kind} '{entry.name}' of {entry.distribution} {entry.version} has it"
    try:
        version = importlib.metadata.version(names.distribution)
    except importlib.metadata.PackageNotFoundError:
        pass
    else:
        return f"the distribution {names.distribution} {version} is installed"
    if names.package in sys.stdlib_module_names:
        return f"Python has a module '{names.package}'"
    if importlib.util.find_spec(names.package) is not None:
        return f"a module '{names.package}' is installed"
    return None


def _refused(name: str, wanted: str, nearest: str) -> ConfigError:
    hint = f", such as '{nearest}'" if nearest else ""
    return ConfigError(f"NAME needs to be {wanted}{hint}. Received: {name!r}")


def _nearest(name: str) -> str:
    """A name that could be meant; empty where none is left."""
    words = re.sub(r"([a-z0-9])([A-Z])", r"\1-\2", name)
    return re.sub(r"[^a-z0-9]+", "-", words.lower())[:LONGEST].lstrip("-0123456789").rstrip("-")
