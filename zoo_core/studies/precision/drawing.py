"""The charts: speed against what it costs with the gate drawn, latency, sizes, and finding by finding."""

from collections.abc import Sequence
from typing import Any

from zoo_core.evaluation.gate import FEW
from zoo_core.report.conversion_table import MEGABYTE
from zoo_core.report.wording import metric_title, spaced
from zoo_core.runtime.precisions import REFERENCE
from zoo_core.studies.charts import INK, SERIES, SOFT, WARN, drawn_png
from zoo_core.studies.precision.summary import Summary

MARKERS = "osD^v<"
ROOM = 0.35
"""Of the gate's limit, that the axis of differences shows at least on either side."""

HEIGHT = 0.7
"""Of a finding's row that its precisions take."""


def overview_chart(found: Sequence[Summary], title: str) -> bytes:
    """A PNG file: speed against the change of the mean, single images, and sizes.

    Args:
        found: of `summaries`, float32 first.
        title: of the chart.
    """

    def draw(figure: Any, axes: Any) -> None:
        _speed_against_change(axes[0, 0], found)
        _latencies(axes[0, 1], found)
        _sizes(axes[0, 2], found)
        figure.suptitle(title, x=0.01, ha="left", fontsize=12, color=INK, fontweight="bold")
        figure.legend(handles=_key(found), loc="outside lower center", ncols=len(found), fontsize=8.5)

    return drawn_png((12.0, 4.6), (1, 3), draw)


def findings_chart(found: Sequence[Summary], title: str) -> bytes:
    """A PNG file: the change of each finding in each precision, with its interval and the gate's limit.

    Args:
        found: of `summaries`, float32 first.
        title: of the chart.
    """
    n_labels = len(found[1]["comparison"]["labels"])

    def draw(figure: Any, axes: Any) -> None:
        _forest(axes[0, 0], found)
        figure.suptitle(title, x=0.01, ha="left", fontsize=12, color=INK, fontweight="bold")
        figure.legend(handles=_key(found)[1:], loc="outside lower center", ncols=len(found), fontsize=8.5)

    return drawn_png((9.0, 1.9 + 0.15 * n_labels * len(found)), (1, 1), draw)


def _speed_against_change(panel: Any, found: Sequence[Summary]) -> None:
    limits = found[1]["comparison"]["limits"]
    worse = _worse(limits, "mean")
    panel.axhline(0, color=SOFT, linewidth=0.8)
    panel.plot(1, 0, marker=MARKERS[0], color=SERIES[0], markersize=7)
    for i, one in enumerate(found[1:], start=1):
        _placed(panel, one, i)
    low, high = _room_for(worse, [one["comparison"]["mean"]["difference"] for one in found[1:]])
    panel.axhspan(worse, low if worse < 0 else high, color=WARN, alpha=0.10, linewidth=0)
    panel.axhline(worse, color=WARN, linewidth=1.2, linestyle="--")
    panel.set_ylim(low, high)
    panel.text(
        0.98, 0.02 if worse < 0 else 0.98, "shaded: refused where an interval reaches in", color=WARN, fontsize=7.5,
        ha="right", va="bottom" if worse < 0 else "top", transform=panel.transAxes,
    )  # fmt: skip
    panel.set_title(f"change of mean {metric_title(limits['metric'])} against speed")
    panel.set_xlabel(f"images/s, times {REFERENCE} (and all turns)")
    panel.set_xlim(left=0)


def _placed(panel: Any, one: Summary, i: int) -> None:
    """A precision at its speed and its change; where its mean is not judged, at its speed alone."""
    x, slowest, fastest = one["images_per_s_ratio"]
    colour, change = SERIES[i % len(SERIES)], one["comparison"]["mean"]["difference"]
    if change is None:
        panel.axvline(x, color=colour, linewidth=1.2, linestyle=":")
        panel.text(
            x, 0.98, f"{one['precision']}: mean not judged ", color=colour, fontsize=7.5, rotation=90,
            ha="right", va="top", transform=panel.get_xaxis_transform(),
        )  # fmt: skip
        return
    y, low, high = change
    panel.plot([slowest, fastest], [y, y], color=colour, linewidth=1.2)
    if low is not None:
        panel.plot([x, x], [low, high], color=colour, linewidth=1.2)
    panel.plot(x, y, marker=MARKERS[i % len(MARKERS)], color=colour, markersize=7)


