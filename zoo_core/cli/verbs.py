"""The verbs of `zoo`: our own by a table, those of plugins by their metadata; a verb is imported when it runs."""

import importlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import click
from click.shell_completion import CompletionItem

from zoo_core import __version__, plugins
from zoo_core.plugins import Entry


@dataclass(frozen=True)
class Verb:
    """A verb of our own.

    Attributes:
        command: module and name of its `click.Command`.
        help: one line for `zoo --help`.
    """

    command: str
    help: str


VERBS = {
    "list": Verb("zoo_core.cli.list:list_plugins", "Everything registered: its distribution, version and health."),
    "info": Verb("zoo_core.cli.info:info", "One plugin's card, options and presets."),
    "check": Verb("zoo_core.cli.check:check", "The checks of an installed plugin, a verdict a line."),
    "doctor": Verb("zoo_core.cli.doctor:doctor", "This machine, its libraries and plugins, and what to mend."),
    "run": Verb("zoo_core.cli.run:run", "Train a task on a data set, evaluate it, and write a run folder."),
    "tune": Verb("zoo_core.cli.tune:tune", "What suits a task on this machine: ranks, threads, streams, precision."),
    "evaluate": Verb("zoo_core.cli.evaluate:evaluate", "Metrics again from predictions, or a model on other data."),
    "predict": Verb("zoo_core.cli.predict:predict", "A trained model's scores of pictures, folders or a data set."),
    "quantize": Verb("zoo_core.cli.quantize:quantize", "A trained model in 8 bits, refused where it loses too much."),
    "data": Verb(
        "zoo_core.cli.data:data", "Describe a table of images, check a data set, or pack one to be read fast."
    ),
    "study": Verb("zoo_core.cli.study:study", "Measure a grid and draw it: scaling, accuracy, topology, storage."),
    "compare": Verb("zoo_core.cli.compare:compare", "Runs beside each other, on the examples they share."),
    "report": Verb("zoo_core.cli.report:report", "The report and the model card of a finished run again."),
    "new-plugin": Verb("zoo_core.cli.new_plugin:new_plugin", "A package with a plugin that works, to begin one's own."),
}


OPEN_GROUPS = {"data": ("check", "pack")}
"""Groups of ours that take verbs of plugins, and the verbs of ours in them: command `data.tidy` is `zoo data tidy`."""


def found_entries() -> tuple[Entry, ...]:
    """Every plugin by metadata alone; a command that cannot be called by its name is unhealthy.

    Raises:
        ConfigError: the file that may hold an allow-list cannot be used.
    """
    return tuple(map(_with_fault_of_name, plugins.find_entries()))


def remembered_entries() -> tuple[Entry, ...]:
    """Every plugin with what 'zoo doctor' last found."""
    return plugins.recall(found_entries())


class VerbGroup(click.Group):
    """Looks a verb up when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Our own verbs in the table's order, then those of plugins."""
        return [name for name, _ in _help_lines()]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's
        """Import a verb; None where there is none of this name."""
        if cmd_name in VERBS:
            module, _, name = VERBS[cmd_name].command.partition(":")
            command: click.Command = getattr(importlib.import_module(module), name)
            return command
        return _plugin_command(cmd_name) if cmd_name in _plugin_verbs("") else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click, but an unknown verb is answered with the nearest."""
        if args[0] not in VERBS and args[0] not in _plugin_verbs(""):
            raise click.NoSuchCommand(args[0], f"There is no verb '{args[0]}'.", self.list_commands(ctx), ctx)
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> None:
        """As click, but what a verb returns is not taken for an exit code."""
        super().invoke(ctx)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's
        """From the table and from metadata: help imports no verb."""
        with formatter.section("Verbs"):
            formatter.write_dl(list(_help_lines()))

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """As click, but without importing any verb."""
        verbs = [CompletionItem(name, help=text) for name, text in _help_lines() if name.startswith(incomplete)]
        return verbs + click.Command.shell_complete(self, ctx, incomplete)


class OpenGroup(click.Group):
    """A group of ours that plugins add verbs to: those are known by metadata, and imported when they run."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Our own verbs, then those of plugins."""
        return [*super().list_commands(ctx), *self._plugin_verbs()]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """A verb of ours, or that of a plugin, which is imported."""
        own = super().get_command(ctx, cmd_name)
        if own is None and cmd_name in self._plugin_verbs():
            return _plugin_command(f"{self.name}.{cmd_name}")
        return own

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's
        """As click, but of plugins' verbs only what metadata say."""
        own = [(name, command.get_short_help_str(limit=200)) for name, command in self.commands.items()]
        with formatter.section("Verbs"):
            formatter.write_dl([*own, *((name, _line_of(entry)) for name, entry in self._plugin_verbs().items())])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """As click, but without importing any verb."""
        found = [CompletionItem(name) for name in self.list_commands(ctx) if name.startswith(incomplete)]
        return found + click.Command.shell_complete(self, ctx, incomplete)

    def _plugin_verbs(self) -> dict[str, Entry]:
        return _plugin_verbs(self.name or "")


@click.group(
    cls=VerbGroup, subcommand_metavar="VERB [ARGS]...", context_settings={"help_option_names": ["-h", "--help"]}
)
@click.version_option(__version__, message="zoo %(version)s")
def zoo() -> None:
    """Models for medical imaging and phenomics, from plugins, trained on CPUs."""


def _with_fault_of_name(entry: Entry) -> Entry:
    group, dot, verb = entry.name.partition(".")
    if entry.kind != "command" or entry.health == "not allowed":
        return entry
    if _group_of(entry) is None:
        return entry.found_unhealthy("bears the name of a verb of zoo-core: it cannot be called")
    if dot and (group not in OPEN_GROUPS or not verb or "." in verb):
        offered = ", ".join(f"'{name}.VERB'" for name in OPEN_GROUPS)
        return entry.found_unhealthy(f"bears a name with a dot that is not {offered}: it cannot be called")
    return entry


def _help_lines() -> Iterator[tuple[str, str]]:
    yield from ((name, verb.help) for name, verb in VERBS.items())
    yield from ((name, _line_of(entry)) for name, entry in _plugin_verbs("").items())


def _line_of(entry: Entry) -> str:
    origin = f"of {entry.distribution} {entry.version}"
    if not entry.is_usable:
        return f"Cannot be used, see 'zoo list' ({origin})."
    # Metadata holds no summary: it is known once 'zoo doctor' has tried the plugin.
    unknown = f"'zoo {entry.name.replace('.', ' ')} --help' says what it does."
    return f"{entry.summary or unknown} ({origin})"


def _plugin_verbs(group: str) -> dict[str, Entry]:
    """Verbs of plugins in a group of ours, by their names in it; the verbs of `zoo` itself where the group is empty."""
    found = [entry for entry in remembered_entries() if entry.kind == "command" and _group_of(entry) == group]
    # Of one name for two contract versions the one that can be used stands, and the last of a name stays in a dict.
    in_order = sorted(found, key=lambda e: (e.name, e.is_usable))
    return {entry.name.removeprefix(f"{group}."): entry for entry in in_order}


def _group_of(entry: Entry) -> str | None:
    """The group of ours that a verb is in; None for one that stands under no name that can be called."""
    group, dot, verb = entry.name.partition(".")
    if entry.name in VERBS or verb in OPEN_GROUPS.get(group, ()):
        return None
    return group if dot else ""


def _plugin_command(name: str) -> click.Command:
    config: Any = plugins.load("command", name).config
    command: click.Command = plugins.create("command", name, config())
    return command
