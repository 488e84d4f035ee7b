"""`zoo run`: train, evaluate, and write a run folder."""

import contextlib
import datetime as dt
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from zoo_core.contract import ConfigError, DataError
from zoo_core.distributed.outside import started_from_outside

if TYPE_CHECKING:
    from zoo_core.distributed.meeting import RootOfMeeting
    from zoo_core.distributed.outside import Outside
    from zoo_core.runtime.config import RunConfig
    from zoo_core.runtime.record import RunFolder
    from zoo_core.runtime.start import Ranks

RUNS = Path("runs")
RANK_COMMAND = (sys.executable, "-P", "-m", "zoo_core.cli.rank")


@click.command()
@click.argument("task")
@click.option("--data", metavar="NAME[=ROOT]", help="Data set, and where its files are.")
@click.option("--topology", metavar="NAME", help="Network.")
@click.option("--precision", metavar="NAME", help="Numbers it computes with.")
@click.option("-np", "n_ranks", type=int, metavar="N", help="Processes to train with, over all hosts.")
@click.option("--hosts", metavar="HOST:SLOTS,...", help="Machines to train on, reached by ssh.  [default: this one]")
@click.option("--restarts", type=int, metavar="N", help="How often to go on without the ranks that were lost.")
@click.option("--preset", default="default", metavar="NAME", show_default=True, help="smoke, default or paper.")
@click.option("--config", "config_file", type=click.Path(path_type=Path), metavar="FILE", help="TOML file of settings.")
@click.option("--set", "assignments", multiple=True, metavar="KEY=VALUE", help="One setting; may be repeated.")
@click.option(
    "--out", type=click.Path(path_type=Path), metavar="DIR", help="Run folder, not there yet.  [default: runs/...]"
)
@click.option(
    "--resume", is_flag=True, help="Go on with the run in --out from its last checkpoint; keeps its settings."
)
@click.option("--show-config", is_flag=True, help="Print the configuration as a TOML file, and stop.")
@click.pass_context
def run(context: click.Context, /, out: Path | None, show_config: bool, **given: Any) -> None:
    """Train TASK on a data set, evaluate it, and write a run folder.

    Settings win in this order: defaults, what 'zoo tune' found, preset, --config, --data and the like, --set.

    Within horovodrun, mpirun or srun it is one of their ranks and starts no others.
    """
    from zoo_core.runtime.ranks import RankLostError

    outside = started_from_outside(os.environ)
    try:
        if outside and not outside.is_root:
            sys.exit(0 if show_config else _join(out, outside))
        with _meeting(out, outside) as meeting:
            launch = _launch_layer(meeting, given.pop("n_ranks"), given.pop("hosts"), given.pop("restarts"))
            _run(context, launch, given, meeting)
    except RankLostError as lost:
        lost.end_process()


def _run(
    context: click.Context, launch: dict[str, Any], given: dict[str, Any], meeting: "RootOfMeeting | None"
) -> None:
    from zoo_core.runtime.record import RunFolder
    from zoo_core.runtime.resume import resumed_config
    from zoo_core.runtime.settings import as_toml

    tuned, out = "", context.params["out"]
    task, preset, resume = (given.pop(name) for name in ("task", "preset", "resume"))
    if resume:
        folder = RunFolder(_folder_to_resume(context))
        config = resumed_config(folder, task, launch)
    else:
        config, tuned = _configure(task, preset, _layers(launch, **given))
        folder = RunFolder(out or new_folder(f"{task}-{config.data.name}"))
    if context.params["show_config"]:
        comment = f"# {tuned}\n" if tuned else ""
        click.echo(f"# zoo run {task} --config FILE\n{comment}{as_toml(config)}", nl=False)
        return
    if tuned:
        click.echo(tuned, err=True)
    _run_in(folder, config, resume, meeting)
    _show(folder)


def _configure(task: str, preset: str, layers: list[dict[str, Any]]) -> tuple["RunConfig", str]:
    """The configuration, and a line that says what of it was tuned; empty where nothing was."""
    from zoo_core.runtime.settings import configured, given_settings
    from zoo_core.runtime.tuning.applying import configure_tuned

    given = given_settings(task, preset, layers)
    try:
        config, record = configure_tuned(given)
    except DataError as error:
        click.echo(f"zoo: warning: {error}", err=True)
        return configured(given), ""
    how = "-np, --precision or a launch setting overrides"
    return config, f"tuned on {record.date}: {record.describe()} (zoo tune); {how}" if record else ""


def new_folder(stem: str) -> Path:
    """Where results go that no --out names a place for."""
    now = dt.datetime.now().astimezone().strftime("%Y%m%d-%H%M%S")
    return RUNS / f"{stem}-{now}"


