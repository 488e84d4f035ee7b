"""Pictures of noise, a file each: the data set that the study keeps in every format."""

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from zoo_core.api import read_grey
from zoo_core.contract import ArraySpec, DatasetCard, Label
from zoo_core.data.reader import read_ahead

FILES_PER_FOLDER = 1_000


class Pictures:
    """A folder of grey PNG files; `write` makes them.

    Args:
        folder: of the files.
        n: how many.
        size_px: length of y and x.
        noise: 0 to 1; with 1 nothing can be compressed, a radiograph is more like a tenth.
    """

    labels = (Label("Mass"),)
    group_columns = ("meta.patient_id",)
    split_name = None
    card = DatasetCard("Pictures of noise", "", "CC0-1.0", "none", "none", drawn=True)

    def __init__(self, folder: Path, n: int, size_px: int, noise: float = 1.0) -> None:
        self.specs = (ArraySpec("image", ("y", "x", "c"), (size_px, size_px, 1), "uint8", (0, 255)),)
        self.paths = [folder / f"{i // FILES_PER_FOLDER:03d}" / f"{i:06d}.png" for i in range(n)]
        self.size_px, self._noise = size_px, noise

    def write(self, advance: Callable[[int], None] = lambda _: None) -> None:
        """Write every file, on all cores.

        Args:
            advance: called with the number of files that are done.
        """
        for folder in sorted({path.parent for path in self.paths}):
            folder.mkdir(parents=True, exist_ok=True)
        for _ in read_ahead(self._write, range(len(self.paths)), len(os.sched_getaffinity(0))):
            advance(1)

    def pixels(self, i: int) -> np.ndarray:
        """Picture `i`: (y, x), uint8; the same each time."""
        slope = np.linspace(0, 1, self.size_px, dtype=np.float32)
        drawn = np.random.default_rng(i).random((self.size_px, self.size_px), np.float32)
        picture = 255 * (self._noise * drawn + (1 - self._noise) * slope * slope[:, np.newaxis])
        return picture.astype(np.uint8)

    def index(self) -> pd.DataFrame:
        """One patient an image."""
        names = [path.name for path in self.paths]
        return pd.DataFrame({"example_id": names, "label.Mass": 0, "meta.patient_id": names})

    def read(self, i: int) -> dict[str, np.ndarray]:
        """Decode one file."""
        return {"image": read_grey(self.paths[i])}

    def _write(self, i: int) -> None:
        Image.fromarray(self.pixels(i)).save(self.paths[i])
