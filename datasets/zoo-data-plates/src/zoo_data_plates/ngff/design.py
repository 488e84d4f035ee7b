"""What a plate is like: decided before the first well is written, the same for every field of it."""

from __future__ import annotations

import math
import re
from dataclasses import asdict, dataclass
from typing import Any

from zoo_core.contract import DataError
from zoo_data_plates.well_names import row_name

DTYPES = ("uint8", "uint16")
"""What microscopes and cameras give, and all that is written: pixels stay as they were acquired."""


@dataclass(frozen=True)
class Channel:
    """One channel of every image of a plate.

    Attributes:
        name: such as "DNA"; no other channel of the plate bears it.
        color: six hexadecimal digits RGB that a viewer shows it in.
        window: darkest and brightest value that a viewer shows; None for all that the dtype holds.
    """

    name: str
    color: str = "FFFFFF"
    window: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        if not self.name.strip():
            raise DataError(f"A channel needs a name. Received: '{self.name}'")
        if not re.fullmatch("[0-9A-Fa-f]{6}", self.color):
            raise DataError(f"Channel '{self.name}' needs a color of six digits 0-9, A-F. Received: '{self.color}'")
        if self.window is not None and not self.window[0] < self.window[1]:
            raise DataError(f"Channel '{self.name}' needs a window (low, high), low first. Received: {self.window}")


@dataclass(frozen=True)
class PlateDesign:
    """A plate and what its images are like.

    Attributes:
        name: of the plate, unique among those that are looked at together.
        n_rows: physical rows, with or without images.
        n_columns: physical columns.
        channels: in the order in which they lie in every image.
        dtype: "uint8" or "uint16".
        pixel_size_um: side of a pixel; None where nobody knows it.
        times_h: hours since the first image, rising; empty where every field was seen once.
        n_z: planes along z.
        drawn: whether a program drew the images, which every card and report of them then says.
    """

    name: str
    n_rows: int
    n_columns: int
    channels: tuple[Channel, ...]
    dtype: str
    pixel_size_um: float | None = None
    times_h: tuple[float, ...] = ()
    n_z: int = 1
    drawn: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "channels", tuple(self.channels))
        object.__setattr__(self, "times_h", tuple(float(time) for time in self.times_h))
        wrong = _what_is_wrong(self)
        if wrong:
            raise DataError(f"Plate '{self.name}' {wrong}")

    @property
    def axes(self) -> tuple[str, ...]:
        """Axes of every image: t and z only where there is more than one, always c, y, x."""
        return (*(("t",) if self.times_h else ()), "c", *(("z",) if self.n_z > 1 else ()), "y", "x")

    @property
    def rows(self) -> tuple[str, ...]:
        """Names of all rows."""
        return tuple(row_name(index) for index in range(self.n_rows))

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of all columns."""
        return tuple(str(column) for column in range(1, self.n_columns + 1))

    @property
    def full_range(self) -> tuple[int, int]:
        """Smallest and largest value the dtype holds."""
        return (0, 255) if self.dtype == "uint8" else (0, 65535)

    def as_json(self) -> dict[str, Any]:
        """What JSON can hold of it; `from_json` makes the design again."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> PlateDesign:
        """The design that `as_json` gave.

        Raises:
            DataError: it is not one.
        """
        try:
            channels = tuple(
                Channel(one["name"], one["color"], None if one["window"] is None else tuple(one["window"]))
                for one in value["channels"]
            )
            return cls(**{**value, "channels": channels})
        except (TypeError, KeyError, AttributeError) as error:
            raise DataError(f"A plate's design needs the fields of PlateDesign. Received: {value}") from error


def _what_is_wrong(design: PlateDesign) -> str:
    names = [channel.name for channel in design.channels]
    rising = all(a < b for a, b in zip(design.times_h, design.times_h[1:], strict=False))
    checks = (
        (bool(design.name.strip()) and not set(design.name) & set("/\\\0\n"), "needs a name without slashes"),
        (1 <= design.n_rows <= 702, f"needs 1 to 702 rows. Received: {design.n_rows}"),
        (1 <= design.n_columns <= 99, f"needs 1 to 99 columns. Received: {design.n_columns}"),
        (bool(names), "needs at least one channel. Received: none"),
        (len(set(names)) == len(names), f"needs channels of different names. Received: {', '.join(names)}"),
        (design.dtype in DTYPES, f"needs images of uint8 or uint16, as acquired. Received: {design.dtype}"),
        (
            design.pixel_size_um is None or (design.pixel_size_um > 0 and math.isfinite(design.pixel_size_um)),
            f"needs a pixel size above 0 in micrometers, or none. Received: {design.pixel_size_um}",
        ),
        (rising and all(map(math.isfinite, design.times_h)), f"needs times that rise. Received: {design.times_h}"),
        (design.n_z >= 1, f"needs at least one plane along z. Received: {design.n_z}"),
        (isinstance(design.drawn, bool), f"needs drawn to be true or false. Received: {design.drawn}"),
    )
    return next((text for is_right, text in checks if not is_right), "")
