"""Labels of a model that a data set does not have: told once, and not as rows without a number."""

from collections.abc import Collection

from zoo_core.report.evidence import Node


def absent_labels(metrics: Node) -> tuple[str, ...]:
    """Labels that no example of any split has known; none where that is true of all.

    Args:
        metrics: `metrics.json`.

    >>> absent_labels({"test": {"labels": {"Mass": {"n": 9}, "Hernia": {"n": 0}}}})
    ('Hernia',)
    """
    all_labels = dict.fromkeys(name for result in metrics.values() for name in result["labels"])
    known = {name for result in metrics.values() for name, label in result["labels"].items() if label["n"]}
    return tuple(name for name in all_labels if name not in known) if known else ()


def without_labels(metrics: Node, names: Collection[str]) -> Node:
    """The same `metrics.json` without these labels.

    >>> without_labels({"test": {"n": 9, "labels": {"Mass": {}, "Hernia": {}}}}, ["Hernia"])
    {'test': {'n': 9, 'labels': {'Mass': {}}}}
    """
    return {
        split: {**result, "labels": {name: one for name, one in result["labels"].items() if name not in names}}
        for split, result in metrics.items()
    }
