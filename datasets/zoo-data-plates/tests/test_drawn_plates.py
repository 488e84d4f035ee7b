"""A plate whose images a program drew is never taken for a real one."""

import json
from pathlib import Path

import pandas as pd

from zoo_core.contract import DatasetCard
from zoo_data_plates.ngff.design import PlateDesign
from zoo_data_plates.ome_plate import OmePlate, OmePlateConfig
from zoo_data_plates.plate_phantom import PlatePhantom, PlatePhantomConfig


def card_of(root: Path) -> DatasetCard:
    return OmePlate(OmePlateConfig(str(root))).card


def changed(design: PlateDesign, **changes: object) -> PlateDesign:
    return PlateDesign.from_json({**design.as_json(), **changes})


def test_a_drawn_plate_on_disk_is_as_drawn_as_the_phantom_it_comes_from(small_plate) -> None:
    small_plate.design = changed(small_plate.design, drawn=True)
    card = card_of(small_plate.finish().folder)
    assert card.drawn == PlatePhantom(PlatePhantomConfig()).card.drawn
    assert "Plate P1 was drawn by a program." in card.notes


def test_one_drawn_plate_among_real_ones_makes_the_data_drawn_and_is_named(small_plate) -> None:
    real = small_plate.design
    small_plate.finish()
    small_plate.folder, small_plate.design = (
        small_plate.folder.with_name("p2.zarr"),
        changed(real, name="P2", drawn=True),
    )
    small_plate.finish()
    card = card_of(small_plate.folder.parent)
    assert card.drawn
    assert [note for note in card.notes if "drawn" in note] == ["Plate P2 was drawn by a program."]


def test_a_plate_that_says_nothing_of_it_is_not_called_drawn(small_plate, foreign_plate) -> None:
    """Plates of microscopes, of other programs, and those that were written before it was asked."""
    folder = small_plate.finish().folder
    assert not card_of(folder).drawn
    theirs = foreign_plate()
    pd.DataFrame({"well": ["A01"]}).to_parquet(theirs / "wells.parquet")
    assert not card_of(theirs).drawn
    metadata = json.loads((folder / "zarr.json").read_text())
    del metadata["attributes"]["zoo"]["design"]["drawn"]
    (folder / "zarr.json").write_text(json.dumps(metadata))
    assert not card_of(folder).drawn
