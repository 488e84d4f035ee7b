"""How charts of studies look, and the PNG file of one; colours and sizes are those of the pages."""

import io
from collections.abc import Callable
from typing import Any

INK, SOFT, LINE, WARN = "#1b2226", "#5d6a70", "#d9e0e3", "#9a3b00"
SERIES = ("#0072b2", "#c25400", "#007d5b", "#a8508a", "#8a6d00", "#4a4a4a")
"""Told apart by readers of every kind of sight; the next series begins anew."""

DPI = 150

STYLE: dict[Any, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "text.color": INK,
    "axes.edgecolor": SOFT,
    "axes.labelcolor": SOFT,
    "axes.titlelocation": "left",
    "axes.titlesize": 10,
    "axes.titleweight": "bold",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.axisbelow": True,
    "grid.color": LINE,
    "xtick.color": SOFT,
    "ytick.color": SOFT,
    "legend.frameon": False,
    "hatch.linewidth": 0.6,
}


def drawn_png(size_inch: tuple[float, float], panels: tuple[int, int], draw: Callable[[Any, Any], None]) -> bytes:
    """A chart as a PNG file.

    Args:
        size_inch: width and height.
        panels: how many below each other, and beside each other.
        draw: is given the figure and its axes, (row, column).
    """
    # Not pyplot, which keeps figures and a style for the whole process.
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    file = io.BytesIO()
    with rc_context(STYLE):
        figure = Figure(size_inch, dpi=DPI, layout="constrained")
        draw(figure, figure.subplots(*panels, squeeze=False))
        figure.savefig(file, format="png")
    return file.getvalue()
