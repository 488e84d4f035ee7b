"""Data set `plant-series`: pictures of plants that were taken again and again, and a table that says of which, when."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from zoo_core.api import read_rgb
from zoo_core.contract import Arrays, ArraySpec, ConfigError, DataError, DatasetCard, ImageError, Label, Plugin
from zoo_data_plates import plant_times
from zoo_data_plates.picture_tables import (
    NO_TABLE,
    check_names,
    find_table,
    in_row,
    numbers,
    open_root,
    read_table,
    require_columns,
)

if TYPE_CHECKING:
    import pandas as pd

UNITS = ("px", "px2", "um", "um2", "mm", "mm2", "cm", "cm2", "g", "mg", "h", "d")
"""What may end a value's name as its unit."""

BY_TIME = "by-time"
"""Name of the split."""

_WANTED = "pictures, and a table of them (labels.csv) with the columns image, plant and timestamp"


@dataclass(frozen=True)
class PlantSeriesConfig:
    """Where the pictures are, what the table's columns are called, and how time is cut.

    Attributes:
        root: the folder.
        table: CSV or parquet table in ROOT, beside it, or with its whole path; empty for labels.csv or labels.parquet.
        image_column: paths of the pictures from ROOT on.
        plant_column: which plant it is.
        time_column: when it was taken, ISO 8601.
        kind_column: which kind of picture it is, where there are several.
        kind: the kind that is taken, such as "canopy"; empty for all.
        value_columns: numbers that are labels, each as COLUMN=NAME, such as "mask_area_px=leaf_area_px"; the unit is
            what ends NAME.
        value_kind: the kind of picture in whose rows the values stand, of the same plant and time; empty for each
            picture's own row.
        pixel_size_um: of all pictures; 0 where it is unknown or the table has a column `pixel_size_um`.
        n_time_blocks: into how many blocks a plant's points in time are cut, at most.
        validation: share of a plant's blocks that validate.
        test: share of a plant's blocks, the last ones, that test.
    """

    root: str = ""
    table: str = ""
    image_column: str = "image"
    plant_column: str = "plant"
    time_column: str = "timestamp"
    kind_column: str = "kind"
    kind: str = ""
    value_columns: tuple[str, ...] = ()
    value_kind: str = ""
    pixel_size_um: float = 0.0
    n_time_blocks: int = 20
    validation: float = 0.2
    test: float = 0.2

    def __post_init__(self) -> None:
        if not (self.validation > 0 and self.test > 0 and self.validation + self.test < 1):
            raise ConfigError(
                "data.validation and data.test need to be above 0 and below 1 together. "
                f"Received: {self.validation} and {self.test}"
            )
        if self.n_time_blocks < 3:
            raise ConfigError(f"data.n_time_blocks needs at least 3. Received: {self.n_time_blocks}")
        if not 0 <= self.pixel_size_um < np.inf:
            raise ConfigError(f"data.pixel_size_um needs a number from 0. Received: {self.pixel_size_um}")
        if self.table == NO_TABLE:
            raise ConfigError(f"data.table needs a table: it says which plant is seen when. Received: '{self.table}'")
        names = [name for _, name in self.values]
        if len(set(names)) < len(names):
            raise ConfigError(f"data.value_columns needs a name of its own for each. Received: {', '.join(names)}")

    @property
    def values(self) -> tuple[tuple[str, str], ...]:
        """Column and name of each value."""
        return tuple(_column_and_name(text) for text in self.value_columns)


