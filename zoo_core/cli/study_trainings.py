"""What the studies that train have in common: options, their presets, and what is shown."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from zoo_core.cli.study_running import run_study

if TYPE_CHECKING:
    from zoo_core.studies.training.grid import Grid
    from zoo_core.studies.training.results import Results
    from zoo_core.studies.training.subject import Wanted

FOLDER = click.Path(path_type=Path)
RULES = ("none", "linear", "sqrt")

SETTINGS: dict[str, Any] = {
    "precision": {"name": "float32"},
    "split": {"test": 0.35},
    "trainer": {
        "optimizer": "adam",
        "schedule": "cosine",
        "warmup_epochs": 1,
        "batch_norm_momentum": 0.8,
    },
}
"""Of every training, below those of --set: float32 on any CPU, so that studies of two machines compare; many test
patients tell more; moving statistics have to follow a network of whose steps 64 ranks leave sixteen; and Adam, of whose
rate those steps bear the square root of what the batch grew by, not the whole."""

PHANTOM = "chest-phantom"


def training_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Options of all studies that train."""
    options = (
        click.option("--data", metavar="NAME[=ROOT]", help="The examples.  [default: chest-phantom, few patients]"),
        click.option("--task", default="chexnet", show_default=True, metavar="NAME", help="What is asked."),
        click.option("--ranks", metavar="N,N", help="Numbers of virtual ranks; 1 is always among them."),
        click.option("--seeds", "n_seeds", type=int, metavar="N", help="Trainings of each kind.  [default: 3]"),
        click.option("--size", "size_px", type=int, metavar="PX", help="Length of y and x.  [default: 32]"),
        click.option("--batch", "batch_size", type=int, metavar="N", help="Images of a rank's batch, fixed."),
        click.option("--epochs", "n_epochs", type=int, metavar="N", help="Passes over the examples."),
        click.option("--set", "sets", multiple=True, metavar="KEY=VALUE", help="Another setting of every training."),
        click.option(
            "--preset", type=click.Choice(["smoke", "default"]), default="default", show_default=True, help="How much."
        ),
        click.option("--out", type=FOLDER, metavar="DIR", help="Folder of the study.  [default: runs/study-...]"),
        click.option("--json", "as_json", is_flag=True, help="One record instead of a table."),
    )
    for option in reversed(options):
        command = option(command)
    return command


def wanted(options: dict[str, Any], topologies: tuple[str, ...]) -> "Wanted":
    """What the options say is to be trained."""
    from zoo_core.runtime.settings import parse_data, parse_setting
    from zoo_core.studies.training.subject import Wanted

    phantom = {"data": {"name": PHANTOM, "n_patients": options["n_patients"]}}
    data = parse_data(options["data"]) if "data" in options else phantom
    rate = {"trainer": {"learning_rate": options["learning_rate"]}}
    layers = [SETTINGS, rate, data, *map(parse_setting, options["sets"])]
    sizes = (options["size_px"], options["batch_size"], options["n_epochs"])
    return Wanted(options["task"], layers, topologies, *sizes)


def train_study(grid: "Grid", out: Path | None, as_json: bool, write: Callable[[Any], "Results"]) -> None:
    """Train what is missing, write the results and show them.

    Args:
        grid: what is to be trained.
        out: folder of the study, or None for a new one.
        as_json: whether a record is shown, instead of a table.
        write: makes results of the measured cells.
    """
    from zoo_core.studies.training.grid import train

    run_study(grid.study, out, as_json, lambda folder: write(train(grid, folder)), lambda results: results.table)
