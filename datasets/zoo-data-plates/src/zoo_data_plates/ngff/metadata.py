"""What the metadata of a plate in OME-NGFF 0.4 or 0.5 say, whoever wrote it. Nothing here trusts a path it reads."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from zoo_core.contract import DataError
from zoo_data_plates.ngff.design import DTYPES, Channel
from zoo_data_plates.well_names import WellName

VERSIONS = ("0.4", "0.5")
"""Versions of OME-NGFF that are read. Before 0.4 axes had no type and pixels no size."""
AXES = ("t", "c", "z", "y", "x")
"""All axes an image may have, in the only order it may have them in."""

_UM = {"micrometer": 1.0, "nanometer": 1e-3, "millimeter": 1e3, "centimeter": 1e4, "meter": 1e6, "angstrom": 1e-4}
_HOURS = {"millisecond": 1 / 3_600_000, "second": 1 / 3600, "minute": 1 / 60, "hour": 1.0, "day": 24.0}


@dataclass(frozen=True)
class PlateMetadata:
    """The group of a plate.

    Attributes:
        name: of the plate; of its folder where it bears none.
        version: of OME-NGFF.
        rows: names of all rows, as letters.
        columns: numbers of all columns.
        wells: path of each well's group by its name.
    """

    name: str
    version: str
    rows: tuple[str, ...]
    columns: tuple[int, ...]
    wells: Mapping[WellName, str]


@dataclass(frozen=True)
class ImageMetadata:
    """The group of one image.

    Attributes:
        axes: of all its levels.
        channels: as `omero` names them; "channel 0" and so on where it does not.
        levels: paths of its arrays, the largest first.
        shapes: length of each axis, of each level.
        dtype: of the pixels.
        pixel_sizes_um: of each level; None where the metadata have no unit.
        time_step_h: from one image to the next; None where there is no time or no unit.
    """

    axes: tuple[str, ...]
    channels: tuple[Channel, ...]
    levels: tuple[str, ...]
    shapes: tuple[tuple[int, ...], ...]
    dtype: str
    pixel_sizes_um: tuple[float | None, ...]
    time_step_h: float | None

    def length(self, axis: str) -> int:
        """Length of an axis of the largest level; 1 where there is no such axis."""
        return self.shapes[0][self.axes.index(axis)] if axis in self.axes else 1


def is_plate(folder: Path) -> bool:
    """Whether a folder is the group of a plate, of whatever version."""
    return any((folder / name).is_file() for name in ("zarr.json", ".zattrs")) and "plate" in _attributes(folder)[0]


def read_plate(folder: Path) -> PlateMetadata:
    """Read the group of a plate.

    Raises:
        DataError: it is none, of a version that is not read, or contradicts itself.
    """
    attributes, version = _attributes(folder)
    plate = attributes.get("plate")
    if not isinstance(plate, dict):
        raise DataError(f"A plate in OME-Zarr is a folder with 'plate' in its metadata. Received: {folder}, without")
    _check_version(version or plate.get("version") or "0.4", folder)
    try:
        rows = tuple(WellName.of(row["name"], 1).row for row in plate["rows"])
        columns = tuple(WellName.of("A", column["name"]).column for column in plate["columns"])
        paths = [inside(well["path"], folder) for well in plate["wells"]]
    except (KeyError, TypeError) as error:
        raise DataError(
            f"Plate {folder} needs rows and columns with 'name' and wells with 'path' in its metadata. "
            f"Received: {_short(plate)}"
        ) from error
    return PlateMetadata(
        name=str(plate.get("name") or folder.resolve().name.removesuffix(".zarr").removesuffix(".ome")),
        version=str(version or plate.get("version") or "0.4"),
        rows=rows,
        columns=columns,
        wells=_wells(paths, rows, columns, folder),
    )


def read_fields(folder: Path, well: str) -> dict[int, str]:
    """Paths of the images of a well, in the plate, by number of the field.

    Raises:
        DataError: the well's metadata are damaged or of a version that is not read.
        FileNotFoundError: there is no such group.
    """
    attributes, version = _attributes(folder / well)
    try:
        named = attributes["well"]
        _check_version(version or named.get("version") or "0.4", folder / well)
        paths = [inside(image["path"], folder / well) for image in named["images"]]
    except (KeyError, TypeError, AttributeError) as error:
        raise DataError(f"Well {folder / well} needs 'images' with 'path' in its metadata. It has none") from error
    numbers = [int(path) for path in paths if path.isascii() and path.isdigit()]
    # A field's number is its path where it is one: it stays the same when a field before it is missing.
    in_order = numbers if len(set(numbers)) == len(paths) else range(len(paths))
    return {number: f"{well}/{path}" for number, path in zip(in_order, paths, strict=True)}


def read_image(folder: Path, path: str) -> ImageMetadata:
    """Read the group of an image and what its arrays are like.

    Raises:
        DataError: it is none, of a version that is not read, or of axes or a dtype that is not read.
        FileNotFoundError: there is no such group.
    """
    place = folder / path
    attributes, version = _attributes(place)
    multiscales = attributes.get("multiscales")
    if not isinstance(multiscales, list) or not multiscales or not isinstance(multiscales[0], dict):
        raise DataError(f"Image {place} needs 'multiscales' in its metadata. Received: {_short(attributes)}")
    first = multiscales[0]
    _check_version(version or first.get("version") or "0.4", place)
    axes, units = _axes(first.get("axes"), place)
    try:
        paths = [level["path"] for level in first["datasets"]]
        scales = [_scale(level, len(axes)) * _scale(first, len(axes)) for level in first["datasets"]]
    except (KeyError, TypeError, IndexError, ValueError) as error:
        raise DataError(
            f"Image {place} needs datasets with 'path' and one scale of {len(axes)} numbers. "
            f"Received: {_short(first.get('datasets'))}"
        ) from error
    levels = tuple(inside(path, place) for path in paths)
    arrays = [_array(place / level, len(axes)) for level in levels]
    shapes, dtype = tuple(shape for shape, _ in arrays), arrays[0][1]
    n_channels = shapes[0][axes.index("c")] if "c" in axes else 1
    return ImageMetadata(
        axes=axes,
        channels=_channels(attributes.get("omero"), n_channels),
        levels=levels,
        shapes=shapes,
        dtype=dtype,
        pixel_sizes_um=tuple(_in_unit(scale[-1], units[-1], _UM) for scale in scales),
        time_step_h=_in_unit(scales[0][0], units[0], _HOURS) if axes[0] == "t" else None,
    )


def inside(path: object, place: Path) -> str:
    """A path that leads down, as text.

    Raises:
        DataError: it is no path, or could lead to other files than those in `place`.
    """
    parts = PurePosixPath(path).parts if isinstance(path, str) else ()
    if not parts or {"..", "/"} & set(parts) or "\\" in str(path) or "\0" in str(path):
        raise DataError(f"Metadata of {place} need paths that stay inside it. Received: {_short(path)}")
    return "/".join(parts)


def _attributes(folder: Path) -> tuple[dict[str, Any], str | None]:
    """NGFF's attributes of a group, and the version where they say it for all."""
    if (folder / "zarr.json").is_file():
        ome = _json(folder / "zarr.json").get("attributes", {}).get("ome", {})
        return (ome, ome.get("version")) if isinstance(ome, dict) else ({}, None)
    return _json(folder / ".zattrs"), None


