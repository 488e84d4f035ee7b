"""Where the leaves of a rosette lie, in millimetres around its middle: a golden angle from one leaf to the next."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from zoo_data_plates.drawn.plants import USUAL_PLASTOCHRON_D, Plant

GOLDEN_ANGLE = np.pi * (3 - np.sqrt(5))
"""Between two leaves that follow each other, radians: 137.5 degrees."""

SHORTEST_MM = 2.0
"""A leaf that is shorter is not drawn yet."""

_SEED_LEAVES_D, _FIRST_LEAF_D = 3.0, 6.0
_FULL_LENGTH_MM = (9.0, 11.5, 14.0, 15.5, 16.5)
"""Of the first leaves; those that follow grow as long as the last of these."""

_SEED_LEAF_MM = 5.5
_GROWING_D = 6.0


@dataclass(frozen=True)
class Leaf:
    """One leaf, seen from above.

    Attributes:
        angle: direction in which it points, radians; 0 is to the right, a quarter turn down.
        length_mm: from the plant's middle to the tip.
        petiole: share of the length that is stalk.
        half_width_mm: of the blade.
        bend: how far the tip lies beside the straight line, as a share of the length.
        tone: brightness, about 1.
        youth: 1 of a leaf that has just come to 0 of one that is grown.
    """

    angle: float
    length_mm: float
    petiole: float
    half_width_mm: float
    bend: float
    tone: float
    youth: float


def leaves_of(plant: Plant, rng: np.random.Generator) -> list[Leaf]:
    """The leaves of a plant, the oldest, which lies lowest, first.

    Args:
        plant: at its age.
        rng: of the plant, the same at every age, so that its leaves keep their places.
    """
    n_leaves = max(0, int((plant.age_d - _FIRST_LEAF_D) / plant.plastochron_d) + 1)
    found = [_seed_leaf(plant, number, rng) for number in range(2)]
    found += [_true_leaf(plant, number, rng) for number in range(n_leaves)]
    return [leaf for leaf in found if leaf.length_mm >= SHORTEST_MM]


def _seed_leaf(plant: Plant, number: int, rng: np.random.Generator) -> Leaf:
    chances = rng.standard_normal(3)
    grown = _grown(plant.age_d - _SEED_LEAVES_D)
    length_mm = _SEED_LEAF_MM * (1 + 0.06 * chances[1]) * grown * np.sqrt(plant.size)
    return Leaf(
        angle=float(plant.phase + np.pi * number + 0.15 * chances[0]),
        length_mm=float(length_mm),
        petiole=0.42,
        half_width_mm=float(0.27 * length_mm),
        bend=0.0,
        tone=float(1.04 + 0.04 * chances[2]),
        youth=0.0,
    )


def _true_leaf(plant: Plant, number: int, rng: np.random.Generator) -> Leaf:
    chances = rng.standard_normal(5)
    age_d = plant.age_d - _FIRST_LEAF_D - number * plant.plastochron_d
    grown = _grown(age_d)
    full = _FULL_LENGTH_MM[min(number, len(_FULL_LENGTH_MM) - 1)]
    length_mm = full * (1 + 0.06 * chances[1]) * grown * np.sqrt(plant.size * plant.plastochron_d / USUAL_PLASTOCHRON_D)
    # Young leaves are nearly all blade; the stalk stretches later.
    petiole = 0.12 + 0.28 * grown
    slender = min(number, 6) / 6
    return Leaf(
        angle=float(plant.phase + np.pi / 2 + plant.handedness * GOLDEN_ANGLE * number + 0.1 * chances[0]),
        length_mm=float(length_mm),
        petiole=float(petiole),
        half_width_mm=float(length_mm * (1 - petiole) * (0.40 - 0.09 * slender) * (1 + 0.06 * chances[2])),
        bend=float(0.06 * chances[3]),
        tone=float(1 + 0.05 * chances[4]),
        youth=float(1 - grown),
    )


def _grown(age_d: float) -> float:
    """Share of its full length that a leaf has some days after it came."""
    return float(1 - np.exp(-((max(age_d, 0.0) / _GROWING_D) ** 1.6)))
