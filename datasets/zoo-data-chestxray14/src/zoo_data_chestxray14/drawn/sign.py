"""What a sign is: a finding as it is drawn, where it fits in a chest, and what it does to the layers there."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from zoo_data_chestxray14.drawn.anatomy import Anatomy, Region, outer_wall
from zoo_data_chestxray14.drawn.thorax import Layers

N_CHANCES = 4


@dataclass(frozen=True)
class Spot:
    """One finding in one chest.

    Attributes:
        anatomy: of the chest.
        severity: above 0, to 1.
        side: -1 the right lung, 1 the left.
        height: uniform, from apex to base.
        across: uniform, from mediastinum to wall.
        chances: (N_CHANCES,) uniform, for what else varies: tilt, phases.
    """

    anatomy: Anatomy
    severity: float
    side: int
    height: float
    across: float
    chances: np.ndarray

    def angle(self, n: int) -> np.float32:
        """The n-th chance as an angle from 0 to 2 pi."""
        return np.float32(2 * np.pi * self.chances[n])


@dataclass(frozen=True)
class View:
    """The window a sign is drawn in.

    Attributes:
        p: -1 to 1 across the sign's region, (y, x).
        q: -1 to 1 down the sign's region, (y, x).
        u: body coordinate, (y, x).
        v: body coordinate, (y, x).
    """

    p: np.ndarray
    q: np.ndarray
    u: np.ndarray
    v: np.ndarray

    @property
    def radius(self) -> np.ndarray:
        """Distance from the middle of the region, 1 at its sides."""
        return np.asarray(np.sqrt(self.p * self.p + self.q * self.q))

    @property
    def wall_distance(self) -> np.ndarray:
        """How far inside the chest's wall, in u."""
        return np.asarray(outer_wall(self.v) - np.abs(self.u))


@dataclass(frozen=True)
class Effect:
    """What a sign does, each (y, x) float32 or 0.

    Attributes:
        fill: 0 to 1, tissue or fluid in place of air.
        shade: brightness that is added.
        air_shade: brightness that is added where air is.
        smooth: 0 to 1, markings that vanish.
    """

    fill: np.ndarray | float = 0.0
    shade: np.ndarray | float = 0.0
    air_shade: np.ndarray | float = 0.0
    smooth: np.ndarray | float = 0.0


@dataclass(frozen=True)
class Sign:
    """How one finding is drawn.

    Attributes:
        place: region that holds the whole of it.
        draw: what it does there.
    """

    place: Callable[[Spot], Region]
    draw: Callable[[Spot, View], Effect]


def draw_sign(sign: Sign, spot: Spot, layers: Layers) -> None:
    """Draw one finding on the layers, nowhere outside the image's rectangle around its region."""
    region = sign.place(spot)
    x_min, y_min, x_max, y_max = spot.anatomy.frame.image_box(region)
    size_px = len(layers.air)
    rows = slice(int(y_min * size_px), int(np.ceil(y_max * size_px)))
    columns = slice(int(x_min * size_px), int(np.ceil(x_max * size_px)))
    part = layers.window(rows, columns)
    p = (part.u - np.float32(region.u)) / np.float32(region.half_u)
    q = (part.v - np.float32(region.v)) / np.float32(region.half_v)
    effect = sign.draw(spot, View(p, q, part.u, part.v))
    # Nothing passes the region's border, so that the box says where the finding is and is not.
    inside = np.clip((1 - np.maximum(np.abs(p), np.abs(q))) * 10, 0, 1)
    part.density[...] += inside * (effect.shade + effect.air_shade * part.air)
    part.air[...] *= 1 - inside * effect.fill
    part.markings[...] *= 1 - inside * effect.smooth


def in_lung(spot: Spot, half_u: float, half_v: float) -> Region:
    """A region of this size somewhere in the spot's lung, between apex and base, mediastinum and wall."""
    anatomy = spot.anatomy
    top, base = -0.72 + half_v, anatomy.dome(spot.side) - half_v
    v = top + (base - top) * spot.height
    inner = anatomy.mediastinum + 0.06 + half_u
    outer = max(anatomy.outer(v) - half_u, inner)
    return Region(spot.side * (inner + (outer - inner) * spot.across), v, half_u, half_v)


def strength(spot: Spot, low: float, high: float) -> np.float32:
    """From `low`, for what is hardly there, to `high`, in proportion to the severity."""
    return np.float32(low + (high - low) * spot.severity)
