"""From a plant to its picture: pot, leaves with shadow, midrib and light, camera noise; and the mask of its leaves."""

from __future__ import annotations

import colorsys
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from zoo_data_plates.drawn.leaves import Leaf, leaves_of
from zoo_data_plates.drawn.outline import FIELD_MM, Outline, coverage, leaf_mask, outline
from zoo_data_plates.drawn.plants import Plant
from zoo_data_plates.drawn.pot import draw_pot

_LIGHT = (-0.75, -0.66)
"""Where the light comes from, (y, x): above and to the left."""

_SHADOW = np.float32(0.42)


@dataclass(frozen=True)
class Scene:
    """All that is decided of a picture.

    Attributes:
        plant: which grows there, or would.
        leaves: of the plant, the lowest first; none in an empty well.
        size_px: side of the picture.
    """

    plant: Plant
    leaves: tuple[Leaf, ...]
    size_px: int


def scene(plant: Plant, size_px: int, rng: np.random.Generator) -> Scene:
    """Decide a picture.

    Args:
        plant: at its age.
        size_px: side of the picture.
        rng: of the plant, the same at every age.
    """
    return Scene(plant, tuple(leaves_of(plant, rng)), size_px)


def mask(plan: Scene) -> np.ndarray:
    """(y, x) uint8: 0 beside the plant, n where the n-th leaf is to be seen, the lowest being 1."""
    return leaf_mask([shape for _, shape in _outlines(plan)], plan.size_px)


def draw(plan: Scene, sensor_noise: float, pot: np.random.Generator, camera: np.random.Generator) -> np.ndarray:
    """The picture.

    Args:
        plan: what it shows.
        sensor_noise: standard deviation of a pixel, of a range from 0 to 1.
        pot: random numbers of the pot, the same in all its pictures.
        camera: of this picture alone.
    Returns:
        (y, x, c) uint8, red, green and blue.
    """
    picture = draw_pot(plan.size_px, pot)
    for leaf, shape in _outlines(plan):
        _paint(picture[shape.window], leaf, shape, plan)
    picture = _soft(picture)
    picture *= np.float32(plan.plant.brightness) * _gradient(plan.size_px, camera)[:, :, np.newaxis]
    # Shot noise: a light pixel varies more than a dark one.
    grain = camera.standard_normal(picture.shape, dtype=np.float32) * np.float32(sensor_noise)
    picture += grain * (np.float32(0.5) + np.sqrt(np.maximum(picture, 0)))
    return np.asarray(np.clip(picture * 255 + np.float32(0.5), 0, 255), dtype=np.uint8)


def _outlines(plan: Scene) -> list[tuple[Leaf, Outline]]:
    y, x = (plan.size_px * (0.5 + mm / FIELD_MM) for mm in plan.plant.centre_mm)
    shapes = ((leaf, outline(leaf, (y, x), plan.size_px)) for leaf in plan.leaves)
    return [(leaf, shape) for leaf, shape in shapes if shape is not None]


def _paint(canvas: np.ndarray, leaf: Leaf, shape: Outline, plan: Scene) -> None:
    """Lay a leaf, and the shadow around it, over what is there."""
    px = plan.size_px / FIELD_MM
    reach = np.float32(0.9 * px)
    shadow = np.clip((shape.depth + reach) / (2 * reach), 0, 1)
    canvas *= (1 - _SHADOW * shadow)[:, :, np.newaxis]
    cover = coverage(shape.depth)[:, :, np.newaxis]
    canvas += cover * (_colour(leaf, shape, plan) - canvas)


def _colour(leaf: Leaf, shape: Outline, plan: Scene) -> np.ndarray:
    """(y, x, c) float32: the leaf's surface, as if it had no edge."""
    px = plan.size_px / FIELD_MM
    blade, rib = (np.asarray(colour, np.float32) for colour in _tints(leaf, plan.plant))
    cosine, sine = np.cos(leaf.angle), np.sin(leaf.angle)
    towards = (cosine * _LIGHT[1] + sine * _LIGHT[0], cosine * _LIGHT[0] - sine * _LIGHT[1])
    # A blade is an arch: the side that faces the light is lighter, and so is what lies flat and high.
    side = np.clip(shape.across, -1, 1)
    light = 1 + np.float32(0.13 * towards[1]) * side + np.float32(0.16 * towards[0]) * (shape.along - np.float32(0.6))
    veins = np.cos((shape.along * np.float32(leaf.length_mm) - np.abs(side) * 2) * np.float32(2 * np.pi / 1.9))
    light += np.float32(0.022) * veins * np.abs(side)
    light += np.float32(0.05) * np.clip(shape.blade_depth * np.float32(0.5 / px), 0, 1)
    half_rib_px = max(0.28 * px, 0.5)
    midrib = np.exp(-((shape.across * np.float32(leaf.half_width_mm * px / half_rib_px)) ** 2))
    midrib *= np.float32(0.55) * np.clip((1 - shape.along) * 3, 0, 1)
    stalk = 1 - coverage(shape.blade_depth)
    pale = np.maximum(midrib, stalk * np.float32(0.8))[:, :, np.newaxis]
    return np.asarray((blade + pale * (rib - blade)) * light[:, :, np.newaxis])


def _tints(leaf: Leaf, plant: Plant) -> Sequence[tuple[float, float, float]]:
    """Red, green and blue of a leaf's blade, and of its midrib and stalk."""
    hue, value = plant.hue_deg / 360, plant.value * leaf.tone
    young = leaf.youth
    blade = colorsys.hsv_to_rgb(hue - 0.02 * young, plant.saturation, min(value * (1 + 0.1 * young), 1))
    rib = colorsys.hsv_to_rgb(hue - 0.015, plant.saturation * 0.72, min(value * 1.17, 1))
    return blade, rib


def _gradient(size_px: int, rng: np.random.Generator) -> np.ndarray:
    """How much lighter the lamp makes each place, (y, x) float32, about 1."""
    slope = rng.uniform(-0.1, 0.1, 2)
    along = np.linspace(-1, 1, size_px, dtype=np.float32)
    return np.asarray(1 + np.float32(slope[0]) * along[:, np.newaxis] + np.float32(slope[1]) * along)


def _soft(picture: np.ndarray) -> np.ndarray:
    """As a lens sees it: each pixel mixed with its neighbours, an eighth each side."""
    padded = np.pad(picture, ((1, 1), (1, 1), (0, 0)), mode="edge")
    rows = padded[:-2] + np.float32(6) * padded[1:-1] + padded[2:]
    return np.asarray((rows[:, :-2] + np.float32(6) * rows[:, 1:-1] + rows[:, 2:]) * np.float32(1 / 64))
