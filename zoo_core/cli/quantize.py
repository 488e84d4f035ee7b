"""`zoo quantize`: a trained model in 8 bits, or nothing where that costs too much."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from zoo_core.runtime.converting.convert import Outcome
    from zoo_core.runtime.converting.wish import Job, Wish

# Of zoo_core.runtime.converting.wish, which `--help` must not import: a test holds that they are the same.
DEFAULT_PRECISION, DEFAULT_EXAMPLES, DEFAULT_LABEL_LIMIT, DEFAULT_CONTROL_MINUTES = "int8", 300, 0.01, 10.0
DEFAULT_REPLICATES, DEFAULT_SEED = 1000, 0

LEAST_REPLICATES = 100
"""Of fewer, the ends of a 95 % interval are one or two draws."""

REFUSED_CODE = 1


@click.command()
@click.argument("run", metavar="RUN", type=click.Path(path_type=Path))
@click.option("--precision", default=DEFAULT_PRECISION, metavar="NAME", show_default=True, help="To convert to.")
@click.option(
    "--examples",
    type=click.IntRange(min=1),
    default=DEFAULT_EXAMPLES,
    metavar="N",
    show_default=True,
    help="Training examples that the ranges of values are taken from.",
)
@click.option(
    "--limit",
    type=click.FloatRange(min=0),
    metavar="X",
    help="What the mean of the task's metric may lose, at the worse end of its interval.  [default: the task's]",
)
@click.option(
    "--label-limit",
    type=click.FloatRange(min=0),
    default=DEFAULT_LABEL_LIMIT,
    metavar="X",
    show_default=True,
    help="What a label may lose, where its interval excludes 0.",
)
@click.option("--no-control", is_flag=True, help="Refuse at once what loses too much: leave no layer in float32.")
@click.option(
    "--control-minutes",
    type=click.FloatRange(min=0, min_open=True),
    default=DEFAULT_CONTROL_MINUTES,
    metavar="X",
    show_default=True,
    help="That finding layers to leave in float32 may take.",
)
@click.option(
    "--replicates",
    type=click.IntRange(min=LEAST_REPLICATES),
    default=DEFAULT_REPLICATES,
    metavar="N",
    show_default=True,
    help="Draws of whole groups behind each interval.",
)
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=DEFAULT_SEED,
    metavar="N",
    show_default=True,
    help="Of the draws, and of the training examples.",
)
@click.option("--json", "as_json", is_flag=True, help="Print every number, as conversion.json holds them.")
def quantize(run: Path, as_json: bool, **given: Any) -> None:
    """Convert the model of RUN, hold it against float32 on the validation split, and keep it where it is within limits.

    It lies beside the trained model, as model-int8. Where it loses too much, layers are left in float32; where that
    does not help, nothing is kept, and the exit code is 1.
    """
    from zoo_core.runtime.converting.wish import plan

    outcome = _outcome_of(plan(run, _wish(given)))
    if as_json:
        click.echo(json.dumps(outcome.record, indent=2))
    else:
        _show(outcome)
    if outcome.folder is None:
        sys.exit(REFUSED_CODE)


def _wish(given: dict[str, Any]) -> "Wish":
    from zoo_core.evaluation.draws import Draws
    from zoo_core.runtime.converting.wish import Wish

    return Wish(
        precision=given["precision"],
        n_examples=given["examples"],
        mean_limit=given["limit"],
        label_limit=given["label_limit"],
        control_s=None if given["no_control"] else 60 * given["control_minutes"],
        draws=Draws(given["replicates"], given["seed"]),
    )


def _outcome_of(job: "Job") -> "Outcome":
    from zoo_core.distributed.signals import Stopped
    from zoo_core.runtime.converting.convert import quantize as convert

    try:
        return convert(job)
    except Stopped as stopped:
        click.echo(f"zoo: {stopped}: nothing was written", err=True)
        sys.exit(stopped.exit_code)


def _show(outcome: "Outcome") -> None:
    from zoo_core.cli.results import show_conversion

    show_conversion(outcome.record)
    if outcome.folder is None:
        click.echo("Nothing was kept.")
    else:
        click.echo(f"converted model: {outcome.folder}")
