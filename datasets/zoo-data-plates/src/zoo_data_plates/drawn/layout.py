"""What is in which well of a tray: controls, dose series, and wells without a plant."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from typing import Literal

import numpy as np

from zoo_data_plates.well_names import WellName

DOSES_UM = (0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0)
"""Concentrations of every compound."""

HILL_SLOPE = 1.2
"""Of every compound that does something."""

NEGATIVE, POSITIVE = "mock", "bleacher"
"""What is in the controls."""

POSITIVE_DOSE_UM = 100.0

CONTROL_SHARE = 1 / 6
"""Share of a tray's wells that are negative controls, and as many are positive."""

Layout = Literal["random", "columns"]


@dataclass(frozen=True)
class Content:
    """What is in a well.

    Attributes:
        treatment: name of what it was treated with; None in an empty well.
        role: "negative", "positive" or "empty"; None in a well that is no control.
        concentration_um: 0 of the negative control; None in an empty well.
        strength: the share of the whole effect that this dose has, from 0 to 1.
    """

    treatment: str | None
    role: str | None
    concentration_um: float | None
    strength: float


@dataclass(frozen=True)
class Well:
    """One well of one tray.

    Attributes:
        tray: number of the tray, from 0.
        name: where on the tray.
        content: what is in it.
        replicate: from 1 among the tray's wells of this content; None in an empty well.
    """

    tray: int
    name: WellName
    content: Content
    replicate: int | None

    @property
    def plate(self) -> str:
        """Name of the tray."""
        return f"tray-{self.tray + 1:02d}"


@dataclass(frozen=True)
class TrayPlan:
    """What decides the contents of trays.

    Attributes:
        seed: of everything.
        n_rows: of a tray.
        n_columns: of a tray.
        n_empty: wells of a tray without a plant.
        ec50_um: by compound; infinite for one that does nothing.
        layout: "random"; "columns", the controls at the left and right edges as in many screens.
    """

    seed: int
    n_rows: int
    n_columns: int
    n_empty: int
    ec50_um: tuple[float, ...]
    layout: Layout

    @property
    def n_controls(self) -> int:
        """Wells of a tray that are negative controls; as many are positive."""
        return max(1, round(CONTROL_SHARE * self.n_rows * self.n_columns))

    @property
    def n_dosed(self) -> int:
        """Wells of a tray in the dose series; below 0 where the tray is too small."""
        return self.n_rows * self.n_columns - 2 * self.n_controls - self.n_empty


def hill(concentration_um: float, ec50_um: float) -> float:
    """Share of the whole effect at a concentration: half of it at the EC50.

    Source:
        Hill 1910, J Physiol 40; the slope is `HILL_SLOPE`.

    >>> hill(3.0, 3.0), hill(5.0, float("inf"))
    (0.5, 0.0)
    """
    if math.isinf(ec50_um):
        return 0.0
    return float(1 / (1 + (ec50_um / concentration_um) ** HILL_SLOPE))


def compound_name(number: int) -> str:
    """Name of a compound.

    >>> compound_name(0)
    'compound-1'
    """
    return f"compound-{number + 1}"


def wells(plan: TrayPlan, tray: int) -> list[Well]:
    """All wells of a tray, row by row."""
    names = [WellName.of(row + 1, column + 1) for row in range(plan.n_rows) for column in range(plan.n_columns)]
    contents = _placed(plan, tray)
    found, n_of = [], Counter[Content]()
    for name, content in zip(names, contents, strict=True):
        n_of[content] += 1
        found.append(Well(tray, name, content, None if content.role == "empty" else n_of[content]))
    return found


def stream(seed: int, *key: int) -> np.random.Generator:
    """Random numbers of their own for every key, whatever was drawn for others before."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=key))


def _placed(plan: TrayPlan, tray: int) -> list[Content]:
    """Contents of a tray's wells, row by row."""
    rng = stream(plan.seed, tray)
    negative = [Content(NEGATIVE, "negative", 0.0, 0.0)] * plan.n_controls
    positive = [Content(POSITIVE, "positive", POSITIVE_DOSE_UM, 1.0)] * plan.n_controls
    others = _series(plan, tray) + [Content(None, "empty", None, 0.0)] * plan.n_empty
    if plan.layout == "random":
        mixed = negative + positive + others
        return [mixed[i] for i in rng.permutation(len(mixed))]
    inner = [others[i] for i in rng.permutation(len(others))]
    by_column = [*negative, *inner, *positive]
    return [by_column[c * plan.n_rows + r] for r in range(plan.n_rows) for c in range(plan.n_columns)]


def _series(plan: TrayPlan, tray: int) -> list[Content]:
    """Each dose of each compound in turn; a tray goes on where the one before it ended."""
    every = [
        Content(compound_name(number), None, dose, hill(dose, ec50))
        for dose in DOSES_UM
        for number, ec50 in enumerate(plan.ec50_um)
    ]
    first = tray * plan.n_dosed
    return [every[(first + i) % len(every)] for i in range(plan.n_dosed)]