class PlantSeries:
    """Pictures of plants over time; nothing is read before it is asked for."""

    specs = (ArraySpec("image", ("y", "x", "c"), (None, None, 3), "uint8", (0, 255), ("red", "green", "blue")),)
    group_columns = ("meta.time_block", "meta.plant_id")
    fold_columns = ("meta.plant_id",)

    def __init__(self, config: PlantSeriesConfig) -> None:
        self.config = config

    @cached_property
    def card(self) -> DatasetCard:
        """What it is; with a root, also how many pictures of which plants, and how they are parted."""
        return DatasetCard(
            title="Plants over time",
            summary="Pictures of single plants, taken again and again.",
            licence="that of the folder's pictures, which its owner knows",
            citation="whoever took the pictures",
            label_source=f"Columns of the table: {', '.join(self.config.value_columns) or 'none'}.",
            drawn=False,
            notes=self._notes() if self.config.root else (),
        )

    @property
    def labels(self) -> tuple[Label, ...]:
        """One value for each of `value_columns`."""
        return tuple(Label(name, "value", unit=_unit(name)) for _, name in self.config.values)

    @property
    def split_name(self) -> str | None:
        """`by-time` where plants were seen often enough for all three parts; None also while no root is given."""
        return BY_TIME if self.config.root and "split" in self._rows else None

    def index(self) -> pd.DataFrame:
        """One row a picture, plant by plant in the order of time."""
        return self._rows.copy()

    def read(self, i: int) -> Arrays:
        """The picture of row `i`."""
        names = self._names
        if not 0 <= i < len(names):
            raise IndexError(f"plant-series has rows 0 to {len(names) - 1}. Received: {i}")
        try:
            return {"image": read_rgb(Path(self.config.root) / names[i])}
        except ImageError as error:
            raise ImageError(f"{names[i]} {error}") from error

    @cached_property
    def _names(self) -> list[str]:
        return list(self._rows["example_id"])

    @cached_property
    def _table(self) -> tuple[Path, pd.DataFrame]:
        return _read(self.config)

    @cached_property
    def _missing(self) -> list[str]:
        """Pictures of the table that are not there."""
        _, rows = self._table
        root = Path(self.config.root)
        return [name for name in rows["example_id"] if not (root / name).is_file()]

    @cached_property
    def _rows(self) -> pd.DataFrame:
        path, rows = self._table
        there = rows[~rows["example_id"].isin(self._missing)]
        if there.empty:
            raise DataError(
                f"{path.name}: none of its {len(rows):,} pictures, such as '{rows['example_id'].iloc[0]}', is in "
                f"{self.config.root}. Paths start from that folder"
            )
        return _parted(
            there.sort_values(["meta.plant_id", "meta.time_h", "example_id"], ignore_index=True), self.config
        )

    def _notes(self) -> tuple[str, ...]:
        rows, (path, _) = self._rows, self._table
        plants = rows["meta.plant_id"].value_counts().sort_index()
        notes = [f"{len(rows):,} pictures: {', '.join(f'{n:,} of {plant}' for plant, n in plants.items())}."]
        if self._missing:
            notes.append(f"{len(self._missing):,} rows of {path.name} have no file, such as {self._missing[0]}.")
        if "split" in rows:
            notes.append(
                f"Split {BY_TIME}: each plant's first pictures train, the next validate, the last test. So plants are "
                "in several parts, and pictures on either side of a cut may be nearly the same: it shows how well "
                "later days are told of plants that are known, and nothing of other plants."
            )
        else:
            notes.append(f"Plants were not seen often enough for a split {BY_TIME}.")
        if self.config.value_kind and self.config.values:
            notes.append(f"Values are those of the pictures of kind {self.config.value_kind} at the same time.")
        for _, name in self.config.values:
            known = rows[f"label.{name}"].notna()
            of_plants = rows.loc[known, "meta.plant_id"].nunique()
            notes.append(f"{name} is known of {int(known.sum()):,} pictures, of {of_plants} of {len(plants)} plants.")
        return tuple(notes)


def _read(config: PlantSeriesConfig) -> tuple[Path, pd.DataFrame]:
    """The table, and its rows of the wanted kind as columns of the index, without blocks and parts."""
    root = open_root(config.root, "plant-series", _WANTED)
    path = find_table(root, config.table)
    if path is None:
        raise DataError(f"Data set 'plant-series': no table in {root}. It should hold {_WANTED}")
    table = read_table(path)
    require_columns(table, path, _needed(config))
    check_names(table[config.image_column], path)
    rows = _columns(config, table, path)
    if config.value_kind:
        rows = _with_values_of_kind(config, rows, path)
    if config.kind:
        rows = rows[_of_kind(rows, config.kind, path)]
    return path, rows


