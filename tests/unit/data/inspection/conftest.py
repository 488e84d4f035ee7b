"""A data set of arrays that a test makes."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from zoo_core.contract import ArraySpec, DatasetCard, ImageError, Label

SPEC = ArraySpec("image", ("y", "x", "c"), (None, None, 1), "uint8", (0, 255))
CARD = DatasetCard("Squares", "Drawn squares.", "none", "none", "drawn", drawn=True)


@dataclass
class Squares:
    """Pictures as they are given; one that is None cannot be read."""

    pictures: list[Any]
    spec: ArraySpec = SPEC
    card: DatasetCard = CARD
    labels: tuple[Label, ...] = (Label("Square"),)
    group_columns: tuple[str, ...] = ("meta.patient_id",)
    split_name: str | None = None

    @property
    def specs(self) -> tuple[ArraySpec, ...]:
        return (self.spec,)

    def index(self) -> pd.DataFrame:
        names = [f"e{i}" for i in range(len(self.pictures))]
        return pd.DataFrame({"example_id": names, "label.Square": 1.0, "meta.patient_id": names})

    def read(self, i: int) -> dict[str, np.ndarray]:
        if self.pictures[i] is None:
            raise ImageError(f"row {i} is gone")
        return {"image": self.pictures[i]}


@pytest.fixture
def squares() -> Any:
    return Squares


@pytest.fixture
def picture() -> Any:
    """(y, x, c) uint8: clouds, others for each seed, on a gradient that all share."""

    def make(seed: int) -> np.ndarray:
        clouds = np.random.default_rng(seed).integers(0, 90, (20, 20)).astype(np.uint8)
        spread = np.asarray(Image.fromarray(clouds).resize((50, 70), Image.Resampling.BICUBIC))
        gradient = np.linspace(0, 150, 70)[:, np.newaxis]
        return (spread + gradient).astype(np.uint8)[:, :, np.newaxis]

    return make
