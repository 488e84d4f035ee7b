"""A small plate to be written, and to be broken in one place at a time."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import zarr
from ome_zarr.format import FormatV04, FormatV05
from ome_zarr.writer import write_image, write_plate_metadata, write_well_metadata

from zoo_data_plates.ngff.design import Channel, PlateDesign
from zoo_data_plates.ngff.writing import create_plate, finish_plate, write_field


@dataclass
class SmallPlate:
    """Two rows, three columns; images of 7 x 5 pixels unless said otherwise, different in each field."""

    folder: Path
    design: PlateDesign
    wells: Mapping[str, int] = field(default_factory=lambda: {"A01": 1, "A03": 3, "B02": 1})
    side_px: tuple[int, int] = (7, 5)

    def image(self, well: str, number: int) -> np.ndarray:
        """The image of a field, the same at every call."""
        lengths = {"t": len(self.design.times_h), "c": len(self.design.channels), "z": self.design.n_z}
        shape = [lengths[axis] for axis in self.design.axes[:-2]] + list(self.side_px)
        drawn = np.random.default_rng([ord(letter) for letter in well] + [number])
        return drawn.integers(*self.design.full_range, shape, self.design.dtype, endpoint=True)

    def write(self) -> "SmallPlate":
        """Write all of its fields."""
        create_plate(self.folder, self.design, self.wells)
        for well, n_fields in self.wells.items():
            for number in range(n_fields):
                write_field(self.folder, self.design, well, number, self.image(well, number))
        return self

    def finish(self, **columns: object) -> "SmallPlate":
        """Write all of its fields and its tables; wells are negative, positive and treated unless said otherwise."""
        self.write()
        finish_plate(self.folder, pd.DataFrame({**WELLS, **columns}))
        return self


WELLS: dict[str, object] = {
    "well": ["A01", "A03", "B02"],
    "treatment": ["DMSO", "wortmannin", "wortmannin"],
    "concentration": [None, 150.0, 1.5],
    "concentration_unit": [None, "nM", "nM"],
    "control_role": ["negative", "positive", None],
    "replicate": [1, 1, 2],
    "batch": ["x", "y", "z"],
}


def design(**changes: object) -> PlateDesign:
    """A plate of two channels, changed where the test says."""
    usual: dict[str, object] = {
        "name": "P1",
        "n_rows": 2,
        "n_columns": 3,
        "channels": (Channel("DNA", "0000FF"), Channel("GFP", "00FF00", (10, 200))),
        "dtype": "uint16",
        "pixel_size_um": 0.65,
    }
    return PlateDesign(**{**usual, **changes})


@pytest.fixture
def small_plate(tmp_path: Path) -> SmallPlate:
    """A plate that is not written yet."""
    return SmallPlate(tmp_path / "plate.zarr", design())


FOREIGN_CHANNELS = {
    "channels": [
        {"label": name, "color": "FF0000", "window": {"min": 0, "max": 255, "start": 0, "end": 9}}
        for name in ("DNA", "GFP")
    ]
}


def foreign_pixels(number: int, axes: str = "cyx") -> np.ndarray:
    shape = [{"t": 3, "c": 2, "z": 2, "y": 7, "x": 5}[axis] for axis in axes]
    return np.random.default_rng(number).integers(1, 255, shape, np.uint8)


def write_foreign(folder: Path, version: str = "0.4", axes: str = "cyx", unit: str | None = "nanometer") -> Path:
    """A plate of wells A01 (two fields) and B02 (one) on two rows and two columns."""
    fmt = {"0.4": FormatV04(), "0.5": FormatV05()}[version]
    plate = zarr.open_group(folder, mode="w", zarr_format=fmt.zarr_format)
    write_plate_metadata(plate, ["A", "B"], ["01", "02"], ["A/01", "B/02"], fmt=fmt, name="Theirs")
    for path, n_fields in (("A/01", 2), ("B/02", 1)):
        well = plate.require_group(path)
        write_well_metadata(well, [str(field) for field in range(n_fields)], fmt=fmt)
        for number in range(n_fields):
            write_image(
                foreign_pixels(number + 10 * (path == "B/02"), axes),
                well.require_group(str(number)),
                scale_factors=[2],
                fmt=fmt,
                axes=axes,
                scale={axis: 325.0 if axis in "yx" else 30.0 if axis == "t" else 1.0 for axis in axes},
                axes_units={
                    **({} if unit is None else {"y": unit, "x": unit}),
                    **({"t": "minute"} if "t" in axes else {}),
                },
                omero=FOREIGN_CHANNELS if "c" in axes else None,
            )
    return folder


@pytest.fixture
def foreign_plate(tmp_path: Path) -> Callable[..., Path]:
    """Writes a plate as other programs do: OME-NGFF 0.4 or 0.5 by ome-zarr alone, without tables of ours."""
    return lambda *settings, **named: write_foreign(tmp_path / "theirs.zarr", *settings, **named)
