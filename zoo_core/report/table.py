"""The table a run ends with, in the terminal."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Table

METRIC_TITLES = {"auroc": "AUROC", "auprc": "AUPRC"}


def findings_table(result: Mapping[str, Any], metric_names: Sequence[str], title: str) -> Table:
    """One row a label with its counts, metrics and the AUROC of each baseline.

    Args:
        result: one split of `metrics.json`.
        metric_names: the per-label metrics to show.
        title: what was predicted, on which data.
    """
    baselines = list(result["mean"]["baselines"])
    table = Table(title=title, title_justify="left")
    table.add_column("finding")
    headings = ["n", "positive", *(METRIC_TITLES[name] for name in metric_names)]
    for heading in headings + [f"{baseline} AUROC" for baseline in baselines]:
        table.add_column(heading, justify="right")
    for name, label in result["labels"].items():
        counts = [str(label["n"]), str(label["n_positive"])]
        table.add_row(name, *counts, *_values(label, metric_names, baselines))
    table.add_section()
    mean = result["mean"]
    table.add_row(f"mean of {mean['n_labels']}", "", "", *_values(mean, metric_names, baselines))
    return table


def _values(node: Mapping[str, Any], metric_names: Sequence[str], baselines: Sequence[str]) -> list[str]:
    own = [_value(node[name]) for name in metric_names]
    return own + [_value(node["baselines"].get(kind, {}).get("auroc")) for kind in baselines]


def _value(interval: Sequence[float] | None) -> str:
    return "undefined" if interval is None else f"{interval[0]:.3f}"
