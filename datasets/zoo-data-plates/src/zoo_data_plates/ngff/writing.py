"""Writing a plate as OME-NGFF 0.5: groups once, then fields from as many processes as one likes, then its tables.

ome-zarr writes the metadata. The arrays are written without it: its way through dask has no say over where a field
appears, and a field must be there whole or not at all.

Source: OME-NGFF 0.5, https://ngff.openmicroscopy.org/0.5/, sections "plate", "well", "multiscales", "omero", "labels".
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from zoo_core.contract import DataError, OutputError
from zoo_data_plates.ngff.design import PlateDesign
from zoo_data_plates.ngff.images import omero_channels, write_levels
from zoo_data_plates.ngff.layout import (
    field_path,
    has_field,
    is_finished,
    locked,
    remove_hidden,
    whole_or_absent,
)
from zoo_data_plates.ngff.metadata import read_fields, read_plate
from zoo_data_plates.ngff.pyramids import image_pyramid, label_pyramid
from zoo_data_plates.ngff.record import ATTRIBUTE, PlateRecord, read_record
from zoo_data_plates.plate_index import index_plate, write_index
from zoo_data_plates.well_names import WellName
from zoo_data_plates.wells_table import checked_wells, write_wells

if TYPE_CHECKING:
    import pandas as pd
    import zarr

NGFF_VERSION = "0.5"


def create_plate(folder: Path, design: PlateDesign, wells: Mapping[str, int]) -> None:
    """Write the groups of a plate and of its wells, all at once.

    A folder that holds an unfinished plate of the same design and wells is left as it is: an import goes on there.

    Args:
        folder: where; it must not be there yet.
        design: what the plate is like.
        wells: number of fields by name of the well; wells that were not imaged are left out.
    Raises:
        DataError: there are no wells, one is not on the plate, or one has no field.
        OutputError: something else is there, or nothing can be written.
    """
    planned = _checked(design, wells)
    record = PlateRecord(design, {str(well): n_fields for well, n_fields in planned.items()})
    if folder.exists():
        _check_same(folder, record)
        return
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"Plate '{design.name}' cannot be written to {folder}: {error}. Give another folder"
        ) from error
    with whole_or_absent(folder, f"Plate '{design.name}'") as hidden:
        _write_groups(hidden, planned, record)


def write_field(folder: Path, design: PlateDesign, well: str, field: int, image: np.ndarray) -> None:
    """Write the image of one field, all levels of it; safe from several processes and threads.

    Args:
        folder: the plate's, made by `create_plate`.
        design: the same.
        well: its name, such as "B03".
        field: its number in the well, from 0.
        image: axes as `design.axes`, dtype as `design.dtype`; y and x of any length.
    Raises:
        DataError: axes or dtype are other than the design's, or the plate has no such well or field.
        OutputError: the field is there already, the plate is finished, or it cannot be written.
    """
    what = f"Field {field} of well {well} of plate '{design.name}'"
    place = _place(folder, well, field, what)
    _check_image(design, image, what)
    if has_field(folder, well, field) or is_finished(folder):
        state = "is there already" if has_field(folder, well, field) else "comes after the plate was finished"
        raise OutputError(f"{what} {state} in {folder}. Write into a new plate")
    with whole_or_absent(place, what) as hidden:
        group = write_levels(hidden, f"{WellName.parse(well)}/{field}", image_pyramid(image), design.axes, design)
        _add(group, omero={"channels": omero_channels(design)})


def write_labels(  # noqa: PLR0913 - where (three), which and what, as NGFF nests them
    folder: Path, design: PlateDesign, well: str, field: int, name: str, labels: np.ndarray
) -> None:
    """Write a segmentation beside the image of a field; safe from several processes and threads.

    Args:
        folder: the plate's.
        design: the plate's.
        well: its name.
        field: its number in the well, from 0.
        name: of the segmentation, such as "nuclei".
        labels: axes as `design.axes` without c; whole numbers, 0 where there is no object.
    Raises:
        DataError: the field is not there, the name is no plain name, or axes or dtype are wrong.
        OutputError: these labels are there already, or cannot be written.
    """
    what = f"Labels '{name}' of field {field} of well {well} of plate '{design.name}'"
    image = _place(folder, well, field, what)
    axes = tuple(axis for axis in design.axes if axis != "c")
    if not has_field(folder, well, field):
        raise DataError(f"{what} need the field's image in {image}. Write it first")
    if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.-]*", name):
        raise DataError(f"{what}: a name has letters, digits, '_', '-' and '.'. Received: '{name}'")
    if not np.issubdtype(labels.dtype, np.integer) or labels.ndim != len(axes):
        raise DataError(
            f"{what} need whole numbers along {axes}. Received: {labels.dtype}, {labels.ndim} axes of {labels.shape}"
        )
    place = image / "labels" / name
    with locked(image):
        listed = _labels_of(image)
        if name not in listed:
            shutil.rmtree(place, ignore_errors=True)  # of a process that was killed before it listed them
        place.parent.mkdir(exist_ok=True)
        remove_hidden(place.parent)
        with whole_or_absent(place, what) as hidden:
            group = write_levels(hidden, name, label_pyramid(labels), axes, design)
            _add(group, **{"image-label": {"version": NGFF_VERSION, "source": {"image": "../../"}}})
        _list_labels(image, [*listed, name])


def finish_plate(folder: Path, wells_table: pd.DataFrame) -> tuple[str, ...]:
    """Write the tables of a plate whose fields are written: what is in its wells and, last, the index of all images.

    Fields that were planned and not written are taken out of the metadata, as no reader could open them; the index
    names them. Nobody may be writing fields any more.

    Args:
        folder: the plate's.
        wells_table: as `wells_table.checked_wells` takes it.
    Returns:
        Fields that were planned and not written, such as "A01/2".
    Raises:
        DataError: there is no plate, not one field was written, or the wells table is wrong; nothing is written then.
        OutputError: it cannot be written.
    """
    record = read_record(folder)
    if record is None:
        raise DataError(f"A plate needs to be made with create_plate before it is finished. Received: {folder}")
    design = record.design
    checked = checked_wells(wells_table, design.rows, [int(column) for column in design.columns])
    _list_what_is_there(folder, record)
    index = index_plate(folder)
    write_wells(folder, checked)
    write_index(folder, index)
    return index.missing


def _list_what_is_there(folder: Path, record: PlateRecord) -> None:
    """Make the metadata name the fields that were written, also after another attempt named fewer."""
    import zarr

    remove_hidden(folder)
    written: dict[WellName, list[int]] = {}
    for name, n_fields in record.wells.items():
        well = WellName.parse(name)
        remove_hidden(folder / well.row / str(well.column))
        written[well] = [field for field in range(n_fields) if has_field(folder, name, field)]
    there = {well: fields for well, fields in written.items() if fields}
    if not there:
        raise DataError(
            f"Plate '{record.design.name}' in {folder} needs at least one field before it is finished. It has none"
        )
    plate = zarr.open_group(folder, mode="r+", zarr_format=3)
    for well, fields in there.items():
        path = f"{well.row}/{well.column}"
        if list(read_fields(folder, path)) != fields:
            write_well_group(plate.require_group(path), fields)
    if list(read_plate(folder).wells) != list(there):
        write_plate_group(plate, record.design, {well: len(fields) for well, fields in there.items()})


def _checked(design: PlateDesign, wells: Mapping[str, int]) -> dict[WellName, int]:
    planned: dict[WellName, int] = {}
    for text, n_fields in wells.items():
        well = WellName.parse(text)
        if well.row_index >= design.n_rows or well.column > design.n_columns:
            raise DataError(
                f"Plate '{design.name}' has rows A to {design.rows[-1]} and columns 1 to {design.n_columns}. "
                f"Received: well {well}. Correct the name, or the size of the plate"
            )
        if well in planned or n_fields < 1:
            wrong = "comes twice" if well in planned else f"has {n_fields} fields: leave out wells that were not imaged"
            raise DataError(f"Plate '{design.name}': well {well} {wrong}")
        planned[well] = int(n_fields)
    if not planned:
        raise DataError(f"Plate '{design.name}' needs at least one well with an image. Received: none")
    return dict(sorted(planned.items()))


def _check_same(folder: Path, record: PlateRecord) -> None:
    if is_finished(folder) or read_record(folder) != record:
        state = "a finished plate" if is_finished(folder) else "something else"
        raise OutputError(
            "A new plate, or the same one to go on with, needs its own folder. "
            f"Received: {folder}, which holds {state}. Give another folder"
        )


def _write_groups(folder: Path, planned: Mapping[WellName, int], record: PlateRecord) -> None:
    import zarr

    plate = zarr.open_group(folder, mode="w", zarr_format=3, attributes={ATTRIBUTE: record.as_json()})
    write_plate_group(plate, record.design, planned)
    for well, n_fields in planned.items():
        write_well_group(plate.create_group(f"{well.row}/{well.column}"), range(n_fields))


def write_plate_group(plate: zarr.Group, design: PlateDesign, wells: Mapping[WellName, int]) -> None:
    """Write NGFF's metadata of a plate: all its rows and columns, and the wells that have images."""
    from ome_zarr.writer import write_plate_metadata

    write_plate_metadata(
        plate,
        rows=list(design.rows),
        columns=list(design.columns),
        wells=[f"{well.row}/{well.column}" for well in wells],
        field_count=max(wells.values()),
        name=design.name,
    )


