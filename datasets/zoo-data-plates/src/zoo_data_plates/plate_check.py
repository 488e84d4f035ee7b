"""Looks at all of a plate: whether it can be read, agrees with itself and with its wells table, and how good it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from zoo_core.contract import DataError, ImageError
from zoo_data_plates.ngff.layout import INDEX_FILE, is_finished
from zoo_data_plates.ngff.metadata import is_plate
from zoo_data_plates.ngff.reading import Cut, PlatePixels
from zoo_data_plates.ngff.record import read_record
from zoo_data_plates.plate_index import PlateIndex, index_plate, read_index
from zoo_data_plates.plate_quality import PlaneQuality, full_scale, plane_quality
from zoo_data_plates.wells_table import read_wells

MAX_SATURATED = 0.01
"""Share of pixels of a well and channel at the camera's largest value from which a mean of them is no longer true."""
FOCUS_DEVIATIONS = 5.0
"""Robust standard deviations, of the logarithm, by which a well's focus may lie below the plate's median."""
EMPTY_CONTRAST = 0.1
"""Share of the plate's median contrast below which a well has nothing in it, in each of its channels."""

_THREADS = 4  # each holds one image: more would fill memory, and decoding is the machine's work
_FEWEST = 8  # wells, before it is said of one that it differs from the others


@dataclass(frozen=True)
class Finding:
    """Something that is wrong or odd.

    Attributes:
        kind: layout, metadata, shape, wells, controls, missing, unreadable, flat, saturation, focus or empty.
        where: the plate, a well such as "A01", or a field such as "A01/2".
        what: in one line.
    """

    kind: str
    where: str
    what: str


@dataclass(frozen=True)
class WellChannel:
    """One channel of a well, over all its fields and times that could be read.

    Attributes:
        well: such as "A01".
        channel: its name.
        n_images: fields and times that were looked at.
        saturated: share of pixels at the camera's largest value; 0 where no pixel of the channel reaches one.
        focus: median of `plate_quality.focus`; None where every image is of one value.
        contrast: mean of the images' own.
    """

    well: str
    channel: str
    n_images: int
    saturated: float
    focus: float | None
    contrast: float


