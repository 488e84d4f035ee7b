"""`zoo compare`: runs beside the first of them, on the examples they share."""

import json
from pathlib import Path

import click

from zoo_core.contract import OutputError


@click.command()
@click.argument("runs", metavar="RUN RUN...", nargs=-1, type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Write the page there.")
@click.option("--json", "as_json", is_flag=True, help="Print every number and every setting that differs.")
def compare(runs: tuple[Path, ...], out: Path | None, as_json: bool) -> None:
    """Hold finished runs against the first: paired differences with intervals, settings that differ, speed.

    Runs are of one task; each is compared with the first on the examples of the test split that both predicted.
    """
    if len(runs) < 2:
        raise click.UsageError(f"A comparison needs two runs or more. Received: {len(runs)}.")
    if out and not out.absolute().parent.is_dir():
        raise OutputError(f"--out needs a file in a folder that is there. Received: '{out}': make its folder first")
    from zoo_core.cli.results import show_runs
    from zoo_core.data.files import write_atomically
    from zoo_core.report.comparison import render_comparison
    from zoo_core.runtime.comparing import compare_runs
    from zoo_core.runtime.record import RunFolder

    comparison = compare_runs([RunFolder(run) for run in runs])
    if out:
        write_atomically(out, render_comparison(comparison).encode())
    if as_json:
        click.echo(json.dumps(comparison, indent=2))
        return
    show_runs(comparison)
    if out:
        click.echo(f"comparison: {out}")
