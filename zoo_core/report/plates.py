"""A screen as pictures: wells in their places, and curves of dose and response."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from zoo_core.report.drawing import NUMBER, SIDE, Line, Panel
from zoo_core.report.evidence import Node
from zoo_core.report.wording import LARGE, UNDEFINED, Interval, counted, full, short, spaced

MODEL, WELL, FITTED = "model", "well", "fitted"
"""The network's own score, and the kinds of rows of `dose_response.parquet`."""

LOWEST, HIGHEST = 0.02, 0.98
"""Quantiles of a plate's scores that are the ends of its colours: one odd well does not make the others alike."""

QUALITY = "meta.image_quality"
FLAGS = {"saturation": "saturated", "focus": "unsharp", "empty": "empty against its role, or the reverse"}
"""What a check of a plate says of a well's pictures, in words."""

NOT_TESTED = "no EC50"


MOST_PLATES = 24
"""Of measured wells; more are no page that anybody reads."""


@dataclass(frozen=True)
class Quantity:
    """What wells are shaded by.

    Attributes:
        column: of the table of wells.
        name: for a reader.
        unit: may be empty.
    """

    column: str
    name: str
    unit: str = ""

    def said(self, number: float) -> str:
        """A number with its unit."""
        if math.isnan(number):
            return UNDEFINED
        return f"{number:.3g} {self.unit}".rstrip() if abs(number) < LARGE else f"{number:,.0f} {self.unit}".rstrip()


SCORE = Quantity(f"score.{MODEL}", "score")


@dataclass(frozen=True)
class Well:
    """A well in its place.

    Attributes:
        name: such as "B07".
        row: from 0.
        column: from 0.
        shade: 0 to 1, where its score lies between the ends of the plate; None of a well without a score.
        role: "negative", "positive", "empty" or "sample".
        is_hit: whether it was called.
        is_flagged: whether a check of the plate found its pictures odd.
        text: what a reader is told of it.
    """

    name: str
    row: int
    column: int
    shade: float | None
    role: str
    is_hit: bool
    is_flagged: bool
    text: str


@dataclass(frozen=True)
class Plate:
    """A plate.

    Attributes:
        name: of the plate.
        note: its Z' and hits.
        flagged: how many wells a check of the plate found odd, and how; empty where it found none, or was not made.
        rows: names of the rows, from the top.
        columns: their numbers, from the left.
        wells: those that are judged.
        ends: of the colours, in words: the score or trait where they are palest, and where darkest.
    """

    name: str
    note: str
    flagged: str
    rows: Sequence[str]
    columns: Sequence[int]
    wells: Sequence[Well]
    ends: tuple[str, str]


def plates_of(screen: Node, wells: pd.DataFrame) -> list[Plate]:
    """One picture a plate, of the wells that were judged.

    Args:
        screen: `screen.json`.
        wells: `wells.parquet`.
    """
    judged = wells[wells["is_judged"]]
    return [_screened(name, one, judged[judged["meta.plate"] == name]) for name, one in screen["plates"].items()]


@dataclass(frozen=True)
class TraitPlates:
    """Plates shaded by a trait.

    Attributes:
        description: of the trait.
        name: of the trait, with its unit.
        plates: the first by name.
        n_plates: how many there are.
        n_images: of a well, the most.
    """

    description: str
    name: str
    plates: Sequence[Plate]
    n_plates: int
    n_images: int


def trait_plates(wells: pd.DataFrame) -> TraitPlates:
    """One picture a plate, of the wells that were measured, whatever their part of the split.

    Args:
        wells: `trait_wells.parquet`.
    """
    trait, unit, description = wells[["trait", "unit", "description"]].iloc[0]
    # Traits have their unit at the end of their name, as all that has one.
    name = spaced(str(trait).removesuffix(f"_{unit}"))
    quantity = Quantity("value", name, "" if unit == NUMBER else unit)
    plates = list(wells.groupby("meta.plate", sort=True))
    shown = [_plate(str(plate), counted(len(own), "well"), own, quantity) for plate, own in plates[:MOST_PLATES]]
    return TraitPlates(description, name, shown, len(plates), int(wells["n_images"].max()))


def separation_rows(screen: Node) -> list[tuple[str, str, Node]]:
    """Plate, score, and how the controls are told apart by it: the network first, then the baselines."""
    parts = {**screen["plates"], **({"all plates": screen["pooled"]} if len(screen["plates"]) > 1 else {})}
    return [
        (plate, name, separation)
        for plate, one in parts.items()
        for name, separation in (
            (MODEL, one["separation"]),
            *((kind, base["separation"]) for kind, base in one["baselines"].items()),
        )
    ]


def dose_rows(screen: Node) -> list[tuple[str, str, str, str, str]]:
    """Treatment, score, EC50 with its unit or why there is none, its interval, and Spearman's correlation."""
    pooled = screen["pooled"]
    found = {MODEL: pooled["dose_response"], **{k: one["dose_response"] for k, one in pooled["baselines"].items()}}
    treatments = list(found[MODEL])
    return [
        (treatment, name, *_ec50(responses[treatment]), full(responses[treatment]["spearman"]))
        for treatment in treatments
        for name, responses in found.items()
    ]


