"""`zoo report`: the pages of a finished run again."""

from pathlib import Path

import click


@click.command()
@click.argument("run", metavar="RUN", type=click.Path(path_type=Path))
def report(run: Path) -> None:
    """Write report.html and model_card.md of a run folder again, from its files; of an evaluation the report alone."""
    from zoo_core.runtime.record import RunFolder
    from zoo_core.runtime.reporting import write_report

    folder = RunFolder(run)
    write_report(folder)
    click.echo(f"report: {folder.report}")
    if not folder.is_evaluation:
        click.echo(f"model card: {folder.model_card}")
