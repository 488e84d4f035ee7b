"""`zoo tune`: find out what suits this machine, and keep it for `zoo run`."""

import json
import statistics
import sys
import time
from typing import TYPE_CHECKING, Any

import click

from zoo_core.cli.table import columns

if TYPE_CHECKING:
    from zoo_core.runtime.settings import Settings
    from zoo_core.runtime.tuning.candidates import Candidate
    from zoo_core.runtime.tuning.conductor import Tuning

WORTH_A_WORD = 1.02
"""Gain of another global batch above which it is told."""


@click.command()
@click.argument("task")
@click.option("--data", metavar="NAME[=ROOT]", help="Data set, and where its files are.")
@click.option("--topology", metavar="NAME", help="Network.")
@click.option("--preset", default="default", metavar="NAME", show_default=True, help="smoke, default or paper.")
@click.option("--set", "assignments", multiple=True, metavar="KEY=VALUE", help="One setting; may be repeated.")
@click.option(
    "--budget", "budget_s", type=float, metavar="SECONDS", help="Most it takes.  [default: 150 for smoke, 600 else]"
)
@click.option("--json", "as_json", is_flag=True, help="One record instead of text.")
@click.option("--forget", is_flag=True, help="Remove what was found for this machine and model, and stop.")
def tune(  # noqa: PLR0913 - one for each option
    task: str,
    data: str | None,
    topology: str | None,
    preset: str,
    assignments: tuple[str, ...],
    budget_s: float | None,
    as_json: bool,
    forget: bool,
) -> None:
    """Find the ranks, threads, streams and precision that suit TASK on this machine.

    Each candidate trains the task's own network on its own data for a moment; the best and the default then take turns.
    What is found is kept for this machine and model, and 'zoo run' uses it unless one of these settings is given.
    """
    from zoo_core.runtime.settings import given_settings
    from zoo_core.runtime.tuning.conductor import budget_of, refuse_tuned_keys

    start = time.monotonic()
    layers = _layers(data, topology, assignments)
    refuse_tuned_keys(layers)
    budget_s = budget_of(preset, budget_s)
    given = given_settings(task, preset, layers)
    if forget:
        _forget(given)
        return
    found = _tuned(given, budget_s, start)
    if not found.findings.is_empty:
        _keep(found)
    click.echo(json.dumps(as_record(found), indent=2) if as_json else as_text(found))


def as_text(found: "Tuning") -> str:
    """The table, and what follows from it."""
    rows = [("", "images/s", "", "to default", ""), *(_row(found, candidate) for candidate in found.candidates)]
    return "\n".join([columns(rows), "", *_predictions(found), *_batches(found), *_verdict(found)])


def _verdict(found: "Tuning") -> list[str]:
    record, findings = found.record, found.findings
    if findings.is_empty:
        return ["nothing was measured beside the default, and nothing is kept: give it more time with --budget SECONDS"]
    verdict = "the default is the fastest" if record.candidate == findings.default else "kept"
    return [
        f"{verdict}: {record.describe()}",
        f"'zoo run {found.config.task.name}' uses it for {record.name} on this machine",
        "unless -np, --precision or a launch setting is given",
    ]


def as_record(found: "Tuning") -> dict[str, Any]:
    """The same for a program."""
    record, findings = found.record, found.findings
    return {
        "subject": vars(record.subject),
        "date": record.date.isoformat(),
        "input_shape": record.input_shape,
        "candidates": [_as_values(found, candidate) for candidate in found.candidates],
        "predictions": {str(n): speeds for n, speeds in findings.predictions[record.candidate].items()},
        "global_batch_size": found.config.trainer.global_batch_size,
        "ratios_of_global_batches": {str(size): gains for size, gains in findings.batches.items()},
        "kept": not findings.is_empty,
        "chosen": record.settings,
        "ratio": record.ratio,
    }


def _as_values(found: "Tuning", candidate: "Candidate") -> dict[str, Any]:
    findings = found.findings
    return {
        **vars(candidate),
        "is_default": candidate == findings.default,
        "images_per_s": findings.speeds(candidate),
        "n_rounds": len(findings.rounds.get(candidate, ())),
        "ratio": findings.ratio(candidate) if candidate in findings.looks else None,
        "failure": findings.failures.get(candidate),
    }


def _row(found: "Tuning", candidate: "Candidate") -> tuple[str, ...]:
    findings = found.findings
    name = candidate.describe(found.record.subject.machine["n_usable_cores"])
    if candidate in findings.failures:
        return name, "", "", "", findings.failures[candidate]
    speeds, n_rounds = findings.speeds(candidate), len(findings.rounds.get(candidate, ()))
    notes = ["default"] if candidate == findings.default else []
    notes += ["chosen"] if candidate == found.record.candidate else []
    notes += [] if n_rounds else ["first look alone"]
    spread = f"{min(speeds):.1f} to {max(speeds):.1f}" if n_rounds > 1 else ""
    return name, f"{statistics.median(speeds):.1f}", spread, f"{findings.ratio(candidate):.2f}", ", ".join(notes)


def _predictions(found: "Tuning") -> list[str]:
    from zoo_core.runtime.tuning.candidates import counted

    speeds = found.findings.predictions[found.record.candidate]
    shown = ", ".join(f"{counted(n, 'stream')} {statistics.median(of_n):.1f}" for n, of_n in speeds.items() if of_n)
    return [f"predicting, images/s: {shown}"]


def _batches(found: "Tuning") -> list[str]:
    """Faster global batches, for a person to choose: they change what is learned."""
    ratios = {size: statistics.median(gains) for size, gains in found.findings.batches.items()}
    return [
        f"a global batch of {size} is {100 * (ratio - 1):.0f} % faster: --set trainer.global_batch_size={size} "
        "(it changes what is learned)"
        for size, ratio in ratios.items()
        if ratio >= WORTH_A_WORD
    ]


def _tuned(given: "Settings", budget_s: float, start: float) -> "Tuning":
    from zoo_core.distributed.signals import Stopped
    from zoo_core.runtime.tuning.conductor import tune as find

    try:
        return find(given, budget_s, start)
    except Stopped as stopped:
        click.echo(f"zoo: {stopped}: nothing was kept", err=True)
        sys.exit(stopped.exit_code)


def _keep(found: "Tuning") -> None:
    from zoo_core.contract import DataError
    from zoo_core.runtime.tuning.records import recall_records, remember_records, without

    try:
        others = without(recall_records(), found.record.subject)
    except DataError as error:
        click.echo(f"zoo: warning: {error}: it is written anew", err=True)
        others = []
    remember_records([*others, found.record])


def _forget(given: "Settings") -> None:
    from zoo_core.runtime.tuning.applying import subject_of_settings
    from zoo_core.runtime.tuning.records import recall_records, remember_records, without

    subject, records = subject_of_settings(given), recall_records()
    others = without(records, subject)
    if len(others) == len(records):
        click.echo(f"nothing was kept for {subject.name} on this machine")
        return
    remember_records(others)
    click.echo(f"forgotten: {subject.name} on this machine")


def _layers(data: str | None, topology: str | None, assignments: tuple[str, ...]) -> "list[Settings]":
    from zoo_core.runtime.settings import parse_data, parse_setting

    layers = [parse_data(data)] if data is not None else []
    layers += [{"topology": {"name": topology}}] if topology else []
    return layers + [parse_setting(text) for text in assignments]
