"""Pictures of a few plants over time with what was measured drawn around: whether an area is the plant's."""

import shutil
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from zoo_core.contract import SupportsOutlines
from zoo_core.data.files import write_atomically
from zoo_core.runtime.overlay import colour_picture, png
from zoo_core.runtime.pictures import why_not_shown
from zoo_core.runtime.prepare import Prepared
from zoo_core.runtime.record import RunFolder

SCHEMA_VERSION = 1

MOST_PLANTS = 3
"""By name, the first: nobody chooses them by how their outlines look."""

DECIMALS = 4
"""Of places as fractions of the sides: a tenth of a pixel of a picture of 1000."""


def write_outlines(folder: RunFolder, prepared: Prepared, series: pd.DataFrame) -> None:
    """Write `outlines.json`, and the pictures that it names where they may be shown.

    Nothing of a task that draws no outlines, or whose series does not say of which example its points are. Of each
    plant the first, the middle and the last point that fits are shown.

    Args:
        folder: of the run.
        prepared: data and task.
        series: what the task followed.
    Raises:
        OutputError: the folder cannot be written to.
    """
    if not isinstance(prepared.task, SupportsOutlines) or "example_id" not in series:
        return
    reason = why_not_shown(prepared)
    plants = [] if reason else _draw(folder, prepared, series)
    head = {"schema_version": SCHEMA_VERSION, "shown": reason is None, "reason": reason}
    folder.write_json(folder.outlines, head | {"plants": plants})


def chosen_points(series: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """Name of a plant, and its first, middle and last point that is not left out.

    Args:
        series: as `SupportsSeries` gives it, with `example_id`.
    """
    kept = series[series["flag"] == ""].sort_values("time_h", kind="stable")
    for name in sorted(kept["name"].unique())[:MOST_PLANTS]:
        own = kept[kept["name"] == name]
        yield str(name), own.iloc[sorted({0, len(own) // 2, len(own) - 1})]


def _draw(folder: RunFolder, prepared: Prepared, series: pd.DataFrame) -> list[dict[str, Any]]:
    shutil.rmtree(folder.outline_pictures, ignore_errors=True)  # of a run that was killed while it wrote them
    folder.outline_pictures.mkdir()
    rows = pd.Series(np.arange(len(prepared.index)), prepared.index["example_id"].astype(str))
    plants, number = [], 0
    for name, points in chosen_points(series):
        pictures = []
        for point in points.to_dict("records"):
            # Numbers, not names: what a lab calls a plant need not be the name of a file.
            path = folder.outline_pictures / f"{number:03}.png"
            outlines, pixels = _outlined(prepared, int(rows[str(point["example_id"])]))
            write_atomically(path, png(pixels))
            told = {"time_h": float(point["time_h"]), "value": float(point["value"]), "unit": str(point["unit"])}
            image = {"image": path.relative_to(folder.path).as_posix(), "outlines": outlines}
            pictures.append({"example_id": str(point["example_id"])} | told | image)
            number += 1
        plants.append({"name": name, "pictures": pictures})
    return plants


def _outlined(prepared: Prepared, row: int) -> tuple[list[list[list[float]]], np.ndarray]:
    """Polygons of x and y as fractions of the sides, from an edge of the picture, and the picture."""
    examples, task = prepared.examples(), prepared.task
    (arrays,) = examples.read(np.array([row]))
    example = examples.example(row, arrays)
    image = example.arrays["image"]
    sides = np.array(image.shape[:2])
    found = [(np.asarray(one) + 0.5) / sides for one in task.outlines(example)]  # type: ignore[attr-defined] # the caller has seen to it
    return [one[:, ::-1].round(DECIMALS).tolist() for one in found], colour_picture(
        image, example.spec("image").value_range
    )
