"""How a microscope names its files: a pattern that finds well, field, channel, time and z in a name."""

import re
from dataclasses import dataclass
from typing import Literal

from zoo_core.contract import ConfigError

FIELDS = {
    "row": r"[A-Za-z]{1,2}|\d{1,2}",
    "column": r"\d{1,3}",
    "well": r"[A-Za-z]{1,2}\d{1,3}",
    "field": r"\d{1,9}",
    "channel": r"[^/]+?",
    "time": r"\d{1,9}",
    "z": r"\d{1,9}",
    "index": r"[^/]+?",
}
"""What each field may hold, as a regular expression. None crosses a folder; `index` is read and forgotten."""

IMAGEXPRESS = "imagexpress"
"""Name of the pattern of Molecular Devices' microscopes, `TimePoint_1/ZStep_2/PLATE_A01_s1_w1<UUID>.TIF`: the folders
and all after the well are there only where the plate has more than one of them."""

_UUID = r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"
_IMAGEXPRESS = (
    r"(?:TimePoint_(?P<time>\d+)/)?(?:ZStep_(?P<z>\d+)/)?"
    rf"[^/]+_(?P<well>[A-Z]{{1,2}}\d{{2}})(?:_s(?P<field>\d+))?(?:_w(?P<channel>\d+))?(?:{_UUID})?\.(?i:tiff?)"
)
_IMAGEXPRESS_THUMBNAIL = r"[^/]*_thumb[^/]*"

_FOLDERS = r"(?:.*?/)??"
"""Folders in front of the pattern, as few as will do: an optional folder of the pattern is then not taken for one."""


@dataclass(frozen=True)
class Place:
    """Where a file belongs on its plate; None where the name does not say.

    Attributes:
        row: letters, or a number from 1.
        column: a number from 1.
        field: of the well, as the microscope counts.
        channel: name or number.
        time: number of the time point.
        z: number of the focal plane.
    """

    row: str
    column: str
    field: int | None = None
    channel: str | None = None
    time: int | None = None
    z: int | None = None


@dataclass(frozen=True)
class Pattern:
    """A pattern ready to be matched.

    Attributes:
        text: as the user gave it.
        names: matches the path of a picture below the source, with `/` between folders.
        thumbnails: matches what the microscope adds for a quick look; None where it adds nothing.
    """

    text: str
    names: re.Pattern[str]
    thumbnails: re.Pattern[str] | None = None

    def place(self, path: str) -> Place | Literal["thumbnail"] | None:
        """Where the file of this path belongs.

        Args:
            path: below the source, with `/` between folders.
        Returns:
            Its place, "thumbnail" for one, None for a name of another form.
        """
        if self.thumbnails is not None and self.thumbnails.fullmatch(path):
            return "thumbnail"
        match = self.names.fullmatch(path)
        return None if match is None else _place(match.groupdict())


def compile_pattern(text: str) -> Pattern:
    """Make a pattern ready; all outside its braces stands for itself.

    Args:
        text: `imagexpress`, or a file name, with folders or without, in which `{row}`, `{column}`, `{well}`, `{field}`,
            `{channel}`, `{time}` and `{z}` stand for what differs and `{index}` for what is of no interest.
    Raises:
        ConfigError: an unknown field, one that comes twice (`{index}` may), a lone brace, or no way to know the well.

    >>> compile_pattern("{well}_{channel}.tif").place("monday/B03_GFP.tif")
    Place(row='B', column='03', field=None, channel='GFP', time=None, z=None)
    """
    if text == IMAGEXPRESS:
        return Pattern(text, re.compile(_FOLDERS + _IMAGEXPRESS), re.compile(_FOLDERS + _IMAGEXPRESS_THUMBNAIL))
    # Every second part is what stood between braces.
    parts = re.split(r"\{([^{}]*)\}", text)
    literals, fields = parts[::2], parts[1::2]
    _check(text, literals, fields)
    pieces = [re.escape(literals[0])]
    for field, literal in zip(fields, literals[1:], strict=True):
        name = "" if field == "index" else f"?P<{field}>"
        pieces.append(f"({name}{FIELDS[field]}){re.escape(literal)}")
    return Pattern(text, re.compile(_FOLDERS + "".join(pieces)))


def _check(text: str, literals: list[str], fields: list[str]) -> None:
    if any("{" in literal or "}" in literal for literal in literals):
        raise ConfigError(f"A pattern needs a '}}' to each '{{'. Received: '{text}'")
    for field in fields:
        if field not in FIELDS:
            raise ConfigError(
                f"A pattern has the fields {', '.join(f'{{{name}}}' for name in FIELDS)}. Received: '{{{field}}}' in "
                f"'{text}'"
            )
        if field != "index" and fields.count(field) > 1:
            raise ConfigError(f"A pattern has each field once ({{index}} as often as it likes). Received: '{text}'")
    is_split = {"row", "column"} <= set(fields)
    if ("well" in fields) == is_split or ("well" in fields and {"row", "column"} & set(fields)):
        raise ConfigError(
            f"A pattern needs either {{well}} or both {{row}} and {{column}}, or be '{IMAGEXPRESS}'. Received: '{text}'"
        )


def _place(found: dict[str, str | None]) -> Place:
    row, column = found.get("row"), found.get("column")
    if row is None or column is None:
        well = found["well"] or ""
        row = well.rstrip("0123456789")
        column = well[len(row) :]
    numbers = {name: _number(found.get(name)) for name in ("field", "time", "z")}
    return Place(row, column, channel=found.get("channel"), **numbers)


def _number(text: str | None) -> int | None:
    return None if text is None else int(text)
