"""What a plugin's object says of itself, by its kind."""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from zoo_core.contract import DatasetAdapter, PrecisionBackend, Task, Topology


def describe_object(kind: str, made: Any) -> dict[str, Any]:
    """Facts by name, in the order to show them; empty for a command, whose help says them.

    Raises:
        ZooError: as the plugin raises it where it reads its source only now.
    """
    described: dict[str, Callable[[Any], dict[str, Any]]] = {
        "task": _task,
        "dataset": _dataset,
        "topology": _topology,
        "precision": _precision,
        "command": lambda command: {"usage": command.get_short_help_str(limit=200)},
    }
    return described[kind](made)


def _task(task: Task) -> dict[str, Any]:
    metric = task.primary_metric
    return {
        "labels": [label.name for label in task.labels],
        "primary_metric": f"{metric.name} ({metric.direction}, tolerance {metric.tolerance:g})",
        "metrics": list(task.reporting.metrics),
        "strata": list(task.reporting.strata),
    }


def _dataset(adapter: DatasetAdapter) -> dict[str, Any]:
    return {
        **asdict(adapter.card),
        "arrays": [f"{s.name} ({', '.join(s.axes)}) {s.dtype}" for s in adapter.specs],
        "labels": [label.name for label in adapter.labels],
        "groups": list(adapter.group_columns),
        "split": adapter.split_name,
    }


def _topology(topology: Topology) -> dict[str, Any]:
    weights = {
        f"weights {name}": f"{w.trained_on}, {w.licence}; {w.source}; {w.checksum or 'no checksum published'}"
        for name, w in topology.weights.items()
    }
    return weights or {"weights": "random only"}


def _precision(backend: PrecisionBackend) -> dict[str, Any]:
    return {
        "promise": backend.promise,
        "fast_with": list(backend.instructions),
        "unavailable": backend.unavailable(),
    }