@dataclass(frozen=True)
class CheckReport:
    """What was found; data alone.

    Attributes:
        plate: its name.
        version: of OME-NGFF; empty where the metadata could not be read.
        n_wells: with images.
        n_images: fields and time points.
        axes: of the images.
        channels: their names.
        dtype: of the images.
        sizes_px: (y, x) of the images' largest level, each once.
        missing: fields or wells that are named and not there.
        empty_declared: wells whose control role is empty.
        empty_found: wells with hardly any contrast.
        wells: one a well and channel.
        problems: what has to be mended.
        notices: what has to be looked at: controls of one kind, saturation, focus, wells that look empty and should
            not, or the reverse.
    """

    plate: str
    version: str = ""
    n_wells: int = 0
    n_images: int = 0
    axes: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    dtype: str = ""
    sizes_px: tuple[tuple[int, int], ...] = ()
    missing: tuple[str, ...] = ()
    empty_declared: tuple[str, ...] = ()
    empty_found: tuple[str, ...] = ()
    wells: tuple[WellChannel, ...] = ()
    problems: tuple[Finding, ...] = ()
    notices: tuple[Finding, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether nothing has to be mended."""
        return not self.problems

    def as_json(self) -> dict[str, Any]:
        """All of it, for JSON."""
        return {"ok": self.ok, **asdict(self)}


def check_plate(folder: Path, advance: Callable[[int, int], None]) -> CheckReport:
    """Look at every image of a plate, several at a time.

    Args:
        folder: the plate's.
        advance: told how many images of how many were looked at, in this thread.
    Raises:
        DataError: there is no plate at all; whatever else is wrong is in the report.
    """
    if not folder.is_dir() or not _is_plate(folder):
        raise DataError(f"A plate in OME-Zarr is a folder with 'plate' in its metadata. Received: {folder}")
    try:
        index = index_plate(folder)
    except DataError as error:
        return CheckReport(folder.name, problems=(Finding("metadata", folder.name, str(error)),))
    problems = [*_layout(folder, index), *_validity(folder, index), *_shapes(index)]
    problems += [Finding("missing", name, "is named in the metadata and not there") for name in index.missing]
    wells, of_table = _wells_table(folder, index)
    looked = _look(folder, index, advance)
    qualities = _by_well(index, looked)
    declared = set(wells.loc[wells["control_role"] == "empty", "well"])
    empty = _empty_wells(qualities, declared)
    problems += [*of_table, *(finding for one in looked for finding in one.findings), *_flat(index, looked)]
    return CheckReport(
        plate=index.name,
        version=index.version,
        n_wells=index.images["well"].nunique(),
        n_images=len(index.images),
        axes=index.axes,
        channels=tuple(channel.name for channel in index.channels),
        dtype=index.dtype,
        sizes_px=tuple(sorted(set(_sizes(index)))),
        missing=index.missing,
        empty_declared=tuple(sorted(declared & set(index.images["well"]))),
        empty_found=tuple(sorted(empty)),
        wells=qualities,
        problems=tuple(problems),
        notices=(
            *_one_control(wells, index),
            *_saturated(qualities),
            *_blurred(qualities, empty),
            *_unlike_declared(empty, declared, index),
        ),
    )


@dataclass(frozen=True)
class _Looked:
    """One image: the quality of each channel, or why it cannot be read."""

    row: int
    planes: tuple[PlaneQuality, ...]
    findings: tuple[Finding, ...]


def _is_plate(folder: Path) -> bool:
    try:
        return is_plate(folder)
    except DataError:
        return True  # damaged, which the report says


def _layout(folder: Path, index: PlateIndex) -> Iterator[Finding]:
    if not is_finished(folder):
        if read_record(folder) is not None:
            yield Finding("layout", index.name, f"is unfinished: it has no {INDEX_FILE}. Import it again, to go on")
        return
    try:
        stored = read_index(folder)
    except DataError as error:
        yield Finding("layout", index.name, str(error))
        return
    names = ["path", "time"]
    if not stored.images[names].equals(index.images[names].astype(stored.images[names].dtypes.to_dict())):
        yield Finding(
            "layout", index.name, f"{INDEX_FILE} names {len(stored.images)} images, the plate has {len(index.images)}"
        )


def _validity(folder: Path, index: PlateIndex) -> Iterator[Finding]:
    """What ome-zarr-models says of the metadata of the plate and of all its wells, images and labels."""
    import zarr
    from ome_zarr_models.v04.hcs import HCS as HCS04
    from ome_zarr_models.v05.hcs import HCS as HCS05

    model = HCS05 if index.version == "0.5" else HCS04
    try:
        model.from_zarr(zarr.open_group(folder, mode="r"))
    except (ValueError, TypeError, LookupError, OSError, RuntimeError) as error:  # what it and zarr raise
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        reason = " ".join(line for line in lines if "errors.pydantic.dev" not in line)
        yield Finding("metadata", index.name, f"is not valid OME-NGFF {index.version}: {reason[:300]}")


def _shapes(index: PlateIndex) -> Iterator[Finding]:
    sizes = _sizes(index)
    usual = max(sorted(set(sizes)), key=sizes.count)
    for name, size, heights, widths in zip(
        _names(index), sizes, index.images["heights"], index.images["widths"], strict=True
    ):
        if size != usual:
            yield Finding("shape", name, f"is of {size[0]} x {size[1]} px; most are of {usual[0]} x {usual[1]}")
        levels = list(zip(heights, widths, strict=True))
        if any(b[0] > a[0] or b[1] > a[1] or b == a for a, b in pairwise(levels)):
            sides = ", ".join(f"{height} x {width}" for height, width in levels)
            yield Finding("shape", name, f"has levels that do not get smaller: {sides} px")


def _wells_table(folder: Path, index: PlateIndex) -> tuple[pd.DataFrame, list[Finding]]:
    try:
        wells = read_wells(folder, index.rows, index.columns)
    except DataError as error:
        return pd.DataFrame(columns=["well", "control_role"]), [Finding("wells", index.name, str(error))]
    imaged = set(index.images["well"])
    # Without an image an empty well lacks nothing.
    bare = [
        Finding("wells", well, "is in the wells table and has no image")
        for well in wells.loc[wells["control_role"] != "empty", "well"]
        if well not in imaged
    ]
    unknown = sorted(imaged - set(wells["well"]))
    return wells, bare + [Finding("wells", well, "has images and is not in the wells table") for well in unknown]


def _one_control(wells: pd.DataFrame, index: PlateIndex) -> Iterator[Finding]:
    roles = set(wells.loc[wells["well"].isin(list(index.images["well"])), "control_role"])
    there = {"negative", "positive"} & roles
    if len(there) == 1:
        (missing,) = {"negative", "positive"} - there
        what = f"has no {missing} control with an image: how far the controls are apart (Z') is undefined"
        yield Finding("controls", index.name, what)


def _look(folder: Path, index: PlateIndex, advance: Callable[[int, int], None]) -> list[_Looked]:
    n_channels = len(index.channels)
    pixels = PlatePixels(folder, index.version, index.axes, index.whole, range(n_channels), None)
    images = index.images.to_dict("records")
    names = _names(index)

    def look(row: int) -> _Looked:
        image, name = images[row], names[row]
        planes: tuple[PlaneQuality, ...] = ()
        # The smaller levels first: of what is read last the quality is taken.
        for level in reversed(image["levels"]):
            cut = Cut(f"{image['path']}/{level}", int(image["time"]), None, None, f"Level {level}")
            try:
                read = pixels.request(cut)()
            except ImageError as error:
                return _Looked(row, (), (Finding("unreadable", name, str(error)),))
            if level == image["levels"][0]:
                planes = tuple(plane_quality(read[..., channel]) for channel in range(n_channels))
        return _Looked(row, planes, ())

    looked = []
    with ThreadPoolExecutor(_THREADS) as pool:
        for one in pool.map(look, range(len(images))):
            looked.append(one)
            advance(len(looked), len(images))
    return looked


def _by_well(index: PlateIndex, looked: Sequence[_Looked]) -> tuple[WellChannel, ...]:
    read = [one for one in looked if one.planes]
    of_well: dict[str, list[_Looked]] = {}
    for one in read:
        of_well.setdefault(index.images["well"].iloc[one.row], []).append(one)
    scales = [
        full_scale(max((one.planes[number].largest for one in read), default=0))
        for number in range(len(index.channels))
    ]
    return tuple(
        _well_channel(well, channel.name, [one.planes[number] for one in ones], scales[number])
        for well, ones in of_well.items()
        for number, channel in enumerate(index.channels)
    )


def _well_channel(well: str, channel: str, planes: Sequence[PlaneQuality], scale: int | None) -> WellChannel:
    saturated = [plane.at_largest if plane.largest == scale else 0.0 for plane in planes]
    sharpness = [plane.focus for plane in planes if not plane.is_flat]
    return WellChannel(
        well=well,
        channel=channel,
        n_images=len(planes),
        saturated=float(np.mean(saturated)),
        focus=float(np.median(sharpness)) if sharpness else None,
        contrast=float(np.mean([plane.contrast for plane in planes])),
    )


def _flat(index: PlateIndex, looked: Sequence[_Looked]) -> Iterator[Finding]:
    """Channels in which every image of the plate is one and the same value."""
    read = [one for one in looked if one.planes]
    for number, channel in enumerate(index.channels):
        planes = [one.planes[number] for one in read]
        values = {(plane.smallest, plane.largest) for plane in planes}
        if len(values) == 1 and planes[0].is_flat:
            yield Finding("flat", index.name, f"is all one value in channel '{channel.name}': {planes[0].largest}")


def _empty_wells(qualities: Sequence[WellChannel], declared: set[str]) -> set[str]:
    """Wells that have hardly any contrast in each channel, measured by the wells that are not declared empty."""
    contrasts = pd.DataFrame(
        [(one.well, one.channel, one.contrast) for one in qualities], columns=["well", "channel", "contrast"]
    )
    table = contrasts.pivot_table(index="well", columns="channel", values="contrast")
    usual = table[~table.index.isin(list(declared))].median()
    return set(table.index[(table < EMPTY_CONTRAST * usual).all(axis=1)]) if len(usual) else set()


def _saturated(qualities: Sequence[WellChannel]) -> Iterator[Finding]:
    for one in qualities:
        if one.saturated > MAX_SATURATED:
            what = f"has {one.saturated:.1%} of the pixels of channel '{one.channel}' at the camera's largest value"
            yield Finding("saturation", one.well, what)


def _blurred(qualities: Sequence[WellChannel], empty: set[str]) -> Iterator[Finding]:
    for channel in dict.fromkeys(one.channel for one in qualities):
        ones = [
            (one.well, one.focus)
            for one in qualities
            if one.channel == channel and one.focus is not None and one.focus > 0 and one.well not in empty
        ]
        if len(ones) < _FEWEST:
            continue
        logs = np.log([focus for _, focus in ones])
        median = np.median(logs)
        deviation = 1.4826 * np.median(np.abs(logs - median))  # the standard deviation, where they are normal
        for (well, _), log in zip(ones, logs, strict=True):
            if median - log > FOCUS_DEVIATIONS * deviation > 0:
                times = np.exp(median - log)
                yield Finding(
                    "focus", well, f"has {times:.1f} times less fine detail in channel '{channel}' than usual"
                )


def _unlike_declared(empty: set[str], declared: set[str], index: PlateIndex) -> Iterator[Finding]:
    for well in sorted(empty - declared):
        yield Finding("empty", well, "looks empty, and its control role is not empty")
    for well in sorted((declared & set(index.images["well"])) - empty):
        yield Finding("empty", well, "has the control role empty, and does not look so")


def _sizes(index: PlateIndex) -> list[tuple[int, int]]:
    return [
        (int(heights[0]), int(widths[0]))
        for heights, widths in zip(index.images["heights"], index.images["widths"], strict=True)
    ]


def _names(index: PlateIndex) -> list[str]:
    names = index.images["well"] + "/" + index.images["field"].astype(str)
    return list(names + "/t" + index.images["time"].astype(str) if "t" in index.axes else names)
