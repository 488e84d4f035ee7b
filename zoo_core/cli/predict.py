"""`zoo predict`: a trained model's scores of picture files, folders or a data set."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from zoo_core.cli.run import new_folder

if TYPE_CHECKING:
    from zoo_core.runtime.predicting.request import Request

PARTS = ("all", "test", "validation", "train")
DEFAULT_PRECISION, DEFAULT_BATCH = "float32", 32

PATH = click.Path(path_type=Path)


@click.command()
@click.argument("run", metavar="RUN", type=PATH)
@click.argument("inputs", metavar="[INPUT]...", nargs=-1, type=PATH)
@click.option("--data", metavar="NAME[=ROOT]", help="A data set in place of pictures, and where its files are.")
@click.option(
    "--set", "assignments", multiple=True, metavar="KEY=VALUE", help="With --data: a setting of data or split."
)
@click.option(
    "--part", type=click.Choice(PARTS), default="all", show_default=True, help="With --data: the part of its split."
)
@click.option("--precision", default=DEFAULT_PRECISION, metavar="NAME", show_default=True, help="That computes.")
@click.option(
    "--batch",
    "batch_size",
    type=click.IntRange(min=1),
    default=DEFAULT_BATCH,
    metavar="N",
    show_default=True,
    help="Examples of a call.",
)
@click.option("--out", type=PATH, metavar="DIR", help="Folder, not there yet.  [default: runs/...]")
@click.option("--resume", is_flag=True, help="Go on with the prediction in --out.")
@click.option("--json", "as_json", is_flag=True, help="Print one record instead of text.")
def predict(run: Path, inputs: tuple[Path, ...], out: Path | None, resume: bool, as_json: bool, **given: Any) -> None:
    """Score picture files, those in folders, or a data set with the model of RUN; one row an image.

    A picture that cannot be read has a row with the reason. The folder has predictions.parquet, which 'zoo evaluate'
    takes where the truth is known.
    """
    if resume and out is None:
        raise click.UsageError("--resume needs the folder of the prediction: --out DIR")
    from zoo_core.runtime.precisions import why_slower

    request = _request(run, inputs, given)
    for line in filter(None, (why_slower(request.precision, request.backend), _doubt(request))):
        click.echo(f"zoo: warning: {line}", err=True)
    folder = out or new_folder("predictions")
    answer = _predicted(request, folder, resume)
    click.echo(json.dumps(answer, indent=2) if as_json else as_text(answer, folder))


def as_text(answer: dict[str, Any], folder: Path) -> str:
    """What came, for a reader."""
    lines = [f"{answer['n']} images, {answer['n_failed']} of which cannot be read"]
    lines += [f"cannot be read: '{one['example_id']}' {one['reason']}" for one in answer["failures"]]
    if answer["n_now"]:
        lines += [f"{name}: {_speed(answer[key])}" for name, key in SPEEDS.items()]
    if answer.get("first_result_s") is not None:
        lines.append(f"first result {answer['first_result_s']:.2f} s after the start of the process")
    return "\n".join([*lines, f"predictions: {folder / 'predictions.parquet'}"])


SPEEDS = {"end to end": "end_to_end", "compute alone": "compute"}


def _speed(speed: dict[str, float | None]) -> str:
    rate = speed["images_per_s"]
    return "no image" if not rate else f"{rate:.1f} images/s, {speed['seconds']:.1f} s"


def _request(run: Path, inputs: tuple[Path, ...], given: dict[str, Any]) -> "Request":
    from zoo_core.runtime.predicting.request import refuse_both, request_data, request_files
    from zoo_core.runtime.trained_model import read_model

    data, assignments = given["data"], given["assignments"]
    refuse_both(bool(inputs), data is not None)
    model = read_model(run)
    if data is None:
        if assignments or given["part"] != "all":
            raise click.UsageError("--set and --part need --data NAME[=ROOT]")
        return request_files(model, inputs, given["precision"], given["batch_size"])
    from zoo_core.runtime.settings import parse_data, parse_setting

    layers = [parse_data(data), *map(parse_setting, assignments)]
    return request_data(model, layers, given["part"], given["precision"], given["batch_size"])


def _doubt(request: "Request") -> str | None:
    """What the gate said of a converted model, where it did not pass."""
    if request.needs_tensorflow:
        return None
    from zoo_core.runtime.json_files import read_json

    verdict = read_json(request.folder / "conversion.json", 1)["verdict"]
    return None if verdict == "passed" else f"the gate said of this model in {request.precision}: {verdict}"


def _predicted(request: "Request", folder: Path, resume: bool) -> dict[str, Any]:
    from zoo_core.distributed.signals import Stopped
    from zoo_core.runtime.predicting.predict import predict as run

    try:
        return run(request, folder, resume)
    except Stopped as stopped:
        click.echo(f"zoo: {stopped}: the same command with --out {folder} --resume goes on", err=True)
        sys.exit(stopped.exit_code)
