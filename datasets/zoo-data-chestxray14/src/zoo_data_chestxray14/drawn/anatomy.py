"""The shape of one chest in one exposure, in the body's own coordinates, and where these lie in the image.

Body coordinates: u runs across from -1 to 1 between the walls of the chest, v down from -1 at the apex of the lungs to
about 1 below the diaphragm. The patient's right is u < 0, as a radiograph is looked at.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from zoo_data_chestxray14.drawn.cohort import Examination

N_POSE = 20


@dataclass(frozen=True)
class Frame:
    """Where the body lies in the image; lengths are fractions of the image's sides.

    Attributes:
        centre_x: of the body.
        centre_y: of the body.
        half_width: of the chest.
        half_height: of the chest.
        rotation: radians, clockwise.
    """

    centre_x: float
    centre_y: float
    half_width: float
    half_height: float
    rotation: float

    def body_coordinates(self, size_px: int) -> tuple[np.ndarray, np.ndarray]:
        """u and v of every pixel's centre, each (y, x) float32."""
        x, y = _pixel_centres(size_px)
        x, y = x - np.float32(self.centre_x), y - np.float32(self.centre_y)
        cosine, sine = np.float32(np.cos(self.rotation)), np.float32(np.sin(self.rotation))
        u = (x * cosine + y * sine) / np.float32(self.half_width)
        v = (y * cosine - x * sine) / np.float32(self.half_height)
        return u, v

    def image_box(self, region: "Region") -> tuple[float, float, float, float]:
        """(x_min, y_min, x_max, y_max) of the image's rectangle around a region, cut at the image's edges."""
        # Plain floats: with arrays of four numbers all boxes of a cohort take nearly twice as long.
        us = [u * self.half_width for u in (region.u - region.half_u, region.u + region.half_u)]
        vs = [v * self.half_height for v in (region.v - region.half_v, region.v + region.half_v)]
        cosine, sine = float(np.cos(self.rotation)), float(np.sin(self.rotation))
        x = [_share(self.centre_x + u * cosine - v * sine) for u in us for v in vs]
        y = [_share(self.centre_y + u * sine + v * cosine) for u in us for v in vs]
        return min(x), min(y), max(x), max(y)


@dataclass(frozen=True)
class Region:
    """A rectangle in body coordinates.

    Attributes:
        u: of the middle.
        v: of the middle.
        half_u: half its width.
        half_v: half its height.
    """

    u: float
    v: float
    half_u: float
    half_v: float


@dataclass(frozen=True)
class Anatomy:
    """One chest in one exposure. Lengths in body coordinates; opacities on the scale from 0 (black) to 1 (white).

    Attributes:
        frame: where it lies in the image.
        mediastinum: half width of what lies between the lungs.
        midline: u of its middle.
        dome_right: v of the highest point of the right diaphragm.
        dome_left: the same on the left.
        heart_half_width: without enlargement.
        heart_v: of the heart's middle.
        wall: u of the skin beside the chest.
        rib_period: distance of two ribs along v.
        rib_phase: from 0 to 1.
        rib_opacity: of the ribs.
        clavicle_v: of the clavicles' inner ends.
        breast: opacity of the breasts.
        lung: how much darker than soft tissue the lungs are.
        markings: strength of the vessels' shadows.
        texture_u: where in the texture the markings are taken from.
        texture_v: the same along v.
        is_ap: taken from the front, lying or sitting: scapulae over the lungs, a larger heart's shadow.
    """

    frame: Frame
    mediastinum: float
    midline: float
    dome_right: float
    dome_left: float
    heart_half_width: float
    heart_v: float
    wall: float
    rib_period: float
    rib_phase: float
    rib_opacity: float
    clavicle_v: float
    breast: float
    lung: float
    markings: float
    texture_u: float
    texture_v: float
    is_ap: bool

    @property
    def heart_u(self) -> float:
        """u of the heart's middle: two thirds of it lie left of the midline."""
        return self.midline + 0.36 * self.heart_half_width

    @property
    def heart_half_height(self) -> float:
        """Half the heart's height."""
        return 0.48

    def dome(self, side: int) -> float:
        """v of the diaphragm's highest point: `side` is -1 for the right lung, 1 for the left."""
        return self.dome_right if side < 0 else self.dome_left

    def outer(self, v: float) -> float:
        """|u| of the chest's inner wall at v."""
        return float(outer_wall(np.array(v)))


def outer_wall(v: np.ndarray) -> np.ndarray:
    """|u| of the chest's inner wall: round at the apex, then nearly straight."""
    above = np.clip(np.float32(0.5) - v * np.float32(0.5), 0, 1)
    return np.asarray(np.sqrt(1 - above * above * above) * np.float32(0.97), dtype=np.float32)


def shape(examination: Examination, pose: np.ndarray) -> Anatomy:
    """Shape one chest from the patient's habitus and the image's pose.

    Args:
        examination: who, and from which side.
        pose: (N_POSE,) uniform numbers of this image alone.
    """
    body, patient = examination.patient.habitus, examination.patient
    is_ap, is_child = examination.view_position == "AP", examination.age < 18
    breath = _between(pose[0], -0.12, 0.1) - 0.08 * is_ap
    dome_right = _between(body[0], 0.40, 0.60) + breath
    return Anatomy(
        frame=_frame(body, pose, is_child),
        mediastinum=_between(body[1], 0.12, 0.19) * (1.15 if is_ap else 1.0),
        midline=_between(pose[1], -0.07, 0.07),
        dome_right=dome_right,
        dome_left=dome_right + _between(body[2], 0.02, 0.14),
        heart_half_width=_between(body[3], 0.36, 0.45) * (1.08 if is_ap else 1.0) * (1.08 if is_child else 1.0),
        heart_v=_between(body[4], 0.24, 0.40) + 0.5 * breath,
        wall=_between(body[5], 1.08, 1.30),
        rib_period=_between(body[6], 0.21, 0.28),
        rib_phase=float(body[7]),
        rib_opacity=_between(body[8], 0.04, 0.08),
        clavicle_v=_between(pose[2], -0.98, -0.72) - 0.08 * is_ap,
        breast=_between(body[9], 0.04, 0.16) if patient.sex == "F" and not is_child else 0.0,
        lung=_between(body[10], 0.36, 0.42) - 0.03 * is_ap,
        markings=_between(pose[3], 0.03, 0.05),
        texture_u=float(pose[4]),
        texture_v=float(pose[5]),
        is_ap=is_ap,
    )


def _frame(body: np.ndarray, pose: np.ndarray, is_child: bool) -> Frame:
    half_width = _between(body[11], 0.33, 0.43) * (0.88 if is_child else 1.0)
    return Frame(
        centre_x=_between(pose[6], 0.43, 0.57),
        centre_y=_between(pose[7], 0.43, 0.55),
        half_width=half_width,
        half_height=half_width * _between(body[12], 0.98, 1.22) * (0.9 if is_child else 1.0),
        rotation=_between(pose[8], -0.15, 0.15),
    )


def _share(number: float) -> float:
    return min(max(float(number), 0.0), 1.0)


def _between(chance: float, low: float, high: float) -> float:
    return float(low + (high - low) * chance)


@lru_cache(maxsize=8)
def _pixel_centres(size_px: int) -> tuple[np.ndarray, np.ndarray]:
    centres = (np.arange(size_px, dtype=np.float32) + np.float32(0.5)) / np.float32(size_px)
    return centres[np.newaxis, :], centres[:, np.newaxis]
