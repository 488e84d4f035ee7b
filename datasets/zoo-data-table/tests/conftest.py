"""A laboratory's folder: pictures of a few patients, a table that lists them, and the TOML file that describes it."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import tomli_w
from PIL import Image

from zoo_data_table.table import LabImages, TableConfig

PATIENTS = ("Meyer", "Meyer", "Øster", "Lopez", "Lopez", "Adams")


class Lab:
    """A folder that a test fills and changes.

    Attributes:
        folder: with `images`, `lab.csv` and `lab.toml`.
        table: what `lab.csv` holds.
        description: what `lab.toml` holds.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "images").mkdir()
        names = [f"scan{i}.png" for i in range(len(PATIENTS))]
        for i, name in enumerate(names):
            self.picture(name, np.random.default_rng(i).integers(0, 255, (7, 5)).astype(np.uint8))
        self.table = pd.DataFrame(
            {
                "image": names,
                "Patient": PATIENTS,
                "Effusion": ["1", "0", "", "-1", "1", "0"],
                "Edema": ["0", "1", "0", "0", "1", "1"],
                "years": ["61", "62", "", "40", "41", "77"],
            }
        )
        self.description: dict[str, Any] = {
            "dataset": "table",
            "table": "lab.csv",
            "root": "images",
            "file": "image",
            "group": {"column": "Patient", "name": "patient_id"},
            "labels": {"Effusion": "Effusion", "Edema": "Edema"},
            "metadata": {"age": "years"},
        }

    @property
    def toml(self) -> Path:
        return self.folder / "lab.toml"

    def picture(self, name: str, pixels: np.ndarray, mode: str | None = None) -> Path:
        path = self.folder / "images" / name
        Image.fromarray(pixels, mode).save(path)
        return path

    def describe(self, **keys: Any) -> None:
        """Change keys at the top; None takes one away; sections are taken as they are given."""
        self.description |= keys
        self.description = {key: value for key, value in self.description.items() if value is not None}

    def write(self) -> Path:
        """Write table and description."""
        self.table.to_csv(self.folder / "lab.csv", index=False)
        self.toml.write_text(tomli_w.dumps(self.description), encoding="utf-8")
        return self.toml

    def open(self, **keys: Any) -> LabImages:
        """The data set, with some keys changed."""
        self.describe(**keys)
        return LabImages(TableConfig(str(self.write())))

    def column(self, name: str, *cells: str) -> None:
        """Fill a column, the last cell down to the end."""
        self.table[name] = [*cells, *[cells[-1]] * len(self.table)][: len(self.table)]


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    folder = tmp_path / "lab"
    folder.mkdir()
    return Lab(folder)


@pytest.fixture
def zoo(capsys: pytest.CaptureFixture[str]) -> Callable[..., Mapping[str, Any]]:
    """Call the command line in this process: its exit code, and what it printed."""
    from zoo_core.cli import main

    def call(*arguments: str) -> Mapping[str, Any]:
        try:
            code: Any = main(arguments)
        except SystemExit as exit_:
            code = exit_.code
        out, err = capsys.readouterr()
        return {"code": code, "out": out, "err": err}

    return call