def write_well_group(well: zarr.Group, fields: Sequence[int]) -> None:
    """Write NGFF's metadata of a well: the paths of its fields."""
    from ome_zarr.writer import write_well_metadata

    write_well_metadata(well, [str(field) for field in fields])


def _place(folder: Path, well: str, field: int, what: str) -> Path:
    place = folder / field_path(well, field)
    record = read_record(folder)
    if record is None:
        raise DataError(f"{what} needs a plate in {folder}. Make it with create_plate first")
    n_fields = record.wells.get(str(WellName.parse(well)), 0)
    if field >= n_fields:
        raise DataError(f"{what}: the plate was made with {n_fields} fields of that well. Make it with more")
    return place


def _check_image(design: PlateDesign, image: np.ndarray, what: str) -> None:
    lengths = {"t": len(design.times_h), "c": len(design.channels), "z": design.n_z}
    wanted = tuple(lengths.get(axis) for axis in design.axes)
    fits = image.ndim == len(wanted) and all(
        length in (None, given) and given > 0 for length, given in zip(wanted, image.shape, strict=True)
    )
    if not fits or image.dtype.name != design.dtype:
        sizes = ", ".join(f"{axis}={length or 'any'}" for axis, length in zip(design.axes, wanted, strict=True))
        raise DataError(f"{what} needs {design.dtype} with axes ({sizes}). Received: {image.dtype}, {image.shape}")


def _add(group: zarr.Group, **metadata: Any) -> None:
    theirs: Any = group.attrs.asdict()["ome"]
    group.attrs["ome"] = {**theirs, **metadata}


def _labels_of(image: Path) -> list[str]:
    try:
        names: list[str] = json.loads((image / "labels" / "zarr.json").read_bytes())["attributes"]["ome"]["labels"]
    except FileNotFoundError:
        return []
    return names


def _list_labels(image: Path, names: list[str]) -> None:
    import zarr

    # ome-zarr 0.18 leaves out the version here, without which ome-zarr-models refuses the whole plate.
    metadata = {"ome": {"version": NGFF_VERSION, "labels": names}}
    parent = zarr.open_group(image, mode="r+", zarr_format=3)
    if "labels" in parent:
        parent.require_group("labels").attrs.update(metadata)
    else:
        parent.create_group("labels", attributes=metadata)