def _json(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_bytes())
    except ValueError as error:
        raise DataError(f"{path} needs to be JSON, which it is not ({error}): it was damaged") from error
    except (NotADirectoryError, PermissionError) as error:
        raise DataError(f"{path} cannot be read: {error.strerror}") from error
    if not isinstance(value, dict):
        raise DataError(f"{path} needs an object in JSON. Received: {_short(value)}")
    return value


def _check_version(version: object, place: Path) -> None:
    if version not in VERSIONS:
        raise DataError(
            f"Metadata of OME-NGFF {' or '.join(VERSIONS)} are read. Received: {version} in {place}. "
            "Import the plate's images again with zoo plate import, or convert it"
        )


def _wells(paths: Sequence[str], rows: Sequence[str], columns: Sequence[int], folder: Path) -> dict[WellName, str]:
    wells: dict[WellName, str] = {}
    for path in paths:
        parts = path.split("/")
        if len(parts) != 2:
            raise DataError(f"Plate {folder} needs wells at row/column. Received: {path}")
        well = WellName.of(parts[0], parts[1])
        if well.row not in rows or well.column not in columns or well in wells:
            raise DataError(
                f"Plate {folder} needs each well once, on one of its rows and columns. Received: {path}. "
                "Correct its metadata"
            )
        wells[well] = path
    if not wells:
        raise DataError(f"Plate {folder} needs at least one well. Received: none")
    return dict(sorted(wells.items()))


