"""`zoo info`: one plugin, loaded and described."""

import dataclasses
import difflib
import json
from collections.abc import Iterator, Mapping
from typing import Any

import click

from zoo_core import plugins
from zoo_core.cli.card import describe_object
from zoo_core.cli.table import columns, terminal_width
from zoo_core.contract import KINDS, PluginError, ZooError


@click.command()
@click.argument("name")
@click.option("--kind", type=click.Choice(KINDS), help="Needed where several kinds have a plugin of this name.")
@click.option("--json", "as_json", is_flag=True, help="One record instead of text.")
def info(name: str, kind: str | None, as_json: bool) -> None:
    """One plugin's card, options and presets; only this plugin is imported.

    Options are shown as --set and a TOML file take them.
    """
    report = describe(kind or only_kind(name), name)
    click.echo(json.dumps(report, indent=2, default=str) if as_json else as_text(report))


def describe(kind: str, name: str) -> dict[str, Any]:
    """All there is to know of a plugin, as `--json` gives it.

    `about` holds what its object says of itself; where the default configuration makes no object, `needs` says why.

    Raises:
        PluginError: it cannot be loaded.
    """
    entry, plugin = plugins.find(kind, name), plugins.load(kind, name)
    report = {
        "kind": kind,
        "name": name,
        "summary": plugin.summary,
        "distribution": entry.distribution,
        "version": entry.version,
        "entry_point": entry.value,
        "about": {},
        "needs": None,
        "options": [dataclasses.asdict(option) for option in plugins.describe_options(plugin.config)],
        "presets": {name: dict(values) for name, values in plugin.presets.items()},
    }
    try:
        report["about"] = describe_object(kind, plugins.create(kind, name, plugin.config()))
    except PluginError:
        raise
    except ZooError as error:
        report["needs"] = str(error)
    return report


def as_text(report: Mapping[str, Any]) -> str:
    """The same for a reader."""
    about = [(key.replace("_", " "), _said(value)) for key, value in report["about"].items() if value is not None]
    options = [row for option in report["options"] for row in _option_rows(report["kind"], option)]
    presets = [(name, " ".join(_settings(report["kind"], values))) for name, values in report["presets"].items()]
    needs = [("its defaults make no object:", report["needs"])] if report["needs"] else []
    parts = [
        f"{report['name']}: {report['kind']} of {report['distribution']} {report['version']}\n{report['summary']}",
        *(
            f"{title}\n{columns(rows, indent=2, width=terminal_width())}"
            for title, rows in (("About", about or needs), ("Options", options), ("Presets", presets))
            if rows
        ),
    ]
    return "\n\n".join(parts)


def only_kind(name: str) -> str:
    """The kind of the plugin of a name.

    Raises:
        UsageError: several kinds have one.
        PluginError: there is none.
    """
    entries = plugins.find_entries()
    claims = [entry for entry in entries if entry.name == name]
    kinds = sorted({e.kind for e in claims if e.health != "not allowed"} or {e.kind for e in claims})
    if len(kinds) > 1:
        raise click.UsageError(f"'{name}' is the name of a {' and of a '.join(kinds)}: choose one with --kind.")
    if kinds:
        return kinds[0]
    near = difflib.get_close_matches(name, {entry.name for entry in entries}, n=1)
    hint = f"did you mean '{near[0]}'? " if near else ""
    raise PluginError(f"There is no plugin '{name}': {hint}'zoo list' names them all")


def _key(kind: str, name: str) -> str:
    """`size` of a data set is set as `data.size`; a command has options of its own."""
    section = {"dataset": "data"}.get(kind, kind)
    return name if kind == "command" else f"{section}.{name}"


def _option_rows(kind: str, option: Mapping[str, Any]) -> list[tuple[str, str]]:
    head = (_key(kind, option["name"]), f"{option['type']} = {_set(option['default'])}")
    return [head, ("", option["doc"])] if option["doc"] else [head]


def _settings(kind: str, values: Mapping[str, Any]) -> Iterator[str]:
    """A preset's values as `--set` takes them; a task's reach into every section."""
    for name, value in values.items():
        if kind == "task" and isinstance(value, Mapping):
            yield from (f"{name}.{key}={_set(inner)}" for key, inner in value.items())
        else:
            yield f"{_key(kind, name)}={_set(value)}"


def _set(value: Any) -> str:
    """A value as `--set` takes it; TOML has no word for None."""
    return "unset" if value is None else json.dumps(value, default=str, ensure_ascii=False)


def _said(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return ", ".join(str(item) for item in value) or "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)
