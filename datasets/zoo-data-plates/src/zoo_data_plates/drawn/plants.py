"""How a plant grows: what its treatment, its place on the tray and chance make of its size, colour and light."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from zoo_data_plates.drawn.layout import Well, stream

AGE_D = 21.0
"""Days from sowing to the last picture."""

INTERVAL_D = 2.0
"""Days between two pictures of a plant."""

TREATED_D = 7.0
"""Day of the treatment; from there on its effect grows to the last day."""

USUAL_PLASTOCHRON_D = 1.35
"""Days between two leaves, at the middle of all plants."""

BRIGHTNESS_SHARE = 0.5
"""A place where plants grow larger is also lighter, by this share of it."""

_GREEN, _YELLOW = 84.0, 48.0
_LEAST_SIZE = 0.1
_GOLDEN_RATIO = (math.sqrt(5) - 1) / 2
_N_CHANCES = 8


@dataclass(frozen=True)
class GrowthPlan:
    """What acts on plants.

    Attributes:
        seed: of everything.
        n_rows: of a tray.
        n_columns: of a tray.
        growth_effect: share of the leaf area that is lost where the treatment has its whole effect.
        colour_effect: 0 to 1, from green to yellow, likewise.
        response_noise: standard deviation of the effect among plants of one treatment.
        plant_noise: standard deviation of the leaf area's logarithm among plants that are treated alike.
        row_effect: logarithm of the leaf area that the last row has more than the middle.
        column_effect: likewise of the last column.
        plate_effect: the most that a tray has more or less.
    """

    seed: int
    n_rows: int
    n_columns: int
    growth_effect: float
    colour_effect: float
    response_noise: float
    plant_noise: float
    row_effect: float
    column_effect: float
    plate_effect: float


@dataclass(frozen=True)
class Plant:
    """One plant at one age.

    Attributes:
        age_d: days from sowing.
        effect: share of the treatment's whole effect that this plant shows in the end, about 0 to 1.
        size: leaf area, 1 of a plant of this age on which nothing acts.
        hue_deg: of the leaves, on the colour circle.
        saturation: of the leaves, 0 to 1.
        value: of the leaves, 0 to 1.
        brightness: of the light, 1 where nothing acts.
        plastochron_d: days between two leaves: where it is long, there are fewer and larger ones.
        phase: direction of the first leaf, radians.
        handedness: 1 or -1, the way the leaves go round.
        centre_mm: how far the plant stands from the pot's middle, (y, x).
    """

    age_d: float
    effect: float
    size: float
    hue_deg: float
    saturation: float
    value: float
    brightness: float
    plastochron_d: float
    phase: float
    handedness: int
    centre_mm: tuple[float, float]


def plant_of(plan: GrowthPlan, well: Well, age_d: float) -> Plant:
    """The plant of a well, at an age."""
    # Everything is drawn whatever the settings: two plans that differ in one setting then differ in that alone.
    rng = stream(plan.seed, well.tray, well.name.row_index, well.name.column_index)
    normal, uniform = rng.standard_normal(_N_CHANCES), rng.random(_N_CHANCES)
    effect = well.content.strength + plan.response_noise * float(normal[0])
    seen = effect * float(np.clip((age_d - TREATED_D) / (AGE_D - TREATED_D), 0, 1))
    place = place_effect(plan, well)
    size = (1 - plan.growth_effect * seen) * np.exp(place + plan.plant_noise * normal[1])
    yellow = plan.colour_effect * seen
    return Plant(
        age_d=age_d,
        effect=effect,
        size=max(float(size), _LEAST_SIZE),
        hue_deg=float(_GREEN + (_YELLOW - _GREEN) * yellow + 1.5 * normal[2]),
        saturation=float(np.clip(0.62 - 0.16 * yellow + 0.02 * normal[3], 0.2, 0.9)),
        value=float(np.clip(0.50 + 0.16 * yellow + 0.02 * normal[4], 0.2, 0.9)),
        brightness=float(np.exp(BRIGHTNESS_SHARE * place)),
        plastochron_d=float(np.clip(USUAL_PLASTOCHRON_D * np.exp(0.2 * normal[5]), 0.8, 2.6)),
        phase=float(2 * np.pi * uniform[0]),
        handedness=1 if uniform[1] < 0.5 else -1,
        centre_mm=(float(3 * uniform[2] - 1.5), float(3 * uniform[3] - 1.5)),
    )


def place_effect(plan: GrowthPlan, well: Well) -> float:
    """Logarithm of what the place does to the leaf area: the row's, the column's and the tray's share."""
    # Steps of the golden ratio: any few trays lie far apart, as chance would not promise.
    turn = float(stream(plan.seed).random()) + well.tray * _GOLDEN_RATIO
    row = _from_middle(well.name.row_index, plan.n_rows)
    column = _from_middle(well.name.column_index, plan.n_columns)
    return plan.row_effect * row + plan.column_effect * column + plan.plate_effect * (2 * (turn % 1) - 1)


def _from_middle(number: int, n: int) -> float:
    """-1 of the first to 1 of the last; 0 of one alone."""
    return 2 * number / (n - 1) - 1 if n > 1 else 0.0
