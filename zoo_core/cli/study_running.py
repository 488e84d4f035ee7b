"""What every study's command does: options over a preset, a folder that goes on, and results as text or JSON."""

import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import click

from zoo_core.cli.run import new_folder

if TYPE_CHECKING:
    from zoo_core.report.wording import Verdict


class Results(Protocol):
    """What a study found."""

    @property
    def verdicts(self) -> "list[Verdict]":
        """To be read before the numbers."""
        ...

    @property
    def files(self) -> list[Path]:
        """CSV files, charts and page."""
        ...

    def record(self) -> dict[str, Any]:
        """As JSON has it."""
        ...


Found = TypeVar("Found", bound=Results)


def run_study(
    name: str,
    out: Path | None,
    as_json: bool,
    measure: Callable[[Path], Found],
    table: Callable[[Found], Sequence[Sequence[str]]],
) -> None:
    """Measure what is missing, write the results and show them.

    Args:
        name: of the study.
        out: its folder, or None for a new one.
        as_json: whether a record is shown, instead of a table.
        measure: measures into a folder, and writes the results there; each cell is kept as soon as it is measured.
        table: what a terminal shows of the results, its header first.
    """
    from zoo_core.cli.table import columns
    from zoo_core.distributed.signals import Stopped, StopRequests

    folder = out or new_folder(f"study-{name}")
    try:
        with StopRequests() as requests:
            requests.all_is_saved()
            results = measure(folder)
    except Stopped as stopped:
        click.echo(f"zoo: {stopped}: the same command with --out {folder} goes on", err=True)
        sys.exit(stopped.exit_code)
    if as_json:
        click.echo(json.dumps(results.record(), indent=2))
        return
    click.echo(columns(table(results)))
    for verdict in results.verdicts:
        click.echo(f"{'! ' * (verdict.level == 'warning')}{verdict.head} {verdict.text}")
    for path in results.files:
        click.echo(f"written: {path}")


def chosen(presets: dict[str, dict[str, Any]], preset: str, given: dict[str, Any]) -> dict[str, Any]:
    """Options as they are given, and the preset's for those that are not."""
    return {**presets[preset], **{name: value for name, value in given.items() if value is not None}}


def numbers(text: str) -> tuple[int, ...]:
    """Numbers of ranks between commas, ascending, each once."""
    try:
        return tuple(sorted({int(word) for word in text.split(",")}))
    except ValueError:
        raise click.UsageError(f"--ranks needs numbers such as 1,2,4. Received: '{text}'.") from None
