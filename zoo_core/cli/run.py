"""`zoo run`: train, evaluate, and write a run folder."""

import datetime as dt
import sys
from pathlib import Path
from typing import Any

import click


@click.command()
@click.argument("task")
@click.option("--data", metavar="NAME[=ROOT]", help="Data set, and where its files are.")
@click.option("--topology", metavar="NAME", help="Network.")
@click.option("--precision", metavar="NAME", help="Numbers it computes with.")
@click.option("-np", "n_ranks", type=int, metavar="N", help="Processes to train with on this machine.")
@click.option("--preset", default="default", metavar="NAME", show_default=True, help="smoke, default or paper.")
@click.option("--config", "config_file", type=click.Path(path_type=Path), metavar="FILE", help="TOML file of settings.")
@click.option("--set", "assignments", multiple=True, metavar="KEY=VALUE", help="One setting; may be repeated.")
@click.option(
    "--out", type=click.Path(path_type=Path), metavar="DIR", help="Run folder, not there yet.  [default: runs/...]"
)
@click.option("--show-config", is_flag=True, help="Print the configuration as a TOML file, and stop.")
def run(task: str, preset: str, out: Path | None, show_config: bool, **given: Any) -> None:
    """Train TASK on a data set, evaluate it, and write a run folder.

    Settings win in this order: defaults, preset, --config, --data and the like, --set.
    """
    from zoo_core.runtime.settings import as_toml, configure

    config = configure(task, preset, _layers(**given))
    if show_config:
        click.echo(f"# zoo run {task} --config FILE\n{as_toml(config)}", nl=False)
        return
    from zoo_core.runtime.start import RanksFailedError, start_run

    folder = out or _new_folder(task, config.data.name)
    try:
        finished = start_run(config, folder, lambda path: [sys.executable, "-m", "zoo_core.cli.rank", str(path)])
    except RanksFailedError as error:
        sys.exit(error.exit_code)
    from zoo_core.cli.results import show_results
    from zoo_core.evaluation.predictions import read_predictions

    show_results(finished.read_metrics(), read_predictions(finished.predictions).origin)
    click.echo(f"run folder: {finished.path}")


def _layers(  # noqa: PLR0913 - one for each option
    data: str | None,
    topology: str | None,
    precision: str | None,
    n_ranks: int | None,
    config_file: Path | None,
    assignments: tuple[str, ...],
) -> list[dict[str, Any]]:
    from zoo_core.runtime.settings import parse_setting, read_toml

    layers = [read_toml(config_file)] if config_file else []
    if data is not None:
        name, equals, root = data.partition("=")
        layers.append({"data": {"name": name, "root": root} if equals else {"name": name}})
    layers += [
        {section: {"name": name}} for section, name in (("topology", topology), ("precision", precision)) if name
    ]
    if n_ranks is not None:
        layers.append({"launch": {"n_ranks": n_ranks}})
    return layers + [parse_setting(text) for text in assignments]


def _new_folder(task: str, dataset: str) -> Path:
    now = dt.datetime.now().astimezone().strftime("%Y%m%d-%H%M%S")
    return Path("runs") / f"{task}-{dataset}-{now}"
