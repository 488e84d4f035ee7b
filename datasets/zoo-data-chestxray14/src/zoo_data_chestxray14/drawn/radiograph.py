"""From an examination to its picture: chest, signs, exposure, noise; and its boxes, which need no drawing."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from zoo_data_chestxray14.drawn.anatomy import N_POSE, Anatomy, shape
from zoo_data_chestxray14.drawn.chest_signs import CHEST_SIGNS
from zoo_data_chestxray14.drawn.clutter import N_CLUTTER, draw_clutter
from zoo_data_chestxray14.drawn.cohort import N_FINDINGS, Examination, stream
from zoo_data_chestxray14.drawn.lung_signs import LUNG_SIGNS
from zoo_data_chestxray14.drawn.sign import N_CHANCES, Spot, draw_sign
from zoo_data_chestxray14.drawn.thorax import compose, draw_chest
from zoo_data_chestxray14.findings import FINDINGS

SIGNS = LUNG_SIGNS | CHEST_SIGNS
"""One sign a finding."""

_DRAWING = 1
_FIELD_KNOTS = 4


@dataclass(frozen=True)
class Scene:
    """All that is decided of a picture before its size is known.

    Attributes:
        anatomy: of the chest.
        spots: by finding, those that are there.
        clutter: (N_CLUTTER,) uniform: what lies on the image without being a finding.
        exposure: (3,) uniform: brightness, contrast, noise.
        field: (knot, knot) about -1 to 1: how unevenly the plate was exposed.
    """

    anatomy: Anatomy
    spots: dict[str, Spot]
    clutter: np.ndarray
    exposure: np.ndarray
    field: np.ndarray


def scene(examination: Examination, seed: int) -> tuple[Scene, np.random.Generator]:
    """Decide one picture; the random numbers that are left make its noise."""
    rng = stream(seed, examination.patient.number, examination.number, _DRAWING)
    anatomy = shape(examination, rng.random(N_POSE))
    shift, chances = rng.random((N_FINDINGS, 3)), rng.random((N_FINDINGS, N_CHANCES))
    clutter, exposure, field = rng.random(N_CLUTTER), rng.random(3), rng.uniform(-1, 1, (_FIELD_KNOTS, _FIELD_KNOTS))
    spots = {
        FINDINGS[n]: _spot(examination, n, anatomy, (shift[n], chances[n]))
        for n in np.flatnonzero(examination.severity).tolist()
    }
    return Scene(anatomy, spots, clutter, exposure, field), rng


def draw(plan: Scene, size_px: int, rng: np.random.Generator) -> np.ndarray:
    """The picture, (y, x, c) uint8 with one channel."""
    layers = draw_chest(plan.anatomy, size_px)
    draw_clutter(plan.anatomy, plan.clutter, layers)
    for finding, spot in plan.spots.items():
        draw_sign(SIGNS[finding], spot, layers)
    picture = compose(layers, plan.anatomy.lung)
    return _expose(picture, plan, rng)[:, :, np.newaxis]


def boxes(plan: Scene) -> Iterator[tuple[str, float, float, float, float]]:
    """Finding, x_min, y_min, width and height of each sign, as fractions of the image's sides."""
    for finding, spot in plan.spots.items():
        x_min, y_min, x_max, y_max = plan.anatomy.frame.image_box(SIGNS[finding].place(spot))
        yield finding, x_min, y_min, x_max - x_min, y_max - y_min


def _spot(examination: Examination, n: int, anatomy: Anatomy, own: tuple[np.ndarray, np.ndarray]) -> Spot:
    shift, chances = own
    side, height, across = examination.patient.place[n]
    # A patient's finding stays where it is, but no two images show it at quite the same place.
    height, across = (min(max(c + 0.2 * (s - 0.5), 0), 1) for c, s in ((height, shift[0]), (across, shift[1])))
    return Spot(anatomy, float(examination.severity[n]), -1 if side < 0.5 else 1, float(height), float(across), chances)


def _expose(picture: np.ndarray, plan: Scene, rng: np.random.Generator) -> np.ndarray:
    size_px = len(picture)
    brightness, contrast, noise = plan.exposure
    knots = _knots(size_px)
    field = knots @ plan.field.astype(np.float32) @ knots.T
    picture = (picture - np.float32(0.45)) * np.float32(0.95 + 0.25 * contrast)
    picture += np.float32(0.43 + 0.07 * brightness) + field * np.float32(0.04)
    grain = rng.standard_normal(picture.shape, dtype=np.float32)
    picture += grain * np.float32(0.008 + 0.010 * noise)
    return np.asarray(np.clip(picture * 255, 0, 255), dtype=np.uint8)


@lru_cache(maxsize=8)
def _knots(size_px: int) -> np.ndarray:
    """(pixel, knot) weights of a smooth curve through evenly spaced knots."""
    at = np.linspace(0, _FIELD_KNOTS - 1, size_px)[:, np.newaxis] - np.arange(_FIELD_KNOTS)
    return np.asarray(np.cos(np.clip(at, -1, 1) * np.pi) / 2 + 0.5, dtype=np.float32)
