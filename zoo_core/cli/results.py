"""The tables of a test split, on standard output."""

from typing import Any

import click
from rich.console import Console

from zoo_core.evaluation.comparison import AGAINST
from zoo_core.evaluation.predictions import Origin
from zoo_core.report.absent import absent_labels, without_labels
from zoo_core.report.comparison import comparison_verdicts
from zoo_core.report.conversion_table import conversion_lines, conversion_table
from zoo_core.report.evidence import CLASSIFICATION, RANKING, REGRESSION
from zoo_core.report.table import decisions_table, differences_table, findings_table, judged_table, runs_table
from zoo_core.report.verdicts import absence_verdicts, overlap_verdicts
from zoo_core.report.wording import nouns

RULE = "youden"
"""Of the operating points, the one whose numbers are shown."""

WIDTH_OF_A_FILE = 100
"""Characters of a line where standard output is no terminal."""


def show_results(metrics: dict[str, Any], origin: Origin) -> None:
    """Print the table of the test split, or of the last split there is.

    Args:
        metrics: of `zoo_core.evaluation.metrics.evaluate`.
        origin: what was predicted.
    """
    absent = absent_labels(metrics)
    metrics = dict(without_labels(metrics, absent))
    split, console = _shown_split(metrics), _console()
    title = f"{_subject(origin, split)}, {metrics[split]['n']} examples"
    _print_judged(metrics[split], origin, title, console)
    names = [name for name in origin.reported_metrics if name in RANKING]
    if metrics[split]["labels"]:
        console.print(findings_table(metrics[split], names, title, console.width))
    _print_overlap(origin)
    for verdict in absence_verdicts(absent, metrics[split]):
        click.echo(f"{verdict.head} {verdict.text}")
    _print_notes(metrics[split])
    if metrics[split]["labels"]:
        _print_decisions(metrics[split], console)


def show_comparison(metrics: dict[str, Any], origins: tuple[Origin, Origin]) -> None:
    """Print the differences on the test split, or on the last split there is.

    Args:
        metrics: of `zoo_core.evaluation.comparison.compare`.
        origins: of the first predictions and of the second.
    """
    split, console = _shown_split(metrics), _console()
    shared = metrics[split]["shared"]
    for place, origin in zip(("first", "second"), origins, strict=True):
        click.echo(f"{place}: {_subject(origin, split)}")
        _print_overlap(origin)
    click.echo(
        f"{shared['n']} examples shared; not shared: {shared['n_only_first']} of the first, "
        f"{shared['n_only_second']} of the second"
    )
    result, names = metrics[split], origins[0].reported_metrics
    for place, family in (("classes", CLASSIFICATION), ("values", REGRESSION), ("labels", RANKING)):
        own = [name for name in names if name in family]
        if result.get(place) and own:
            console.print(differences_table({**result, "labels": result[place]}, own, AGAINST, console.width))
    _print_notes(metrics[split])


def show_runs(comparison: dict[str, Any]) -> None:
    """Print the table of the runs, and below it what the page begins with.

    Args:
        comparison: of `zoo_core.runtime.comparing.compare_runs`.
    """
    _console().print(runs_table(comparison))
    for verdict in comparison_verdicts(comparison):
        mark = "! " if verdict.level == "warning" else ""
        click.echo(f"{mark}{verdict.head} {verdict.text}")


def show_conversion(record: dict[str, Any]) -> None:
    """Print the table of the labels, and below it the verdict with what it rests on.

    Args:
        record: of a conversion, as `conversion.json` holds it.
    """
    _console().print(conversion_table(record))
    for line in conversion_lines(record):
        click.echo(line)


def _print_judged(result: dict[str, Any], origin: Origin, title: str, console: Console) -> None:
    """What is judged by other metrics than labels that are present or absent."""
    for place, family, heading in (("classes", CLASSIFICATION, "label"), ("values", REGRESSION, "value")):
        names = [name for name in origin.reported_metrics if name in family]
        if result.get(place) and names:
            console.print(judged_table(result[place], names, title, heading))


def _print_overlap(origin: Origin) -> None:
    """Say what the model has seen of what it is tested on, where it has."""
    for verdict in overlap_verdicts(origin.overlap):
        click.echo(f"{verdict.head.upper()} {verdict.text}")


def _print_notes(result: dict[str, Any]) -> None:
    """How the intervals were made, and why one or the other is missing."""
    draws = result["bootstrap"]
    if draws["n_replicates"]:
        click.echo(f"In brackets: 95 % intervals from {draws['n_replicates']} draws of {draws['n_groups']} groups.")
    judged = {**result.get("classes", {}), **result.get("values", {}), **result["labels"]}
    for name, node in {**judged, "mean": result["mean"]}.items():
        if "reason" in node:
            click.echo(f"{name}: {node['reason']}.")


def _print_decisions(result: dict[str, Any], console: Console) -> None:
    """A second table, of values alone: what the predictions are worth as decisions and as probabilities."""
    table = decisions_table(result, RULE, console.width)
    if table is None:
        return
    click.echo()
    console.print(table)
    labels = result["labels"].values()
    n_unchosen = sum("threshold" not in label["operating_points"][RULE] for label in labels)
    if n_unchosen:
        click.echo(f"No threshold for {n_unchosen} of {len(labels)} {nouns(result)}: --json says why.")


def _console() -> Console:
    console = Console()
    return console if console.is_terminal else Console(width=max(console.width, WIDTH_OF_A_FILE))


def _shown_split(metrics: dict[str, Any]) -> str:
    return "test" if "test" in metrics else list(metrics)[-1]


def _subject(origin: Origin, split: str) -> str:
    kind = "DRAWN data" if origin.drawn else "real data"
    return f"{origin.task} on {origin.dataset} ({kind}): {split} of split {origin.split_name}"
