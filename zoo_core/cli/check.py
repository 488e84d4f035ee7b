"""`zoo check`: the conformance kit on an installed plugin, a verdict a line."""

import dataclasses
import json
from collections import Counter
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import click

from zoo_core import plugins
from zoo_core.cli.info import only_kind
from zoo_core.cli.table import columns, terminal_width
from zoo_core.contract import KINDS

if TYPE_CHECKING:
    from zoo_core.testing.installed import Installed
    from zoo_core.testing.running import Verdict

LOADING = "loading it"
TIME_LIMIT_S = 120.0
"""That of zoo_core.testing.running, which `--help` must not import: a test holds that they are the same."""

VERDICT_WIDTH = 9


@click.command()
@click.argument("plugin", metavar="NAME[=ROOT]")
@click.option("--kind", type=click.Choice(KINDS), help="Needed where several kinds have a plugin of this name.")
@click.option("--data", default="", metavar="NAME[=ROOT]", help="Of a task: the data set.  [default: the task's own]")
@click.option("--set", "settings", multiple=True, metavar="KEY=VALUE", help="A setting, such as data.size_px=32.")
@click.option(
    "--time-limit", default=TIME_LIMIT_S, metavar="S", show_default=True, help="Seconds, after which a check hangs."
)
@click.option("--json", "as_json", is_flag=True, help="One record instead of lines.")
@click.pass_context
def check(  # noqa: PLR0913 - one for each option
    ctx: click.Context,
    plugin: str,
    kind: str | None,
    data: str,
    settings: tuple[str, ...],
    time_limit: float,
    as_json: bool,
) -> None:
    """Run the checks of an installed plugin: those of its kind in zoo_core.testing.

    The plugin is loaded and checked in processes of their own. A check that takes longer than the time limit has
    failed, and the others go on. Data sets and tasks are set as their preset 'smoke' says.

    Exit code 1 where a check failed or none was run, 2 for a mistake.
    """
    from zoo_core.testing.installed import Installed

    name, _, root = plugin.partition("=")
    one = Installed(kind or only_kind(name), name, root, data, settings)
    verdicts = []
    for verdict in _verdicts(one.kind, name, lambda: _running(one, time_limit)):
        verdicts.append(verdict)
        if not as_json:
            click.echo(_line(verdict))
    counts = Counter(verdict.verdict for verdict in verdicts)
    if as_json:
        checks = [dataclasses.asdict(verdict) for verdict in verdicts]
        click.echo(json.dumps({"kind": one.kind, "name": name, "counts": counts, "checks": checks}, indent=2))
    else:
        click.echo(", ".join(f"{n} {verdict}" for verdict, n in counts.items()))
    if set(counts) & {"failed", "not run"} or not counts["ok"]:
        ctx.exit(1)


def _verdicts(kind: str, name: str, run: Callable[[], Iterator["Verdict"]]) -> Iterator["Verdict"]:
    """That of a trial first: what does not load, or hangs meanwhile, has no other."""
    from zoo_core.plugins.trial import try_plugin
    from zoo_core.testing.running import Verdict
    from zoo_core.testing.session import FAILED, OK

    trial = try_plugin(plugins.find(kind, name))
    if trial.health != "ok":
        yield Verdict(LOADING, FAILED, trial.reason)
        return
    yield Verdict(LOADING, OK)
    yield from run()


def _line(verdict: "Verdict") -> str:
    said = f"{verdict.name}: {verdict.reason}" if verdict.reason else verdict.name
    return columns([(verdict.verdict.ljust(VERDICT_WIDTH), said)], 0, terminal_width())


def _running(one: "Installed", time_limit: float) -> Iterator["Verdict"]:
    from zoo_core.testing.running import run_checks

    return run_checks(one, time_limit)