def _room_for(worse: float, changes: Sequence[Sequence[float | None] | None]) -> tuple[float, float]:
    """Ends of an axis that shows the changes, 0 and the limit, with room on either side."""
    ends = [0.0, worse, *(end for change in changes if change for end in change if end is not None)]
    room = ROOM * abs(worse)
    return min(ends) - room, max(ends) + room


def _latencies(panel: Any, found: Sequence[Summary]) -> None:
    most = max(one["latency_p99_ms"] for one in found)
    for i, one in enumerate(found):
        colour, p50, p99 = SERIES[i % len(SERIES)], one["latency_p50_ms"], one["latency_p99_ms"]
        panel.plot([p50, p99], [i, i], color=colour, linewidth=1.6)
        panel.plot(p50, i, marker=MARKERS[i % len(MARKERS)], color=colour, markersize=7)
        panel.plot(p99, i, marker="|", color=colour, markersize=11, markeredgewidth=1.6)
        panel.text(p99 + 0.03 * most, i, f"{p50:,.1f} / {p99:,.1f}", va="center", fontsize=7.5, color=INK)
    panel.set_title("one image a call, ms: p50 to p99")
    panel.set_xlim(0, 1.4 * most)
    _rows(panel, found)


def _sizes(panel: Any, found: Sequence[Summary]) -> None:
    kinds = (("memory_bytes", 0.35, 0.18), ("network_bytes", 1.0, -0.18))
    most = max(one[key] for one in found for key, _, _ in kinds) / MEGABYTE
    for i, one in enumerate(found):
        for key, alpha, shift in kinds:
            size = one[key] / MEGABYTE
            panel.barh(i - shift, size, height=0.32, color=SERIES[i % len(SERIES)], alpha=alpha)
            panel.text(size + 0.02 * most, i - shift, f"{size:,.1f}", va="center", fontsize=7.5, color=INK)
    panel.set_title("MB: memory (pale), network's files")
    panel.set_xlim(0, 1.25 * most)
    _rows(panel, found)


def _rows(panel: Any, found: Sequence[Summary]) -> None:
    """A row a precision, the first at the top."""
    panel.set_yticks(range(len(found)), [one["precision"] for one in found])
    panel.set_ylim(len(found) - 0.5, -0.5)
    panel.grid(visible=False)


def _forest(panel: Any, found: Sequence[Summary]) -> None:
    """Rows of findings, within each a place for every precision but float32; hollow where the gate does not judge."""
    compared = found[1:]
    limits, names = compared[0]["comparison"]["limits"], list(compared[0]["comparison"]["labels"])
    worse = _worse(limits, "label")
    panel.axvline(0, color=SOFT, linewidth=0.8)
    panel.axvline(worse, color=WARN, linewidth=1.2, linestyle="--")
    for i, one in enumerate(compared, start=1):
        for row, name in enumerate(names):
            place = row + (i - (len(compared) + 1) / 2) * HEIGHT / len(compared)
            _finding(panel, one["comparison"]["labels"][name], place, i)
    panel.set_yticks(range(len(names)), [spaced(name) for name in names])
    panel.set_ylim(len(names) - 0.5, -0.5)
    low, high = panel.get_xlim()
    panel.set_xlim(min(low, -ROOM * abs(worse)), max(high, ROOM * abs(worse)))
    panel.set_xlabel(
        f"change of {metric_title(limits['metric'])} (hollow: not enough evidence; dashed: what may be lost)"
    )


def _finding(panel: Any, label: Any, place: float, i: int) -> None:
    if label["difference"] is None:
        return
    x, low, high = label["difference"]
    colour = SERIES[i % len(SERIES)]
    if low is not None:
        panel.plot([low, high], [place, place], color=colour, linewidth=1.0)
    filled = "white" if label["verdict"] == FEW else colour
    panel.plot(x, place, marker=MARKERS[i % len(MARKERS)], color=colour, markerfacecolor=filled, markersize=4.5)


def _worse(limits: Any, kind: str) -> float:
    """The change at a limit."""
    return float(-limits[kind] if limits["direction"] == "max" else limits[kind])


def _key(found: Sequence[Summary]) -> list[Any]:
    from matplotlib.lines import Line2D

    return [
        Line2D([], [], color=SERIES[i % len(SERIES)], marker=MARKERS[i % len(MARKERS)], label=one["precision"])
        for i, one in enumerate(found)
    ]
