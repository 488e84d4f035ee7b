"""The tables that a run and a comparison end with, in the terminal."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

METRIC_TITLES = {"auroc": "AUROC", "auprc": "AUPRC"}

Node = Mapping[str, Any]
"""A label of `metrics.json`, or the mean of the labels."""

Column = tuple[str, Callable[[Node], str]]
"""Heading, and the cell of a label."""


def findings_table(result: Node, metric_names: Sequence[str], title: str, width: int) -> Table:
    """One row a label with its counts, metrics and the AUROC of each baseline.

    The first metric has its interval; the others have theirs where the width allows it.

    Args:
        result: one split of `metrics.json`.
        metric_names: the per-label metrics to show.
        title: what was predicted, on which data.
        width: of the terminal, in characters.
    """
    baselines = [(f"{kind} AUROC", _baseline_cell(kind)) for kind in result["mean"]["baselines"]]

    def with_intervals(n_metrics: int) -> Table:
        metrics = [_metric_column(name, i < n_metrics) for i, name in enumerate(metric_names)]
        return _table(result, [*metrics, *baselines], title)

    return _widest([with_intervals(len(metric_names)), with_intervals(1)], width)


def differences_table(result: Node, metric_names: Sequence[str], kind: str, width: int) -> Table:
    """One row a label: both values of the first metric, and the paired difference of each metric that has room.

    Args:
        result: one split of a comparison.
        metric_names: the per-label metrics to show.
        kind: the baseline that is compared with.
        width: of the terminal, in characters.
    """
    first = METRIC_TITLES[metric_names[0]]
    values: list[Column] = [
        (first, lambda node: _value(node[metric_names[0]])),
        (f"{kind} {first}", lambda node: _value(node["baselines"][kind][metric_names[0]])),
    ]
    differences = [_difference_column(name, kind) for name in metric_names]
    title = "first minus second"
    return _widest([_table(result, [*values, *differences[:n]], title) for n in (len(differences), 1)], width)


def _widest(tables: Sequence[Table], width: int) -> Table:
    """The first that fits, or else the last."""
    unbounded = Console(width=10 * width)
    fitting = (table for table in tables if unbounded.measure(table).maximum <= width)
    return next(fitting, tables[-1])


def _table(result: Node, columns: Sequence[Column], title: str) -> Table:
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("finding", no_wrap=True)
    for heading in ("positive/n", *(heading for heading, _ in columns)):
        # A heading may take two lines, so that it is no wider than what stands below it.
        table.add_column(heading.replace(" ", "\n"), justify="right", no_wrap=True)
    for name, label in result["labels"].items():
        table.add_row(name, f"{label['n_positive']}/{label['n']}", *(cell(label) for _, cell in columns))
    table.add_section()
    mean = result["mean"]
    table.add_row(f"mean of {mean['n_labels']}", "", *(cell(mean) for _, cell in columns))
    return table


def _metric_column(name: str, with_interval: bool) -> Column:
    return METRIC_TITLES[name], lambda node: (_interval if with_interval else _value)(node[name])


def _baseline_cell(kind: str) -> Callable[[Node], str]:
    return lambda node: _value(node["baselines"].get(kind, {}).get("auroc"))


def _difference_column(name: str, kind: str) -> Column:
    heading = f"{METRIC_TITLES[name]} difference"
    return heading, lambda node: _signed_interval(node["baselines"][kind]["difference"][name])


def _value(interval: Sequence[float | None] | None) -> str:
    return "undefined" if interval is None else f"{interval[0]:.3f}"


def _interval(interval: Sequence[float | None] | None) -> str:
    if interval is None or interval[1] is None:
        return _value(interval)
    value, low, high = interval
    return f"{value:.3f} ({low:.3f}-{high:.3f})"


def _signed_interval(interval: Sequence[float | None] | None) -> str:
    if interval is None:
        return "undefined"
    value, low, high = interval
    return f"{value:+.3f}" if low is None else f"{value:+.3f} ({low:+.3f} to {high:+.3f})"
