"""`zoo evaluate`: the numbers again, from predictions alone."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from zoo_core.evaluation.predictions import Predictions

# Of zoo_core.evaluation.metrics, which `--help` must not import: a test holds that they are the same.
DEFAULT_REPLICATES, DEFAULT_SEED = 1000, 0

SOURCE = click.Path(path_type=Path)


@click.command()
@click.argument("source", metavar="RUN|PREDICTIONS", type=SOURCE)
@click.option(
    "--against", type=SOURCE, metavar="RUN|PREDICTIONS", help="Print differences to these, over the shared examples."
)
@click.option(
    "--replicates",
    type=click.IntRange(min=0),
    default=DEFAULT_REPLICATES,
    metavar="N",
    show_default=True,
    help="Draws of whole groups behind each interval; 0 for none.",
)
@click.option(
    "--seed", type=click.IntRange(min=0), default=DEFAULT_SEED, metavar="N", show_default=True, help="Of the draws."
)
@click.option("--json", "as_json", is_flag=True, help="Print every number, as metrics.json holds them.")
def evaluate(source: Path, against: Path | None, replicates: int, seed: int, as_json: bool) -> None:
    """Compute the metrics of a run folder or a predictions file again, and print the table of its test split."""
    from zoo_core.evaluation.comparison import compare
    from zoo_core.evaluation.metrics import evaluate as metrics_of

    first, second = _read(source), _read(against) if against else None
    metrics = compare(first, second, replicates, seed) if second else metrics_of(first, replicates, seed)
    if as_json:
        click.echo(json.dumps(metrics, indent=2))
        return
    from zoo_core.cli.results import show_comparison, show_results

    if second:
        show_comparison(metrics, (first.origin, second.origin))
    else:
        show_results(metrics, first.origin)


def _read(source: Path) -> "Predictions":
    from zoo_core.evaluation.predictions import read_predictions

    return read_predictions(source / "predictions.parquet" if source.is_dir() else source)
