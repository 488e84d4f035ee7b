"""Data set `template-dataset`: drawn discs on noise, where pictures of your own will be."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from zoo_core.contract import Arrays, ArraySpec, ConfigError, DatasetCard, Label, Plugin

LABEL = "Bright disc"
PICTURES_EACH = 2
"""Of a subject: no split may have one of them for training and the other for the test."""

SMALLEST_PX = 8
BACKGROUND, NOISE, DIM, BRIGHT = 60.0, 12.0, 40.0, 110.0
"""Of 255: mean and standard deviation of what is behind the discs, and what the two kinds of discs add to it."""


@dataclass(frozen=True)
class TemplateDatasetConfig:
    """What can be set, by `--set data.KEY=VALUE` or in a TOML file.

    A data set of files has a field `root: str = ""` here, the folder, which `--data NAME=ROOT` sets.

    Attributes:
        n_subjects: of two pictures each.
        size_px: edge of the square pictures.
        seed: of the drawing.
    """

    n_subjects: int = 200
    size_px: int = 64
    seed: int = 0

    def __post_init__(self) -> None:
        if self.n_subjects < 1 or self.size_px < SMALLEST_PX:
            raise ConfigError(
                f"data.n_subjects needs at least 1, data.size_px at least {SMALLEST_PX}. "
                f"Received: {self.n_subjects} and {self.size_px}"
            )


class TemplateDataset:
    """Grey pictures with one label."""

    # To change: what a reader of a result must know of the data. `drawn` is False where a camera made them.
    card = DatasetCard(
        title="Drawn discs",
        summary="Dim discs on noise, and a bright one in half of the pictures.",
        licence="CC0-1.0",
        citation="none: drawn by a program",
        label_source="The program that draws.",
        drawn=True,
    )
    labels = (Label(LABEL),)
    # To change: the patient, the plant or the plate, whatever makes two pictures alike.
    group_columns = ("meta.subject_id",)
    # "official" or the like where the source defines a split; `index` then has a column `split`.
    split_name = None

    def __init__(self, config: TemplateDatasetConfig) -> None:
        self.config = config
        # Of pictures of several sizes y and x are None.
        self.specs = (ArraySpec("image", ("y", "x", "c"), (config.size_px, config.size_px, 1), "uint8", (0, 255)),)

    def index(self) -> pd.DataFrame:
        """One row a picture, in an order that never changes.

        To change: read your table here, and keep it (`functools.cached_property`). An unknown label is missing (NaN).
        """
        rows = range(self.config.n_subjects * PICTURES_EACH)
        return pd.DataFrame(
            {
                "example_id": [f"picture-{i:05}" for i in rows],
                f"label.{LABEL}": [int(self._has_bright_disc(i)) for i in rows],
                "meta.subject_id": [f"subject-{i // PICTURES_EACH:05}" for i in rows],
            }
        )

    def read(self, i: int) -> Arrays:
        """The picture of row `i`, the same at each call.

        To change: read a file, `{"image": read_grey(path)}` with `read_grey` of `zoo_core.api`.

        Raises:
            IndexError: there is no row `i`.
        """
        n_rows = self.config.n_subjects * PICTURES_EACH
        if not 0 <= i < n_rows:
            raise IndexError(f"Data set 'template-dataset' has rows 0 to {n_rows - 1}. Received: {i}")
        rng = np.random.default_rng([self.config.seed, i])
        picture = rng.normal(BACKGROUND, NOISE, (self.config.size_px, self.config.size_px))
        for brightness in (DIM, DIM, BRIGHT) if self._has_bright_disc(i) else (DIM, DIM):
            picture += brightness * drawn_disc(self.config.size_px, rng)
        return {"image": np.clip(picture, 0, 255).astype(np.uint8)[:, :, np.newaxis]}

    def _has_bright_disc(self, i: int) -> bool:
        return i // PICTURES_EACH % 2 == 1


def drawn_disc(size_px: int, rng: np.random.Generator) -> np.ndarray:
    """(y, x) bool: a disc a fifth as wide as the picture, wholly inside it."""
    radius = size_px / 10
    centre_y, centre_x = rng.uniform(radius, size_px - radius, 2)
    y, x = np.mgrid[:size_px, :size_px]
    disc: np.ndarray = (y - centre_y) ** 2 + (x - centre_x) ** 2 <= radius**2
    return disc


plugin = Plugin(
    config=TemplateDatasetConfig,
    create=TemplateDataset,
    summary="Drawn discs with one label.",
    presets={"smoke": {"n_subjects": 40, "size_px": 32}},
)
