"""Pictures of a plate's wells, each in its place: what was screened, seen before any number."""

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from zoo_core.contract import ArraySpec
from zoo_core.data.files import write_atomically
from zoo_core.data.images import resize
from zoo_core.data.reader import read_ahead
from zoo_core.runtime.overlay import png
from zoo_core.runtime.pictures import why_not_shown
from zoo_core.runtime.prepare import Prepared
from zoo_core.runtime.progress import Shown, Silent
from zoo_core.runtime.record import RunFolder

SCHEMA_VERSION = 1

PLATE, ROW, COLUMN, WELL = "meta.plate", "meta.row", "meta.column", "meta.well"
"""Columns of an index of plates."""

MOST_PLATES = 4
"""More are no page that anybody opens: one takes up to 400 KB of it."""

WIDTH_PX, LEAST_SIDE_PX, MOST_SIDE_PX = 960, 16, 80
"""Of a plate of 12 columns a well gets 80 px, of one of 24 columns 40: the page is no wider."""

N_AT_ONCE = 8
"""Images that a thread reads in one request."""

DARK_PERCENT, BRIGHT_PERCENT = 1.0, 99.8
"""Of a channel's values on a plate, that become black and full: all its wells can be compared."""

COLOURS = {"green": (0, 255, 0), "magenta": (255, 0, 255), "blue": (60, 120, 255), "yellow": (255, 220, 0)}
"""Of the channels, in their order, where there are several and they are not red, green and blue; further ones are left
out. Green and magenta are told apart by readers who do not tell green from red."""

RGB = ("red", "green", "blue")


