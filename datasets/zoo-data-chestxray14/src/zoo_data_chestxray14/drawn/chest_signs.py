"""Seven findings that have their place: heart, bases, apex, hila, walls."""

import numpy as np

from zoo_data_chestxray14.drawn.anatomy import Region
from zoo_data_chestxray14.drawn.sign import Effect, Sign, Spot, View, strength
from zoo_data_chestxray14.drawn.thorax import HEART_DENSITY, HEART_LEAN, below_diaphragm, edge, heart_shadow


def _place_cardiomegaly(spot: Spot) -> Region:
    anatomy = spot.anatomy
    half_v = 1.1 * anatomy.heart_half_height
    half_u = 1.1 * anatomy.heart_half_width * _heart_growth(spot) + 0.5 * HEART_LEAN * half_v
    return Region(anatomy.heart_u, anatomy.heart_v, half_u, half_v)


def _draw_cardiomegaly(spot: Spot, view: View) -> Effect:
    large = heart_shadow(spot.anatomy, view.u, view.v, _heart_growth(spot))
    gain = large - heart_shadow(spot.anatomy, view.u, view.v)
    gain *= edge(-below_diaphragm(spot.anatomy, view.u, view.v), 0.1)
    return Effect(fill=large * np.float32(0.95), shade=gain * np.float32(HEART_DENSITY))


def _heart_growth(spot: Spot) -> float:
    return 1.2 + 0.45 * spot.severity


def _place_effusion(spot: Spot) -> Region:
    anatomy = spot.anatomy
    dome = anatomy.dome(spot.side)
    top, bottom = dome - 0.12 - 0.5 * spot.severity, dome + 0.36
    inner = anatomy.mediastinum
    return Region(spot.side * (inner + 1.0) / 2, (top + bottom) / 2, (1.0 - inner) / 2, (bottom - top) / 2)


def _draw_effusion(spot: Spot, view: View) -> Effect:
    medial = (1 - spot.side * view.p) / 2
    surface = np.float32(-0.95) + np.float32(1.1) * np.sqrt(np.clip(medial, 0, 1))
    fluid = edge(view.q - surface, 0.15)
    return Effect(fill=fluid * np.float32(0.95), shade=fluid * np.float32(0.06))


def _place_pneumothorax(spot: Spot) -> Region:
    bottom, depth = 0.0 + 0.6 * spot.severity, 0.36 + 0.3 * spot.severity
    return Region(spot.side * (1.02 - depth / 2), (bottom - 1) / 2, depth / 2, (bottom + 1) / 2)


def _draw_pneumothorax(spot: Spot, view: View) -> Effect:
    depth = np.float32(0.2 + 0.24 * spot.severity) * np.clip(1.1 - view.q * view.q * np.sign(view.q), 0, 1)
    outside = edge(depth - view.wall_distance, 0.04)
    line = np.clip(1 - np.abs(view.wall_distance - depth) * 22, 0, 1) * np.clip((1 - view.q) * 3, 0, 1)
    return Effect(air_shade=line * strength(spot, 0.2, 0.35) - outside * strength(spot, 0.1, 0.2), smooth=outside)


def _place_edema(spot: Spot) -> Region:
    return Region(spot.anatomy.midline, spot.anatomy.dome_right - 0.48, 0.92, 0.52)


def _draw_edema(spot: Spot, view: View) -> Effect:
    across = np.abs(view.p) - np.float32(0.42)
    wings = np.clip(np.float32(1.1) - across * across * 9 - view.q * view.q * 1.6, 0, 1)
    kerley = np.clip(np.sin(view.q * 24 + spot.angle(0)) * 1.5, 0, 1) * edge(np.abs(view.p) - 0.45, 0.2)
    return Effect(
        fill=wings * strength(spot, 0.25, 0.55) + kerley * (1 - wings) * strength(spot, 0.2, 0.4), smooth=wings
    )


def _place_emphysema(spot: Spot) -> Region:
    return Region(0.0, (spot.anatomy.dome_right - 1) / 2 + 0.1, 1.0, (spot.anatomy.dome_right + 1) / 2 + 0.1)


def _draw_emphysema(spot: Spot, view: View) -> Effect:
    bend_u, bend_v = np.sin(view.v * 4 + spot.angle(2)), np.sin(view.u * 4 + spot.angle(3))
    cell_u, cell_v = np.sin(view.u * 6.5 + bend_u + spot.angle(0)), np.sin(view.v * 6.5 + bend_v + spot.angle(1))
    radius = np.sqrt(cell_u * cell_u + cell_v * cell_v)
    rims = np.clip(1 - np.abs(radius - np.float32(0.8)) * 5, 0, 1)
    bullae = edge(np.float32(0.7) - radius, 0.2)
    dark = bullae * strength(spot, 0.1, 0.2) + strength(spot, 0.0, 0.04)
    return Effect(air_shade=rims * strength(spot, 0.08, 0.18) - dark, smooth=0.7)


def _place_pleural_thickening(spot: Spot) -> Region:
    half_v = 0.28 + 0.15 * spot.severity
    v = -0.45 + 0.6 * spot.height
    width = 0.32
    return Region(spot.side * (spot.anatomy.outer(v) + 0.03 - width / 2), v, width / 2, half_v)


def _draw_pleural_thickening(spot: Spot, view: View) -> Effect:
    thickness = np.float32(0.09 + 0.07 * spot.severity) * (1 + np.float32(0.2) * np.sin(view.q * 6 + spot.angle(0)))
    rind = edge(thickness * np.clip((1 - view.q * view.q) * 2, 0, 1) - view.wall_distance, 0.06)
    rind *= edge(view.wall_distance, 0.04)
    return Effect(fill=rind, shade=rind * strength(spot, 0.06, 0.16))


def _place_hernia(spot: Spot) -> Region:
    half = 0.19 + 0.06 * spot.severity
    u = spot.anatomy.midline + 0.3 * (spot.across - 0.35)
    return Region(u, spot.anatomy.dome_left - 0.35 * spot.height - 0.02, half, half)


def _draw_hernia(spot: Spot, view: View) -> Effect:
    bubble = edge(np.float32(0.8) - view.radius, 0.15)
    rim = np.clip(1 - np.abs(view.radius - np.float32(0.82)) * 6, 0, 1)
    gas = bubble * edge(np.float32(0.15 - 0.3 * spot.chances[0]) - view.q, 0.1)
    return Effect(shade=rim * np.float32(0.1) - gas * strength(spot, 0.14, 0.34), fill=bubble)


CHEST_SIGNS: dict[str, Sign] = {
    "Cardiomegaly": Sign(_place_cardiomegaly, _draw_cardiomegaly),
    "Effusion": Sign(_place_effusion, _draw_effusion),
    "Pneumothorax": Sign(_place_pneumothorax, _draw_pneumothorax),
    "Edema": Sign(_place_edema, _draw_edema),
    "Emphysema": Sign(_place_emphysema, _draw_emphysema),
    "Pleural_Thickening": Sign(_place_pleural_thickening, _draw_pleural_thickening),
    "Hernia": Sign(_place_hernia, _draw_hernia),
}
