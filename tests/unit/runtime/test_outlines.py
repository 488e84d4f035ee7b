"""Pictures of plants with outlines: of points that fit, where they lie, and none of a lab that did not ask for them."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from zoo_core.contract import ArraySpec, DatasetCard, Example, Label
from zoo_core.data.reader import Examples
from zoo_core.runtime.config import ReportConfig
from zoo_core.runtime.outlines import MOST_PLANTS, chosen_points, write_outlines
from zoo_core.runtime.record import RunFolder
from zoo_core.runtime.shapes import OUTLINES

HEIGHT, WIDTH = 4, 8


class Plants:
    """Pictures of as many grey levels as there are, so that one tells which it is."""

    labels = (Label("area", "value"),)
    specs = (ArraySpec("image", ("y", "x", "c"), (HEIGHT, WIDTH, 3), "uint8", (0, 255)),)

    def __init__(self, drawn: bool) -> None:
        self.card = DatasetCard("Lab", "", "", "", "", drawn=drawn)

    def read(self, i: int) -> dict[str, np.ndarray]:
        return {"image": np.full((HEIGHT, WIDTH, 3), i, np.uint8)}


class Tracing:
    """Draws around all of a picture."""

    labels = Plants.labels

    def outlines(self, example: Example) -> list[np.ndarray]:
        y, x = example.arrays["image"].shape[:2]
        return [np.array([[-0.5, -0.5], [-0.5, x - 0.5], [y - 0.5, x - 0.5], [-0.5, -0.5]])]


def points(*plants: str, n: int = 5) -> pd.DataFrame:
    """Points of plants one after the other, each a day later; the last of a plant does not fit."""
    rows = [(plant, 24.0 * time, float(time), "jump" if time == n - 1 else "") for plant in plants for time in range(n)]
    table = pd.DataFrame(rows, columns=["name", "time_h", "value", "flag"])
    return table.assign(unit="px", trait="area_px", smooth=1.0, example_id=[f"e{i}" for i in range(len(table))])


def written(folder: Path, series: pd.DataFrame, drawn: bool = True, task: Any = None) -> Any:
    adapter, index = Plants(drawn), pd.DataFrame({"example_id": [f"e{i}" for i in range(100)]})
    task = task or Tracing()
    prepared: Any = SimpleNamespace(
        adapter=adapter,
        task=task,
        index=index,
        config=SimpleNamespace(report=ReportConfig()),
        examples=lambda: Examples(adapter, task, index, {}),  # type: ignore[arg-type] # of which only names are asked
    )
    write_outlines(RunFolder(folder), prepared, series)
    path = folder / "outlines.json"
    if not path.exists():
        return None
    OUTLINES.validate_json(path.read_text(), strict=True)
    return json.loads(path.read_text())


def test_the_first_the_middle_and_the_last_point_that_fits_are_shown() -> None:
    ((name, own),) = chosen_points(points("a").sample(frac=1, random_state=0))
    assert (name, own["time_h"].tolist()) == ("a", [0.0, 48.0, 72.0])


@pytest.mark.parametrize(("n_fit", "wanted"), [(1, [0.0]), (2, [0.0, 24.0])])
def test_a_point_is_shown_once(n_fit: int, wanted: list[float]) -> None:
    ((_, own),) = chosen_points(points("a", n=n_fit + 1))
    assert own["time_h"].tolist() == wanted


def test_a_plant_of_which_no_point_fits_is_left_out_and_no_more_than_a_few_are_shown() -> None:
    series = points("d", "c", "b", "a", "z")
    series.loc[series["name"] == "a", "flag"] = "no plant"
    assert [name for name, _ in chosen_points(series)] == ["b", "c", "d"][:MOST_PLANTS]


def test_an_outline_lies_on_its_picture_as_fractions_of_the_sides(tmp_path: Path) -> None:
    (plant,) = written(tmp_path, points("a"))["plants"]
    middle = plant["pictures"][1]
    assert (middle["example_id"], middle["value"], middle["unit"]) == ("e2", 2.0, "px")
    assert middle["outlines"] == [[[0, 0], [1, 0], [1, 1], [0, 0]]]
    assert (np.asarray(Image.open(tmp_path / middle["image"])) == 2).all()


def test_plants_of_a_lab_are_not_shown_unless_it_was_asked_for(tmp_path: Path) -> None:
    hidden = written(tmp_path, points("a"), drawn=False)
    assert (hidden["shown"], hidden["plants"], (tmp_path / "outlines").exists()) == (False, [], False)
    assert "report.thumbnails=true" in hidden["reason"]


def test_without_outlines_or_examples_nothing_is_written(tmp_path: Path) -> None:
    assert written(tmp_path, points("a"), task=SimpleNamespace(labels=())) is None
    assert written(tmp_path, points("a").drop(columns="example_id")) is None
