import json

import pytest

from zoo_core.contract import DataError
from zoo_data_plates.ngff.design import Channel, PlateDesign

DNA = Channel("DNA")


def test_axes_name_only_what_there_is() -> None:
    assert PlateDesign("P", 1, 1, (DNA,), "uint8").axes == ("c", "y", "x")
    assert PlateDesign("P", 1, 1, (DNA,), "uint8", times_h=(0,), n_z=2).axes == ("t", "c", "z", "y", "x")


def test_a_design_survives_json() -> None:
    design = PlateDesign("P", 32, 48, (DNA, Channel("GFP", "00ff00", (1, 2.5))), "uint16", 0.5, (0, 1.5), 3, True)
    assert PlateDesign.from_json(json.loads(json.dumps(design.as_json()))) == design


@pytest.mark.parametrize("value", [{}, {"name": "P"}, {"channels": [{"name": "DNA"}]}, {"channels": None}])
def test_a_design_that_is_none_is_refused(value: dict[str, object]) -> None:
    with pytest.raises(DataError, match="Received: "):
        PlateDesign.from_json(value)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": "a/b"}, "without slashes"),
        ({"n_rows": 0}, "rows. Received: 0"),
        ({"n_columns": 100}, "columns. Received: 100"),
        ({"channels": ()}, "at least one channel"),
        ({"channels": (DNA, DNA)}, "different names. Received: DNA, DNA"),
        ({"dtype": "float32"}, "Received: float32"),
        ({"pixel_size_um": -1.0}, "Received: -1.0"),
        ({"pixel_size_um": float("nan")}, "Received: nan"),
        ({"times_h": (0, 2, 1)}, "times that rise"),
        ({"n_z": 0}, "plane along z"),
        ({"drawn": "no"}, "true or false. Received: no"),
    ],
)
def test_a_design_that_cannot_be_is_refused(changes: dict[str, object], words: str) -> None:
    usual: dict[str, object] = {"name": "P", "n_rows": 1, "n_columns": 1, "channels": (DNA,), "dtype": "uint8"}
    with pytest.raises(DataError, match=words):
        PlateDesign(**{**usual, **changes})


@pytest.mark.parametrize(
    "settings", [{"name": " "}, {"name": "A", "color": "red"}, {"name": "A", "window": (5.0, 5.0)}]
)
def test_a_channel_that_cannot_be_is_refused(settings: dict[str, object]) -> None:
    with pytest.raises(DataError, match="Received: "):
        Channel(**settings)
