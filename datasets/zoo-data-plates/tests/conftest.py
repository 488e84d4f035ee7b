"""A small plate to be written, and to be broken in one place at a time."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from zoo_data_plates.ngff.design import Channel, PlateDesign
from zoo_data_plates.ngff.writing import create_plate, write_field


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
