"""How a score answers to the concentration of each treatment: EC50 with its interval, or the words why none."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from zoo_core.evaluation.draws import Draws
from zoo_core.evaluation.estimates import Estimate, Interval
from zoo_core.evaluation.screen.logistic_curve import MARGIN, N_PARAMETERS, Fit, effect_p, fit_curve
from zoo_core.evaluation.screen.wells import NEGATIVE, ScoreColumn

MIN_DOSES = N_PARAMETERS + 1
"""Distinct concentrations, that of no dose included: as many as the curve has numbers, and one to see it hold."""

ALPHA = 0.05
"""p of no effect from which on no curve is fitted."""

MIN_WELLS = 3
"""For a rank correlation: two wells are always in order."""

N_DRAWN = 100
"""Concentrations that a curve is drawn at."""

UNNAMED = "not named"
"""Stands for the treatment of samples that have a concentration alone."""

CURVE_COLUMNS = ("score", "treatment", "kind", "concentration", "unit", "value", "well_id")

Record = dict[str, Any]
"""Numbers as [value, low, high]; one that is undefined is None, its reason in `reasons`."""


@dataclass(frozen=True)
class DoseResponse:
    """What wells say of one treatment.

    Attributes:
        points: concentration (0 for a control), `value`, `well_id` and `kind` ("well" or "control").
        unit: of the concentrations; None where none is given.
        fit: None where `why_no_fit` says why.
        why_no_fit: None where there is one.
        effect_p: p of no effect by shuffling; None where it was not asked.
        spearman: of score and concentration over the sample wells; None where `why_no_spearman` says why.
        why_no_spearman: why it or its interval is undefined.
    """

    points: pd.DataFrame
    unit: str | None
    fit: Fit | None
    why_no_fit: str | None
    effect_p: float | None
    spearman: Estimate | None
    why_no_spearman: str | None

    def as_record(self) -> Record:
        """`unit`, `n_wells`, `n_controls`, `n_doses`, `ec50`, `hill`, `bottom`, `top`, `r2`, `effect_p`, `spearman`.

        Of a curve that falls `hill` is negative, and `top` the score without a dose. `bottom`, `top` and `r2` have no
        interval.
        """
        is_sample = self.points["kind"] == "well"
        fitted: dict[str, Interval | None] = dict.fromkeys(("ec50", "hill", "bottom", "top", "r2"))
        if self.fit is not None:
            plateaus = sorted((self.fit.curve.at_zero, self.fit.curve.at_most))
            alone = dict(zip(("bottom", "top", "r2"), (*plateaus, self.fit.r2), strict=True))
            fitted |= {"ec50": self.fit.ec50, "hill": self.fit.hill, **{k: [v, None, None] for k, v in alone.items()}}
        reasons = {"ec50": self.why_no_fit, "spearman": self.why_no_spearman}
        record: Record = {
            "unit": self.unit,
            "n_wells": int(is_sample.sum()),
            "n_controls": int((~is_sample).sum()),
            "n_doses": int(self.points.loc[is_sample, "concentration"].nunique()),
            **fitted,
            "effect_p": self.effect_p,
            "spearman": self.spearman.interval() if self.spearman else None,
        }
        known = {name: reason for name, reason in reasons.items() if reason}
        return record | ({"reasons": known} if known else {})

    def table(self) -> pd.DataFrame:
        """Its points, and the fitted curve from the lowest to the highest dose: `CURVE_COLUMNS` from `kind` on."""
        parts = [self.points]
        if self.fit is not None:
            doses = self.points.loc[self.points["concentration"] > 0, "concentration"]
            drawn = np.geomspace(doses.min(), doses.max(), N_DRAWN)
            fitted = {"kind": "fitted", "concentration": drawn, "value": self.fit.curve.at(drawn), "well_id": None}
            parts.append(pd.DataFrame(fitted))
        return pd.concat(parts, ignore_index=True).assign(unit=self.unit)[list(CURVE_COLUMNS[2:])]


Responses = dict[str, dict[str, DoseResponse]]
"""By score and treatment."""


def respond(
    wells: pd.DataFrame, columns: Sequence[ScoreColumn], draws: Draws, only: Collection[str] | None = None
) -> Responses:
    """Look at each treatment that has concentrations, over all wells that are given.

    Samples make the curve; negative controls anchor it at no dose: those that bear the treatment's name where there are
    any, else all of its plates. Positive controls do not enter: they may be another compound.

    Args:
        wells: of `aggregate_wells`; each has every score.
        columns: scores; all see the same draws, so that differences of Spearman's correlation are paired.
        draws: of sample wells with replacement, the same for each treatment.
        only: treatments to look at; all where it is None.
    """
    wells = wells.sort_values("meta.well_id").reset_index(drop=True)
    is_dosed = wells["meta.control_role"].isna() & wells["meta.concentration"].notna()
    samples = wells.assign(treatment=wells["meta.treatment"].astype(object).fillna(UNNAMED).astype(str))[is_dosed]
    by_treatment = {
        str(name): (own, _anchors(wells, str(name), own))
        for name, own in samples.groupby("treatment", sort=True)
        if only is None or name in only
    }
    return {
        one.name: {name: _respond(*both, one.of_wells, draws) for name, both in by_treatment.items()} for one in columns
    }


def curves_table(responses: Responses) -> pd.DataFrame:
    """Points and fitted curves of all scores and treatments, for drawing: `CURVE_COLUMNS`."""
    tables = [
        response.table().assign(score=score, treatment=treatment)
        for score, treatments in responses.items()
        for treatment, response in treatments.items()
    ]
    empty = pd.DataFrame(columns=list(CURVE_COLUMNS))
    return pd.concat(tables, ignore_index=True)[list(CURVE_COLUMNS)] if tables else empty


def _anchors(wells: pd.DataFrame, treatment: str, samples: pd.DataFrame) -> pd.DataFrame:
    negative = wells[(wells["meta.control_role"] == NEGATIVE) & wells["meta.plate"].isin(samples["meta.plate"])]
    named = negative[negative["meta.treatment"] == treatment]
    return named if len(named) else negative


def _respond(samples: pd.DataFrame, anchors: pd.DataFrame, column: str, draws: Draws) -> DoseResponse:
    points = pd.concat(
        [
            pd.DataFrame({"kind": "well", "concentration": samples["meta.concentration"]}),
            pd.DataFrame({"kind": "control", "concentration": 0.0}, index=anchors.index),
        ]
    )
    both = pd.concat([samples, anchors])
    points = points.assign(value=both[column], well_id=both["meta.well_id"]).reset_index(drop=True)
    units = sorted(map(str, samples["meta.concentration_unit"].dropna().unique()))
    unit = units[0] if len(units) == 1 else None
    spearman, why_no_spearman = _spearman(samples["meta.concentration"], samples[column], draws)
    if reason := _why_no_curve(points, units):
        return DoseResponse(points, unit, None, reason, None, spearman, why_no_spearman)
    dose, score = (points[name].to_numpy(dtype=np.float64) for name in ("concentration", "value"))
    p = effect_p(dose, score, pd.factorize(both["meta.plate"], sort=True)[0], draws.rng())
    if p >= ALPHA:
        reason = f"no effect: shuffled wells bear as good a curve in a share of {p:.2g} of cases"
        return DoseResponse(points, unit, None, reason, p, spearman, why_no_spearman)
    fit = fit_curve(dose, score)
    reason = _why_no_number(fit, dose[dose > 0], unit or "")
    return DoseResponse(points, unit, None if reason else fit, reason, p, spearman, why_no_spearman)


def _why_no_curve(points: pd.DataFrame, units: Sequence[str]) -> str | None:
    if len(units) > 1:
        return f"its concentrations are in several units ({', '.join(units)}): give them in one in the wells table"
    n_doses = points["concentration"].nunique()
    if n_doses < MIN_DOSES:
        return f"too few doses: {n_doses}, that of the negative controls included; {MIN_DOSES} are needed"
    if points["value"].nunique() == 1:
        return f"no effect: all {len(points)} wells have the same score"
    return None


def _why_no_number(fit: Fit | None, doses: np.ndarray, unit: str) -> str | None:
    """Why the curve gives no EC50 that the doses could show."""
    if fit is None:
        return "not converged: no curve with one bend lies closest to the wells"
    value, low, high = fit.ec50
    lowest, highest = float(doses.min()), float(doses.max())
    if value is None or not lowest <= value <= highest:
        side = "above" if value is not None and value > highest else "below"
        return f"EC50 is {side} the tested range, {lowest:.3g} to {highest:.3g} {unit}".rstrip()
    if low is None or high is None:
        end = "lower" if low is None else "upper"
        known = "both ends" if low is None and high is None else f"the {end} end"
        bound = "" if low is None and high is None else f"; it is {_bound(low, high, unit)}"
        return f"interval unbounded: {known} of EC50 would be more than {10**MARGIN:.0f}-fold outside the doses{bound}"
    return None


def _bound(low: float | None, high: float | None, unit: str) -> str:
    return (f"at least {low:.3g} {unit}" if low is not None else f"at most {high:.3g} {unit}").rstrip()


def _spearman(dose: pd.Series, score: pd.Series, draws: Draws) -> tuple[Estimate | None, str | None]:
    """Rank correlation over wells, with draws of wells."""
    both = np.stack([one.to_numpy(dtype=np.float64) for one in (dose, score)])
    n = both.shape[1]
    if n < MIN_WELLS:
        return None, f"{n} sample wells, {MIN_WELLS} are needed"
    for name, values in (("concentration", both[0]), ("score", both[1])):
        if np.ptp(values) == 0:
            return None, f"all {n} sample wells have the same {name}"
    places = draws.rng().integers(n, size=(draws.n_replicates, n))
    replicates = _rank_correlation(*both[:, places])
    if len(replicates) and np.nanmin(replicates) == np.nanmax(replicates):
        value = Estimate(float(_rank_correlation(*both)), np.empty(0))
        return value, "no interval: every draw of the wells is in perfect order again"
    estimate = Estimate(float(_rank_correlation(*both)), replicates)
    return estimate, estimate.why_no_interval()


def _rank_correlation(dose: np.ndarray, score: np.ndarray) -> np.ndarray:
    """Spearman's, of (..., well); NaN where either is constant."""
    from scipy.stats import rankdata

    ranks = [rankdata(one, axis=-1) for one in (dose, score)]
    first, second = (one - one.mean(axis=-1, keepdims=True) for one in ranks)
    length = np.sqrt((first**2).sum(axis=-1) * (second**2).sum(axis=-1))
    product = (first * second).sum(axis=-1)
    return np.asarray(np.divide(product, length, out=np.full(np.shape(length), np.nan), where=length > 0))
