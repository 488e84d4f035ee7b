"""How plants grow: areas over time made smooth, relative growth rates with intervals, pictures that do not fit flagged.

Leaves rise and sink within a day, which changes the projected area by a tenth within hours. So a rate is of some whole
days, and the difference between two pictures of one day is no growth.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pandas as pd

from zoo_core.contract import ConfigError, DataError

WINDOW_D = 3.0
"""Days that a rate is of: whole days hold as many nights as days."""

LEAST_PICTURES = 5
"""Of a rate: four have no order that is rare enough by chance for an interval of 95 %."""

NO_PLANT, JUMP = "no plant", "jump"
"""Flags of pictures without an area, and of those whose area lies far from what the pictures around it say."""

_LEAST_JUMP, _SPREADS = math.log(1.2), 5.0
"""A jump is by a fifth or more, and by more than so many times what the pictures around scatter; of the first and the
last picture, which a line says less of, by twice that."""

_CONFIDENCE = 0.95
_NORMAL_PER_MAD = 1.4826
_H_PER_D = 24.0
_RATES = ("smooth_area", "rate_per_d", "rate_low", "rate_high", "n_pictures")


def growth_curve(time_h: np.ndarray, area: np.ndarray, window_d: float = WINDOW_D) -> pd.DataFrame:
    """Follow one plant.

    A window is laid around each picture; at the ends of a series it is the first or the last whole one, and where it
    holds too few pictures the nearest are taken. In it the logarithm of the area is a line by Theil and Sen, which a
    quarter of bad pictures does not bend. Windows of neighbours overlap, so their rates are alike; and rates across a
    moment from which on the camera shows plants in another size are wrong.

    Args:
        time_h: (picture,), hours, in any order.
        area: (picture,), in one unit, of pictures of one scale; 0 or NaN where no plant was found.
        window_d: days of a window.
    Returns:
        One row a picture, as they were given: time_h; area; flag, empty where the picture fits; smooth_area, in the
        unit of area; rate_per_d, the relative growth rate in 1 / day, with rate_low and rate_high, a 95 % interval; and
        n_pictures that it is from. With fewer than 5 pictures that fit, and before the first and after the last of
        them, there are no rates: they are missing. The interval takes pictures for independent of each other.
    Raises:
        ConfigError: the window has no length.
        DataError: a time is missing, an area is below 0 or infinite, or there are not as many of one as of the other.
    Source:
        Sen 1968, Estimates of the regression coefficient based on Kendall's tau. Hoffmann and Poorter 2002, Avoiding
        bias in calculations of relative growth rate: it is the slope of the logarithm.
    """
    time_h, area = np.asarray(time_h, dtype=float), np.asarray(area, dtype=float)
    _check(time_h, area, window_d)
    is_plant = area > 0
    log_area = np.log(np.where(is_plant, area, np.nan))
    window_h = window_d * _H_PER_D
    is_jump = np.array([is_plant[i] and _jumps(time_h, log_area, i, window_h) for i in range(len(area))], dtype=bool)
    fits = is_plant & ~is_jump
    table = pd.DataFrame({"time_h": time_h, "area": area})
    table["flag"] = np.select([~is_plant, is_jump], [NO_PLANT, JUMP], "")
    # Before there was a plant, and after it was gone, there is nothing that a line could be drawn through.
    seen = time_h[fits] if fits.any() else np.array([math.inf, -math.inf])
    rates = [
        _rate(time_h, log_area, _window(time_h, fits, at_h, window_h), at_h)
        if seen.min() <= at_h <= seen.max()
        else (*[math.nan] * (len(_RATES) - 1), 0)
        for at_h in time_h
    ]
    table[list(_RATES)] = np.array(rates, dtype=float).reshape(len(area), len(_RATES))
    return table.astype({"n_pictures": int})


def growth_curves(traits: pd.DataFrame, plant: str, time: str, area: str, window_d: float = WINDOW_D) -> pd.DataFrame:
    """Follow each plant of a table.

    Args:
        traits: one row a picture.
        plant: column that says which plant it is, such as "meta.plant_id".
        time: column of hours, such as "meta.time_h".
        area: column of areas, such as "area_px".
        window_d: as in `growth_curve`.
    Returns:
        As `growth_curve`, after a column `plant`; rows and their labels are those of `traits`.
    Raises:
        DataError: a column is missing, a plant has no name, or as in `growth_curve`.
    """
    missing = next((column for column in (plant, time, area) if column not in traits), None)
    if missing is not None:
        raise DataError(f"Growth needs a column '{missing}'. Received: {', '.join(map(str, traits.columns))}")
    if traits[plant].isna().any():
        raise DataError(
            f"Growth needs a name of each plant in '{plant}'. Received: none in {traits[plant].isna().sum()}"
        )
    curves = [
        growth_curve(rows[time].to_numpy(float), rows[area].to_numpy(float), window_d).set_index(rows.index)
        for _, rows in traits.groupby(plant, sort=False)
    ]
    columns = ["plant", "time_h", "area", "flag", *_RATES]
    if not curves:
        return pd.DataFrame(columns=columns)
    return pd.concat(curves).loc[traits.index].assign(plant=traits[plant])[columns]


def growth_summary(curves: pd.DataFrame) -> pd.DataFrame:
    """One row a plant of what became of it.

    Args:
        curves: from `growth_curves`.
    Returns:
        plant; n_pictures; n_no_plant and n_jumps, those that are flagged; days, from the first to the last that shows a
        plant; first_area and last_area, smooth; mean_rate_per_d between these; fastest_rate_per_d with fastest_low and
        fastest_high, and fastest_time_h, in the middle of the pictures that share it.
    """
    return pd.DataFrame([_summary(name, rows.sort_values("time_h")) for name, rows in curves.groupby("plant")])


def _summary(name: object, rows: pd.DataFrame) -> dict[str, object]:
    known = rows[rows["smooth_area"].notna()]
    first, last = (known if len(known) else rows).iloc[[0, -1]].to_dict("records")
    days = (last["time_h"] - first["time_h"]) / _H_PER_D
    growth = math.log(last["smooth_area"] / first["smooth_area"])
    is_fastest = rows["rate_per_d"] == rows["rate_per_d"].max()
    fastest = rows[is_fastest]
    return {
        "plant": name,
        "n_pictures": len(rows),
        "n_no_plant": int((rows["flag"] == NO_PLANT).sum()),
        "n_jumps": int((rows["flag"] == JUMP).sum()),
        "days": days,
        "first_area": first["smooth_area"],
        "last_area": last["smooth_area"],
        "mean_rate_per_d": growth / days if days else math.nan,
        "fastest_rate_per_d": fastest["rate_per_d"].median(),
        "fastest_low": fastest["rate_low"].median(),
        "fastest_high": fastest["rate_high"].median(),
        "fastest_time_h": fastest["time_h"].median(),
    }


def _check(time_h: np.ndarray, area: np.ndarray, window_d: float) -> None:
    if not 0 < window_d < math.inf:
        raise ConfigError(f"Growth needs a window above 0 days. Received: {window_d}")
    if time_h.ndim != 1 or time_h.shape != area.shape:
        raise DataError(f"Growth needs a time for each area. Received: {time_h.shape} times, {area.shape} areas")
    wrong: tuple[tuple[str, np.ndarray, Callable[[np.ndarray], np.ndarray]], ...] = (
        ("times that are numbers", time_h, lambda values: ~np.isfinite(values)),
        ("areas from 0 on", area, lambda values: (values < 0) | np.isinf(values)),
    )
    for wanted, values, is_wrong in wrong:
        where = np.flatnonzero(is_wrong(values))
        if len(where):
            raise DataError(f"Growth needs {wanted}. Received: {values[where[0]]} of picture {where[0]}")


def _window(time_h: np.ndarray, usable: np.ndarray, at_h: float, window_h: float) -> np.ndarray:
    """Numbers of the pictures around a time; none where there are too few in all."""
    known = np.flatnonzero(usable)
    times = time_h[known]
    if len(known) < LEAST_PICTURES:
        return known[:0]
    first = times.min()
    start = np.clip(at_h - window_h / 2, first, max(first, times.max() - window_h))
    inside: np.ndarray = known[(times >= start) & (times <= start + window_h)]
    if len(inside) >= LEAST_PICTURES:
        return inside
    nearest: np.ndarray = known[np.argsort(np.abs(times - at_h), kind="stable")[:LEAST_PICTURES]]
    return nearest


def _jumps(time_h: np.ndarray, log_area: np.ndarray, i: int, window_h: float) -> bool:
    """Whether a picture lies far from the line of those around it, itself left out."""
    others = np.isfinite(log_area)
    others[i] = False
    window = _window(time_h, others, time_h[i], window_h)
    if not len(window):
        return False
    at_0, slope, _, _ = _line(time_h[window], log_area[window])
    residuals = np.abs(log_area - at_0 - slope * time_h)
    spread = _NORMAL_PER_MAD * float(np.median(residuals[window]))
    is_within = time_h[window].min() <= time_h[i] <= time_h[window].max()
    return bool(residuals[i] > max(_LEAST_JUMP, _SPREADS * spread) * (1 if is_within else 2))


def _rate(time_h: np.ndarray, log_area: np.ndarray, window: np.ndarray, at_h: float) -> tuple[float, ...]:
    """Values of `_RATES`."""
    if not len(window):
        return math.nan, math.nan, math.nan, math.nan, 0
    at_0, *rates_per_h = _line(time_h[window], log_area[window])
    rate, low, high = (_H_PER_D * per_h for per_h in rates_per_h)
    return math.exp(at_0 + rates_per_h[0] * at_h), rate, low, high, len(window)


def _line(time_h: np.ndarray, log_area: np.ndarray) -> tuple[float, float, float, float]:
    """Height at time 0, and slope with its interval; no slope where all is of one time."""
    from scipy.stats import theilslopes

    if np.ptp(time_h) == 0:
        return float(np.median(log_area)), math.nan, math.nan, math.nan
    slope, at_0, low, high = theilslopes(log_area, time_h, _CONFIDENCE)
    return float(at_0), float(slope), float(low), float(high)
