"""How far apart the controls of a plate are, as marks on a line: Z' and robust Z' with their intervals."""

from collections.abc import Mapping
from dataclasses import dataclass

from zoo_core.report.drawing import SIDE
from zoo_core.report.evidence import Node
from zoo_core.report.wording import Interval

START, END = -1.0, 1.0
"""Of the line. Z' is never above 1, and has no lower end: below 0 the controls overlap, and -5 says no more than -1."""

KINDS: Mapping[str, str] = {"z_prime": "model", "robust_z_prime": "calibrated"}
"""Statistic to the class of the style sheet that its mark has, from the top."""


@dataclass(frozen=True)
class Mark:
    """One statistic on the line.

    Attributes:
        kind: a class of the style sheet.
        whisker: the part of the interval that is on the line, in the picture's units; None without one.
        dot: the value; None where it is undefined, or below the start of the line.
        goes_on: whether the value or its interval lies below the start of the line.
    """

    kind: str
    whisker: tuple[float, float] | None
    dot: float | None
    goes_on: bool


def separation_marks(separation: Node) -> list[Mark]:
    """Z' above robust Z'.

    Args:
        separation: of one score on one plate, as `screen.json` has it.
    """
    return [_mark(kind, separation[statistic]) for statistic, kind in KINDS.items()]


def separation_place(number: float) -> float:
    """Place of a number on the line; what is below its start stands there.

    >>> separation_place(0.5), separation_place(-7)
    (75.0, 0.0)
    """
    return round(SIDE * (min(max(number, START), END) - START) / (END - START), 1)


def _mark(kind: str, interval: Interval | None) -> Mark:
    number, low, high = interval or (None, None, None)
    if number is None:
        return Mark(kind, None, None, False)
    whisker = None
    if low is not None and high is not None and high > START:
        whisker = separation_place(low), separation_place(high)
    dot = separation_place(number) if number >= START else None
    return Mark(kind, whisker, dot, min(number, number if low is None else low) < START)
