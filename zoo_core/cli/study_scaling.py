"""`zoo study scaling`: what more ranks bring."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from zoo_core.cli.run import new_folder

if TYPE_CHECKING:
    from zoo_core.studies.scaling.plan import Plan
    from zoo_core.studies.scaling.writing import Results

PRESETS: dict[str, dict[str, Any]] = {
    "default": {
        "topology": "densenet121",
        "size_px": 64,
        "batch_size": 16,
        "ranks": "1,2,4",
        "n_runs": 3,
        "n_steps": 5,
    },
    "smoke": {"topology": "vgg16", "size_px": 32, "batch_size": 2, "ranks": "1,2", "n_runs": 1, "n_steps": 2},
}
"""What is done where an option is not given; smoke ends in a minute or so and means nothing."""

FOLDER = click.Path(path_type=Path)


@click.command()
@click.option("--topology", metavar="NAME", help="Network that is trained.  [default: densenet121]")
@click.option("--size", "size_px", type=int, metavar="PX", help="Length of y and x of its images.  [default: 64]")
@click.option("--batch", "batch_size", type=int, metavar="N", help="Images of a rank.  [default: 16]")
@click.option("--ranks", metavar="N,N", help="Numbers of ranks; 1 is always among them.  [default: 1,2,4]")
@click.option("--runs", "n_runs", type=int, metavar="N", help="Of everything.  [default: 3]")
@click.option("--preset", type=click.Choice(list(PRESETS)), default="default", show_default=True, help="How much.")
@click.option("--out", type=FOLDER, metavar="DIR", help="Folder of the study.  [default: runs/study-scaling-...]")
@click.option("--json", "as_json", is_flag=True, help="One record instead of a table.")
def scaling(preset: str, out: Path | None, as_json: bool, **given: Any) -> None:
    """Measure what ranks bring, what the all-reduce costs, and how much faster than stock Keras all of it is.

    Speed is measured on the ranks that are asked for; a model, fitted to measured all-reduces, goes on to 512.
    """
    from zoo_core.distributed.signals import Stopped, StopRequests
    from zoo_core.studies.scaling.study import measure
    from zoo_core.studies.scaling.writing import write_results

    folder = out or new_folder("study-scaling")
    plan = _plan(preset, given)
    try:
        with StopRequests() as requests:
            requests.all_is_saved()  # each cell is kept as soon as it is measured
            results = write_results(plan, measure(plan, folder))
    except Stopped as stopped:
        click.echo(f"zoo: {stopped}: the same command with --out {folder} goes on", err=True)
        sys.exit(stopped.exit_code)
    if as_json:
        click.echo(json.dumps(results.record(), indent=2))
    else:
        _show(results)


def _plan(preset: str, given: dict[str, Any]) -> "Plan":
    """Options as they are given, and the preset's for those that are not."""
    from zoo_core.runtime.settings import default_precision
    from zoo_core.studies.scaling.plan import Plan

    settings = {**PRESETS[preset], **{name: value for name, value in given.items() if value is not None}}
    return Plan(**{**settings, "ranks": _numbers(settings["ranks"])}, precision=default_precision())


def _numbers(text: str) -> tuple[int, ...]:
    """Numbers between commas and 1, ascending, each once."""
    try:
        return tuple(sorted({1, *(int(word) for word in text.split(","))}))
    except ValueError:
        raise click.UsageError(f"--ranks needs numbers such as 1,2,4. Received: '{text}'.") from None


def _show(results: "Results") -> None:
    from zoo_core.cli.table import columns

    header = ("WAY", "RANKS", "SCALING", "IMAGES/S", "EFFICIENCY", "STEP MS", "ALL-REDUCE")
    rows = [
        (
            cell["way"],
            f"{cell['n_ranks']}{' *' * cell['more_ranks_than_cores']}",
            cell["scaling"],
            f"{cell['images_per_s'][0]:,.1f} ({cell['images_per_s'][1]:,.1f} to {cell['images_per_s'][2]:,.1f})",
            f"{100 * cell['efficiency'][0]:.1f} %" if cell["efficiency"] else "",
            f"{cell['step_ms'][0]:,.0f}",
            f"{100 * cell['all_reduce_share'][0]:.1f} %" if cell["n_ranks"] > 1 else "",
        )
        for cell in results.cells
    ]
    click.echo(columns([header, *rows]))
    for verdict in results.verdicts:
        click.echo(f"{'! ' * (verdict.level == 'warning')}{verdict.head} {verdict.text}")
    for path in results.files:
        click.echo(f"written: {path}")
