"""`zoo list`: what is registered. Imports no plugin."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from zoo_core import plugins
from zoo_core.cli.table import GAP, columns, terminal_width
from zoo_core.cli.verbs import remembered_entries
from zoo_core.plugins import Entry


@click.command("list")
@click.option("--json", "as_json", is_flag=True, help="A list of records instead of a table.")
def list_plugins(as_json: bool) -> None:
    """Everything registered: its distribution, version, contract version, file and health.

    No plugin is imported: metadata shows who registers what, and what 'zoo doctor' found when it tried a plugin is
    remembered for that version of its distribution. Until then a plugin is 'not tried' and has no summary. After a
    change to an editable installation ask 'zoo doctor' again.

    A file is named as it lies in its package; --json has its whole path. What an allow-list in zoo.toml, or in the file
    that ZOO_CONFIG names, leaves out is 'not allowed'.
    """
    entries = remembered_entries()
    if as_json:
        click.echo(json.dumps([as_record(entry) for entry in entries], indent=2))
        return
    click.echo(as_table(entries))
    for title, health in (("Unhealthy", "unhealthy"), ("Not allowed", "not allowed")):
        if reasons := [("-", entry.reason) for entry in entries if entry.health == health and entry.reason]:
            click.echo(f"\n{title}\n{columns(reasons, indent=2, width=terminal_width())}")
    n_untried = sum(entry.health == "not tried" for entry in entries)
    if n_untried:
        click.echo(f"{n_untried} not tried: 'zoo doctor' tries them and remembers.", err=True)


def as_record(entry: Entry) -> dict[str, Any]:
    """What `--json` says of one entry point."""
    file = plugins.source_file(entry)
    return {
        "kind": entry.kind,
        "name": entry.name,
        "summary": entry.summary,
        "distribution": entry.distribution,
        "version": entry.version,
        "health": entry.health,
        "reason": entry.reason,
        "contract_version": entry.contract_version,
        "entry_point": entry.value,
        "file": str(file) if file else None,
    }


def as_table(entries: Sequence[Entry]) -> str:
    """One line an entry point, and below it the plugin's own sentence where that is known."""
    header = ("KIND", "NAME", "DISTRIBUTION", "CONTRACT", "HEALTH", "FILE")
    rows = [
        (e.kind, e.name, f"{e.distribution} {e.version}", e.contract_version, e.health, _file_in_package(e))
        for e in entries
    ]
    indent = max(len(row[0]) for row in (header, *rows)) + len(GAP)
    lines = columns([header, *rows]).splitlines()
    below = [columns([(e.summary,)], indent, terminal_width()) if e.summary else None for e in entries]
    return "\n".join(text for pair in zip(lines, [None, *below], strict=True) for text in pair if text)


def _file_in_package(entry: Entry) -> str:
    """The file, shorter than its path: below the package, where that is named as the distribution is."""
    file = plugins.source_file(entry)
    if file is None:
        return "not found"
    package, *inner = entry.value.partition(":")[0].strip().split(".")
    n_inner = len(inner) + (file.name == "__init__.py")
    is_named_alike = package == plugins.canonical_name(entry.distribution).replace("-", "_")
    n_shown = n_inner if is_named_alike and n_inner else n_inner + 1
    return str(Path(*file.parts[-n_shown:]))
