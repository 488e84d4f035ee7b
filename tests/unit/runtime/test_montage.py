"""Pictures of wells: each in its place, comparable, and none of a lab that did not ask for them."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from zoo_core.contract import ArraySpec, DatasetCard, Label
from zoo_core.data.reader import Examples
from zoo_core.data.soundness import Unreadable
from zoo_core.data.splits import PARTS, Split
from zoo_core.runtime.config import ReportConfig
from zoo_core.runtime.montage import MOST_PLATES, MOST_SIDE_PX, write_montage
from zoo_core.runtime.progress import Silent
from zoo_core.runtime.record import RunFolder
from zoo_core.runtime.shapes import MONTAGE

WELLS = ("A02", "B01", "AA03")
"""Of a plate with rows A, B and AA: most of its places are empty."""

HEIGHT, WIDTH = 5, 7
BRIGHT = {"A02": 100, "B01": 200, "AA03": 0}


class Plates:
    """Two fields and two times a well; the first field at the last time has the value of `BRIGHT`, the others 255."""

    labels = (Label("response"),)

    def __init__(self, n_plates: int = 1, drawn: bool = True, n_channels: int = 3) -> None:
        self.card = DatasetCard("Lab", "", "", "", "", drawn=drawn)
        self.n_channels = n_channels
        shape = (HEIGHT, WIDTH, n_channels)
        self.specs = (ArraySpec("image", ("y", "x", "c"), shape, "uint8", (0, 255)),)
        self.rows = [
            (f"plate {plate}", well, field, time)
            for plate in range(n_plates)
            for well in WELLS
            for field in (1, 0)
            for time in (0.0, 24.0)
        ]

    def index(self) -> pd.DataFrame:
        table = pd.DataFrame(self.rows, columns=["meta.plate", "meta.well", "meta.field", "meta.time_h"])
        parts = table["meta.well"].str.extract(r"([A-Z]+)([0-9]+)")
        table["example_id"] = [f"e{i}" for i in range(len(table))]
        table["meta.row"], table["meta.column"] = parts[0], parts[1].astype(int)
        return table

    def read(self, i: int) -> dict[str, np.ndarray]:
        _, well, field, time = self.rows[i]
        value = BRIGHT[well] if (field, time) == (0, 24.0) else 255
        return {"image": np.full((HEIGHT, WIDTH, self.n_channels), value, np.uint8)}


def written(folder: Path, adapter: Any, thumbnails: bool = False, **changes: Any) -> Any:
    index = changes.get("index", adapter.index())
    part = np.where(index["meta.plate"] == "plate 0", "test", "train") if "part" not in changes else changes["part"]
    task: Any = SimpleNamespace(labels=adapter.labels)
    prepared: Any = SimpleNamespace(
        adapter=adapter,
        index=index,
        split=Split("s", "meta.plate", part, ""),
        unreadable=changes.get("unreadable", []),
        config=SimpleNamespace(report=ReportConfig(thumbnails=thumbnails)),
        examples=lambda: Examples(adapter, task, index, {}),
    )
    write_montage(RunFolder(folder), prepared, PARTS, Silent())
    path = folder / "montage.json"
    if not path.exists():
        return None
    MONTAGE.validate_json(path.read_text(), strict=True)
    return json.loads(path.read_text())


def middle(folder: Path, one: Any, row: int, column: int) -> list[int]:
    picture = np.asarray(Image.open(folder / one["image"]))
    at = (int((row + 0.5) * MOST_SIDE_PX), int((column + 0.5) * MOST_SIDE_PX))
    return [int(value) for value in picture[at]]


def test_every_well_is_in_its_place_by_its_first_field_at_the_last_time(tmp_path: Path) -> None:
    (one,) = written(tmp_path, Plates())["plates"]
    assert (one["plate"], one["rows"], one["columns"]) == ("plate 0", ["A", "B", "AA"], [1, 2, 3])
    assert {(well["well"], well["row"], well["column"]) for well in one["wells"]} == {
        ("A02", 0, 1),
        ("B01", 1, 0),
        ("AA03", 2, 2),
    }
    assert np.asarray(Image.open(tmp_path / one["image"])).shape == (3 * MOST_SIDE_PX, 3 * MOST_SIDE_PX, 4)
    for well, row, column in (("A02", 0, 1), ("B01", 1, 0), ("AA03", 2, 2)):
        assert middle(tmp_path, one, row, column) == [*[BRIGHT[well]] * 3, 255]


def test_a_place_without_a_well_is_clear(tmp_path: Path) -> None:
    (one,) = written(tmp_path, Plates())["plates"]
    assert middle(tmp_path, one, 0, 0)[3] == 0


@pytest.mark.parametrize("n_channels", [1, 2])
def test_channels_have_one_scale_for_all_wells_of_a_plate(tmp_path: Path, n_channels: int) -> None:
    described = written(tmp_path, Plates(n_channels=n_channels))
    (one,) = described["plates"]
    dark, half, full = (middle(tmp_path, one, *place)[1] for place in ((2, 2), (0, 1), (1, 0)))
    assert (dark, full) == (0, 255)
    assert half == pytest.approx(127, abs=1)
    assert [one["colour"] for one in described["channels"]] == (["green", "magenta"] if n_channels == 2 else [])


def test_only_plates_that_were_tested_are_shown_and_not_more_than_a_few(tmp_path: Path) -> None:
    adapter = Plates(n_plates=MOST_PLATES + 2)
    assert [one["plate"] for one in written(tmp_path, adapter)["plates"]] == ["plate 0"]
    all_tested = written(tmp_path, adapter, part=np.full(len(adapter.rows), "test", dtype=object))
    assert (len(all_tested["plates"]), all_tested["n_plates"]) == (MOST_PLATES, MOST_PLATES + 2)
    assert len(list((tmp_path / "montage").iterdir())) == MOST_PLATES


def test_a_field_that_cannot_be_read_gives_its_place_to_the_next(tmp_path: Path) -> None:
    adapter = Plates()
    bad = [Unreadable(i, "", "is empty") for i, row in enumerate(adapter.rows) if row[1:] == ("A02", 0, 24.0)]
    (one,) = written(tmp_path, adapter, unreadable=bad)["plates"]
    assert middle(tmp_path, one, 0, 1) == [255] * 4


def test_wells_of_a_lab_are_shown_only_where_it_was_asked_for(tmp_path: Path) -> None:
    hidden = written(tmp_path, Plates(drawn=False))
    assert (hidden["shown"], hidden["plates"], (tmp_path / "montage").exists()) == (False, [], False)
    assert "report.thumbnails=true" in hidden["reason"]
    assert written(tmp_path, Plates(drawn=False), thumbnails=True)["shown"]


def test_of_data_that_are_no_plates_nothing_is_written(tmp_path: Path) -> None:
    adapter = Plates()
    index = adapter.index().drop(columns="meta.row")
    assert written(tmp_path, adapter, index=index) is None
