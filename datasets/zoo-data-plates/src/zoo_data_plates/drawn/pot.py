"""What a plant grows in: soil with grains, the rim of a pot, and the bench around it."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from zoo_data_plates.drawn.outline import FIELD_MM, coverage

_HALF_POT_MM = 21.8
_CORNER_MM = 5.0
_RIM_MM = 1.7
_SOIL = np.array([0.120, 0.100, 0.086], np.float32)
_RIM = np.array([0.250, 0.258, 0.255], np.float32)
_BENCH = np.array([0.105, 0.175, 0.235], np.float32)
_GRAINS_MM = (0.35, 0.9, 3.0)
_GRAIN_WEIGHTS = (0.55, 0.5, 0.3)
_N_SPECKS = 130


def draw_pot(size_px: int, rng: np.random.Generator) -> np.ndarray:
    """A pot without a plant, (y, x, c) float32 from 0 to 1."""
    texture, specks = soil_texture(size_px)
    n = len(texture)
    rows, columns = rng.integers(0, n, 2)
    at = np.ix_((np.arange(size_px) + rows) % n, (np.arange(size_px) + columns) % n)
    grain = texture[at][:, :, np.newaxis]
    picture = _SOIL * (1 + np.float32(0.42) * grain) + np.float32(0.30) * specks[at][:, :, np.newaxis] * _light(rng)
    depth = _pot_depth(size_px, rng)
    inner = coverage(depth - np.float32(_RIM_MM * size_px / FIELD_MM))[:, :, np.newaxis]
    outer = coverage(depth)[:, :, np.newaxis]
    # Soil lies deeper than the rim, which keeps the light from its edge.
    shade = np.clip((depth - np.float32(_RIM_MM * size_px / FIELD_MM)) * np.float32(16 / size_px), 0, 1)
    picture *= (np.float32(0.55) + np.float32(0.45) * shade)[:, :, np.newaxis]
    rim = _RIM * (1 + np.float32(0.25) * np.sin(depth * np.float32(np.pi * FIELD_MM / _RIM_MM / size_px)))[..., None]
    around = _BENCH * (1 + np.float32(0.05) * grain)
    picture = around + outer * (rim - around) + inner * (picture - rim)
    return np.asarray(np.maximum(picture, 0), dtype=np.float32)


@lru_cache(maxsize=8)
def soil_texture(size_px: int) -> tuple[np.ndarray, np.ndarray]:
    """Tiles larger than a picture: grains (mean 0, standard deviation 1) and light specks (0 to 1), (y, x) float32."""
    from scipy import ndimage

    rng, n = np.random.default_rng(1753), 2 * size_px  # Linnaeus's Species Plantarum, which names the plant
    px = size_px / FIELD_MM
    texture = np.zeros((n, n))
    for grain_mm, weight in zip(_GRAINS_MM, _GRAIN_WEIGHTS, strict=True):
        noise = ndimage.gaussian_filter(rng.standard_normal((n, n)), grain_mm * px / 2, mode="wrap")
        texture += weight * noise / noise.std()
    specks = np.zeros((n, n))
    specks[rng.integers(0, n, _N_SPECKS), rng.integers(0, n, _N_SPECKS)] = rng.uniform(0.3, 1.0, _N_SPECKS)
    specks = ndimage.gaussian_filter(specks, max(0.22 * px, 0.35), mode="wrap")
    return _standardized(texture), np.asarray(specks / specks.max(), dtype=np.float32)


def _standardized(texture: np.ndarray) -> np.ndarray:
    return np.asarray((texture - texture.mean()) / texture.std(), dtype=np.float32)


def _light(rng: np.random.Generator) -> np.ndarray:
    """Colour of specks: bark and grit."""
    return np.array([1.0, rng.uniform(0.78, 0.9), rng.uniform(0.55, 0.75)], np.float32)


def _pot_depth(size_px: int, rng: np.random.Generator) -> np.ndarray:
    """Pixels from the outer edge of the pot, above 0 within, (y, x)."""
    px = np.float32(size_px / FIELD_MM)
    shift = rng.uniform(-0.8, 0.8, 2).astype(np.float32)
    straight = np.float32(_HALF_POT_MM - _CORNER_MM)
    millimetres = (np.arange(size_px, dtype=np.float32) + np.float32(0.5)) / px - np.float32(FIELD_MM / 2)
    y = (np.abs(millimetres - shift[0]) - straight)[:, np.newaxis]
    x = np.abs(millimetres - shift[1]) - straight
    outside = np.sqrt(np.maximum(y, 0) ** 2 + np.maximum(x, 0) ** 2)
    inside = np.minimum(np.maximum(y, x), 0)
    return np.asarray((np.float32(_CORNER_MM) - outside - inside) * px)
