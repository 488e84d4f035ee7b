"""Data set `ome-plate`: plates in OME-Zarr, with a table of what is in their wells."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from zoo_core.contract import Arrays, ArraySpec, ConfigError, DataError, DatasetCard, Label, Plugin
from zoo_data_plates.ngff.metadata import is_plate
from zoo_data_plates.ngff.reading import Cut, PlatePixels
from zoo_data_plates.ngff.record import read_record
from zoo_data_plates.plate_index import PlateIndex, open_index
from zoo_data_plates.plate_rows import Tiling, plate_cuts, plate_rows, tile_sides
from zoo_data_plates.quality_table import read_quality
from zoo_data_plates.wells_table import read_wells

if TYPE_CHECKING:
    import pandas as pd

_SHOWN = 8


@dataclass(frozen=True)
class OmePlateConfig:
    """Which plates, and what of them is an example.

    Attributes:
        root: the folder of a plate, or one that holds several.
        level: of the pyramid, 0 the full size, each further one half of it.
        tiles_per_side: cut each field into so many tiles along y and along x; 1 for whole fields.
        channels: names of the channels to read, with commas between; empty for all.
        z: number of the plane along z, or "max" for the largest value of all planes.
        title: of the data; empty for the names of the plates.
        licence: of the data, for the reports.
        citation: of the data, for the reports.
    """

    root: str = ""
    level: int = 0
    tiles_per_side: int = 1
    channels: str = ""
    z: str = "max"
    title: str = ""
    licence: str = ""
    citation: str = ""

    def __post_init__(self) -> None:
        if self.level < 0:
            raise ConfigError(f"data.level must be a level from 0, the full size. Received: {self.level}")
        if not 1 <= self.tiles_per_side <= 64:
            raise ConfigError(f"data.tiles_per_side must be 1 to 64. Received: {self.tiles_per_side}")
        if self.z != "max" and not (self.z.isascii() and self.z.isdigit()):
            raise ConfigError(f"data.z must be 'max' or the number of a plane from 0. Received: '{self.z}'")


@dataclass(frozen=True)
class _Plate:
    folder: Path
    index: PlateIndex
    wells: pd.DataFrame
    quality: pd.Series | None
    drawn: bool


class OmePlate:
    """Plates in OME-Zarr; nothing is read before it is asked for.

    The range of uint16 images is all that the dtype holds, not the window of `omero`: a window is how somebody wanted
    to see a channel, pixels outside of it do occur, and a camera of 12 or 14 bit is the task's to scale, from its
    training rows.
    """

    labels: tuple[Label, ...] = (Label("response"),)
    group_columns = ("meta.well_id", "meta.plate", "meta.treatment")
    fold_columns = ("meta.plate", "meta.half")
    split_name = None

    def __init__(self, config: OmePlateConfig) -> None:
        self.config = config

    def __getstate__(self) -> dict[str, object]:
        """For another process, which opens the plates itself."""
        return {"config": self.config}

    @cached_property
    def card(self) -> DatasetCard:
        """What it is; with a root, also which wells are there and how many of them are controls."""
        names = ", ".join(plate.index.name for plate in self._plates[:_SHOWN]) if self.config.root else "in OME-Zarr"
        return DatasetCard(
            title=self.config.title or f"Plates {names}",
            summary="Fields of wells, with what is in each well: treatment, concentration and role as a control.",
            licence=self.config.licence or "not stated: set data.licence",
            citation=self.config.citation or "not stated: set data.citation",
            label_source="The wells table: which wells were given the positive and which the negative control.",
            drawn=bool(self.config.root) and any(plate.drawn for plate in self._plates),
            notes=self._notes() if self.config.root else (),
        )

    @cached_property
    def specs(self) -> tuple[ArraySpec, ...]:
        """The one array `image`; none while no root is given."""
        if not self.config.root:
            return ()
        first = self._plates[0].index
        sides = set.union(*(tile_sides(plate.index, self._tiling) for plate in self._plates))
        height, width = next(iter(sides)) if len(sides) == 1 else (None, None)
        names = tuple(first.channels[number].name for number in self._channels)
        largest = float(np.iinfo(first.dtype).max)
        return (ArraySpec("image", ("y", "x", "c"), (height, width, len(names)), first.dtype, (0.0, largest), names),)

    def index(self) -> pd.DataFrame:
        """One row a field and time point, or tile of one: the columns of `plate_rows`, plate after plate."""
        return self._rows.copy()

    def read(self, i: int) -> Arrays:
        """The image of row `i`."""
        return {"image": self._request(i)()}

    def read_batch(self, rows: np.ndarray) -> Arrays:
        """Images of rows, read side by side; an array of arrays where the images differ in size."""
        waiting = [self._request(int(i)) for i in rows]
        images = [wait() for wait in waiting]
        if len({image.shape for image in images}) == 1:
            return {"image": np.stack(images)}
        together = np.empty(len(images), object)
        together[:] = images
        return {"image": together}

    def _request(self, i: int) -> Callable[[], np.ndarray]:
        if not 0 <= i < len(self._cuts):
            raise IndexError(f"ome-plate has rows 0 to {len(self._cuts) - 1}. Received: {i}")
        number, cut = self._cuts[i]
        return self._pixels[number].request(cut)

    @cached_property
    def _tiling(self) -> Tiling:
        return Tiling(self.config.level, self.config.tiles_per_side)

    @cached_property
    def _plates(self) -> list[_Plate]:
        plates = []
        for folder in find_plates(self.config.root):
            index = open_index(folder)
            record = read_record(folder)
            drawn = record is not None and record.design.drawn
            wells = read_wells(folder, index.rows, index.columns)
            plates.append(_Plate(folder, index, wells, read_quality(folder), drawn))
        _check_alike(plates)
        return plates

    @cached_property
    def _rows(self) -> pd.DataFrame:
        import pandas as pd

        tables = [plate_rows(plate.index, plate.wells, self._tiling, plate.quality) for plate in self._plates]
        return pd.concat(tables, ignore_index=True)

    @cached_property
    def _cuts(self) -> list[tuple[int, Cut]]:
        return [
            (number, cut) for number, plate in enumerate(self._plates) for cut in plate_cuts(plate.index, self._tiling)
        ]

    @cached_property
    def _pixels(self) -> list[PlatePixels]:
        plane = None if self.config.z == "max" else int(self.config.z)
        n_z = self._plates[0].index.n_z
        if plane is not None and plane >= n_z:
            raise ConfigError(f"data.z needs a plane of the images, which have 0 to {n_z - 1}. Received: {plane}")
        return [
            PlatePixels(plate.folder, plate.index.version, plate.index.axes, plate.index.whole, self._channels, plane)
            for plate in self._plates
        ]

    @cached_property
    def _channels(self) -> list[int]:
        there = [channel.name for channel in self._plates[0].index.channels]
        wanted = [name.strip() for name in self.config.channels.split(",") if name.strip()] or there
        unknown = [name for name in wanted if name not in there]
        if unknown:
            raise ConfigError(f"data.channels needs names among {', '.join(there)}. Received: {', '.join(unknown)}")
        return [there.index(name) for name in wanted]

    def _notes(self) -> tuple[str, ...]:
        return tuple(note for plate in self._plates for note in _notes(plate))


def find_plates(root: str) -> list[Path]:
    """The plate that a folder is, or those it holds, by name.

    Raises:
        DataError: no root was given, or there is no plate.
    """
    if not root:
        raise DataError("Data set 'ome-plate' needs the folder of a plate, or of several: give --data ome-plate=ROOT")
    folder = Path(root)
    if not folder.is_dir():
        raise DataError(f"Data set 'ome-plate': {folder} is not a folder. Give the folder of a plate, or of several")
    if is_plate(folder):
        return [folder]
    plates = sorted(place for place in folder.iterdir() if place.is_dir() and is_plate(place))
    if not plates:
        raise DataError(
            f"Data set 'ome-plate': neither {folder} nor a folder in it is a plate in OME-Zarr. "
            "Make one of TIFF or PNG files with zoo plate import"
        )
    return plates


def _check_alike(plates: list[_Plate]) -> None:
    first = plates[0].index
    seen: dict[str, Path] = {}
    for plate in plates:
        if plate.index.name in seen:
            raise DataError(
                f"Plates of one data set need names of their own. Received: '{plate.index.name}' twice, in "
                f"{seen[plate.index.name].name} and {plate.folder.name}. Rename one"
            )
        seen[plate.index.name] = plate.folder
        theirs, ours = (
            (one.dtype, tuple(channel.name for channel in one.channels), "t" in one.axes, one.n_z)
            for one in (plate.index, first)
        )
        if theirs != ours:
            raise DataError(
                "Plates of one data set need the same dtype, channels, times and planes along z. Received: "
                f"{ours} in '{first.name}', {theirs} in '{plate.index.name}'. Give each as a data set of its own"
            )


def _notes(plate: _Plate) -> list[str]:
    index, wells = plate.index, plate.wells
    imaged = set(index.images["well"])
    roles = wells.loc[wells["well"].isin(list(imaged)), "control_role"].value_counts()
    n_physical = len(index.rows) * len(index.columns)
    controls = ", ".join(f"{roles.get(role, 0)} {role}" for role in ("negative", "positive", "empty"))
    images = f"{len(imaged)} of {n_physical} wells have images, {len(index.images)} in all"
    notes = [f"Plate {index.name}: {images}; wells by control role: {controls}."]
    if plate.drawn:
        notes.append(f"Plate {index.name} was drawn by a program.")
    unnamed = len(imaged - set(wells["well"]))
    if unnamed:
        notes.append(f"Plate {index.name}: the wells table says nothing of {unnamed} wells with images.")
    if index.missing:
        shown = ", ".join(index.missing[:_SHOWN]) + (" ..." if len(index.missing) > _SHOWN else "")
        notes.append(f"Plate {index.name}: {len(index.missing)} planned images are not there: {shown}.")
    return notes


plugin = Plugin(
    config=OmePlateConfig,
    create=OmePlate,
    summary="Plates in OME-Zarr (OME-NGFF 0.4, 0.5) with a table of their wells; give them as ome-plate=ROOT.",
)
