"""The index of a plate: one table of all its images, so that a training run never walks thousands of groups."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from zoo_core.contract import DataError, OutputError
from zoo_data_plates.ngff.design import Channel
from zoo_data_plates.ngff.layout import INDEX_FILE, is_finished, replaced
from zoo_data_plates.ngff.metadata import ImageMetadata, inside, read_fields, read_image, read_plate
from zoo_data_plates.ngff.record import PlateRecord, read_record
from zoo_data_plates.well_names import WellName

_KEY = b"zoo.plate"
_SCHEMA = 1
_CURE = "make it again with index_plate and write_index of zoo_data_plates.plate_index, or import the plate again"
_THREADS = 8  # metadata are many small files: the wait is the disk's


@dataclass(frozen=True)
class PlateIndex:
    """All that must be known of a plate before its pixels are read.

    Attributes:
        name: of the plate.
        version: of OME-NGFF.
        rows: names of its rows.
        columns: numbers of its columns.
        axes: of every image.
        channels: of every image.
        dtype: of every image.
        n_z: planes along z of every image.
        whole: every chunk of it was written, so that one that is missing is damage and not background.
        missing: what its metadata name and is not there, such as "A01" or "A01/2", a well or a field of one.
        images: one row a field and time point, ordered by well, field and time: `well` ("A01"), `row` ("A"), `column`,
            `field`, `path` of its image in the plate, `time` (its number), `time_h` (missing where unknown), `levels`
            (paths of its arrays), `heights`, `widths` and `pixel_sizes_um` (of each level; NaN where unknown).
    """

    name: str
    version: str
    rows: tuple[str, ...]
    columns: tuple[int, ...]
    axes: tuple[str, ...]
    channels: tuple[Channel, ...]
    dtype: str
    n_z: int
    whole: bool
    missing: tuple[str, ...]
    images: pd.DataFrame


def open_index(folder: Path) -> PlateIndex:
    """The index of a plate: its file where it has one, otherwise made by looking at all of it once.

    Raises:
        DataError: there is no plate, it is unfinished or damaged, or of a version or axes that are not read.
    """
    if is_finished(folder):
        return read_index(folder)
    if folder.is_dir() and read_record(folder) is not None:
        raise DataError(
            f"Plate {folder} is unfinished: its import or drawing was interrupted, and {INDEX_FILE} is not there. "
            "Start it again, which goes on where it was"
        )
    return index_plate(folder)


def index_plate(folder: Path) -> PlateIndex:
    """Make the index of a plate from its metadata, whoever wrote it; several threads look at the wells.

    Raises:
        DataError: there is no plate, nothing of it is there, or its images differ in axes, channels or dtype.
    """
    try:
        plate = read_plate(folder)
    except FileNotFoundError as error:
        raise DataError(f"A plate in OME-Zarr is a folder with zarr.json or .zattrs. Received: {folder}") from error
    with ThreadPoolExecutor(_THREADS) as pool:
        found = list(pool.map(lambda well: _fields_of(folder, *well), plate.wells.items()))
    fields = [field for well in found for field in well]
    there = [field for field in fields if field.image is not None]
    if not there:
        raise DataError(f"Plate {folder} needs the images that its metadata name. None of them is there")
    first = _alike(there, folder)
    record = read_record(folder)
    times_h = record.design.times_h if record else ()
    gone = {field.name for field in fields if field.image is None}
    return PlateIndex(
        name=plate.name,
        version=plate.version,
        rows=plate.rows,
        columns=plate.columns,
        axes=first.axes,
        channels=first.channels,
        dtype=first.dtype,
        n_z=first.length("z"),
        whole=record is not None,
        missing=_missing(gone, {field.name for field in there}, record),
        images=pd.DataFrame([row for field in there for row in _rows(field, times_h)]),
    )


def write_index(folder: Path, index: PlateIndex) -> None:
    """Write the index of a plate as its `index.parquet`, whole or not at all.

    Raises:
        OutputError: it cannot be written.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    header = {**asdict(index), "schema": _SCHEMA}
    del header["images"]
    table = pa.Table.from_pandas(index.images, preserve_index=False)
    table = table.replace_schema_metadata({**(table.schema.metadata or {}), _KEY: json.dumps(header).encode()})
    try:
        with replaced(folder / INDEX_FILE) as temporary:
            pq.write_table(table, temporary)
    except OSError as error:
        raise OutputError(f"{folder / INDEX_FILE} cannot be written: {error}. Make room or give permission") from error


