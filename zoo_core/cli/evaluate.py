"""`zoo evaluate`: the numbers again, from predictions alone."""

import json
from pathlib import Path

import click


@click.command()
@click.argument("source", metavar="RUN|PREDICTIONS", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print every number, as metrics.json holds them.")
def evaluate(source: Path, as_json: bool) -> None:
    """Compute the metrics of a run folder or a predictions file again, and print the table of its test split."""
    from zoo_core.evaluation.metrics import evaluate as metrics_of
    from zoo_core.evaluation.predictions import read_predictions

    predictions = read_predictions(source / "predictions.parquet" if source.is_dir() else source)
    metrics = metrics_of(predictions)
    if as_json:
        click.echo(json.dumps(metrics, indent=2))
        return
    from zoo_core.cli.results import show_results

    show_results(metrics, predictions.origin)