def _join(out: Path | None, outside: "Outside") -> int:
    """Be a rank that another launcher has started; the exit code."""
    from zoo_core.distributed.meeting import meeting_folder
    from zoo_core.distributed.signals import Stopped
    from zoo_core.runtime.joining import join_run

    try:
        return join_run(meeting_folder(_parent_of(out), outside), outside)
    except Stopped as stopped:
        return stopped.exit_code


def _meeting(out: Path | None, outside: "Outside | None") -> "contextlib.AbstractContextManager[RootOfMeeting | None]":
    from zoo_core.distributed.meeting import RootOfMeeting, meeting_folder

    return RootOfMeeting(meeting_folder(_parent_of(out), outside), outside) if outside else contextlib.nullcontext()


def _parent_of(out: Path | None) -> Path:
    return out.parent if out else RUNS


def _run_in(folder: "RunFolder", config: "RunConfig", resume: bool, meeting: "RootOfMeeting | None") -> None:
    from zoo_core.distributed.signals import Stopped
    from zoo_core.runtime.launching import RanksFailedError
    from zoo_core.runtime.ranks import RankLostError
    from zoo_core.runtime.reporting import write_report
    from zoo_core.runtime.start import resume_run, start_run

    if resume and folder.is_finished:
        click.echo(f"the run in '{folder.path}' is finished", err=True)
        if not folder.model_card.exists():  # the last file of a run: it was ended between its numbers and its pages
            write_report(folder)
        return
    try:
        (resume_run if resume else start_run)(folder, config, _ranks(config, meeting))
    except RankLostError:
        click.echo(f"zoo: error: another rank is gone: {_how_to_go_on(folder, config)}", err=True)
        raise
    except RanksFailedError as error:
        if not error.is_shown:
            click.echo(f"zoo: error: {error}: {_how_to_go_on(folder, config)}", err=True)
        sys.exit(error.exit_code)
    except Stopped as stopped:
        click.echo(f"zoo: {stopped}: {_how_to_go_on(folder, config)}", err=True)
        sys.exit(stopped.exit_code)


def _ranks(config: "RunConfig", meeting: "RootOfMeeting | None") -> "Ranks":
    from zoo_core.runtime.joining import JoinedRanks
    from zoo_core.runtime.launching import LaunchedRanks
    from zoo_core.runtime.start import ThisProcess

    if meeting:
        return JoinedRanks(meeting, config.launch)
    is_alone = config.launch.n_ranks == 1 and not config.launch.hosts
    return ThisProcess() if is_alone else LaunchedRanks(config.launch, RANK_COMMAND)


def _how_to_go_on(folder: "RunFolder", config: "RunConfig") -> str:
    from zoo_core.runtime.checkpoint import go_on

    if not folder.last_checkpoint.exists():
        return "before its first checkpoint"
    return f"go on with {go_on(config.task.name, folder.path)}"


def _show(finished: "RunFolder") -> None:
    from zoo_core.cli.results import show_results
    from zoo_core.evaluation.predictions import read_predictions
    from zoo_core.runtime.reporting import read_metrics

    origin = read_predictions(finished.predictions).origin
    show_results(read_metrics(finished, origin.reported_metrics), origin)
    click.echo(f"report: {finished.report}")
    click.echo(f"run folder: {finished.path}")


def _folder_to_resume(context: click.Context) -> Path:
    """The folder of --out, where nothing is given beside it that would change what is computed."""
    allowed = {"task", "out", "resume", "n_ranks", "hosts", "restarts", "show_config"}
    for parameter in context.command.params:
        name = str(parameter.name)
        if name not in allowed and context.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            raise ConfigError(
                "A resumed run keeps its configuration; beside --resume and --out only -np, --hosts and --restarts can "
                f"be given. Received: {parameter.opts[0]}"
            )
    out: Path | None = context.params["out"]
    if out is None:
        raise ConfigError("--resume needs the folder of the run: --out DIR")
    return out


def _layers(  # noqa: PLR0913 - one for each option
    launch: dict[str, Any],
    data: str | None,
    topology: str | None,
    precision: str | None,
    config_file: Path | None,
    assignments: tuple[str, ...],
) -> list[dict[str, Any]]:
    from zoo_core.runtime.settings import parse_data, parse_setting, read_toml

    layers = [read_toml(config_file)] if config_file else []
    if data is not None:
        layers.append(parse_data(data))
    layers += [
        {section: {"name": name}} for section, name in (("topology", topology), ("precision", precision)) if name
    ]
    layers.append({"launch": launch})
    return layers + [parse_setting(text) for text in assignments]


def _launch_layer(
    meeting: "RootOfMeeting | None", n_ranks: int | None, hosts: str | None, restarts: int | None
) -> dict[str, Any]:
    from zoo_core.runtime.joining import launch_settings

    options = {"n_ranks": n_ranks, "hosts": hosts, "n_restarts": restarts}
    given = {key: value for key, value in options.items() if value is not None}
    return launch_settings(meeting.outside, given) if meeting else given
