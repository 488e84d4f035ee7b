"""The charts: what was measured is solid and has round marks; what a model says is dashed and has diamonds."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from zoo_core.studies.charts import INK, SERIES, SOFT, WARN, drawn_png
from zoo_core.studies.scaling.plan import RANKS, STRONG, WEAK
from zoo_core.studies.scaling.projection import Projected
from zoo_core.studies.scaling.ring import Fit, Point, ring_seconds
from zoo_core.studies.scaling.summary import Summary, whole
from zoo_core.studies.scaling.verdicts import NAMES

COLOURS = {WEAK: SERIES[0], STRONG: SERIES[1]}
TITLES = {WEAK: "batch of a rank fixed (weak)", STRONG: "global batch fixed (strong)"}
MODEL: dict[str, Any] = {
    "linestyle": "--",
    "linewidth": 1.3,
    "marker": "D",
    "markersize": 4,
    "markerfacecolor": "white",
}
HOLLOW = {"markerfacecolor": "white", "linestyle": "none"}


def ranks_chart(cells: Sequence[Summary], steps: Sequence[Summary]) -> bytes:
    """A PNG file of what was measured: rates, efficiency, all-reduces within steps, and the factors of the speed-up.

    Args:
        cells: of `step_summaries`.
        steps: of `speed_up`.
    """
    own = [cell for cell in cells if cell["way"] == RANKS]

    def draw(figure: Any, axes: Any) -> None:
        _curves(axes[0, 0], own, "images_per_s", "images per second, measured")
        _curves(axes[0, 1], own, "efficiency", "efficiency, measured, %", 100)
        for panel in axes[0]:
            panel.set_ylim(bottom=0)
        _shares(axes[1, 0], own)
        _factors(axes[1, 1], steps)
        handles, labels = axes[0, 0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=3, fontsize=8.5)

    return drawn_png((10.5, 7.6), (2, 2), draw)


def all_reduce_chart(points: Sequence[Point], fit: Fit | None, most_fitting: int) -> bytes:
    """A PNG file of measured all-reduces and of the model that was fitted to them."""

    def draw(_figure: Any, axes: Any) -> None:
        panel = axes[0, 0]
        panel.set(xscale="log", yscale="log", xlabel="bytes of each rank", ylabel="ms")
        panel.set_title("all-reduces over real ranks")
        _plain(panel.yaxis)
        for i, n_ranks in enumerate(sorted({point.n_ranks for point in points})):
            _sizes(panel, [point for point in points if point.n_ranks == n_ranks], fit, (SERIES[i % 6], most_fitting))
        panel.legend(fontsize=8)

    return drawn_png((8.0, 4.6), (1, 1), draw)


def projection_chart(cells: Sequence[Summary], rows: Sequence[Projected]) -> bytes:
    """A PNG file of what a model says of more ranks, beside what was measured."""
    own = [cell for cell in cells if cell["way"] == RANKS]

    def draw(figure: Any, axes: Any) -> None:
        for panel, name, title, scale in (
            (axes[0, 0], "images_per_s", "images per second", 1),
            (axes[0, 1], "efficiency", "efficiency, %", 100),
        ):
            for scaling in (WEAK, STRONG):
                _model_curve(panel, [row for row in rows if row["scaling"] == scaling], name, scale)
            _curves(panel, own, name, title, scale)
        axes[0, 0].set_yscale("log")
        _plain(axes[0, 0].yaxis)
        axes[0, 1].set_ylim(bottom=0)
        handles, labels = axes[0, 0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=2, fontsize=8.5)
        note = "dashed, diamonds: a model, not measured; bands: ends of the intervals of alpha and beta"
        figure.suptitle(note, x=0.01, ha="left", fontsize=9, color=WARN)

    return drawn_png((10.5, 4.8), (1, 2), draw)


def _curves(panel: Any, cells: Sequence[Summary], name: str, title: str, scale: float = 1) -> None:
    """Medians with a line from the lowest run to the highest; hollow where ranks share cores."""
    panel.set_title(title)
    for scaling in (WEAK, STRONG):
        own = [cell for cell in cells if cell["scaling"] == scaling]
        fitting = [cell for cell in own if not cell["more_ranks_than_cores"]]
        crowded = [cell for cell in own if cell["more_ranks_than_cores"]]
        look = {"color": COLOURS[scaling], "marker": "o", "capsize": 2, "linewidth": 1.5}
        _marks(panel, fitting, (name, scale), {**look, "label": f"{TITLES[scaling]}, measured"})
        _marks(
            panel,
            crowded,
            (name, scale),
            {**look, **HOLLOW, "label": "hollow: more ranks than cores" if scaling == STRONG else None},
        )
    _rank_axis(panel)


def _marks(panel: Any, cells: Sequence[Summary], what: tuple[str, float], look: dict[str, Any]) -> None:
    name, scale = what
    if not cells:
        return
    middle, low, high = (scale * np.array([cell[name][i] for cell in cells]) for i in range(3))
    panel.errorbar([cell["n_ranks"] for cell in cells], middle, [middle - low, high - middle], **look)


def _model_curve(panel: Any, rows: Sequence[Projected], name: str, scale: float) -> None:
    n_ranks, colour = [row["n_ranks"] for row in rows], COLOURS[rows[0]["scaling"]]
    middle, low, high = (scale * np.array([row[name][i] for row in rows]) for i in range(3))
    panel.fill_between(n_ranks, low, high, color=colour, alpha=0.12, linewidth=0)
    panel.plot(n_ranks, middle, color=colour, label=f"{TITLES[rows[0]['scaling']]}, model", **MODEL)


def _rank_axis(panel: Any) -> None:
    panel.set_xscale("log", base=2)
    _plain(panel.xaxis)
    panel.set_xlabel("ranks")


def _plain(axis: Any) -> None:
    """Numbers at the main ticks, as they are said, and none between them."""
    from matplotlib.ticker import NullFormatter

    axis.set_major_formatter(lambda value, _: f"{value:,g}")
    axis.set_minor_formatter(NullFormatter())


def _shares(panel: Any, cells: Sequence[Summary]) -> None:
    """Bars of the all-reduce's part of a step: the transfer, and on top of it the waiting for the slowest rank."""
    panel.set_title("all-reduce, % of a step (light: waiting for others)")
    several = [cell for cell in cells if cell["n_ranks"] > 1]
    numbers = sorted({cell["n_ranks"] for cell in several})
    for cell in several:
        x = numbers.index(cell["n_ranks"]) + (0.2 if cell["scaling"] == STRONG else -0.2)
        share, waiting = 100 * cell["all_reduce_share"][0], 100 * cell["waiting_share"][0]
        panel.bar(x, share - waiting, 0.36, color=COLOURS[cell["scaling"]])
        panel.bar(x, waiting, 0.36, bottom=share - waiting, color=COLOURS[cell["scaling"]], alpha=0.35)
        panel.text(x, share, f"{share:.1f}", ha="center", va="bottom", fontsize=8, color=INK)
    crowded = {cell["n_ranks"] for cell in several if cell["more_ranks_than_cores"]}
    panel.set_xticks(range(len(numbers)), [f"{n} ranks{' *' * (n in crowded)}" for n in numbers])
    panel.set_xlabel("* more ranks than cores" if crowded else "", fontsize=7.5, loc="right")
    panel.margins(y=0.15)


