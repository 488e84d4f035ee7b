"""`zoo evaluate`: the numbers again, from predictions alone; or a trained model on a data set."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from zoo_core.cli.run import new_folder

if TYPE_CHECKING:
    from zoo_core.evaluation.predictions import Predictions
    from zoo_core.runtime.evaluating import Question
    from zoo_core.runtime.record import RunFolder
    from zoo_core.runtime.trained_model import TrainedModel

# Of zoo_core.evaluation.metrics and zoo_core.data.splits, which `--help` must not import: a test holds that they are
# the same.
DEFAULT_REPLICATES, DEFAULT_SEED = 1000, 0
PARTS = ("test", "validation", "train", "all")

SOURCE = click.Path(path_type=Path)

NEED_DATA = ("assignments", "part", "out", "allow_overlap")
"""Options that say how a model is tested on `--data`."""


@click.command()
@click.argument("source", metavar="RUN|PREDICTIONS", type=SOURCE)
@click.option("--data", metavar="NAME[=ROOT]", help="Test the model of RUN on this data set, and where its files are.")
@click.option(
    "--set", "assignments", multiple=True, metavar="KEY=VALUE", help="With --data: a setting of data, split or report."
)
@click.option(
    "--part",
    type=click.Choice(PARTS),
    default="test",
    show_default=True,
    help="With --data: the part of its split, or all examples.",
)
@click.option("--out", type=SOURCE, metavar="DIR", help="With --data: folder, not there yet.  [default: runs/...]")
@click.option(
    "--allow-overlap",
    is_flag=True,
    help="With --data: go on where the model has seen some of the patients, and mark every table and page.",
)
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
@click.pass_context
def evaluate(context: click.Context, /, source: Path, data: str | None, against: Path | None, **given: Any) -> None:
    """Compute the metrics of a run folder or a predictions file again, and print the table of its test split.

    With --data, predict a data set with the model of RUN, a run folder or its model folder, and write a folder with
    predictions, metrics and report.
    """
    if data is not None:
        _refuse_against(against)
        _evaluate_on_data(source, data, given)
        return
    _refuse_without_data(context)
    _evaluate_again(source, against, given["replicates"], given["seed"], given["as_json"])


def _evaluate_again(source: Path, against: Path | None, replicates: int, seed: int, as_json: bool) -> None:
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


def _evaluate_on_data(source: Path, data: str, given: dict[str, Any]) -> None:
    from zoo_core.runtime.evaluating import Question
    from zoo_core.runtime.question import choose_data
    from zoo_core.runtime.settings import parse_data, parse_setting
    from zoo_core.runtime.trained_model import read_model

    layers = [parse_data(data), *map(parse_setting, given["assignments"])]
    how = (given["part"], given["allow_overlap"], given["replicates"], given["seed"])
    question = Question(*choose_data(layers), *how)
    out = given["out"] or new_folder(f"evaluation-{question.data.name}")
    _show(_folder_of(read_model(source), question, out), given["as_json"])


def _folder_of(model: "TrainedModel", question: "Question", out: Path) -> "RunFolder":
    from zoo_core.distributed.signals import Stopped
    from zoo_core.runtime.evaluating import evaluate_on

    try:
        return evaluate_on(model, question, out)
    except Stopped as stopped:
        click.echo(f"zoo: {stopped}: nothing was written", err=True)
        sys.exit(stopped.exit_code)


def _show(finished: "RunFolder", as_json: bool) -> None:
    from zoo_core.cli.results import show_results

    if as_json:
        click.echo(json.dumps(finished.read_metrics(), indent=2))
        return
    show_results(finished.read_metrics(), _read(finished.path).origin)
    click.echo(f"report: {finished.report}")
    click.echo(f"evaluation folder: {finished.path}")


def _refuse_against(against: Path | None) -> None:
    if against is not None:
        raise click.UsageError(
            "--against compares predictions: leave it out beside --data, then compare what is written"
        )


def _refuse_without_data(context: click.Context) -> None:
    for parameter in context.command.params:
        name = str(parameter.name)
        if name in NEED_DATA and context.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            raise click.UsageError(
                f"{parameter.opts[0]} needs --data NAME[=ROOT], the data set to test the model of RUN on"
            )


def _read(source: Path) -> "Predictions":
    from zoo_core.evaluation.predictions import read_predictions

    return read_predictions(source / "predictions.parquet" if source.is_dir() else source)
