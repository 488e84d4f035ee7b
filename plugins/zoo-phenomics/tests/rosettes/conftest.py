"""Pictures of discs and blades on soil, whose outlines are known, and the real series of two plants."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from zoo_core.api import read_rgb

LEAF, SOIL = np.array([95, 130, 50]), np.array([45, 38, 33])
"""Red, green and blue as the real pictures have them, where they are bright."""


@dataclass(frozen=True)
class Drawing:
    """A picture whose plant is known.

    Attributes:
        image: (y, x, 3) uint8.
        mask: (y, x) bool.
    """

    image: np.ndarray
    mask: np.ndarray


def paint(mask: np.ndarray, colour: np.ndarray = LEAF, ground: np.ndarray | None = None) -> np.ndarray:
    """Colour a mask on soil (or on another picture), with the noise of a camera."""
    if ground is None:
        noise = np.random.default_rng(7).normal(0, 4, (*mask.shape, 3))
        ground = np.clip(SOIL + noise, 0, 255).astype(np.uint8)
    image: np.ndarray = np.where(mask[:, :, np.newaxis], colour.astype(np.uint8), ground)
    return image


def disc(shape: tuple[int, int], centre: tuple[float, float], radius: float) -> np.ndarray:
    """(y, x) bool."""
    y, x = np.indices(shape)
    inside: np.ndarray = np.hypot(y - centre[0], x - centre[1]) <= radius
    return inside


def blades(shape: tuple[int, int], n_leaves: int, length: float, gap: float = 0.0) -> np.ndarray:
    """(y, x) bool: a rosette of elliptic leaves around the middle, `gap` px away from a small heart."""
    y, x = (np.indices(shape).T - (np.array(shape) - 1) / 2).T
    plant: np.ndarray = np.hypot(y, x) <= length / 6
    for angle in 0.3 + 2 * np.pi * np.arange(n_leaves) / n_leaves:
        along, across = y * np.sin(angle) + x * np.cos(angle), y * np.cos(angle) - x * np.sin(angle)
        start = length / 6 + gap
        middle, half = (length + start) / 2, (length - start) / 2
        plant |= ((along - middle) / half) ** 2 + (across / (0.45 * half)) ** 2 <= 1
    return plant


@pytest.fixture(scope="session")
def rosette() -> Drawing:
    """A plant of six leaves in a picture that is not square."""
    mask = blades((121, 140), 6, 45)
    return Drawing(paint(mask), mask)


@dataclass(frozen=True)
class Series:
    """The real pictures of two plants.

    Attributes:
        root: the folder.
        table: its labels.csv in the order of time.
    """

    root: Path
    table: pd.DataFrame

    def of(self, plant: str, kind: str) -> pd.DataFrame:
        """Rows of one plant and one kind of picture."""
        return self.table[(self.table["dataset"] == plant) & (self.table["kind"] == kind)]

    def image(self, name: str) -> np.ndarray:
        """A picture as the adapter reads it."""
        return read_rgb(self.root / name)


@pytest.fixture(scope="session")
def ltu(shared_data: Callable[[str], Path]) -> Series:
    root = shared_data("arabidopsis_timeseries_ltu")
    table = pd.read_csv(root / "labels.csv", parse_dates=["timestamp"]).sort_values("timestamp", ignore_index=True)
    return Series(root, table)