def _factors(panel: Any, steps: Sequence[Summary]) -> None:
    """Bars of rates from stock Keras on, with the factor of each step above."""
    own = [step for step in steps if "skipped" not in step]
    panel.set_title(f"images per second on the same cores: {whole(steps):.2f} times stock Keras")
    for x, step in enumerate(own):
        middle, low, high = step["images_per_s"]
        panel.bar(x, middle, 0.6, color=SOFT if step["name"] == "stock" else SERIES[2])
        panel.errorbar(x, middle, [[middle - low], [high - middle]], color=INK, linewidth=0.8, capsize=2)
        said = f"{middle:.1f}" + (f"\nx {step['factor'][0]:.2f}" if step["factor"] else "")
        panel.text(x, high, said, ha="center", va="bottom", fontsize=8, color=INK)
    panel.set_xticks(range(len(own)), [NAMES[step["name"]] for step in own])
    panel.margins(y=0.22)


def _sizes(panel: Any, points: Sequence[Point], fit: Fit | None, look: tuple[str, int]) -> None:
    colour, most_fitting = look
    n_ranks = points[0].n_ranks
    crowded = n_ranks > most_fitting
    n_bytes, seconds = (np.array([getattr(point, name) for point in points]) for name in ("n_bytes", "seconds"))
    label = f"{n_ranks} ranks, measured{', more than cores' if crowded else ''}"
    panel.plot(
        n_bytes, 1e3 * seconds, "o", color=colour, label=label, **({"markerfacecolor": "white"} if crowded else {})
    )
    if fit:
        line = 1e3 * ring_seconds(n_bytes, n_ranks, fit.alpha_s[0], fit.beta_s[0])
        fitted = "model, fitted" if n_ranks in fit.ranks else "model, not fitted to these"
        panel.plot(n_bytes, line, color=colour, linestyle="--", label=f"{n_ranks} ranks, {fitted}")
