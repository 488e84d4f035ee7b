"""The results of the study as files: every run in a CSV file, a chart a place, and the page."""

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from zoo_core.report.wording import Verdict
from zoo_core.studies.cells import Cells
from zoo_core.studies.files import written
from zoo_core.studies.page import inlined, render
from zoo_core.studies.storage.drawing import place_chart
from zoo_core.studies.storage.formats import FORMATS
from zoo_core.studies.storage.plan import Plan
from zoo_core.studies.storage.study import step_seconds
from zoo_core.studies.storage.summary import BUSY, MEMORIES, Row, Summary, state_words, summaries, verdicts

COLUMNS = (
    "place",
    "filesystem",
    "format",
    "n_ranks",
    "asked",
    "state",
    "run",
    "seed",
    "images_per_s",
    "mb_per_s",
    "bytes_per_image",
    "batch_p50_ms",
    "batch_p99_ms",
    "n_batches",
    "opens",
    "utilisation",
    "n_steps",
    "step_ms",
    "device_mb",
    "n_images",
    "n_bytes",
    "wall_s",
    "more_ranks_than_cores",
    "smaller_than_memory",
)
"""Of the CSV file."""


@dataclass(frozen=True)
class Results:
    """What the study found.

    Attributes:
        settings: of its folder.
        step_s: of the accelerator.
        cells: of `summaries`.
        verdicts: to be read before them.
        files: CSV file, charts and page.
    """

    settings: dict[str, Any]
    step_s: float
    cells: list[Summary]
    verdicts: list[Verdict]
    files: list[Path]

    def record(self) -> dict[str, Any]:
        """As JSON has it."""
        return {
            "settings": self.settings,
            "step_ms": 1e3 * self.step_s,
            "cells": self.cells,
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
    settings, step_s = plan.settings(), step_seconds(plan, measured)
    memory_bytes: int = settings["machine"]["memory_bytes"]
    rows = measured.rows("place")
    cells = summaries(rows)
    found = verdicts(cells, memory_bytes)
    charts = {place: _chart(list(own)) for place, own in groupby(cells, lambda cell: str(cell["place"]))}
    pictures = {f"storage-{i}-{_file_name(place)}.png": png for i, (place, png) in enumerate(charts.items())}
    page = {
        "settings": settings,
        "step_s": step_s,
        "verdicts": found,
        "places": _places(cells, charts),
        "busy": BUSY,
    }
    contents = {
        "storage.csv": as_csv(rows, step_s, memory_bytes),
        **pictures,
        "storage.html": render("storage.html.j2", page).encode(),
    }
    return Results(settings, step_s, cells, found, written(measured.folder, contents))


def as_csv(rows: Sequence[Row], step_s: float, memory_bytes: int) -> bytes:
    """A line a run of a cell; what nobody could measure is empty."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for row in rows:
        small = row["n_bytes"] < MEMORIES * memory_bytes
        writer.writerow({**row, "step_ms": 1e3 * step_s, "smaller_than_memory": small})
    return text.getvalue().encode()


def _chart(cells: list[Summary]) -> bytes:
    return place_chart(cells, f"{cells[0]['place']} ({cells[0]['filesystem']})")


def _places(cells: Sequence[Summary], charts: dict[str, bytes]) -> list[dict[str, Any]]:
    """What the page shows of each place."""
    return [
        {
            "name": place,
            "filesystem": own[0]["filesystem"],
            "chart": inlined(charts[place]),
            "cells": [{**cell, "title": FORMATS[cell["format"]].title, "words": state_words(cell)} for cell in own],
        }
        for place, own in ((place, list(group)) for place, group in groupby(cells, lambda cell: str(cell["place"])))
    ]


def _file_name(place: str) -> str:
    """A place as a part of a file's name.

    >>> _file_name("/dev/shm")
    'dev-shm'
    """
    return re.sub(r"[^A-Za-z0-9]+", "-", place).strip("-") or "root"
