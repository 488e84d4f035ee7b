"""Traits over time as small pictures: points as they were measured, and what they were smoothed to."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from zoo_core.report.drawing import SIDE, Line, Panel, Point
from zoo_core.report.evidence import Node
from zoo_core.report.wording import counted

MOST_PANELS = 24
"""More are no page that anybody reads."""

H_PER_D = 24.0


def series_panels(series: pd.DataFrame) -> list[Panel]:
    """One picture a plant or well, in the order of their names, all of one scale: small ones look small.

    Args:
        series: `series.parquet`.
    """
    top, last = float(series["value"].max()), float(series["time_h"].max())
    names = sorted(series["name"].unique())[:MOST_PANELS]
    return [_panel(str(name), series[series["name"] == name].sort_values("time_h"), last, top) for name in names]


def outlines_of(outlines: Node) -> Mapping[str, Any]:
    """Why no outlines are shown, or None; and of each plant its pictures, each with words and a path around the plant.

    Args:
        outlines: `outlines.json`.
    """
    plants = [
        (plant["name"], [(one["image"], _words(one), _path(one["outlines"])) for one in plant["pictures"]])
        for plant in outlines["plants"]
    ]
    return {"reason": None if outlines["shown"] else outlines["reason"], "plants": plants}


def _words(one: Node) -> str:
    return f"day {one['time_h'] / H_PER_D:.0f}: {one['value']:,.0f} {one['unit']}"


def _path(polygons: Sequence[Sequence[Point]]) -> str:
    return "".join(f"M{'L'.join(f'{x:g},{y:g}' for x, y in one)}Z" for one in polygons)


def _panel(name: str, own: pd.DataFrame, last: float, top: float) -> Panel:
    flagged = own["flag"] != ""
    kept, left_out = own[~flagged], own[flagged & (own["value"] > 0)]
    dots = {"points": kept, "flagged": left_out}
    lines = [Line(kind, "", tuple(_places(rows, "value", last, top))) for kind, rows in dots.items() if len(rows)]
    smooth = _places(own[own["smooth"].notna()], "smooth", last, top)
    curve = [Line("model", "M" + "L".join(f"{x:g},{y:g}" for x, y in smooth))] if len(smooth) > 1 else []
    n_flagged = f", {int(flagged.sum())} left out" if flagged.any() else ""
    trait, unit = own["trait"].iloc[0], own["unit"].iloc[0]
    note = f"{trait.replace('_', ' ')}; {counted(len(own), 'picture')}{n_flagged}"
    ends = ("day 0", f"day {last / H_PER_D:.0f}", "0", f"{top:,.0f} {unit}")
    return Panel(name, note, (*lines, *curve), ends)


def _places(rows: pd.DataFrame, column: str, last: float, top: float) -> Sequence[Point]:
    return [
        (round(SIDE * (time / last if last else 0.5), 1), round(SIDE * (1 - number / top if top else 1), 1))
        for time, number in zip(rows["time_h"], rows[column], strict=True)
        if math.isfinite(number)
    ]
