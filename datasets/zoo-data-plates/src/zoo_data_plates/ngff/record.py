"""What was decided of a plate that is written here, kept in its metadata beside NGFF's own."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zoo_core.contract import DataError
from zoo_data_plates.ngff.design import PlateDesign
from zoo_data_plates.well_names import WellName

ATTRIBUTE = "zoo"
"""Attribute of the plate's group, beside `ome`, which holds all of NGFF 0.5."""


@dataclass(frozen=True)
class PlateRecord:
    """A plate as it was planned.

    Attributes:
        design: what it is like.
        wells: planned number of fields by name of the well.
    """

    design: PlateDesign
    wells: dict[str, int]

    def as_json(self) -> dict[str, Any]:
        """What JSON can hold of it."""
        return {"design": self.design.as_json(), "wells": self.wells}


def read_record(folder: Path) -> PlateRecord | None:
    """What `create_plate` noted of a plate; None of a plate that others wrote, and where there is none.

    Raises:
        DataError: it is damaged.
    """
    try:
        attributes = json.loads((folder / "zarr.json").read_bytes())["attributes"]
        noted = attributes.get(ATTRIBUTE)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None  # no group of zarr 3, hence no plate of ours
    if noted is None:
        return None
    try:
        wells = {str(WellName.parse(well)): int(n_fields) for well, n_fields in noted["wells"].items()}
        return PlateRecord(PlateDesign.from_json(noted["design"]), wells)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise DataError(
            f"Plate {folder} needs its own note in attribute '{ATTRIBUTE}' as it was written: {error}"
        ) from error
