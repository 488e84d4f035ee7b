"""`zoo predict`: a trained model's scores of picture files, folders or a data set."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from zoo_core.cli.run import new_folder

if TYPE_CHECKING:
    from zoo_core.runtime.predicting.request import Request

PARTS = ("all", "test", "validation", "train")
NEED_DATA = ("assignments", "part")
"""Options that say which examples of `--data`."""

PATH = click.Path(path_type=Path)


@click.command()
@click.argument("run", metavar="RUN", type=PATH)
@click.argument("inputs", metavar="[INPUT]...", nargs=-1, type=PATH)
@click.option("--data", metavar="NAME[=ROOT]", help="A data set in place of INPUT, and where its files are.")
@click.option(
    "--set", "assignments", multiple=True, metavar="KEY=VALUE", help="With --data: a setting of data or split."
)
@click.option(
    "--part",
    type=click.Choice(PARTS),
    default="all",
    show_default=True,
    help="With --data: the part of its split, or all examples.",
)
@click.option(
    "--precision", metavar="NAME", help="That computes.  [default: float32, or what a converted RUN is converted to]"
)
@click.option(
    "--batch",
    "batch_size",
    type=click.IntRange(min=1),
    default=32,
    metavar="N",
    show_default=True,
    help="Images of a call, at most.",
)
@click.option("--out", type=PATH, metavar="DIR", help="Folder, not there yet.  [default: runs/...]")
@click.option("--resume", is_flag=True, help="Go on with the prediction in --out, which asked the same.")
@click.option("--json", "as_json", is_flag=True, help="Print what was asked and what came, as predict.json holds it.")
@click.pass_context
def predict(
    context: click.Context, /, run: Path, inputs: tuple[Path, ...], out: Path | None, resume: bool, **given: Any
) -> None:
    """Score pictures (PNG, JPEG, TIFF), those in folders, or a data set with the model of RUN; one row an image.

    A picture that cannot be read has a row with the reason. Of a data set 'zoo evaluate' takes the folder that is
    written.
    """
    if resume and out is None:
        raise click.UsageError("--resume needs the folder of the prediction: --out DIR")
    _refuse_inputs(context)
    request = _request(run, inputs, given)
    folder = out or new_folder("predictions")
    came = _predicted(request, folder, resume)
    if given["as_json"]:
        click.echo(json.dumps({"asked": request.described(), "came": came}, indent=2))
    else:
        click.echo(as_text(came, folder))


def as_text(came: dict[str, Any], folder: Path) -> str:
    """What came, for a reader.

    Args:
        came: as `predict.json` holds it.
        folder: of the prediction.
    """
    lines = [f"{_counted(came['n_ok'])} predicted, {came['n_failed']} that cannot be read"]
    lines += [f"cannot be read: '{one['example_id']}' {one['reason']}" for one in came["failures"]]
    if n_more := came["n_failed"] - len(came["failures"]):
        lines.append(f"and {n_more} more: see 'reason' in the predictions")
    if came["n_now"]:
        lines.append(f"end to end, with reading: {_speed(came['end_to_end'])}")
        lines.append(f"compute alone: {_speed(came['compute'])}")
    if came["first_result_s"] is not None:
        lines.append(f"first result {came['first_result_s']:.2f} s after the start")
    return "\n".join([*lines, f"predictions: {folder / 'predictions.parquet'}"])


def _counted(n: int) -> str:
    return f"{n} image" if n == 1 else f"{n} images"


def _speed(speed: dict[str, Any]) -> str:
    rate = speed["images_per_s"]
    return "nothing" if rate is None else f"{rate:.1f} images/s, {speed['seconds']:.2f} s"


def _refuse_inputs(context: click.Context) -> None:
    inputs, data = context.params["inputs"], context.params["data"]
    if bool(inputs) == (data is not None):
        raise click.UsageError(
            f"A prediction needs pictures or folders as INPUT, or a data set as --data NAME[=ROOT]. Received: "
            f"{'both' if inputs else 'neither'}"
        )
    for parameter in context.command.params:
        name = str(parameter.name)
        is_given = context.get_parameter_source(name) is ParameterSource.COMMANDLINE
        if data is None and name in NEED_DATA and is_given:
            raise click.UsageError(f"{parameter.opts[0]} needs --data NAME[=ROOT], the data set to predict")


def _request(run: Path, inputs: tuple[Path, ...], given: dict[str, Any]) -> "Request":
    from zoo_core.runtime.predicting.network import choose_network
    from zoo_core.runtime.predicting.request import request_data, request_files
    from zoo_core.runtime.trained_model import read_model

    model = read_model(run)
    network = choose_network(model, given["precision"])
    if given["data"] is None:
        return request_files(model, network, inputs, given["batch_size"])
    from zoo_core.runtime.settings import parse_data, parse_setting

    layers = [parse_data(given["data"]), *map(parse_setting, given["assignments"])]
    return request_data(model, network, layers, given["part"], given["batch_size"])


def _predicted(request: "Request", folder: Path, resume: bool) -> dict[str, Any]:
    from zoo_core.distributed.signals import Stopped
    from zoo_core.runtime.predicting.predict import predict as predict_all

    try:
        return predict_all(request, folder, resume)
    except Stopped as stopped:
        how = f"the same with --out {folder} --resume goes on" if folder.exists() else "nothing was written"
        click.echo(f"zoo: {stopped}: {how}", err=True)
        sys.exit(stopped.exit_code)
