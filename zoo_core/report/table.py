"""The tables that a run and a comparison end with, in the terminal."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from zoo_core.report.evidence import CLASSIFICATION, RANKING, REGRESSION
from zoo_core.report.wording import metric_title, n_defined, noun

Node = Mapping[str, Any]
"""A label of `metrics.json`, or the mean of the labels."""

Column = tuple[str, Callable[[Node], str]]
"""Heading, and the cell of a label."""


DECISIONS = {"sensi- tivity": "sensitivity", "speci- ficity": "specificity", "PPV": "ppv"}
"""Headings, and numbers of an operating point."""

CALIBRATIONS = {"slope raw": ("raw", "slope"), "ECE raw": ("raw", "ece"), "ECE scaled": ("calibrated", "ece")}
"""Headings, and versions with their numbers."""


def findings_table(result: Node, metric_names: Sequence[str], title: str, width: int) -> Table:
    """One row a label with its counts, metrics and the first metric of each baseline.

    The first metric has its interval; the others have theirs where the width allows it.

    Args:
        result: one split of `metrics.json`.
        metric_names: the per-label metrics to show.
        title: what was predicted, on which data.
        width: of the terminal, in characters.
    """
    first = metric_names[0]
    kinds = result["mean"]["baselines"]
    baselines = [(f"{kind} {metric_title(first)}", _baseline_cell(kind, first)) for kind in kinds]

    def with_intervals(n_metrics: int) -> Table:
        metrics = [_metric_column(name, i < n_metrics) for i, name in enumerate(metric_names)]
        return _table(result, [*metrics, *baselines], title)

    return _widest([with_intervals(len(metric_names)), with_intervals(1)], width)


def judged_table(judged: Mapping[str, Node], metric_names: Sequence[str], title: str, heading: str) -> Table:
    """One row a value, or a label of several classes: its examples, its metrics, and the first of each baseline.

    The first metric has its interval.

    Args:
        judged: `classes` or `values` of one split of `metrics.json`, not empty.
        metric_names: those that it has.
        title: what was predicted, on which data.
        heading: what stands above the names.
    """
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    kinds = list(dict.fromkeys(kind for one in judged.values() for kind in one["baselines"]))
    first = metric_title(metric_names[0])
    table.add_column(heading, no_wrap=True)
    for name in ("examples", *map(metric_title, metric_names), *(f"{kind} {first}" for kind in kinds)):
        table.add_column(name.replace(" ", "\n"), justify="right", no_wrap=True)
    for name, one in judged.items():
        numbers = [(_value if i else _interval)(one[metric]) for i, metric in enumerate(metric_names)]
        baselines = [_baseline_cell(kind, metric_names[0])(one) for kind in kinds]
        unit = f" ({one['unit']})" if one.get("unit") not in (None, "", "1") else ""
        table.add_row(f"{name}{unit}", str(one["n"]), *numbers, *baselines)
    return table


def differences_table(result: Node, metric_names: Sequence[str], kind: str, width: int) -> Table:
    """One row a label: both values of the first metric, and the paired difference of each metric that has room.

    Args:
        result: one split of a comparison.
        metric_names: the per-label metrics to show.
        kind: the baseline that is compared with.
        width: of the terminal, in characters.
    """
    first = metric_title(metric_names[0])
    values: list[Column] = [
        (first, lambda node: _value(node[metric_names[0]])),
        (f"{kind} {first}", lambda node: _value(node["baselines"][kind][metric_names[0]])),
    ]
    differences = [_difference_column(name, kind) for name in metric_names]
    title = "first minus second"
    return _widest([_table(result, [*values, *differences[:n]], title) for n in (len(differences), 1)], width)


def decisions_table(result: Node, rule: str, width: int) -> Table | None:
    """One row a label: its numbers at the threshold of a rule, and calibration where the width allows it.

    Args:
        result: one split of `metrics.json`.
        rule: that chose the thresholds, such as "youden".
        width: of the terminal, in characters.
    Returns:
        None where no label has a threshold, nor a calibration error.
    """
    labels = result["labels"].values()
    chosen_on = [of for label in labels if (of := label["operating_points"][rule].get("chosen_on"))]
    if not chosen_on and not any(_calibrated(label, "raw", "ece") for label in labels):
        return None
    numbers = [_decision_column(name, key, rule) for name, key in DECISIONS.items()]
    calibration = [_calibration_column(name, *keys) for name, keys in CALIBRATIONS.items()]
    if not chosen_on:
        return _labels_table(result, calibration, "calibration, raw and scaled")
    title = f"at thresholds of {chosen_on[0]['split']} ({rule}); calibration, raw and scaled"
    return _widest([_labels_table(result, columns, title) for columns in ([*numbers, *calibration], numbers)], width)


def runs_table(comparison: Node) -> Table:
    """One row a run: its mean on its own examples, the paired difference to the first on shared ones, and its speed.

    Args:
        comparison: of `zoo_core.runtime.comparing.compare_runs`.
    """
    metric, split = comparison["metrics"][0], comparison["split"]
    title = f"{comparison['task']}, {split}: runs beside the first"
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("run", overflow="fold")
    for heading in ("examples", f"mean\n{metric_title(metric)}", "shared", "difference", "images/s", "wall\nminutes"):
        table.add_column(heading, justify="right", no_wrap=True)
    held = {one["run"]: one for one in comparison["comparisons"]}
    for run in comparison["runs"]:
        mean, speed = _value(run["mean"][metric]), run["speed"]
        paired = _held_cells(held.get(run["name"]), metric)
        table.add_row(run["name"], str(run["n"]), mean, *paired, *_speed_cells(speed))
    return table


def _held_cells(one: Node | None, metric: str) -> tuple[str, str]:
    if one is None:
        return "", ""
    return str(one["shared"]["n"]), _signed_interval(one["mean"][metric]["difference"])


def _speed_cells(speed: Node) -> tuple[str, str]:
    rate, wall_s = speed["images_per_s"], speed["wall_s"]
    return "" if rate is None else f"{rate:.1f}", "" if wall_s is None else f"{wall_s / 60:.1f}"


def _widest(tables: Sequence[Table], width: int) -> Table:
    """The first that fits, or else the last."""
    unbounded = Console(width=10 * width)
    fitting = (table for table in tables if unbounded.measure(table).maximum <= width)
    return next(fitting, tables[-1])


def _table(result: Node, columns: Sequence[Column], title: str) -> Table:
    of_positives = all("n_positive" in label for label in result["labels"].values())
    counts: Column = ("positive/n", lambda node: f"{node['n_positive']}/{node['n']}")
    table = _labels_table(result, [counts if of_positives else ("n", lambda node: str(node["n"])), *columns], title)
    table.add_section()
    mean = result["mean"]
    n = max((n_defined(result["labels"], name) for name in (*RANKING, *CLASSIFICATION, *REGRESSION)), default=0)
    table.add_row(f"mean of {n}", "", *(cell(mean) for _, cell in columns))
    return table


def _labels_table(result: Node, columns: Sequence[Column], title: str) -> Table:
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column(noun(result), no_wrap=True)
    for heading, _ in columns:
        # A heading may take two lines, so that it is no wider than what stands below it.
        table.add_column(heading.replace(" ", "\n"), justify="right", no_wrap=True)
    for name, label in result["labels"].items():
        table.add_row(name, *(cell(label) for _, cell in columns))
    return table


def _metric_column(name: str, with_interval: bool) -> Column:
    return metric_title(name), lambda node: (_interval if with_interval else _value)(node[name])


def _decision_column(heading: str, name: str, rule: str) -> Column:
    return heading, lambda node: _value(node["operating_points"][rule].get(name))


def _calibration_column(heading: str, version: str, name: str) -> Column:
    return heading, lambda node: _value(_calibrated(node, version, name))


def _calibrated(node: Node, version: str, name: str) -> Sequence[float | None] | None:
    number: Sequence[float | None] | None = node["calibration"].get(version, {}).get(name)
    return number


def _baseline_cell(kind: str, metric: str) -> Callable[[Node], str]:
    return lambda node: _value(node["baselines"].get(kind, {}).get(metric))


def _difference_column(name: str, kind: str) -> Column:
    heading = f"{metric_title(name)} difference"
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
