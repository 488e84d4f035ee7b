"""What an import will write, known whole before the first field is: from names and headers alone."""

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from zoo_core.contract import ConfigError, DataError, ImageError
from zoo_data_plates.importing.image_files import Form, read_form
from zoo_data_plates.importing.places import Places
from zoo_data_plates.ngff.design import Channel, PlateDesign
from zoo_data_plates.well_names import WellName
from zoo_data_plates.wells_table import checked_wells

STANDARD_PLATES = ((2, 3), (3, 4), (4, 6), (6, 8), (8, 12), (16, 24), (32, 48))
"""Rows and columns of plates of 6, 12, 24, 48, 96, 384 and 1,536 wells, ANSI SLAS 4-2004."""

MISSING = "missing_channels"
"""Column of the wells table: channels that are black in a well for want of a picture."""

RGB = ("R", "G", "B")
GREY = "grey"
"""Names of channels where file names give none."""

_RGB_COLORS = ("FF0000", "00FF00", "0000FF")
_COLORS = ("00FF00", "0000FF", "FF0000", "FF00FF", "00FFFF", "FFFF00")
_N_READERS = 8


@dataclass(frozen=True)
class Wanted:
    """What names and headers cannot say of a plate.

    Attributes:
        name: of the plate.
        channels: name on the plate by what the file names say.
        pixel_size_um: side of a pixel; None where nobody knows it.
        size: physical rows and columns; None for the smallest standard plate that holds the wells with pictures.
        time_step_h: hours from one time point to the next.
        drawn: whether a program drew the pictures.
    """

    name: str
    channels: Mapping[str, str] = field(default_factory=dict)
    pixel_size_um: float | None = None
    size: tuple[int, int] | None = None
    time_step_h: float | None = None
    drawn: bool = False


@dataclass(frozen=True)
class FieldPlan:
    """One field that will be written.

    Attributes:
        well: its name.
        field: its number on the plate, from 0.
        files: path below the source by (time, channel, z), each from 0; of RGB one for all channels, at channel 0.
    """

    well: str
    field: int
    files: Mapping[tuple[int, int, int], str]


@dataclass(frozen=True)
class Gaps:
    """What a plate could have and has not.

    Attributes:
        wells: in the table, without pictures.
        rows: wells with pictures that the table does not name.
        fields: "B03: 3 of 4 fields".
        channels: channels without a picture by well, in a field of it or at a time.
    """

    wells: tuple[str, ...]
    rows: tuple[str, ...]
    fields: tuple[str, ...]
    channels: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class ImportPlan:
    """All that will be written.

    Attributes:
        design: of the plate.
        form: of every picture.
        fields: in the order of wells.
        wells: what is in them, as `zoo_data_plates.wells_table.checked_wells` gives it, with `MISSING` where there is a
            well with a missing channel.
        gaps: what is missing.
        n_ignored: files that belong nowhere, by kind.
    """

    design: PlateDesign
    form: Form
    fields: tuple[FieldPlan, ...]
    wells: pd.DataFrame
    gaps: Gaps
    n_ignored: Mapping[str, int]

    @property
    def n_fields(self) -> dict[str, int]:
        """Number of fields by well."""
        return dict(Counter(one.well for one in self.fields))

    @property
    def n_pictures(self) -> int:
        """Number of files that will be read."""
        return sum(len(one.files) for one in self.fields)


def plan_import(
    places: Places, root: Path, wanted: Wanted, table: pd.DataFrame, looked_at: Callable[[int, int], None]
) -> ImportPlan:
    """Decide what will be written.

    Args:
        places: of the pictures.
        root: the source.
        wanted: what else is known.
        table: of the wells, as `read_table` gives it.
        looked_at: told how many headers of how many were read.
    Raises:
        ConfigError: `wanted` names what there is not, or leaves out what must be known.
        DataError: pictures contradict each other, a well of the table is not on the plate, or the table is wrong.
    """
    form = _one_form(root, list(places.of_path), looked_at)
    channels = _channels(places, form, wanted.channels)
    wells = sorted({well for well, _ in places.of_path.values()})
    n_rows, n_columns = _size(wells, wanted.size)
    design = PlateDesign(
        wanted.name,
        n_rows,
        n_columns,
        channels,
        form.dtype,
        wanted.pixel_size_um,
        _times_h(places, wanted),
        _n_z(places),
        wanted.drawn,
    )
    if wanted.size is None:
        _check_guess(table["well"], design)
    checked = checked_wells(table, design.rows, [int(column) for column in design.columns])
    fields = _fields(places)
    gaps = _gaps(fields, list(checked["well"]), design, form)
    return ImportPlan(design, form, fields, _with_missing(checked, gaps.channels), gaps, places.n_ignored)


def _with_missing(checked: pd.DataFrame, channels: Mapping[str, tuple[str, ...]]) -> pd.DataFrame:
    """The wells and, where there is one with missing channels, which those are."""
    if not channels:
        return checked
    missing = pd.DataFrame([(well, ", ".join(names)) for well, names in channels.items()], columns=["well", MISSING])
    return checked.merge(missing, on="well", how="outer")


