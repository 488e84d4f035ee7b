"""What the turns of each precision say together, and how its predictions stand to float32's."""

import statistics
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from zoo_core.runtime.machine import Machine, lacking_instructions
from zoo_core.runtime.networks import conversion_record
from zoo_core.runtime.precisions import REFERENCE
from zoo_core.studies.cells import Cells
from zoo_core.studies.precision.plan import Plan
from zoo_core.studies.precision.study import network_folder
from zoo_core.studies.precision.subject import Candidate, network_files

Row = dict[str, Any]
Summary = dict[str, Any]
Comparison = Mapping[str, Any]
"""Of `compare_conversion`."""


def turn_rows(cells: Cells) -> list[Row]:
    """A row for each turn and precision, as they were measured; latencies in ms, ratios to float32 of the same turn."""
    return [
        _turn_row(turn, place, name)
        for turn in sorted(cells.rows("turn"), key=lambda turn: int(turn["turn"]))
        for place, name in enumerate(turn["order"])
    ]


def summaries(plan: Plan, cells: Cells, comparisons: Mapping[str, Comparison], machine: Machine) -> list[Summary]:
    """A record a precision, float32 first.

    Args:
        plan: of the study.
        cells: measured.
        comparisons: with float32, by name; none for float32 itself.
        machine: that it was measured on.
    """
    rows = turn_rows(cells)
    return [
        {
            "precision": one.name,
            "promise": one.backend.promise,
            "lacks": list(lacking_instructions(one.backend.instructions, machine)),
            **_speed(cells, [row for row in rows if row["precision"] == one.name]),
            **_size(one, cells),
            "comparison": comparisons.get(one.name),
        }
        for one in plan.candidates
    ]


def spread(values: Sequence[float]) -> list[float]:
    """Median, smallest and largest."""
    return [statistics.median(values), min(values), max(values)]


def _turn_row(turn: Row, place: int, name: str) -> Row:
    own, reference = turn["times"][name], turn["times"][REFERENCE]
    p50, p99 = np.percentile(own["latency_ms"], (50, 99))
    return {
        "turn": turn["turn"],
        "place": place,
        "precision": name,
        "n_calls": len(own["latency_ms"]),
        "latency_p50_ms": float(p50),
        "latency_p99_ms": float(p99),
        "images_per_s": own["images_per_s"],
        "latency_ratio": float(np.median(reference["latency_ms"]) / p50),
        "images_per_s_ratio": own["images_per_s"] / reference["images_per_s"],
    }


def _speed(cells: Cells, rows: Sequence[Row]) -> Summary:
    name = rows[0]["precision"]
    calls = np.concatenate([turn["times"][name]["latency_ms"] for turn in cells.rows("turn")])
    p50, p99 = np.percentile(calls, (50, 99))
    return {
        "n_turns": len(rows),
        "n_calls": len(calls),
        "latency_p50_ms": float(p50),
        "latency_p99_ms": float(p99),
        **{key: spread([row[key] for row in rows]) for key in ("images_per_s", "images_per_s_ratio", "latency_ratio")},
    }


def _size(candidate: Candidate, cells: Cells) -> Summary:
    loaded = cells.values({"loaded": candidate.name})
    files = network_files(candidate, network_folder(candidate, cells.folder))
    return {
        "network_bytes": sum(path.stat().st_size for path in files.values()),
        "memory_bytes": loaded["peak_bytes"],
        "memory_before_bytes": loaded["before_bytes"],
        "n_streams": loaded["n_streams"],
        "network": _whence(candidate),
        "gate_at_conversion": _gate(candidate),
    }


def _whence(candidate: Candidate) -> str:
    if candidate.folder is None:
        return "converted by this study"
    return "converted by zoo quantize" if candidate.converts else "the trained model"


def _gate(candidate: Candidate) -> str | None:
    """What the gate said when the model was converted; None of one that was not, or not by `zoo quantize`."""
    if candidate.folder is None or not candidate.converts:
        return None
    return str(conversion_record(candidate.folder)["verdict"])
