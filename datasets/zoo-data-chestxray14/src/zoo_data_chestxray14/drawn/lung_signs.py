"""Seven findings that can lie anywhere in a lung, distinct in shape or texture at 64 px."""

import numpy as np

from zoo_data_chestxray14.drawn.anatomy import Region
from zoo_data_chestxray14.drawn.sign import Effect, Sign, Spot, View, in_lung, strength
from zoo_data_chestxray14.drawn.thorax import edge


def _place_atelectasis(spot: Spot) -> Region:
    return in_lung(spot, 0.28 + 0.06 * spot.severity, 0.2)


def _draw_atelectasis(spot: Spot, view: View) -> Effect:
    tilt = np.float32(0.9 * (spot.chances[0] - 0.5))
    plate = edge(np.float32(0.33) - np.abs(view.q - tilt * view.p), 0.3)
    return Effect(fill=plate * strength(spot, 0.45, 1.0), shade=plate * strength(spot, 0.02, 0.1))


def _place_infiltration(spot: Spot) -> Region:
    half = 0.32 + 0.12 * spot.severity
    return in_lung(spot, half, half)


def _draw_infiltration(spot: Spot, view: View) -> Effect:
    bend = np.sin(view.p * 3 + spot.angle(2)), np.sin(view.q * 3 + spot.angle(3))
    wave = np.sin(view.p * 6 + bend[1] * 1.2 + spot.angle(0)) * np.sin(view.q * 6 + bend[0] * 1.2 + spot.angle(1))
    puffs = np.clip(wave * 2, 0, 1) * np.clip((1 - view.radius) * 3, 0, 1)
    return Effect(fill=puffs * strength(spot, 0.5, 1.0), shade=puffs * np.float32(0.04), smooth=puffs)


def _place_mass(spot: Spot) -> Region:
    half = 0.24 + 0.1 * spot.severity
    return in_lung(spot, half, half)


def _draw_mass(spot: Spot, view: View) -> Effect:
    angle = np.arctan2(view.q, view.p)
    lobes = np.sin(angle * 3 + spot.angle(0)) + np.sin(angle * 5 + spot.angle(1))
    mass = edge(np.float32(0.84) + np.float32(0.05) * lobes - view.radius, 0.2)
    return Effect(fill=mass * np.float32(0.95), shade=mass * strength(spot, 0.0, 0.12))


def _place_nodule(spot: Spot) -> Region:
    half = 0.13 + 0.04 * spot.severity
    return in_lung(spot, half, half)


def _draw_nodule(spot: Spot, view: View) -> Effect:
    disc = edge(np.float32(0.75) - view.radius, 0.4)
    return Effect(fill=disc * np.float32(0.9), shade=disc * strength(spot, 0.06, 0.22))


def _place_pneumonia(spot: Spot) -> Region:
    half = 0.34 + 0.1 * spot.severity
    return in_lung(spot, half, half)


def _draw_pneumonia(spot: Spot, view: View) -> Effect:
    angle = spot.angle(0)
    along = view.p * np.cos(angle) + view.q * np.sin(angle)
    bronchi = np.clip(np.abs(np.sin(along * 5 + view.radius * 1.5)) * 2 - 0.5, 0, 1)
    cloud = np.clip((1 - view.radius) * 2.5, 0, 1)
    return Effect(fill=cloud * bronchi * strength(spot, 0.5, 0.95), smooth=cloud)


def _place_consolidation(spot: Spot) -> Region:
    return in_lung(spot, 0.28 + 0.08 * spot.severity, 0.24 + 0.08 * spot.severity)


def _draw_consolidation(spot: Spot, view: View) -> Effect:
    up = np.float32(1 if spot.chances[0] < 0.5 else -1)
    tilt = np.float32(0.5 * (spot.chances[1] - 0.5))
    q = view.q * up
    flat = edge(np.float32(0.55) - q + tilt * view.p, 0.1)
    dome = edge(np.float32(1.0) - view.p * view.p - np.float32(0.42) * (q - np.float32(0.55)) ** 2, 0.2)
    return Effect(fill=flat * dome * strength(spot, 0.5, 0.95), smooth=flat * dome)


def _place_fibrosis(spot: Spot) -> Region:
    return in_lung(spot, 0.34 + 0.06 * spot.severity, 0.36 + 0.1 * spot.severity)


def _draw_fibrosis(spot: Spot, view: View) -> Effect:
    bend = np.sin(view.u * 6 + spot.angle(2)) * np.float32(0.7)
    rising, falling = (view.u + view.v) * 10 + bend, (view.u - view.v) * 10 + bend
    mesh = np.minimum(np.abs(np.sin(rising + spot.angle(0))), np.abs(np.sin(falling + spot.angle(1))))
    net = np.clip(1 - mesh * 2.2, 0, 1) * np.clip((1 - view.radius) * 3, 0, 1)
    return Effect(fill=net * strength(spot, 0.5, 1.0), shade=net * strength(spot, 0.0, 0.06), smooth=net)


LUNG_SIGNS: dict[str, Sign] = {
    "Atelectasis": Sign(_place_atelectasis, _draw_atelectasis),
    "Infiltration": Sign(_place_infiltration, _draw_infiltration),
    "Mass": Sign(_place_mass, _draw_mass),
    "Nodule": Sign(_place_nodule, _draw_nodule),
    "Pneumonia": Sign(_place_pneumonia, _draw_pneumonia),
    "Consolidation": Sign(_place_consolidation, _draw_consolidation),
    "Fibrosis": Sign(_place_fibrosis, _draw_fibrosis),
}
