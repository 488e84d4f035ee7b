"""Data set `chest-phantom`: drawn chest radiographs whose truth is known."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from zoo_core.contract import Arrays, ArraySpec, ConfigError, DatasetCard, Label, Plugin, SecondTruth
from zoo_data_chestxray14.drawn import labelling, radiograph
from zoo_data_chestxray14.drawn.cohort import CohortPlan, Examination, examinations
from zoo_data_chestxray14.findings import FINDINGS, LABELS

if TYPE_CHECKING:
    import pandas as pd

DRAWN = "What the program drew, which its simulated reader calls with errors"
"""Source of the second truth."""

_LEAST_SIZE_PX = 16


@dataclass(frozen=True)
class ChestPhantomConfig:
    """What is drawn.

    Attributes:
        size_px: side of the square images.
        n_patients: people drawn; the first ones are the same for every number of them.
        max_images_per_patient: each has from one to this many images.
        seed: of everything.
        view_shortcut: 0 to 1, share of the images whose view follows the label of `shortcut_finding`.
        shortcut_finding: the finding that the view then gives away.
        label_noise: 0 to 0.5, share of the labels that are flipped.
    """

    size_px: int = 64
    n_patients: int = 1600
    max_images_per_patient: int = 4
    seed: int = 0
    view_shortcut: float = 0.0
    shortcut_finding: str = "Edema"
    label_noise: float = 0.0

    def __post_init__(self) -> None:
        _require("size_px", self.size_px, _LEAST_SIZE_PX, 4096)
        _require("n_patients", self.n_patients, 1, 1_000_000)
        _require("max_images_per_patient", self.max_images_per_patient, 1, 100)
        _require("seed", self.seed, 0, 2**63 - 1)
        _require("view_shortcut", self.view_shortcut, 0, 1)
        _require("label_noise", self.label_noise, 0, 0.5)
        if self.shortcut_finding not in FINDINGS:
            raise ConfigError(
                f"data.shortcut_finding must be one of {', '.join(FINDINGS)}. Received: '{self.shortcut_finding}'"
            )


class ChestPhantom:
    """Drawn radiographs, made when they are read."""

    labels: tuple[Label, ...] = LABELS
    group_columns = ("meta.patient_id",)
    split_name: str | None = None

    def __init__(self, config: ChestPhantomConfig) -> None:
        self.config = config

    @cached_property
    def specs(self) -> tuple[ArraySpec, ...]:
        """One grey image."""
        size_px = self.config.size_px
        return (ArraySpec("image", ("y", "x", "c"), (size_px, size_px, 1), "uint8", (0, 255)),)

    @cached_property
    def card(self) -> DatasetCard:
        """Says that nobody was ever X-rayed for these."""
        shares = {name: labelling.prevalence(labelling.FREQUENCY[name], self.config.label_noise) for name in FINDINGS}
        prevalence = ", ".join(f"{name} {share:.3f}" for name, share in shares.items())
        best = np.mean(list(self.oracle_auroc.values()))
        return DatasetCard(
            title="Chest phantom",
            summary="Radiographs drawn by a program, the 14 findings as simple signs. Not for clinical use.",
            licence="Apache-2.0",
            citation="none: drawn by zoo-data-chestxray14",
            label_source="A simulated reader, whose calls depend on the drawn severity and on chance.",
            drawn=True,
            notes=(
                f"Prevalence is enriched; expected: {prevalence}.",
                f"The best possible reader has a mean AUROC of {best:.3f}.",
                *self._planted(),
            ),
            group_namespace=f"chest-phantom-{self.config.seed}",
        )

    @cached_property
    def oracle_auroc(self) -> dict[str, float]:
        """AUROC by finding of a reader who sees the severity itself, in the limit of many images."""
        return {name: labelling.oracle_auroc(labelling.FREQUENCY[name], self.config.label_noise) for name in FINDINGS}

    def index(self) -> pd.DataFrame:
        """One row an image, in order of patients."""
        import pandas as pd

        rows = self._examinations
        columns: dict[str, object] = {"example_id": [row.example_id for row in rows]}
        labels, severity = np.array([row.label for row in rows]), np.array([row.severity for row in rows])
        columns |= {f"label.{name}": labels[:, n] for n, name in enumerate(FINDINGS)}
        columns |= {
            "meta.patient_id": [row.patient_id for row in rows],
            "meta.age": [row.age for row in rows],
            "meta.sex": [row.patient.sex for row in rows],
            "meta.view_position": [row.view_position for row in rows],
        }
        columns |= {f"oracle.{name}": severity[:, n] for n, name in enumerate(FINDINGS)}
        return pd.DataFrame(columns)

    def read(self, i: int) -> Arrays:
        """Draw row `i`."""
        if not 0 <= i < len(self._examinations):
            raise IndexError(f"chest-phantom has rows 0 to {len(self._examinations) - 1}. Received: {i}")
        scene, rng = radiograph.scene(self._examinations[i], self.config.seed)
        return {"image": radiograph.draw(scene, self.config.size_px, rng)}

    def boxes(self) -> pd.DataFrame:
        """Where the signs are: one row for each finding that is drawn, whatever the reader called it."""
        import pandas as pd

        rows = [
            (row.example_id, *box)
            for row in self._examinations
            for box in radiograph.boxes(radiograph.scene(row, self.config.seed)[0])
        ]
        return pd.DataFrame(rows, columns=["example_id", "label", "x_min", "y_min", "width", "height"])

    def second_truth(self) -> SecondTruth:
        """What is drawn, whatever the reader called it."""
        import pandas as pd

        rows = self._examinations
        drawn = np.array([row.severity > 0 for row in rows], np.int8)
        columns = {name: drawn[:, n] for n, name in enumerate(FINDINGS)}
        table = pd.DataFrame({"example_id": [row.example_id for row in rows], **columns})
        return SecondTruth(DRAWN, {name: (name,) for name in FINDINGS}, table)

    @cached_property
    def _examinations(self) -> list[Examination]:
        config = self.config
        return examinations(
            CohortPlan(
                seed=config.seed,
                n_patients=config.n_patients,
                max_images_per_patient=config.max_images_per_patient,
                view_shortcut=config.view_shortcut,
                shortcut_finding=FINDINGS.index(config.shortcut_finding),
                label_noise=config.label_noise,
            )
        )

    def _planted(self) -> tuple[str, ...]:
        config, notes = self.config, []
        if config.view_shortcut:
            notes.append(
                f"Planted shortcut: in {config.view_shortcut:.0%} of the images the view follows "
                f"{config.shortcut_finding}."
            )
        if config.label_noise:
            notes.append(f"Planted label noise: {config.label_noise:.0%} of the labels are flipped.")
        return tuple(notes)


def _require(name: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise ConfigError(f"data.{name} must be from {low} to {high}. Received: {value}")


plugin = Plugin(
    config=ChestPhantomConfig,
    create=ChestPhantom,
    summary="Drawn chest radiographs with 14 findings of known severity (not real, not for clinical use).",
    presets={"smoke": {"n_patients": 200}, "paper": {"size_px": 224}},
)
