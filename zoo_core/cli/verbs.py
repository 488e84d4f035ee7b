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
    "doctor": Verb("zoo_core.cli.doctor:doctor", "This machine, its libraries and plugins, and what to mend."),
    "run": Verb("zoo_core.cli.run:run", "Train a task on a data set, evaluate it, and write a run folder."),
    "tune": Verb("zoo_core.cli.tune:tune", "What suits a task on this machine: ranks, threads, streams, precision."),
    "evaluate": Verb("zoo_core.cli.evaluate:evaluate", "Metrics again from predictions, or a model on other data."),
    "predict": Verb("zoo_core.cli.predict:predict", "A trained model's scores of pictures, folders or a data set."),
    "quantize": Verb("zoo_core.cli.quantize:quantize", "A trained model in 8 bits, refused where it loses too much."),
    "data": Verb("zoo_core.cli.data:data", "Pack a data set into a store that is read fast, or check a store."),
    "study": Verb("zoo_core.cli.study:study", "Measure a grid and draw it: scaling, accuracy, topology, storage."),
    "compare": Verb("zoo_core.cli.compare:compare", "Runs beside each other, on the examples they share."),
    "report": Verb("zoo_core.cli.report:report", "The report and the model card of a finished run again."),
}


def found_entries() -> tuple[Entry, ...]:
    """Every plugin by metadata alone; a command that bears the name of one of our verbs is unhealthy.

    Raises:
        ConfigError: the file that may hold an allow-list cannot be used.
    """
    return tuple(
        entry.found_unhealthy("bears the name of a verb of zoo-core: it cannot be called")
        if entry.kind == "command" and entry.name in VERBS and entry.health != "not allowed"
        else entry
        for entry in plugins.find_entries()
    )


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
        return _plugin_command(cmd_name) if cmd_name in _plugin_verbs() else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click, but an unknown verb is answered with the nearest."""
        if args[0] not in VERBS and args[0] not in _plugin_verbs():
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


@click.group(
    cls=VerbGroup, subcommand_metavar="VERB [ARGS]...", context_settings={"help_option_names": ["-h", "--help"]}
)
@click.version_option(__version__, message="zoo %(version)s")
def zoo() -> None:
    """Models for medical imaging and phenomics, from plugins, trained on CPUs."""


def _help_lines() -> Iterator[tuple[str, str]]:
    yield from ((name, verb.help) for name, verb in VERBS.items())
    for name, entry in _plugin_verbs().items():
        origin = f"of {entry.distribution} {entry.version}"
        if not entry.is_usable:
            yield name, f"Cannot be used, see 'zoo list' ({origin})."
        else:
            yield name, f"{entry.summary or 'A plugin.'} ({origin})"


def _plugin_verbs() -> dict[str, Entry]:
    commands = [entry for entry in remembered_entries() if entry.kind == "command" and entry.name not in VERBS]
    # Of one name for two contract versions the one that can be used stands, and the last of a name stays in a dict.
    return {entry.name: entry for entry in sorted(commands, key=lambda e: (e.name, e.is_usable))}


def _plugin_command(name: str) -> click.Command:
    config: Any = plugins.load("command", name).config
    command: click.Command = plugins.create("command", name, config())
    return command
