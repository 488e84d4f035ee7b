"""What lies on a radiograph without being a finding: gas in the stomach, a wire on the skin, a side marker."""

import numpy as np

from zoo_data_chestxray14.drawn.anatomy import Anatomy
from zoo_data_chestxray14.drawn.thorax import Layers, edge

N_CLUTTER = 8
_GAS_SHARE = 0.5
_WIRE_SHARE = 0.12


def draw_clutter(anatomy: Anatomy, chances: np.ndarray, layers: Layers) -> None:
    """Draw it on the layers.

    Args:
        anatomy: of the chest.
        chances: (N_CLUTTER,) uniform: whether each is there, and where.
        layers: drawn on in place.
    """
    if chances[0] < _GAS_SHARE:
        _draw_gas(anatomy, chances, layers)
    if chances[3] < _WIRE_SHARE:
        _draw_wire(chances, layers)
    _draw_marker(chances, layers.density)


def _draw_gas(anatomy: Anatomy, chances: np.ndarray, layers: Layers) -> None:
    """Stomach gas, under the left dome."""
    across = (layers.u - np.float32(0.3 + 0.3 * chances[1])) * np.float32(4)
    down = (layers.v - np.float32(anatomy.dome_left + 0.22)) * np.float32(5 + 5 * chances[2])
    layers.density[...] -= np.float32(0.12) * edge(1 - across * across - down * down, 0.6)


def _draw_wire(chances: np.ndarray, layers: Layers) -> None:
    """A lead, in a bow from top to bottom."""
    bow = np.sin(layers.v * np.float32(1 + 2 * chances[4]) + np.float32(6 * chances[5])) * np.float32(0.4)
    distance = layers.u - bow - np.float32(0.8 * chances[6] - 0.4)
    layers.density[...] += np.float32(0.12) * np.clip(1 - np.abs(distance) * 25, 0, 1)


def _draw_marker(chances: np.ndarray, density: np.ndarray) -> None:
    """The letter L of lead, in an upper corner of the plate."""
    size_px = len(density)
    height, width = max(size_px // 14, 2), max(size_px // 22, 2)
    top, left = int(size_px * (0.03 + 0.1 * chances[7])), int(size_px * (0.86 + 0.08 * chances[6]))
    stroke = max(size_px // 64, 1)
    density[top : top + height, left : left + stroke] += np.float32(0.45)
    density[top + height - stroke : top + height, left + stroke : left + width] += np.float32(0.45)
