"""`zoo doctor`: what this machine brings, what works, and what to mend."""

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from zoo_core import plugins
from zoo_core.cli.list import as_table as plugins_as_table
from zoo_core.cli.table import columns, terminal_width
from zoo_core.cli.verbs import found_entries
from zoo_core.contract import OutputError
from zoo_core.runtime.examination import Examination, PrecisionState, RankLayout, examine
from zoo_core.runtime.libraries import Library
from zoo_core.runtime.machine import FLAGS, Machine

if TYPE_CHECKING:
    from zoo_core.runtime.tuning.records import Record


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One record instead of text.")
@click.pass_context
def doctor(ctx: click.Context, as_json: bool) -> None:
    """This machine, its libraries and plugins, and what to mend.

    Each plugin is imported in a process of its own, for a minute at most; 'zoo list' then shows the verdict until
    the version of its distribution changes.

    Exit code 1 where something that is installed does not work ('To mend'). What is only absent, slow or a trap for
    runs over several hosts ('Good to know') leaves it at 0.
    """
    found = examine(found_entries(), lambda what: click.echo(f"looking at {what}", err=True))
    try:
        plugins.remember(found.plugins)
    except OutputError as error:
        click.echo(f"zoo: warning: {error}", err=True)
    click.echo(json.dumps(asdict(found), indent=2, default=str) if as_json else as_text(found))
    if found.problems:
        ctx.exit(1)


def as_text(found: Examination) -> str:
    """The findings for a reader; what to do comes last."""
    sections = {
        "Machine": columns(_machine_rows(found.machine), 2, terminal_width()),
        "Ranks": columns([_rank_row(layout) for layout in found.ranks], 2, terminal_width()),
        "Libraries": columns([(lib.name, _library_state(lib)) for lib in found.libraries], 2, terminal_width()),
        "Precisions": columns(_precision_rows(found), 2, terminal_width()),
        "Tuned": columns([_tuned_row(record) for record in found.tuned], 2, terminal_width()),
        "Plugins": plugins_as_table(found.plugins),
        "Good to know": _bullets(found.notes),
        "To mend": _bullets(found.problems) or "  nothing",
    }
    return "\n\n".join(f"{title}\n{text}" for title, text in sections.items() if text)


def _machine_rows(machine: Machine) -> list[tuple[str, str]]:
    lacking = [flag for flag in FLAGS if flag not in machine.flags]
    limits = [f"{name}={value}" for name, value in machine.thread_limits.items()]
    return [
        ("CPU", machine.cpu_model),
        ("instructions", " ".join(machine.flags) or "none of those that matter"),
        ("not there", " ".join(lacking) or "none"),
        ("cores", f"{machine.n_usable_cores} usable, {machine.n_physical_cores or 'unknown'} physical"),
        ("threads", f"{machine.n_usable_cores}, one a usable core; limits: {' '.join(limits) or 'none'}"),
        ("memory", f"{machine.memory_bytes / 2**30:.1f} GiB"),
    ]


def _rank_row(layout: RankLayout) -> tuple[str, str]:
    shown = [f"{_span(cores)} ({len(cores)} thread{'s' if len(cores) > 1 else ''})" for cores in layout.cores]
    return f"-np {layout.n_ranks}", f"core{'s' if len(layout.cores[0]) > 1 else ''} {' | '.join(shown)}"


def _span(cores: tuple[int, ...]) -> str:
    is_run = cores == tuple(range(cores[0], cores[-1] + 1)) and len(cores) > 2
    return f"{cores[0]}-{cores[-1]}" if is_run else ",".join(map(str, cores))


def _tuned_row(record: "Record") -> tuple[str, str]:
    gain = f"{record.ratio:.2f} times as fast as the default, found on {record.date}"
    return record.name, f"{record.describe()}: {gain}"


def _library_state(library: Library) -> str:
    state = library.problem or "works"
    return f"{library.version} {state}" if library.version else state


def _precision_rows(found: Examination) -> list[tuple[str, str]]:
    rows = [(state.name, _precision_state(state)) for state in found.precisions]
    return rows + [(f"for {purpose}", f"{name} suits this CPU") for purpose, name in found.chosen.items()]


def _precision_state(state: PrecisionState) -> str:
    if state.unavailable:
        return f"unavailable: {state.unavailable}"
    if state.lacking:
        return f"works, slower than with {' or '.join(state.lacking)}"
    return f"works, fast with {' and '.join(state.instructions)}" if state.instructions else "works"


def _bullets(lines: tuple[str, ...]) -> str:
    return columns([("-", line) for line in lines], 2, terminal_width())
