"""Rows of a plate adapter's index: an example is a field of a well, at one time, or a tile of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from zoo_core.contract import ConfigError
from zoo_data_plates.ngff.reading import Cut
from zoo_data_plates.plate_index import PlateIndex
from zoo_data_plates.well_names import halves
from zoo_data_plates.wells_table import COLUMNS

_OF_THE_PLATE = frozenset(
    ("plate", "well", "well_id", "row", "column", "field", "tile", "time_h", "half", "pixel_size_um", "image_quality")
)
"""Names that a further column of a wells table cannot take: the plate itself says them."""


@dataclass(frozen=True)
class Tiling:
    """How much of a field is one example.

    Attributes:
        level: of the pyramid, 0 the largest.
        per_side: tiles along y and along x.
    """

    level: int = 0
    per_side: int = 1


def plate_rows(
    index: PlateIndex, wells: pd.DataFrame, tiling: Tiling, quality: pd.Series | None = None
) -> pd.DataFrame:
    """Rows of one plate, in order of well, field, time and tile.

    Args:
        index: the plate's.
        wells: its wells table, checked; a well without a row there has no treatment and no role.
        tiling: what an example is.
        quality: what a check found, by well; None of a plate that was not checked.
    Returns:
        `example_id`; `label.response`: 1 positive control, 0 negative, missing otherwise; and as `meta.` columns plate,
        well, well_id, row, column, field, tile where there are several, time_h (hours; where there is a time
        axis), treatment, concentration, concentration_unit, control_role, replicate, half, pixel_size_um, image_quality
        (saturation, focus, empty, with commas between; where the plate was checked) and the further columns of the
        wells table.
    Raises:
        ConfigError: an image has no such level.
    """
    _check_level(index, tiling.level)
    n_tiles = tiling.per_side**2
    images = index.images.loc[index.images.index.repeat(n_tiles)].reset_index(drop=True)
    tiles = pd.Series(np.tile(np.arange(n_tiles), len(index.images)))
    known = wells.set_index("well").reindex(images["well"]).reset_index()
    rows = pd.DataFrame({"example_id": _names(index, images, tiles, n_tiles)})
    rows["label.response"] = known["control_role"].map({"positive": 1.0, "negative": 0.0}).astype(np.float64)
    rows["meta.plate"] = index.name
    rows["meta.well"] = images["well"]
    rows["meta.well_id"] = index.name + "/" + images["well"]
    for column in ("row", "column", "field"):
        rows[f"meta.{column}"] = images[column]
    if n_tiles > 1:
        rows["meta.tile"] = tiles
    if "t" in index.axes:
        rows["meta.time_h"] = images["time_h"]
    for column in COLUMNS[1:]:
        rows[f"meta.{column}"] = known[column]
    rows["meta.half"] = images["row"].map(halves(index.rows))
    rows["meta.pixel_size_um"] = [sizes[tiling.level] for sizes in images["pixel_sizes_um"]]
    if quality is not None:
        rows["meta.image_quality"] = quality.reindex(images["well"]).to_numpy(object)
    for column in wells.columns:
        if column not in COLUMNS and column not in _OF_THE_PLATE:
            rows[f"meta.{column}"] = known[column]
    return rows


def plate_cuts(index: PlateIndex, tiling: Tiling) -> list[Cut]:
    """What is read for each row of `plate_rows`.

    Tiles are of one size, the side divided and rounded up, and together all of the image: neighbours share some pixels
    where the side is no multiple of their number.
    """
    level = tiling.level
    cuts = []
    for image in index.images.to_dict("records"):
        name = f"field {image['field']} of well {image['well']} of plate '{index.name}'"
        if "t" in index.axes:
            name += f" at time {image['time']}"
        path = f"{image['path']}/{image['levels'][level]}"
        cuts += [
            Cut(path, int(image["time"]), y, x, name)
            for y in _parts(int(image["heights"][level]), tiling.per_side)
            for x in _parts(int(image["widths"][level]), tiling.per_side)
        ]
    return cuts


def tile_sides(index: PlateIndex, tiling: Tiling) -> set[tuple[int, int]]:
    """Every (y, x) size, in pixels, that an example has."""
    sides = {
        (int(heights[tiling.level]), int(widths[tiling.level]))
        for heights, widths in zip(index.images["heights"], index.images["widths"], strict=True)
    }
    return {(-(-height // tiling.per_side), -(-width // tiling.per_side)) for height, width in sides}


def _check_level(index: PlateIndex, level: int) -> None:
    fewest = min(map(len, index.images["levels"]))
    if level >= fewest:
        raise ConfigError(
            f"data.level needs a level that every image has: plate '{index.name}' has 0 to {fewest - 1}. "
            f"Received: {level}"
        )


def _names(index: PlateIndex, images: pd.DataFrame, tiles: pd.Series, n_tiles: int) -> pd.Series:
    names = index.name + "/" + images["well"] + "/" + images["field"].astype(str)
    if "t" in index.axes:
        names += "/t" + images["time"].astype(str)
    return names + "/tile" + tiles.astype(str) if n_tiles > 1 else names


def _parts(length: int, n_parts: int) -> list[tuple[int, int] | None]:
    if n_parts == 1:
        return [None]
    side = -(-length // n_parts)
    return [(start, start + side) for start in (k * (length - side) // (n_parts - 1) for k in range(n_parts))]