def _one_form(root: Path, paths: Sequence[str], looked_at: Callable[[int, int], None]) -> Form:
    example: dict[Form, str] = {}
    counts: Counter[Form] = Counter()
    with ThreadPoolExecutor(_N_READERS) as readers:
        for n, (path, form) in enumerate(zip(paths, readers.map(lambda one: _form(root, one), paths), strict=True), 1):
            example.setdefault(form, path)
            counts[form] += 1
            looked_at(n, len(paths))
    if len(example) > 1:
        kinds = "; ".join(f"{n} of {form}, such as '{example[form]}'" for form, n in counts.most_common(3))
        raise DataError(f"The pictures of a plate are all of one size and depth. Received: {kinds}. Import them apart")
    return next(iter(example))


def _form(root: Path, path: str) -> Form:
    try:
        return read_form(root / path)
    except ImageError as error:
        raise DataError(f"'{path}' {error}") from error


def _channels(places: Places, form: Form, names: Mapping[str, str]) -> tuple[Channel, ...]:
    values = places.values["channel"]
    if form.is_rgb and values != (None,):
        raise DataError(
            f"The pictures are RGB, and the pattern gives each a channel, such as '{values[0]}'. Give a pattern "
            "without {channel}, or pictures in grey"
        )
    found = RGB if form.is_rgb else tuple(GREY if value is None else str(value) for value in values)
    unknown = [name for name in names if name not in found]
    if unknown:
        raise ConfigError(f"--channel names one of the channels {', '.join(found)}. Received: '{unknown[0]}'")
    colors = _RGB_COLORS if form.is_rgb else _COLORS if len(found) > 1 else ("FFFFFF",)
    return tuple(Channel(names.get(name, name), colors[n % len(colors)]) for n, name in enumerate(found))


def _size(wells: Iterable[WellName], wanted: tuple[int, int] | None) -> tuple[int, int]:
    n_rows, n_columns = max(well.row_index + 1 for well in wells), max(well.column for well in wells)
    if wanted is not None:
        return wanted  # the writer refuses a plate that is too small, naming the well
    for size in STANDARD_PLATES:
        if n_rows <= size[0] and n_columns <= size[1]:
            return size
    raise ConfigError(
        f"No standard plate has {n_rows} rows and {n_columns} columns. Say how large it is with --rows and --columns"
    )


def _times_h(places: Places, wanted: Wanted) -> tuple[float, ...]:
    times = [time for time in places.values["time"] if isinstance(time, int)]
    if len(times) < 2:
        if wanted.time_step_h is not None:
            raise ConfigError("--time-step-h needs names of several time points. Received: one. Leave it out")
        return ()
    if wanted.time_step_h is None or not (math.isfinite(wanted.time_step_h) and wanted.time_step_h > 0):
        raise ConfigError(
            f"The names have {len(times)} time points, and do not say how far apart. Give --time-step-h HOURS, above 0"
        )
    return tuple((time - times[0]) * wanted.time_step_h for time in times)


def _n_z(places: Places) -> int:
    return len(places.values["z"])


def _check_guess(wells: Iterable[str], design: PlateDesign) -> None:
    for name in wells:
        well = WellName.parse(name)
        if well.row_index >= design.n_rows or well.column > design.n_columns:
            raise DataError(
                f"The wells table names well {name}, which is not on the smallest standard plate that holds all "
                f"pictures: it has {design.n_rows} rows and {design.n_columns} columns. Correct the table, or give "
                "--rows and --columns"
            )


def _fields(places: Places) -> tuple[FieldPlan, ...]:
    """The fields of each well, numbered from 0 in the order of the microscope's numbers."""
    numbers = {axis: {value: n for n, value in enumerate(places.values[axis])} for axis in places.values}
    files: dict[tuple[WellName, int], dict[tuple[int, int, int], str]] = defaultdict(dict)
    for path, (well, place) in places.of_path.items():
        at = (numbers["time"][place.time], numbers["channel"][place.channel], numbers["z"][place.z])
        files[well, numbers["field"][place.field]][at] = path
    n_seen: Counter[WellName] = Counter()
    fields = []
    for well, number in sorted(files):
        fields.append(FieldPlan(str(well), n_seen[well], files[well, number]))
        n_seen[well] += 1
    return tuple(fields)


def _gaps(fields: Sequence[FieldPlan], table_wells: Sequence[str], design: PlateDesign, form: Form) -> Gaps:
    imaged = dict.fromkeys(one.well for one in fields)
    return Gaps(
        wells=tuple(well for well in table_wells if well not in imaged),
        rows=tuple(well for well in imaged if well not in set(table_wells)),
        fields=_missing_fields(fields),
        channels=_missing_channels(fields, design, form),
    )


def _missing_fields(fields: Sequence[FieldPlan]) -> tuple[str, ...]:
    counts = Counter(one.well for one in fields)
    most = max(counts.values())
    return tuple(f"{well}: {n} of {most} fields" for well, n in counts.items() if n < most)


def _missing_channels(fields: Sequence[FieldPlan], design: PlateDesign, form: Form) -> dict[str, tuple[str, ...]]:
    times, planes = range(max(1, len(design.times_h))), range(design.n_z)
    missing: dict[str, tuple[str, ...]] = {}
    for one in fields:
        absent = [
            channel.name
            for n, channel in enumerate(design.channels)
            if any((t, 0 if form.is_rgb else n, z) not in one.files for t in times for z in planes)
        ]
        if absent:
            known = missing.get(one.well, ())
            missing[one.well] = known + tuple(name for name in absent if name not in known)
    return missing