def read_index(folder: Path) -> PlateIndex:
    """Read `index.parquet` of a plate.

    Raises:
        DataError: it is damaged, or of another version of zoo.
    """
    import pyarrow.parquet as pq

    path = folder / INDEX_FILE
    try:
        table = pq.read_table(path)
        header = json.loads((table.schema.metadata or {})[_KEY])
    except (OSError, ValueError, KeyError) as error:
        reason = str(error).splitlines()[0]
        raise DataError(f"{path} needs to be the index of a plate. It cannot be read ({reason}): {_CURE}") from error
    if header.pop("schema", None) != _SCHEMA:
        raise DataError(f"{path} was written by another version of zoo: {_CURE}")
    header["channels"] = tuple(
        Channel(**{**one, "window": one["window"] and tuple(one["window"])}) for one in header["channels"]
    )
    lists = {name: tuple(header[name]) for name in ("rows", "columns", "axes", "missing")}
    images = table.to_pandas()
    for names in (images["path"], images["levels"].explode()):
        for name in names:
            inside(name, path)
    return PlateIndex(**{**header, **lists}, images=images)


@dataclass(frozen=True)
class _Field:
    """A field of a well, and its image where it is there; `number` None for a well of which nothing is known."""

    well: WellName
    number: int | None
    path: str
    image: ImageMetadata | None

    @property
    def name(self) -> str:
        return str(self.well) if self.number is None else f"{self.well}/{self.number}"


def _fields_of(folder: Path, well: WellName, path: str) -> list[_Field]:
    try:
        paths = read_fields(folder, path)
    except FileNotFoundError:
        return [_Field(well, None, path, None)]
    return [_Field(well, number, image, _image(folder, image)) for number, image in sorted(paths.items())]


def _image(folder: Path, path: str) -> ImageMetadata | None:
    try:
        return read_image(folder, path)
    except FileNotFoundError:
        return None


def _alike(fields: list[_Field], folder: Path) -> ImageMetadata:
    """The first image, if all others are like it."""
    images = [(field.name, field.image) for field in fields if field.image is not None]
    first_name, first = images[0]
    for name, image in images:
        theirs, ours = (
            (one.axes, one.dtype, tuple(channel.name for channel in one.channels), one.length("z"))
            for one in (image, first)
        )
        if theirs != ours:
            raise DataError(
                f"All images of plate {folder} need the axes, dtype, channels and planes along z of the first. "
                f"Received: {ours} in {first_name}, {theirs} in {name}"
            )
    return first


def _rows(field: _Field, times_h: tuple[float, ...]) -> Iterator[dict[str, Any]]:
    image = field.image
    if image is None:
        return
    for time in range(image.length("t")):
        step_h = image.time_step_h
        time_h = times_h[time] if len(times_h) == image.length("t") else None if step_h is None else step_h * time
        yield {
            "well": str(field.well),
            "row": field.well.row,
            "column": field.well.column,
            "field": field.number,
            "path": field.path,
            "time": time,
            "time_h": float("nan") if time_h is None else float(time_h),
            "levels": list(image.levels),
            "heights": [shape[-2] for shape in image.shapes],
            "widths": [shape[-1] for shape in image.shapes],
            "pixel_sizes_um": [float("nan") if size is None else size for size in image.pixel_sizes_um],
        }


def _missing(gone: set[str], there: set[str], record: PlateRecord | None) -> tuple[str, ...]:
    planned = {f"{well}/{n}" for well, n_fields in record.wells.items() for n in range(n_fields)} if record else set()
    gone = gone | (planned - there)
    # A well whose fields are known one by one need not be named again as a whole.
    known = {name.partition("/")[0] for name in gone if "/" in name}
    return tuple(sorted(gone - known, key=_place))


def _place(name: str) -> tuple[WellName, int]:
    well, _, number = name.partition("/")
    return WellName.parse(well), int(number or 0)