def dose_panels(screen: Node, curves: pd.DataFrame, scores: Iterable[str] = (MODEL,)) -> list[Panel]:
    """Score against concentration, one picture a treatment and score; the wells as dots, the fit as a line."""
    pooled = curves[curves["plate"] == "pooled"]
    panels = []
    for treatment, one in screen["pooled"]["dose_response"].items():
        for score in scores:
            own = pooled[(pooled["treatment"] == treatment) & (pooled["score"] == score)]
            if len(own):
                panels.append(_dose_panel(treatment, one, own))
    return panels


def _screened(name: str, one: Node, wells: pd.DataFrame) -> Plate:
    z_prime, hits = one["separation"]["z_prime"], one["hits"]
    called = f"{hits['n_hits']} hits of {hits['n_tested']} wells"
    note = f"Z' {full(z_prime)}; {called if hits['n_hits'] is not None else hits.get('reason', 'no hits called')}"
    return _plate(name, note, wells, SCORE)


def _plate(name: str, note: str, wells: pd.DataFrame, quantity: Quantity) -> Plate:
    rows, columns = sorted(wells["meta.row"].unique(), key=lambda r: (len(r), r)), sorted(wells["meta.column"].unique())
    values = wells[quantity.column]
    low, high = float(values.quantile(LOWEST)), float(values.quantile(HIGHEST))
    found = [
        _well(row, quantity, (rows.index(row["meta.row"]), columns.index(row["meta.column"])), (low, high))
        for row in wells.to_dict("records")
    ]
    ends = quantity.said(low), quantity.said(high)
    return Plate(name, note, _flagged(wells), rows, [int(c) for c in columns], found, ends)


def _flagged(wells: pd.DataFrame) -> str:
    """How many wells are flagged, in all and by flag."""
    if QUALITY not in wells:
        return ""
    found = [_flags(text) for text in wells[QUALITY]]
    n_wells = sum(bool(flags) for flags in found)
    by_flag = [f"{FLAGS.get(flag, flag)} {n}" for flag, n in Counter(flag for one in found for flag in one).items()]
    return f"{counted(n_wells, 'well')} flagged: {', '.join(by_flag)}" if n_wells else ""


def _flags(text: object) -> list[str]:
    return text.split(", ") if isinstance(text, str) and text else []


def _well(row: Mapping[Any, Any], quantity: Quantity, place: tuple[int, int], ends: tuple[float, float]) -> Well:
    number, role, (low, high) = float(row[quantity.column]), row.get("meta.control_role"), ends
    role = role if isinstance(role, str) else "sample"
    shade = None if math.isnan(number) else min(max((number - low) / (high - low), 0.0), 1.0) if high > low else 0.5
    is_hit = row.get(f"is_hit.{MODEL}")
    name, flags = str(row["meta.well"]), _flags(row.get(QUALITY))
    flagged = f"; {', '.join(FLAGS.get(flag, flag) for flag in flags)}" if flags else ""
    return Well(
        name,
        *place,
        shade,
        role,
        bool(is_hit) if not pd.isna(is_hit) else False,
        bool(flags),
        f"{name}: {_contents(row, role)}, {quantity.name} {quantity.said(number)}{flagged}",
    )


def _contents(row: Mapping[Any, Any], role: str) -> str:
    treatment, dose, unit = (row.get(f"meta.{name}") for name in ("treatment", "concentration", "concentration_unit"))
    said = "" if pd.isna(dose) else f" {dose:g} {unit if isinstance(unit, str) else ''}".rstrip()
    return f"{treatment if isinstance(treatment, str) else role}{said}"


def _ec50(one: Node) -> tuple[str, str]:
    number = one["ec50"]
    if number is None:
        return str(one.get("reasons", {}).get("ec50", NOT_TESTED)), ""
    return f"{number[0]:.3g} {one['unit'] or ''}".rstrip(), _ends(number)


def _ends(interval: Interval) -> str:
    low, high = (("" if end is None else f"{end:.3g}") for end in interval[1:])
    return f"{low or 'unbounded'} to {high or 'unbounded'}" if low or high else ""


def _dose_panel(treatment: str, one: Node, own: pd.DataFrame) -> Panel:
    wells, curve = own[own["kind"] == WELL], own[own["kind"] == FITTED].sort_values("concentration")
    known = wells[wells["concentration"] > 0]
    doses = [math.log10(dose) for dose in known["concentration"]]
    low, high = float(own["value"].min()), float(own["value"].max())
    first, last = (min(doses), max(doses)) if doses else (0.0, 1.0)

    def place(dose: float, number: float) -> tuple[float, float]:
        across = 0.5 if last == first else (math.log10(dose) - first) / (last - first)
        up = 0.5 if high == low else (number - low) / (high - low)
        return round(SIDE * across, 1), round(SIDE * (1 - up), 1)

    dots = tuple(place(dose, number) for dose, number in zip(known["concentration"], known["value"], strict=True))
    fitted = [
        place(dose, number)
        for dose, number in zip(curve["concentration"], curve["value"], strict=True)
        if dose > 0 and first <= math.log10(dose) <= last
    ]
    path = "M" + "L".join(f"{x:g},{y:g}" for x, y in fitted) if fitted else ""
    text, ends = _ec50(one)
    note = f"EC50 {text}{f' ({ends})' if ends else ''}" if one["ec50"] is not None else text
    unit = one["unit"] or ""
    return Panel(
        treatment,
        note,
        (Line("points", "", dots), *((Line(MODEL, path),) if path else ())),
        (f"{10**first:g} {unit}".strip(), f"{10**last:g} {unit}".strip(), short(low), short(high)),
    )
