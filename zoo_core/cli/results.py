"""The table of a test split, on standard output."""

from typing import Any

from rich.console import Console

from zoo_core.evaluation.predictions import Origin
from zoo_core.report.table import findings_table


def show_results(metrics: dict[str, Any], origin: Origin) -> None:
    """Print the table of the test split, or of the last split there is.

    Args:
        metrics: of `zoo_core.evaluation.metrics.evaluate`.
        origin: what was predicted.
    """
    split = "test" if "test" in metrics else list(metrics)[-1]
    kind = "DRAWN data, no radiographs" if origin.drawn else "real data"
    n = metrics[split]["n"]
    title = f"{origin.task} on {origin.dataset} ({kind}): {split} of split {origin.split_name}, {n} examples"
    Console().print(findings_table(metrics[split], origin.reported_metrics, title))
