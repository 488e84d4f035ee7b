"""What the runs of each cell say together: rates, efficiency, all-reduces, and the factors of the speed-up."""

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from zoo_core.studies.scaling.plan import DEFAULT, FLOAT32, RANKS, STOCK, STRONG, WEAK
from zoo_core.studies.scaling.ring import Point

Row = dict[str, Any]
Summary = dict[str, Any]
Spread = list[float]
"""Median, lowest and highest of the runs."""

WAYS = (STOCK, FLOAT32, DEFAULT, RANKS)


@dataclass(frozen=True)
class Setting:
    """What the numbers of a folder have in common.

    Attributes:
        precision: that a run on this machine has by default.
        most_fitting: the largest number of ranks of which each has a core of its own.
        batch_size: images of a rank where their number is fixed a rank.
        global_batch_size: images of a step where their number is fixed.
        cycle_ms: how often ranks look for something to sum; a projected step waits for it once.
    """

    precision: str
    most_fitting: int
    batch_size: int
    global_batch_size: int
    cycle_ms: float

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> "Setting":
        """From the settings of a plan."""
        return cls(**{name: settings[name] for name in cls.__annotations__})


def spread(values: Sequence[float]) -> Spread:
    """Median, lowest and highest.

    >>> spread([3.0, 1.0, 7.0])
    [3.0, 1.0, 7.0]
    """
    return [statistics.median(values), min(values), max(values)]


def step_summaries(rows: Sequence[Row], most_fitting: int) -> list[Summary]:
    """One record a way, a kind of scaling and a number of ranks, over its runs.

    Args:
        rows: of steps, a row a run.
        most_fitting: of the setting.
    """

    def order(row: Row) -> tuple[int, bool, int]:
        return WAYS.index(row["way"]), row["scaling"] == STRONG, row["n_ranks"]

    groups = [list(runs) for _, runs in groupby(sorted(rows, key=order), order)]
    alone = {
        (row["scaling"], row["run"]): row["images_per_s"] for row in rows if row["way"] == RANKS and row["n_ranks"] == 1
    }
    return [_summary(runs, alone, most_fitting) for runs in groups]


def efficiency(images_per_s: float, n_ranks: int, alone: float) -> float:
    """Of so many times what one rank does alone on as many cores as each of them has, the part that they do.

    >>> efficiency(18.0, 2, 10.0)
    0.9
    """
    return images_per_s / (n_ranks * alone)


def all_reduce_points(rows: Sequence[Row]) -> list[Point]:
    """Medians over the runs, by ranks and bytes."""

    def order(row: Row) -> tuple[int, int]:
        return row["n_ranks"], row["n_bytes"]

    groups = groupby(sorted(rows, key=order), order)
    return [Point(*where, statistics.median(row["seconds"] for row in runs)) for where, runs in groups]


def fitted_points(points: Sequence[Point], most_fitting: int) -> list[Point]:
    """Those that a model is fitted to: ranks that share cores wait for each other's turn, which is no message."""
    return [point for point in points if point.n_ranks <= most_fitting] or list(points)


def speed_up(rows: Sequence[Row], setting: Setting) -> list[Summary]:
    """The way from stock Keras to all ranks as factors that multiply to the whole, on the same global batch and cores.

    A factor is the ratio of two medians; low and high are those of the runs' own ratios.

    Returns:
        `name`, `images_per_s` and `factor` (value, low, high; None of the first) of each step, or `skipped`, why.
    """
    rates = {way: _rates(rows, way, setting) for way in WAYS}
    reasons = {
        DEFAULT: "the default precision of this machine is float32: its CPU has no instructions for bfloat16"
        if setting.precision == FLOAT32
        else "",
        RANKS: "only one rank has a core of its own" if setting.most_fitting == 1 else "",
    }
    found: list[Summary] = []
    before: dict[int, float] = {}
    for way in WAYS:
        if reasons.get(way):
            found.append({"name": way, "skipped": reasons[way]})
            continue
        found.append(_step_of_speed_up(way, rates[way], before))
        before = rates[way]
    return found


def whole(steps: Sequence[Summary]) -> float:
    """The product of all factors."""
    product = 1.0
    for step in steps:
        product *= step["factor"][0] if step.get("factor") else 1.0
    return product


def compute_seconds(cells: Sequence[Summary], setting: Setting) -> Callable[[float], float]:
    """How long one rank computes for a number of images: a line through the two batches that were measured.

    Args:
        cells: of `step_summaries`.
        setting: of them.
    """
    small, large = (
        next(c["step_ms"][0] / 1e3 for c in cells if (c["way"], c["n_ranks"], c["scaling"]) == (RANKS, 1, how))
        for how in (WEAK, STRONG)
    )
    n_small, n_large = setting.batch_size, setting.global_batch_size
    per_image = small / n_small
    if n_large > n_small:
        # A noisy machine must not make a step without images last less than nothing, or images cost nothing.
        per_image = min(max((large - small) / (n_large - n_small), 0.0), per_image)
    return lambda n_images: small + (n_images - n_small) * per_image


def _summary(runs: list[Row], alone: Mapping[tuple[str, int], float], most_fitting: int) -> Summary:
    first = runs[0]
    efficiencies = [
        efficiency(run["images_per_s"], run["n_ranks"], alone[key])
        for run in runs
        if run["way"] == RANKS and (key := (run["scaling"], run["run"])) in alone
    ]
    return {
        **{name: first[name] for name in ("way", "n_ranks", "scaling", "n_images", "n_parameters")},
        "n_runs": len(runs),
        "more_ranks_than_cores": first["n_ranks"] > most_fitting,
        "images_per_s": spread([run["images_per_s"] for run in runs]),
        "step_ms": spread([1e3 * run["step_s"] for run in runs]),
        "all_reduce_share": spread([run["all_reduce_s"] / run["step_s"] for run in runs]),
        "waiting_share": spread([run["waiting_s"] / run["step_s"] for run in runs]),
        "efficiency": spread(efficiencies) if efficiencies else None,
    }


def _rates(rows: Sequence[Row], way: str, setting: Setting) -> dict[int, float]:
    """Images a second of each run of a way, on the global batch and all cores."""
    n_ranks = setting.most_fitting if way == RANKS else 1
    where = (way, n_ranks, STRONG)
    return {row["run"]: row["images_per_s"] for row in rows if (row["way"], row["n_ranks"], row["scaling"]) == where}


def _step_of_speed_up(way: str, rates: Mapping[int, float], before: Mapping[int, float]) -> Summary:
    step: Summary = {"name": way, "images_per_s": spread(list(rates.values())), "factor": None}
    if before:
        ratios = [rate / before[run] for run, rate in rates.items() if run in before]
        middle = step["images_per_s"][0] / statistics.median(before.values())
        step["factor"] = [middle, min(ratios), max(ratios)]
    return step
