"""Rows of the study's CSV files."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from zoo_core.studies.precision.summary import Summary

Row = dict[str, Any]

SPREADS = ("images_per_s", "images_per_s_ratio", "latency_ratio")
PAIRS = ("reference", "converted", "difference")
PLAIN = (
    "n_turns",
    "n_calls",
    "latency_p50_ms",
    "latency_p99_ms",
    "network_bytes",
    "memory_bytes",
    "memory_before_bytes",
    "n_streams",
    "network",
    "gate_at_conversion",
)


def precision_row(one: Summary) -> Row:
    """A line a precision; float32 has no comparison."""
    row = {"precision": one["precision"], **{name: one[name] for name in PLAIN}, "lacks": " ".join(one["lacks"])}
    for name in SPREADS:
        row |= _ended(name, one[name], ("smallest", "largest"))
    comparison = one["comparison"]
    if comparison:
        for name in PAIRS:
            row |= _ended(f"mean_{name}", comparison["mean"][name], ("low", "high"))
        limits = {f"limit_{name}": comparison["limits"][name] for name in ("mean", "label")}
        row |= {"metric": comparison["limits"]["metric"], "n_labels": comparison["mean"]["n_labels"], **limits}
        row |= {name: comparison[name] for name in ("n", "n_groups", "largest_change", "verdict")}
    return row


def finding_rows(found: Sequence[Summary]) -> Iterator[Row]:
    """A line a precision and finding, of those that were compared."""
    for one in found:
        for name, label in (one["comparison"] or {"labels": {}})["labels"].items():
            row = {"precision": one["precision"], "finding": name}
            row |= {key: label[key] for key in ("verdict", "reason", "n", "n_positive", "largest_change")}
            for key in PAIRS:
                row |= _ended(key, label[key], ("low", "high"))
            yield row | _called_otherwise(label["operating_points"])


def _ended(name: str, values: Sequence[float | None] | None, ends: tuple[str, str]) -> Row:
    """A number in a column of its name, and its ends in two more."""
    names = (name, *(f"{name}_{end}" for end in ends))
    return dict(zip(names, values or (None, None, None), strict=True))


def _called_otherwise(points: Mapping[str, Any]) -> Row:
    return {f"n_called_otherwise_{rule}": point["n_changed"] for rule, point in points.items()}
