"""`zoo list`: what is registered. Imports no plugin."""

import json
from collections.abc import Sequence
from typing import Any

import click

from zoo_core import plugins
from zoo_core.cli.table import columns, terminal_width
from zoo_core.cli.verbs import remembered_entries
from zoo_core.plugins import Entry


@click.command("list")
@click.option("--json", "as_json", is_flag=True, help="A list of records instead of a table.")
def list_plugins(as_json: bool) -> None:
    """Everything registered: its distribution, version and health.

    No plugin is imported: metadata shows who registers what, and what 'zoo doctor' found when it tried a plugin is
    remembered for that version of its distribution. Until then a plugin is 'not tried' and has no summary. After a
    change to an editable installation ask 'zoo doctor' again.
    """
    entries = remembered_entries()
    if as_json:
        click.echo(json.dumps([as_record(entry) for entry in entries], indent=2))
        return
    click.echo(as_table(entries))
    if reasons := [("-", entry.reason) for entry in entries if entry.reason]:
        click.echo(f"\nUnhealthy\n{columns(reasons, indent=2, width=terminal_width())}")
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
    """One line an entry point."""
    header = ("KIND", "NAME", "DISTRIBUTION", "CONTRACT", "HEALTH", "SUMMARY")
    rows = [
        (e.kind, e.name, f"{e.distribution} {e.version}", e.contract_version, e.health, e.summary or "")
        for e in entries
    ]
    return columns([header, *rows], width=terminal_width())
