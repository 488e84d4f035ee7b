"""The `pyproject.toml` of a new package: the template's, with what one kind of plugin needs."""

import ast
import re
from typing import Any

import tomli_w

from zoo_core.contract import GROUPS
from zoo_core.scaffold.names import Names

LINE_LENGTH = 120
FIRST_VERSION = "0.1.0"

WORDS = {"dataset": "data set"}
"""Kinds that are called otherwise in a sentence."""


def project_of(template: dict[str, Any], names: Names, kind: str, source: str) -> str:
    """The text of a new package's `pyproject.toml`.

    The licence is left out: its authors choose one.

    Args:
        template: what the template's file holds.
        names: of the package.
        kind: of plugin.
        source: of its module.
    """
    project, tool = template["project"], template["tool"]
    imported = _imported_by(source)
    needed = [name for name in project["dependencies"] if name.replace("-", "_") in imported]
    settings = {
        "build-system": template["build-system"],
        "project": {
            "name": names.distribution,
            "version": FIRST_VERSION,
            "description": summary_of(names, kind),
            "readme": project["readme"],
            "requires-python": project["requires-python"],
            "dependencies": needed,
            "optional-dependencies": project["optional-dependencies"],
            "entry-points": {GROUPS[kind]: {names.plugin: f"{names.package}.{kind}:plugin"}},
        },
        "tool": {
            "hatch": {"build": {"targets": {"wheel": {"packages": [f"src/{names.package}"]}}}},
            "ruff": tool["ruff"],
            "mypy": _mypy_of(tool["mypy"], imported),
            "pytest": tool["pytest"],
        },
    }
    return re.sub(r"\[\n(?:    .+,\n)+\]", _on_one_line, tomli_w.dumps(settings))


def summary_of(names: Names, kind: str) -> str:
    """What a new package is, in a line."""
    return f"{WORDS.get(kind, kind).capitalize()} {names.plugin} for zoo."


def _imported_by(source: str) -> set[str]:
    """Top-level modules that a source text imports, wherever in it."""
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add((node.module or "").partition(".")[0])
    return names


def _mypy_of(settings: dict[str, Any], imported: set[str]) -> dict[str, Any]:
    """Without the modules that are not imported, of which mypy would warn."""
    overrides = [
        {**one, "module": [module for module in one["module"] if module.partition(".")[0] in imported]}
        for one in settings["overrides"]
    ]
    return {**settings, "overrides": [one for one in overrides if one["module"]]}


def _on_one_line(found: re.Match[str]) -> str:
    """A list as a person writes it, where it is short."""
    line = f"[{', '.join(part.strip().rstrip(',') for part in found[0].splitlines()[1:-1])}]"
    return line if len(line) < LINE_LENGTH else found[0]