def _axes(axes: object, place: Path) -> tuple[tuple[str, ...], tuple[str | None, ...]]:
    wanted = f"Image {place} needs axes t, c, z, y, x in this order, of which y and x must be there"
    if not isinstance(axes, list) or not all(isinstance(axis, dict) and "name" in axis for axis in axes):
        raise DataError(f"{wanted}, each with its name and type. Received: {_short(axes)}")
    names = tuple(str(axis["name"]) for axis in axes)
    if names != tuple(axis for axis in AXES if axis in names) or names[-2:] != ("y", "x"):
        raise DataError(f"{wanted}. Received: {', '.join(names)}. Write the image with these axes")
    return names, tuple(axis.get("unit") for axis in axes)


def _scale(holder: Mapping[str, Any], n_axes: int) -> np.ndarray:
    """Scale of a level or of all levels of an image; 1 where a whole image has none."""
    for step in holder.get("coordinateTransformations") or ():
        if step["type"] == "scale":
            scale = np.array(step["scale"], float)
            if scale.shape != (n_axes,):
                raise ValueError(f"{scale.shape} is not one number an axis")
            return scale
    return np.ones(n_axes)


def _array(place: Path, n_axes: int) -> tuple[tuple[int, ...], str]:
    """Shape and dtype of an array."""
    try:
        if (place / "zarr.json").is_file():
            found = _json(place / "zarr.json")
            shape, dtype = tuple(found["shape"]), str(found["data_type"])
        else:
            found = _json(place / ".zarray")
            shape, dtype = tuple(found["shape"]), np.dtype(found["dtype"]).name
    except (KeyError, TypeError) as error:
        raise DataError(f"Array {place} needs its shape and its dtype in its metadata, which are damaged") from error
    if len(shape) != n_axes or not all(isinstance(length, int) and length > 0 for length in shape):
        raise DataError(f"Array {place} needs {n_axes} axes, as its image has. Received: shape {shape}")
    if dtype not in DTYPES:
        raise DataError(f"Array {place} needs pixels of {' or '.join(DTYPES)}. Received: {dtype}")
    return shape, dtype


def _channels(omero: object, n_channels: int) -> tuple[Channel, ...]:
    """Channels as `omero` tells them; it is optional, and where it tells of another number it tells nothing."""
    told = omero.get("channels") if isinstance(omero, dict) else None
    if not isinstance(told, list) or len(told) != n_channels:
        return tuple(Channel(f"channel {number}") for number in range(n_channels))
    names = [str(one.get("label") or f"channel {number}") for number, one in enumerate(told)]
    if len(set(names)) < n_channels:
        names = [f"{name} {number}" for number, name in enumerate(names)]
    return tuple(Channel(name) for name in names)


def _in_unit(number: float, unit: str | None, factors: Mapping[str, float]) -> float | None:
    return float(number) * factors[unit] if unit is not None and unit in factors else None


def _short(value: object) -> str:
    text = json.dumps(value, default=str)
    return text if len(text) <= 80 else f"{text[:80]}..."
