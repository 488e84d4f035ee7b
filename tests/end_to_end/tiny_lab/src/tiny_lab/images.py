"""Data set `tiny-lab`: noise, brighter below where there is an effusion and all over where there is an edema."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from zoo_core.contract import Arrays, ArraySpec, DatasetCard, Label, Plugin


@dataclass(frozen=True)
class TinyLabConfig:
    """What can be set.

    Attributes:
        n_patients: of two images each.
        size_px: edge of the square images.
        seed: of the noise.
    """

    n_patients: int = 100
    size_px: int = 32
    seed: int = 0


class TinyLab:
    """Two findings on drawn images."""

    card = DatasetCard(
        title="Tiny lab",
        summary="Noise with bright regions, drawn by a program.",
        licence="CC0-1.0",
        citation="none: drawn by tiny-lab",
        label_source="the program that draws",
        drawn=True,
    )
    labels = (Label("Effusion"), Label("Edema"))
    group_columns = ("meta.patient_id",)
    split_name = None

    def __init__(self, config: TinyLabConfig) -> None:
        self.config = config
        size_px = config.size_px
        self.specs = (ArraySpec("image", ("y", "x", "c"), (size_px, size_px, 1), "uint8", (0, 255)),)

    def index(self) -> pd.DataFrame:
        """Two images a patient; every second patient has an effusion, every third an edema."""
        patient = np.repeat(np.arange(self.config.n_patients), 2)
        return pd.DataFrame(
            {
                "example_id": [f"tiny-{i:04}" for i in range(len(patient))],
                "label.Effusion": (patient % 2 == 0).astype(int),
                "label.Edema": (patient % 3 == 0).astype(int),
                "meta.patient_id": [f"patient-{p:04}" for p in patient],
            }
        )

    def read(self, i: int) -> Arrays:
        """Draw row `i`."""
        if not 0 <= i < 2 * self.config.n_patients:
            raise IndexError(f"tiny-lab has rows 0 to {2 * self.config.n_patients - 1}. Received: {i}")
        size_px, patient = self.config.size_px, i // 2
        image = np.random.default_rng([self.config.seed, i]).integers(60, 120, (size_px, size_px, 1))
        image[size_px // 2 :] += 90 * (patient % 2 == 0)
        image += 40 * (patient % 3 == 0)
        return {"image": image.astype(np.uint8)}


plugin = Plugin(
    config=TinyLabConfig,
    create=TinyLab,
    summary="Drawn noise with two findings.",
    presets={"smoke": {"n_patients": 60}},
)
