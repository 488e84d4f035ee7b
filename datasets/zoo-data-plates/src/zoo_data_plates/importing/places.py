"""Which file is which plane of which field: names grouped into wells, fields, channels, times and z."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from zoo_core.contract import DataError
from zoo_data_plates.importing.image_files import ENDINGS
from zoo_data_plates.importing.pattern import Pattern, Place
from zoo_data_plates.importing.source import Source
from zoo_data_plates.well_names import WellName

AXES = ("field", "channel", "time", "z")
"""What tells the pictures of one well apart."""

_N_SHOWN = 3


@dataclass(frozen=True)
class Places:
    """The pictures of a source, each at its place.

    Attributes:
        of_path: well and place by path.
        values: all there are of each of `AXES`, in order; `(None,)` where the names do not say.
        n_ignored: files by what they are: "thumbnail", "projection" (beside its stack), "unmatched" (a picture of
            another name), "other" (no picture), "link" (out of the source, or to a folder).
    """

    of_path: Mapping[str, tuple[WellName, Place]]
    values: Mapping[str, tuple[int | str | None, ...]]
    n_ignored: Mapping[str, int]


def find_places(source: Source, pattern: Pattern) -> Places:
    """Match every name of a source.

    Raises:
        DataError: no name matches, a name gives a well that no plate has, or two files belong at one place.
    """
    of_path: dict[str, tuple[WellName, Place]] = {}
    unmatched: list[str] = []
    n_thumbnails = 0
    for path in source.paths:
        place = pattern.place(path)
        if place is None:
            unmatched.append(path)
        elif place == "thumbnail":
            n_thumbnails += 1
        else:
            of_path[path] = (_well(path, place), place)
    pictures = [path for path in unmatched if path.lower().endswith(ENDINGS)]
    if not of_path:
        raise DataError(_nothing(source, pattern, pictures or unmatched))
    stacked = _without_projections(of_path)
    _check_unique(stacked)
    n_ignored = {
        "thumbnail": n_thumbnails,
        "projection": len(of_path) - len(stacked),
        "unmatched": len(pictures),
        "other": len(unmatched) - len(pictures),
        "link": source.n_links,
    }
    return Places(stacked, {axis: _values(axis, stacked) for axis in AXES}, n_ignored)


def _well(path: str, place: Place) -> WellName:
    try:
        return WellName.of(place.row, place.column)
    except DataError as error:
        raise DataError(f"'{path}': {error}") from error


def _nothing(source: Source, pattern: Pattern, names: Sequence[str]) -> str:
    shown = ", ".join(f"'{name}'" for name in names[:_N_SHOWN])
    links = f"; {source.n_links} links lead out of it and are not followed" if source.n_links else ""
    received = f"{shown}{' ...' if len(names) > _N_SHOWN else ''}" if names else "no file"
    return (
        f"The pattern '{pattern.text}' matches none of the {len(source.paths)} files in {source.root}{links}. "
        f"Received: {received}: write the pattern as these names are written"
    )


def _without_projections(of_path: Mapping[str, tuple[WellName, Place]]) -> dict[str, tuple[WellName, Place]]:
    """Without the pictures that bear no z where others do: a microscope's projections of the same stacks."""
    has_stacks = any(place.z is not None for _, place in of_path.values())
    return {path: found for path, found in of_path.items() if not has_stacks or found[1].z is not None}


def _check_unique(of_path: Mapping[str, tuple[WellName, Place]]) -> None:
    taken: dict[tuple[object, ...], str] = {}
    for path, (well, place) in of_path.items():
        key = (well, *(getattr(place, axis) for axis in AXES))
        if key in taken:
            raise DataError(
                f"Two files belong at one place, well {well}: '{taken[key]}' and '{path}'. Write into the pattern what "
                "tells them apart, or move one away"
            )
        taken[key] = path


def _values(axis: str, of_path: Mapping[str, tuple[WellName, Place]]) -> tuple[int | str | None, ...]:
    example = {getattr(place, axis): path for path, (_, place) in of_path.items()}
    if None in example and len(example) > 1:
        other = next(path for value, path in example.items() if value is not None)
        raise DataError(
            f"Either all names or none say the {axis}. Received: '{example[None]}' and '{other}'. Give a pattern or a "
            "source with one kind"
        )
    return tuple(_in_order(example))


def _in_order(values: Iterable[int | str | None]) -> list[int | str | None]:
    """Sorted, with 10 after 9 also within names."""
    return sorted(values, key=lambda value: [_rank(part) for part in re.split("([0-9]+)", str(value))])


def _rank(part: str) -> tuple[int, str]:
    return (int(part), "") if part.isdigit() else (-1, part)
