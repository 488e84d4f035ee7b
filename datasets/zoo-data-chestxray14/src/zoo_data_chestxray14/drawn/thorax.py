"""The chest without findings: skin, lungs with markings, heart, diaphragm, bones; layers that signs then change."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy import ndimage

from zoo_data_chestxray14.drawn.anatomy import Anatomy, outer_wall

_TEXTURE_PX = 256
_SOFT_TISSUE = 0.5
HEART_DENSITY = 0.12
HEART_LEAN = 0.25


@dataclass(frozen=True)
class Layers:
    """A chest being drawn; every array is (y, x) float32, and slices of them are drawn on in place.

    Attributes:
        u: body coordinate of each pixel.
        v: body coordinate of each pixel.
        air: 0 where tissue is, 1 where the lung is full of air.
        markings: how much the vessels brighten the lung.
        density: brightness without any air.
    """

    u: np.ndarray
    v: np.ndarray
    air: np.ndarray
    markings: np.ndarray
    density: np.ndarray

    def window(self, rows: slice, columns: slice) -> "Layers":
        """Views of a part; drawing on them draws on the whole."""
        return Layers(*(layer[rows, columns] for layer in (self.u, self.v, self.air, self.markings, self.density)))


def draw_chest(anatomy: Anatomy, size_px: int) -> Layers:
    """Draw one chest without findings, `size_px` pixels a side."""
    u, v = anatomy.frame.body_coordinates(size_px)
    across, middle = np.abs(u), np.abs(u - np.float32(anatomy.midline))
    below = below_diaphragm(anatomy, u, v)
    heart = heart_shadow(anatomy, u, v)
    room = np.minimum(outer_wall(v) - across, -below)
    air = edge(np.minimum(room, middle - _mediastinum(anatomy, v)), 0.07)
    air *= 1 - np.float32(0.95) * heart
    density = _soft_tissue(anatomy, v, across)
    organs = np.float32(0.09) * edge(np.float32(anatomy.mediastinum) - middle, 0.2)
    organs = np.maximum(organs, np.float32(HEART_DENSITY) * heart)
    organs = np.maximum(organs, np.float32(0.16) * edge(below, 0.1) * edge(1 - across, 0.3))
    density += organs
    density += _bones(anatomy, u, v, across) * (1 - np.float32(0.8) * edge(below, 0.2))
    return Layers(u, v, air, _markings(anatomy, v, across), density)


def compose(layers: Layers, lung: float) -> np.ndarray:
    """The picture of these layers: (y, x) float32, about 0 to 1; `lung` is how much darker air is than tissue."""
    return layers.density - layers.air * (np.float32(lung) - layers.markings)


def edge(distance: np.ndarray, width: float) -> np.ndarray:
    """1 inside (distance above 0), 0 outside, with a ramp of `width` between."""
    ramp = np.asarray(distance * np.float32(1 / width))
    ramp += np.float32(0.5)
    # Two plain ufuncs in place take a third of np.clip's time on small windows.
    np.maximum(ramp, 0, out=ramp)
    return np.minimum(ramp, 1, out=ramp)


def below_diaphragm(anatomy: Anatomy, u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """How far below the diaphragm along v, (y, x): a dome on either side, lowest at the wall."""
    dome = np.where(u < 0, np.float32(anatomy.dome_right), np.float32(anatomy.dome_left))
    slope = (np.abs(u) - np.float32(0.45)) * np.float32(1.9)
    return np.asarray(v - dome - np.float32(0.34) * slope * slope)


def heart_shadow(anatomy: Anatomy, u: np.ndarray, v: np.ndarray, growth: float = 1.0) -> np.ndarray:
    """0 to 1 where the heart lies, (y, x), `growth` times as wide as the anatomy has it."""
    half_width = np.float32(anatomy.heart_half_width * growth)
    below = v - np.float32(anatomy.heart_v)
    # The heart leans: its lower pole lies further to the left.
    across = (u - np.float32(anatomy.heart_u) - np.float32(HEART_LEAN) * below) / half_width
    along = below / np.float32(anatomy.heart_half_height)
    return edge(1 - across * across - along * along, 0.35)


def _mediastinum(anatomy: Anatomy, v: np.ndarray) -> np.ndarray:
    apex = np.clip(-0.55 - v, 0, None)
    return np.asarray(np.float32(anatomy.mediastinum) + apex * np.float32(0.45))


def _soft_tissue(anatomy: Anatomy, v: np.ndarray, across: np.ndarray) -> np.ndarray:
    shoulder = np.clip(-0.2 - v, 0, 0.8) * np.float32(1.1)
    roof = np.float32(-1.2) + np.float32(0.35) * np.clip(across - 0.35, 0, None)
    trunk = np.minimum(np.float32(anatomy.wall) + shoulder - across, v - roof)
    neck = np.minimum(np.float32(0.36) - across, np.float32(-1.0) - v)
    density = edge(np.maximum(trunk, neck), 0.25) * np.float32(_SOFT_TISSUE)
    if anatomy.breast:
        low = (v - np.float32(0.48)) * np.float32(2.4)
        side = (across - np.float32(0.55)) * np.float32(2.2)
        density += np.float32(anatomy.breast) * np.clip(1.2 - low * low - side * side, 0, 1)
    return density


def _bones(anatomy: Anatomy, u: np.ndarray, v: np.ndarray, across: np.ndarray) -> np.ndarray:
    cage = edge(np.float32(1.04) - across, 0.1) * edge(v + 1, 0.1)
    bow = v + np.float32(0.45) * (across - np.float32(0.5)) ** 2 + np.float32(0.12) * across
    wave = np.sin(bow * np.float32(2 * np.pi / anatomy.rib_period) + np.float32(2 * np.pi * anatomy.rib_phase))
    bones = np.clip(wave, 0, 0.6) * cage * np.float32(anatomy.rib_opacity)
    clavicle = v - np.float32(anatomy.clavicle_v) + np.float32(0.28) * across
    bones += np.float32(0.1) * np.clip(1 - np.abs(clavicle) * 14, 0, 1) * edge(across - 0.12, 0.1)
    spine = np.clip(1 - np.abs(u - np.float32(anatomy.midline)) * 7, 0, 1)
    bones += np.float32(0.06) * spine * (1 + np.float32(0.4) * np.sin(v * np.float32(20)))
    if anatomy.is_ap:
        blade = np.float32(0.78) + np.float32(0.25) * v
        bones += np.float32(0.09) * edge(across - blade, 0.05) * edge(-0.1 - v, 0.2) * cage
    return np.asarray(bones)


def _markings(anatomy: Anatomy, v: np.ndarray, across: np.ndarray) -> np.ndarray:
    """Vessels that spread from either hilum and fade towards the wall."""
    right, down = across - np.float32(0.2), v + np.float32(0.05)
    distance = np.sqrt(right * right + down * down)
    texture = _texture()
    # Stretched along the radius: what was a net of ridges becomes branches.
    angle = np.arctan2(down, right) * np.float32(_TEXTURE_PX / np.pi) + np.float32(anatomy.texture_u * _TEXTURE_PX)
    reach = distance * np.float32(0.3 * _TEXTURE_PX) + np.float32(anatomy.texture_v * _TEXTURE_PX)
    branches = texture[reach.astype(np.int32) % _TEXTURE_PX, angle.astype(np.int32) % _TEXTURE_PX]
    hilum = np.clip(1 - distance * np.float32(3.5), 0, 1)
    fading = np.clip(np.float32(1.2) - distance, 0.1, 1)
    return np.asarray((branches * fading + 2 * hilum) * np.float32(anatomy.markings))


@lru_cache(maxsize=1)
def _texture() -> np.ndarray:
    """A tile of ridges: mean 0, standard deviation 1."""
    noise = np.random.default_rng(2017).standard_normal((_TEXTURE_PX, _TEXTURE_PX))
    smooth = ndimage.gaussian_filter(noise, 7.0, mode="wrap")
    ridges = np.clip(1 - 1.4 * np.abs(smooth / smooth.std()), 0, 1)
    ridges = ndimage.gaussian_filter(ridges, 2.0, mode="wrap")
    return np.asarray((ridges - ridges.mean()) / ridges.std(), dtype=np.float32)
