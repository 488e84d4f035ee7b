"""The results of the study as files: every run in CSV files, charts, and the page."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from zoo_core.report.wording import Verdict
from zoo_core.studies.cells import Cells
from zoo_core.studies.files import as_csv, written
from zoo_core.studies.page import inlined, render
from zoo_core.studies.scaling.drawing import all_reduce_chart, projection_chart, ranks_chart
from zoo_core.studies.scaling.plan import RANKS, Plan
from zoo_core.studies.scaling.projection import Basis, Projected, projected
from zoo_core.studies.scaling.ring import Fit, Point, fit_ring
from zoo_core.studies.scaling.summary import (
    Row,
    Setting,
    Summary,
    all_reduce_points,
    compute_seconds,
    fitted_points,
    speed_up,
    step_summaries,
    whole,
)
from zoo_core.studies.scaling.verdicts import NAMES, model_verdicts, rank_verdicts, speed_up_verdict

STEP_COLUMNS = (
    "way",
    "n_ranks",
    "scaling",
    "run",
    "n_images",
    "images_per_s",
    "step_s",
    "all_reduce_s",
    "waiting_s",
    "n_parameters",
    "more_ranks_than_cores",
)
ALL_REDUCE_COLUMNS = ("n_ranks", "n_bytes", "run", "seconds", "n_repeats", "more_ranks_than_cores")
PROJECTION_COLUMNS = (
    "kind",
    "scaling",
    "n_ranks",
    "n_images",
    "images_per_s",
    "images_per_s_low",
    "images_per_s_high",
    "efficiency",
    "efficiency_low",
    "efficiency_high",
    "step_ms",
    "all_reduce_ms",
)


@dataclass(frozen=True)
class Results:
    """What the study found.

    Attributes:
        settings: of its folder.
        cells: of `step_summaries`.
        speed_up: of `summary.speed_up`.
        all_reduces: measured, medians.
        fit: of the model; None where there was one rank alone.
        projection: what the model says.
        verdicts: to be read before all of it.
        files: CSV files, charts and page.
    """

    settings: dict[str, Any]
    cells: list[Summary]
    speed_up: list[Summary]
    all_reduces: list[Point]
    fit: Fit | None
    projection: list[Projected]
    verdicts: list[Verdict]
    files: list[Path]

    def record(self) -> dict[str, Any]:
        """As JSON has it."""
        return {
            "settings": self.settings,
            "cells": self.cells,
            "speed_up": {"whole": whole(self.speed_up), "steps": self.speed_up},
            "all_reduces": [asdict(point) for point in self.all_reduces],
            "fit": asdict(self.fit) if self.fit else None,
            "projection": self.projection,
            "verdicts": [asdict(verdict) for verdict in self.verdicts],
            "files": [str(path) for path in self.files],
        }


def write_results(plan: Plan, measured: Cells) -> Results:
    """Write the files of all cells that a folder holds.

    Args:
        plan: of the last call.
        measured: by this call and those before it.
    Raises:
        OutputError: a file cannot be written.
    """
    settings = plan.settings()
    setting = Setting.of(settings)
    rows, sums = measured.rows("way"), measured.rows("n_bytes")
    cells = step_summaries(rows, setting.most_fitting)
    points = all_reduce_points(sums)
    fit = fit_ring(fitted_points(points, setting.most_fitting)) if points else None
    projection = projected(_basis(fit, cells, setting)) if fit else []
    steps = speed_up(rows, setting)
    verdicts = [
        speed_up_verdict(steps, setting),
        *rank_verdicts(cells, setting),
        *model_verdicts(fit, projection, setting),
    ]
    contents = _tables(rows, sums, projection, setting)
    charts = _charts(cells, steps, (points, fit, projection), setting)
    view = {"settings": settings, "verdicts": verdicts, "cells": cells, "speed_up": steps, "whole": whole(steps)}
    model = {"points": points, "fit": fit, "projection": projection}
    pictures = {name.removesuffix(".png").replace("-", "_"): inlined(png) for name, png in charts.items()}
    page = render("scaling.html.j2", {**view, **model, "charts": pictures, "names": NAMES, "ranks_way": RANKS})
    contents |= {**charts, "scaling.html": page.encode()}
    files = written(measured.folder, contents)
    return Results(settings, cells, steps, points, fit, projection, verdicts, files)


def _basis(fit: Fit, cells: Sequence[Summary], setting: Setting) -> Basis:
    n_parameters = next(cell["n_parameters"] for cell in cells if cell["way"] == RANKS)
    return Basis(fit, n_parameters, compute_seconds(cells, setting), setting)


def _tables(
    rows: Sequence[Row], sums: Sequence[Row], projection: Sequence[Projected], setting: Setting
) -> dict[str, bytes]:
    """CSV files: a line a run of each cell, and what the model says apart from them."""

    def marked(row: Row) -> Row:
        return {**row, "more_ranks_than_cores": row["n_ranks"] > setting.most_fitting}

    tables = {"steps.csv": as_csv([marked(row) for row in rows], STEP_COLUMNS)}
    if sums:
        tables["all-reduces.csv"] = as_csv([marked(row) for row in sums], ALL_REDUCE_COLUMNS)
    if projection:
        tables["projection.csv"] = as_csv([_flat(row) for row in projection], PROJECTION_COLUMNS)
    return tables


def _flat(row: Projected) -> Row:
    ends = {
        f"{name}{end}": row[name][i]
        for name in ("images_per_s", "efficiency")
        for i, end in enumerate(("", "_low", "_high"))
    }
    return {**row, **ends, "kind": "model"}


def _charts(
    cells: Sequence[Summary],
    steps: Sequence[Summary],
    model: tuple[Sequence[Point], Fit | None, Sequence[Projected]],
    setting: Setting,
) -> dict[str, bytes]:
    """PNG files by name."""
    points, fit, projection = model
    charts = {"ranks.png": ranks_chart(cells, steps)}
    if fit:
        charts["all-reduces.png"] = all_reduce_chart(points, fit, setting.most_fitting)
        charts["projection.png"] = projection_chart(cells, projection)
    return charts
