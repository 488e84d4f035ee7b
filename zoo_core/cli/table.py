"""Text in columns for a terminal."""

import shutil
import sys
import textwrap
from collections.abc import Sequence

GAP = "  "
NARROWEST_LAST_COLUMN = 24
"""In a terminal that leaves less, lines are better broken by the terminal than into shreds."""


def columns(rows: Sequence[Sequence[str]], indent: int = 0, width: int | None = None) -> str:
    """Align rows; a last column that does not fit is wrapped below itself.

    Args:
        rows: cells, equally many in each; without rows there is no text.
        indent: spaces before each line.
        width: of the terminal; None leaves lines as long as they are.

    >>> print(columns([("a", "one"), ("long", "two")]))
    a     one
    long  two
    """
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]) - 1)] if rows else []
    lines = []
    for row in rows:
        start = " " * indent + "".join(cell.ljust(n) + GAP for cell, n in zip(row, widths, strict=False))
        lines.append(_wrapped(start, row[-1], width))
    return "\n".join(lines)


def terminal_width() -> int | None:
    """Of the terminal that stdout is; None where it is a file or a pipe, whose lines are not to be broken."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def _wrapped(start: str, last: str, width: int | None) -> str:
    if width is None or width - len(start) < NARROWEST_LAST_COLUMN:
        return (start + last).rstrip()
    hanging = "\n" + " " * len(start)
    return (start + hanging.join(textwrap.wrap(last, width - len(start)))).rstrip()
