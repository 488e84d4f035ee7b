"""The charts of the study: curves against the number of ranks, and effects of causes."""

from collections.abc import Sequence
from typing import Any

from zoo_core.evaluation.seeds import SeedMean
from zoo_core.report.wording import metric_title
from zoo_core.studies.accuracy.plan import SHARDINGS
from zoo_core.studies.accuracy.summary import Measured, Point
from zoo_core.studies.charts import INK, SERIES, SOFT, drawn_png

COLOURS: dict[str, str] = dict(zip(SHARDINGS, SERIES, strict=False))
MARKERS: dict[str, str] = dict(zip(SHARDINGS, "osD", strict=True))
APART = 0.06
"""Of a factor of two, that curves are shifted by so that their intervals do not hide each other."""

ROOM = 1.3
"""Factor from the first and the last number to the ends of the axis."""


def curves_chart(found: Sequence[Point], metric: str, title: str) -> bytes:
    """A PNG file: the metric, its difference from one process, and the share of examples that an epoch sees.

    Args:
        found: of `points`.
        metric: its name.
        title: of the chart.
    """
    return drawn_png((10.5, 4.4), (1, 3), lambda figure, axes: _draw_curves(figure, axes[0], found, metric, title))


def effects_chart(found: Sequence[Measured], metric: str, title: str) -> bytes:
    """A PNG file: a line a cause, with its interval and zero.

    Args:
        found: of `measured_effects`.
        metric: its name.
        title: of the chart.
    """
    height = 1.6 + 0.42 * len(found)
    return drawn_png(
        (9.0, height), (1, 1), lambda figure, axes: _draw_effects(figure, axes[0, 0], found, metric, title)
    )


def whisker(panel: Any, x: float, mean: SeedMean | None, colour: str, marker: str, **style: Any) -> None:
    """A mean with its interval; nothing where it is undefined."""
    if mean is None:
        return
    if mean.low is not None and mean.high is not None:
        panel.plot([x, x], [mean.low, mean.high], color=colour, linewidth=1.4, alpha=0.75)
    panel.plot([x], [mean.value], marker=marker, markersize=5, color=colour, linestyle="none", **style)


def ranks_axis(panel: Any, ranks: Sequence[int], label: str = "ranks") -> None:
    """A logarithmic axis with the numbers that were trained, and no others."""
    panel.set_xscale("log", base=2)
    panel.set_xticks(ranks, [str(n) for n in ranks])
    panel.minorticks_off()
    panel.set_xlim(ranks[0] / ROOM, ranks[-1] * ROOM)
    panel.set_xlabel(label)


def _draw_curves(figure: Any, axes: Any, found: Sequence[Point], metric: str, title: str) -> None:
    ranks = sorted({point.scheme.n_ranks for point in found})
    one = next((point for point in found if point.scheme.is_one_process), None)
    for i, sharding in enumerate(SHARDINGS):
        own = [point for point in found if point.scheme.sharding == sharding and not point.scheme.is_one_process]
        shift = 2.0 ** (APART * (i - 1))
        values = [point.value for point in own]
        _curve(axes[0], [(p.scheme.n_ranks * shift, v) for p, v in zip(own, values, strict=True)], sharding, one)
        _curve(axes[1], [(p.scheme.n_ranks * shift, p.difference) for p in own], sharding, None)
        _coverage(axes[2], own, shift, sharding)
    if one:
        whisker(axes[0], 1, one.value, INK, "o")
    axes[1].axhline(0, color=INK, linewidth=0.8)
    axes[0].set_title(f"{metric_title(metric)}, test split")
    axes[1].set_title("minus one process")
    axes[2].set_title("% of examples an epoch sees")
    axes[2].set_ylim(50, 103)
    for panel in axes:
        ranks_axis(panel, ranks)
    figure.suptitle(title, x=0.01, ha="left", fontsize=12, color=INK, fontweight="bold")
    figure.legend(handles=_key(), loc="outside lower center", ncols=5, fontsize=8.5)


def _curve(panel: Any, found: Sequence[tuple[float, SeedMean | None]], sharding: str, one: Point | None) -> None:
    colour, marker = COLOURS[sharding], MARKERS[sharding]
    line = [(x, mean.value) for x, mean in found if mean]
    if one and one.value:
        line.insert(0, (1.0, one.value.value))
    if line:
        panel.plot(*zip(*line, strict=True), color=colour, linewidth=1.2)
    for x, mean in found:
        whisker(panel, x, mean, colour, marker)


def _coverage(panel: Any, own: Sequence[Point], shift: float, sharding: str) -> None:
    colour, marker = COLOURS[sharding], MARKERS[sharding]
    ranks = [point.scheme.n_ranks for point in own]
    panel.plot(ranks, [100 * point.expected for point in own], color=colour, linewidth=1, linestyle=":")
    measured = [100 * point.seen for point in own]
    panel.plot([n * shift for n in ranks], measured, color=colour, marker=marker, markersize=5, linestyle="none")


def _key() -> list[Any]:
    from matplotlib.lines import Line2D

    curves = [Line2D([], [], color=COLOURS[name], marker=MARKERS[name], label=name) for name in SHARDINGS]
    one = Line2D([], [], color=INK, marker="o", linestyle="none", label="one process")
    return [one, *curves, Line2D([], [], color=SOFT, linestyle=":", label="expected share")]


def _draw_effects(figure: Any, panel: Any, found: Sequence[Measured], metric: str, title: str) -> None:
    ways = {"added": "added", "alone": "alone, in the talk's scheme"}
    for y, one in enumerate(found):
        mean = one.difference
        if mean is None:
            panel.text(0, y, "undefined", va="center", color=SOFT)
            continue
        colour = SERIES[0] if mean.resolved else SOFT
        if mean.low is not None and mean.high is not None:
            panel.plot([mean.low, mean.high], [y, y], color=colour, linewidth=1.8)
        face = colour if mean.resolved else "white"
        panel.plot([mean.value], [y], marker="o", color=colour, markerfacecolor=face, linestyle="none")
    panel.axvline(0, color=INK, linewidth=0.8)
    panel.set_yticks(range(len(found)), [f"{one.effect.cause} ({ways[one.effect.way]})" for one in found])
    panel.set_ylim(len(found) - 0.5, -0.5)
    panel.grid(visible=False, axis="y")
    panel.set_xlabel(f"what it does to {metric_title(metric)}; filled where the 95 % interval is free of 0")
    figure.suptitle(title, x=0.01, ha="left", fontsize=12, color=INK, fontweight="bold")
