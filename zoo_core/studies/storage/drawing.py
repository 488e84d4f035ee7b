"""The bar chart of a place: images and megabytes a second, waits for a batch, and how far an accelerator is busy."""

from collections.abc import Sequence
from typing import Any

from zoo_core.studies.charts import INK, SERIES, SOFT, WARN, drawn_png
from zoo_core.studies.storage.formats import FORMATS
from zoo_core.studies.storage.plan import ASKED
from zoo_core.studies.storage.summary import BUSY, Summary

SIZE_INCH = (10.5, 8.0)
GROUP_WIDTH = 0.84
"""Of the distance between two numbers of ranks."""

COLOURS = dict(zip(FORMATS, SERIES, strict=False))


def place_chart(cells: Sequence[Summary], title: str) -> bytes:
    """A PNG file of one place.

    Args:
        cells: of `summaries`, all of one place.
        title: of the chart.
    """
    return drawn_png(SIZE_INCH, (2, 2), lambda figure, axes: _draw(figure, axes, cells, title))


def _draw(figure: Any, axes: Any, cells: Sequence[Summary], title: str) -> None:
    _bars(axes[0, 0], cells, "images_per_s", "images per second")
    _bars(axes[0, 1], cells, "mb_per_s", "MB per second, as stored")
    _waits(axes[1, 0], cells)
    _bars(axes[1, 1], cells, "utilisation", "accelerator busy, % of the time", 100)
    _busy_line(axes[1, 1])
    for panel in axes.flat:
        _ranks_axis(panel, cells)
    figure.suptitle(title, x=0.01, ha="left", fontsize=12, color=INK, fontweight="bold")
    figure.legend(handles=_key(), loc="outside lower center", ncols=3, fontsize=8.5)


def _bars(panel: Any, cells: Sequence[Summary], name: str, title: str, scale: float = 1) -> None:
    """Medians, with a line from the lowest run to the highest, and the median in figures above."""
    panel.set_title(title)
    for cell in cells:
        middle, low, high = (scale * value for value in cell[name])
        x, width = _place(cells, cell)
        panel.bar(x, middle, 0.92 * width, **_look(cell))
        panel.errorbar(x, middle, [[middle - low], [high - middle]], color=INK, linewidth=0.8, capsize=1.5)
        said = f" {_short(middle)}"
        panel.text(x, high, said, ha="center", va="bottom", rotation=90, fontsize=6.5, color=INK)
    panel.margins(y=0.16)
    panel.set_ylim(bottom=0)


def _waits(panel: Any, cells: Sequence[Summary]) -> None:
    """From the median wait to the 99th percentile: on a logarithmic axis a bar would have no foot."""
    panel.set_title("wait for a batch, ms: p50 (dot) to p99 (end of line)")
    panel.set_yscale("log")
    for cell in cells:
        x, width = _place(cells, cell)
        look = {"color": COLOURS[cell["format"]], "alpha": _alpha(cell)}
        p50, p99 = cell["batch_p50_ms"][0], cell["batch_p99_ms"][0]
        panel.plot([x, x], [p50, p99], linewidth=2.2, solid_capstyle="butt", **look)
        panel.plot([x - width / 3, x + width / 3], [p99, p99], linewidth=1.4, **look)
        panel.plot(x, p50, "o", markersize=5, markerfacecolor="white" if cell["asked"] == "cold" else None, **look)
    panel.yaxis.set_major_formatter(lambda value, _: f"{value:g}")


def _busy_line(panel: Any) -> None:
    panel.axhline(100 * BUSY, color=WARN, linewidth=1.2, linestyle="--")
    panel.set_ylim(0, 122)
    panel.set_yticks([0, 20, 40, 60, 80, 100])
    note = f"dashed: {100 * BUSY:.0f} %, the line of MLPerf Storage"
    panel.text(0.995, 0.99, note, transform=panel.transAxes, ha="right", va="top", fontsize=7.5, color=WARN)


def _ranks_axis(panel: Any, cells: Sequence[Summary]) -> None:
    """Names the groups; numbers that are more than the cores bear a mark."""
    crowded = {cell["n_ranks"]: cell["more_ranks_than_cores"] for cell in cells}
    names = [f"{n} rank{'s' * (n > 1)}{' *' * more}" for n, more in crowded.items()]
    panel.set_xticks(range(len(names)), names)
    panel.tick_params(axis="x", length=0)
    panel.set_xlim(-0.5, len(names) - 0.5)
    if any(crowded.values()):
        panel.set_xlabel("* more ranks than cores", fontsize=7.5, loc="right")


def _place(cells: Sequence[Summary], cell: Summary) -> tuple[float, float]:
    """Middle and width of a cell's bar: cold beside warm, format by format, ranks apart."""
    ranks = list(dict.fromkeys(one["n_ranks"] for one in cells))
    width = GROUP_WIDTH / (len(FORMATS) * len(ASKED))
    number = list(FORMATS).index(cell["format"]) * len(ASKED) + ASKED.index(cell["asked"])
    return ranks.index(cell["n_ranks"]) - GROUP_WIDTH / 2 + (number + 0.5) * width, width


def _look(cell: Summary) -> dict[str, Any]:
    colour = COLOURS[cell["format"]]
    if cell["asked"] == "cold":
        return {"facecolor": f"{colour}40", "edgecolor": colour, "hatch": "////", "linewidth": 0.8}
    return {"facecolor": colour, "edgecolor": colour, "linewidth": 0.8}


def _alpha(cell: Summary) -> float:
    return 0.6 if cell["asked"] == "cold" else 1.0


def _key() -> list[Any]:
    from matplotlib.patches import Patch

    formats = [Patch(color=COLOURS[name], label=one.title) for name, one in FORMATS.items()]
    cold = Patch(facecolor="white", edgecolor=SOFT, hatch="////", label="cold, or asked for cold and unknown")
    warm = Patch(facecolor=SOFT, edgecolor=SOFT, label="warm")
    spread = Patch(facecolor="white", edgecolor="white", label="lines on bars: lowest to highest run")
    return [formats[0], cold, formats[1], warm, formats[2], spread]


def _short(value: float) -> str:
    """A number in as few figures as a bar has room for.

    >>> _short(20345.0), _short(1234.0), _short(98.34), _short(2.0)
    ('20.3k', '1.2k', '98', '2.0')
    """
    if value >= 1e3:
        return f"{value / 1e3:.1f}k"
    return f"{value:.0f}" if value >= 10 else f"{value:.1f}"