@dataclass(frozen=True)
class _Grid:
    """A plate: the rows of the index that are shown, and where each lies, counted from 0."""

    plate: str
    rows: Sequence[str]
    columns: Sequence[int]
    shown: pd.DataFrame

    @property
    def side_px(self) -> int:
        """Of the square that a well gets."""
        return max(LEAST_SIDE_PX, min(MOST_SIDE_PX, WIDTH_PX // len(self.columns)))

    @property
    def places(self) -> list[tuple[str, int, int]]:
        """Name, row and column of each well that is shown."""
        names = zip(self.shown[WELL], self.shown[ROW], self.shown[COLUMN], strict=True)
        return [(str(well), self.rows.index(str(row)), self.columns.index(int(column))) for well, row, column in names]


def write_montage(folder: RunFolder, prepared: Prepared, parts: Sequence[str], progress: Shown | Silent) -> None:
    """Write `montage.json`, and the pictures of plates that it names where they may be shown.

    Of each well the first field is shown, at the last time that was taken of it. Nothing is written of data that are
    no plates.

    Args:
        folder: of the run.
        prepared: data and task.
        parts: of the split, that are known to be readable; the plates of the last one are shown.
        progress: what a person sees.
    Raises:
        OutputError: the folder cannot be written to.
    """
    spec = next((one for one in prepared.adapter.specs if one.name == "image"), None)
    if spec is None or spec.axes != ("y", "x", "c") or not {PLATE, ROW, COLUMN, WELL} <= set(prepared.index.columns):
        return
    reason, plates = why_not_shown(prepared), _grids(prepared, parts)
    described = [] if reason else _draw(folder, _Camera(prepared, spec, progress), plates[:MOST_PLATES])
    head = {"schema_version": SCHEMA_VERSION, "shown": reason is None, "reason": reason, "n_plates": len(plates)}
    folder.write_json(folder.montage, head | {"channels": _key(spec), "plates": described})


def _grids(prepared: Prepared, parts: Sequence[str]) -> list[_Grid]:
    """Every plate of which a well is in the last of the parts."""
    rows = np.concatenate([prepared.split.rows(part) for part in parts])
    rows = np.setdiff1d(rows, [bad.row for bad in prepared.unreadable])
    table = prepared.index.iloc[rows].assign(row_number=rows)
    tested = set(prepared.index[PLATE].iloc[prepared.split.rows(parts[-1])])
    return [_grid(str(name), own) for name, own in table.groupby(PLATE, sort=True) if name in tested]


def _grid(name: str, own: pd.DataFrame) -> _Grid:
    order = {column: own[column] for column in ("meta.field", "meta.time_h") if column in own}
    signs = {"meta.field": True, "meta.time_h": False}
    if order:
        own = own.sort_values(list(order), ascending=[signs[column] for column in order], kind="stable")
    first = own.drop_duplicates(WELL)
    names = sorted(own[ROW].astype(str).unique(), key=lambda row: (len(row), row))
    return _Grid(name, names, sorted(int(column) for column in own[COLUMN].unique()), first)


def _draw(folder: RunFolder, camera: "_Camera", plates: Sequence[_Grid]) -> list[dict[str, Any]]:
    """Write the picture of each plate."""
    shutil.rmtree(folder.montages, ignore_errors=True)  # of a run that was killed while it wrote them
    folder.montages.mkdir()
    described = []
    for number, grid in enumerate(plates):
        # Numbers, not names: what a lab calls a plate need not be the name of a file.
        path = folder.montages / f"{number:03}.png"
        write_atomically(path, png(camera.picture(grid)))
        wells = [dict(zip(("well", "row", "column"), place, strict=True)) for place in grid.places]
        names = {"plate": grid.plate, "rows": list(grid.rows), "columns": list(grid.columns)}
        described.append(names | {"image": path.relative_to(folder.path).as_posix(), "wells": wells})
    return described


@dataclass(frozen=True)
class _Camera:
    """Takes pictures of whole plates."""

    prepared: Prepared
    spec: ArraySpec
    progress: Shown | Silent

    def picture(self, grid: _Grid) -> np.ndarray:
        """(y, x, c) of red, green, blue and opacity, uint8: nothing where a well is missing."""
        side = grid.side_px
        picture = np.zeros((side * len(grid.rows), side * len(grid.columns), 4), np.uint8)
        coloured = _coloured(self._thumbnails(grid), self.spec)
        for (_, row, column), colours in zip(grid.places, coloured, strict=True):
            height, width = colours.shape[:2]
            top, left = side * row + (side - height) // 2, side * column + (side - width) // 2
            opaque = np.full((height, width), 255, np.uint8)
            picture[top : top + height, left : left + width] = np.dstack([colours, opaque])
        return picture

    def _thumbnails(self, grid: _Grid) -> list[np.ndarray]:
        """Of each well (y, x, c), float32, that leave a gap to its neighbours."""
        examples, numbers = self.prepared.examples(), grid.shown["row_number"].to_numpy()
        parts = [numbers[start : start + N_AT_ONCE] for start in range(0, len(numbers), N_AT_ONCE)]

        def of_part(part: np.ndarray) -> list[np.ndarray]:
            read = zip(part, examples.read(part), strict=True)
            return [
                _small(examples.example(int(row), arrays).arrays["image"], grid.side_px - 2) for row, arrays in read
            ]

        found: list[np.ndarray] = []
        with self.progress.meter(f"montage of {grid.plate}", len(numbers)) as meter:
            for own in read_ahead(of_part, parts, len(os.sched_getaffinity(0))):
                found += own
                meter.advance(len(own))
        return found


def _small(image: np.ndarray, side_px: int) -> np.ndarray:
    height, width = image.shape[:2]
    scale = side_px / max(height, width)
    return resize(image, (max(1, round(height * scale)), max(1, round(width * scale))))


def _coloured(thumbnails: Sequence[np.ndarray], spec: ArraySpec) -> list[np.ndarray]:
    """(y, x, c) of red, green and blue, uint8: colour pictures as they are, others from dark to bright."""
    n_channels = thumbnails[0].shape[2]
    ends: np.ndarray = np.asarray(spec.value_range)[:, np.newaxis]
    colours = np.eye(3)
    if not _is_rgb(spec):
        pixels = np.concatenate([one.reshape(-1, n_channels) for one in thumbnails])
        ends = np.percentile(pixels, [DARK_PERCENT, BRIGHT_PERCENT], axis=0)
        colours = np.array(list(COLOURS.values()))[:n_channels] / 255 if n_channels > 1 else np.ones((1, 3))
    low, high = ends
    spread = np.where(high > low, high - low, 1)
    scaled = [np.clip((one - low) / spread, 0, 1)[:, :, : len(colours)] @ colours for one in thumbnails]
    return [np.rint(255 * np.clip(one, 0, 1)).astype(np.uint8) for one in scaled]


def _is_rgb(spec: ArraySpec) -> bool:
    return spec.channel_names == RGB or (spec.dtype == "uint8" and spec.length("c") == 3 and not spec.channel_names)


def _key(spec: ArraySpec) -> list[dict[str, str]]:
    """Which colour a channel has; nothing of colour pictures and of one channel."""
    n_channels = spec.length("c") or 1
    if _is_rgb(spec) or n_channels == 1:
        return []
    names = spec.channel_names or tuple(str(number) for number in range(1, n_channels + 1))
    return [{"channel": name, "colour": colour} for name, colour in zip(names, COLOURS, strict=False)]