def _needed(config: PlantSeriesConfig) -> list[tuple[str, str]]:
    options = ["image_column", "plant_column", "time_column"]
    if config.kind or config.value_kind or config.kind_column not in ("", PlantSeriesConfig.kind_column):
        options.append("kind_column")
    own = [(getattr(config, option), option) for option in options]
    return own + [(column, "value_columns") for column, _ in config.values]


def _columns(config: PlantSeriesConfig, table: pd.DataFrame, path: Path) -> pd.DataFrame:
    import pandas as pd

    plants = table[config.plant_column].str.strip()
    unnamed = np.flatnonzero(plants == "")
    if len(unnamed):
        raise DataError(f"{in_row(path, int(unnamed[0]))}: '{config.plant_column}' is empty: it should name the plant")
    times = plant_times.read_times(table[config.time_column], path)
    columns: dict[str, object] = {"example_id": table[config.image_column]}
    columns |= {f"label.{name}": numbers(table, column, path) for column, name in config.values}
    columns |= {
        "meta.plant_id": plants,
        "meta.timestamp": [time.isoformat() for time in times],
        "meta.time_h": plant_times.hours_since_first(plants, times),
    }
    if config.kind_column in table:
        columns["meta.kind"] = table[config.kind_column]
    if config.pixel_size_um:
        columns["meta.pixel_size_um"] = np.full(len(table), config.pixel_size_um)
    elif "pixel_size_um" in table:
        columns["meta.pixel_size_um"] = numbers(table, "pixel_size_um", path)
    return pd.DataFrame(columns)


def _of_kind(rows: pd.DataFrame, kind: str, path: Path) -> pd.Series:
    own = rows["meta.kind"] == kind
    if not own.any():
        kinds = ", ".join(sorted(rows["meta.kind"].unique()))
        raise DataError(f"{path.name} has pictures of the kinds {kinds}. Received: '{kind}'. Choose one of them")
    return own


def _with_values_of_kind(config: PlantSeriesConfig, rows: pd.DataFrame, path: Path) -> pd.DataFrame:
    """Give every picture the values of the picture of another kind of its plant at its time."""
    moment = ["meta.plant_id", "meta.timestamp"]
    labels = [f"label.{name}" for _, name in config.values]
    source = rows[_of_kind(rows, config.value_kind, path)]
    again = np.flatnonzero(source.duplicated(moment))
    if len(again):
        raise DataError(
            f"{in_row(path, int(source.index[again[0]]))}: a plant needs one picture of kind '{config.value_kind}' at "
            f"a time, whose values are taken. Received: a second one of '{source['meta.plant_id'].iloc[again[0]]}'"
        )
    joined = rows.drop(columns=labels).merge(source[moment + labels], on=moment, how="left")
    return joined[list(rows.columns)]


def _parted(rows: pd.DataFrame, config: PlantSeriesConfig) -> pd.DataFrame:
    """The index, with blocks of time and, where all parts come about, the split."""
    plants = rows["meta.plant_id"]
    block = plant_times.block_numbers(plants, rows["meta.time_h"].to_numpy(), config.n_time_blocks)
    names = [f"{plant}/{number:03d}" for plant, number in zip(plants, block, strict=True)]
    rows = rows.assign(**{"meta.time_block": names})
    part = plant_times.parts_by_time(plants, block, config.validation, config.test)
    if len(set(part)) == 3:
        rows.insert(1, "split", part)
    return rows


def _column_and_name(text: str) -> tuple[str, str]:
    column, equals, name = text.rpartition("=")
    if not (equals and column.strip() and name.strip()):
        raise ConfigError(
            f"data.value_columns needs entries COLUMN=NAME, such as 'mask_area_px=leaf_area_px'. Received: '{text}'"
        )
    return column.strip(), name.strip()


def _unit(name: str) -> str | None:
    ending = name.rpartition("_")[2]
    return ending if ending in UNITS else None


plugin = Plugin(
    config=PlantSeriesConfig,
    create=PlantSeries,
    summary="Pictures of plants over time with a table of plants and times; give the folder as plant-series=ROOT.",
)
