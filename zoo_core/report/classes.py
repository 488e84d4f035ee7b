"""Which class is taken for which, as cells of a table."""

from collections.abc import Sequence
from dataclasses import dataclass

from zoo_core.report.evidence import Node


@dataclass(frozen=True)
class Cell:
    """Examples of one class that were taken for one class.

    Attributes:
        n: how many.
        share: of the examples of the true class, 0 to 1.
        is_right: whether the two classes are one.
    """

    n: int
    share: float
    is_right: bool


def confusion_rows(classes: Node) -> list[tuple[str, int, Sequence[Cell]]]:
    """One row a true class: its name, its number of examples, and a cell for each class that they were taken for.

    Args:
        classes: one label of `classes` in `metrics.json`.

    >>> confusion_rows({"names": ["a", "b"], "confusion": [[3, 1], [0, 0]]})[0][2][1]
    Cell(n=1, share=0.25, is_right=False)
    """
    rows = zip(classes["names"], classes["confusion"], strict=True)
    return [
        (name, sum(counts), [Cell(n, n / max(sum(counts), 1), i == place) for i, n in enumerate(counts)])
        for place, (name, counts) in enumerate(rows)
    ]
