"""The charts of the study: curves against the global batch, and a map of findings."""

import math
from collections.abc import Sequence
from typing import Any

from zoo_core.evaluation.seeds import SeedMean
from zoo_core.report.wording import metric_title
from zoo_core.studies.accuracy.drawing import ranks_axis, whisker
from zoo_core.studies.charts import INK, SERIES, drawn_png
from zoo_core.studies.topology.summary import Entry
from zoo_core.studies.training.scores import MEAN

APART = 0.06
LOWEST, HIGHEST = 0.4, 0.9
"""Of the map's colours; a number is written in each field."""


def curves_chart(found: Sequence[Entry], batch: int, metric: str, title: str) -> bytes:
    """A PNG file: the metric and its difference from the first topology, against the global batch.

    Args:
        found: of `entries`.
        batch: images of a rank.
        metric: its name.
        title: of the chart.
    """
    means = [entry for entry in found if entry.label == MEAN]
    titles = (title, f"{metric_title(metric)}, test split")
    return drawn_png((10.5, 4.4), (1, 3), lambda figure, axes: _draw_curves(figure, axes[0], means, batch, titles))


def findings_chart(found: Sequence[Entry], batch: int, title: str) -> bytes:
    """A PNG file: a field for each finding, topology and global batch.

    Args:
        found: of `entries`.
        batch: images of a rank.
        title: of the chart.
    """
    labels = list(dict.fromkeys(entry.label for entry in found))
    size = (3.0 + 0.72 * len(found) / len(labels), 2.0 + 0.32 * len(labels))
    return drawn_png(size, (1, 1), lambda figure, axes: _draw_findings(figure, axes[0, 0], found, batch, title))


def _draw_curves(figure: Any, axes: Any, means: Sequence[Entry], batch: int, titles: tuple[str, str]) -> None:
    from matplotlib.lines import Line2D

    names = list(dict.fromkeys(entry.scheme.topology for entry in means))
    for i, name in enumerate(names):
        colour, marker, shift = SERIES[i % len(SERIES)], "osD^v<"[i % 6], 2.0 ** (APART * (i - 1))
        own = [entry for entry in means if entry.scheme.topology == name]
        batches = [entry.scheme.n_ranks * batch * shift for entry in own]
        _curve(axes[0], batches, [entry.value for entry in own], colour, marker)
        _curve(axes[1], batches, [entry.relative for entry in own], colour, marker)
        _curve(axes[2], batches, [entry.change for entry in own], colour, marker)
    axes[0].set_title(titles[1])
    axes[1].set_title(f"minus {names[0]}")
    axes[2].set_title("minus own one process")
    for panel in axes:
        ranks_axis(panel, sorted({entry.scheme.n_ranks * batch for entry in means}), "global batch")
    for panel in axes[1:]:
        panel.axhline(0, color=INK, linewidth=0.8)
    figure.suptitle(titles[0], x=0.01, ha="left", fontsize=12, color=INK, fontweight="bold")
    key = [Line2D([], [], color=SERIES[i % len(SERIES)], marker="osD^v<"[i % 6], label=n) for i, n in enumerate(names)]
    figure.legend(handles=key, loc="outside lower center", ncols=4, fontsize=8.5)


def _curve(panel: Any, xs: Sequence[float], means: Sequence[SeedMean | None], colour: str, marker: str) -> None:
    line = [(x, mean.value) for x, mean in zip(xs, means, strict=True) if mean]
    if line:
        panel.plot(*zip(*line, strict=True), color=colour, linewidth=1.2)
    for x, mean in zip(xs, means, strict=True):
        whisker(panel, x, mean, colour, marker)


def _draw_findings(figure: Any, panel: Any, found: Sequence[Entry], batch: int, title: str) -> None:
    labels = list(dict.fromkeys(entry.label for entry in found))
    schemes = list(dict.fromkeys(entry.scheme for entry in found))
    values = {(entry.label, entry.scheme): entry.value for entry in found}
    grid = [[_or_nan(values[label, scheme]) for scheme in schemes] for label in labels]
    panel.imshow(grid, cmap="cividis", vmin=LOWEST, vmax=HIGHEST, aspect="auto")
    for row, numbers in enumerate(grid):
        for column, number in enumerate(numbers):
            dark = number < (LOWEST + HIGHEST) / 2
            text = "undefined" if math.isnan(number) else f"{number:.2f}"
            panel.text(column, row, text, ha="center", va="center", fontsize=7.5, color="white" if dark else INK)
    panel.set_xticks(range(len(schemes)), [f"{one.topology}\n{one.n_ranks * batch}" for one in schemes], fontsize=7)
    panel.set_yticks(range(len(labels)), [label or "mean" for label in labels])
    panel.grid(visible=False)
    panel.set_xlabel("topology, and global batch below it")
    figure.suptitle(title, x=0.01, ha="left", fontsize=11, color=INK, fontweight="bold")


def _or_nan(mean: SeedMean | None) -> float:
    return float("nan") if mean is None else mean.value
