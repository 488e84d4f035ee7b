"""Which samples of a plate differ from its negative controls, at a false discovery rate."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from zoo_core.evaluation.screen.separation import moments, robust_moments
from zoo_core.evaluation.screen.wells import NEGATIVE, ScoreColumn

FALSE_DISCOVERY_RATE = 0.05
"""Of the hits of a plate, the expected share that are none."""

MIN_CONTROLS = 2
"""Negative controls: one has no spread."""

Record = dict[str, Any]


@dataclass(frozen=True)
class PlateHits:
    """What one score says of the samples of a plate.

    Attributes:
        table: by `meta.well_id` of the samples: `robust_z`, missing where the controls have no median deviation; `p`,
            `q` (p adjusted for all samples of the plate) and `is_hit`, missing where `reason` says why.
        n_controls: negative control wells.
        reason: why no sample was judged, or None.
    """

    table: pd.DataFrame
    n_controls: int
    reason: str | None

    def as_record(self) -> Record:
        """Counts, the test, and what so few controls cannot show.

        `n_tested`, `n_hits`, `n_higher` and `n_lower` (of the hits), `n_negative`, `false_discovery_rate`, `test`,
        `smallest_rank_p` (that a well can reach that lies beyond all controls) and `assumption`; `reason` where no
        sample was judged.
        """
        is_hit = self.table["is_hit"].fillna(value=False).astype(bool)
        n_higher = int((is_hit & (self.table["t"] > 0)).sum())
        return {
            "n_tested": int(self.table["p"].notna().sum()),
            "n_hits": None if self.reason else int(is_hit.sum()),
            "n_higher": None if self.reason else n_higher,
            "n_lower": None if self.reason else int(is_hit.sum()) - n_higher,
            "n_negative": self.n_controls,
            "false_discovery_rate": FALSE_DISCOVERY_RATE,
            "test": "t, two-sided, of one well against the negative controls",
            "smallest_rank_p": smallest_rank_p(self.n_controls),
            **({"reason": self.reason} if self.reason else {"assumption": self._assumption()}),
        }

    def _assumption(self) -> str:
        least = smallest_rank_p(self.n_controls)
        n_needed = int(np.ceil(2 * max(1, len(self.table)) / FALSE_DISCOVERY_RATE)) - 1
        return (
            f"p is of normal scores: {self.n_controls} controls cannot show their tails. By ranks alone no p is below "
            f"{least:.2g}, and a single hit among {len(self.table)} samples would need {n_needed} controls"
        )


def smallest_rank_p(n_controls: int) -> float:
    """Two-sided p by ranks of a well beyond all controls, 2 / (n + 1), at most 1.

    >>> round(smallest_rank_p(8), 3)
    0.222
    """
    return min(1.0, 2 / (n_controls + 1))


def call_hits(wells: pd.DataFrame, columns: Sequence[ScoreColumn]) -> dict[str, PlateHits]:
    """Judge each sample well of one plate by the plate's negative controls.

    The p of a well is that of Student's t of a further observation, exact for normal scores and any number of controls.
    Ranks assume less and yet can call nothing here: with n controls their p is at least 2 / (n + 1), before any
    adjustment. A robust z read as normal calls too much, as it takes the deviation of a few wells for the true one.

    Args:
        wells: of `aggregate_wells`, of one plate; each has every score.
        columns: scores.
    Returns:
        By name of the score.
    Source:
        Whitmore 1986, Prediction Limits for a Univariate Normal Observation, for t. Benjamini and Hochberg 1995,
        Controlling the False Discovery Rate, section 3.1.
    """
    wells = wells.sort_values("meta.well_id")
    samples, controls = wells[wells["meta.control_role"].isna()], wells[wells["meta.control_role"] == NEGATIVE]
    return {
        one.name: _judge(samples.set_index("meta.well_id")[one.of_wells], controls[one.of_wells]) for one in columns
    }


def pooled_record(plates: Sequence[Record]) -> Record:
    """Counts over plates, each of which was judged by its own controls."""
    judged = [one for one in plates if "reason" not in one]
    counts = {name: sum(one[name] for one in judged) for name in ("n_tested", "n_hits", "n_higher", "n_lower")}
    record: Record = {**counts, "n_plates": len(judged), "false_discovery_rate": FALSE_DISCOVERY_RATE}
    if not judged:
        record |= dict.fromkeys(("n_hits", "n_higher", "n_lower")) | {"reason": "no plate of which samples were judged"}
    return record


def with_hits(wells: pd.DataFrame, plates: Sequence[Mapping[str, PlateHits]]) -> pd.DataFrame:
    """Wells with `robust_z.NAME`, `p.NAME`, `q.NAME` and `is_hit.NAME` of each score; missing for controls."""
    names = list(dict.fromkeys(name for plate in plates for name in plate))
    for name in names:
        found = pd.concat([plate[name].table for plate in plates]).drop(columns="t")
        wells = wells.join(found.add_suffix(f".{name}"), on="meta.well_id")
    return wells


def _judge(samples: pd.Series, controls: pd.Series) -> PlateHits:
    from scipy.stats import false_discovery_control, t

    score, own = samples.to_numpy(dtype=np.float64), controls.to_numpy(dtype=np.float64)
    nothing = pd.DataFrame(
        {
            "robust_z": np.nan,
            "t": np.nan,
            "p": np.nan,
            "q": np.nan,
            "is_hit": pd.array([pd.NA] * len(score), "boolean"),
        },
        index=samples.index,
    )
    if reason := _why_not(score, own):
        return PlateHits(nothing, len(own), reason)
    plain, robust = moments(own), robust_moments(own)
    # The mean of the controls is as uncertain as their number is small.
    statistic = (score - plain.location) / (plain.spread * np.sqrt(1 + 1 / len(own)))
    p = 2 * t.sf(np.abs(statistic), len(own) - 1)
    q = false_discovery_control(p, method="bh")
    z = (score - robust.location) / robust.spread if robust.spread > 0 else np.nan
    is_hit = pd.array(q <= FALSE_DISCOVERY_RATE, "boolean")
    return PlateHits(nothing.assign(robust_z=z, t=statistic, p=p, q=q, is_hit=is_hit), len(own), None)


def _why_not(score: np.ndarray, controls: np.ndarray) -> str | None:
    if not len(score):
        return "no sample well"
    if len(controls) < MIN_CONTROLS:
        return f"{len(controls)} negative control wells, {MIN_CONTROLS} are needed"
    if np.ptp(controls) == 0:
        return f"all {len(controls)} negative control wells have the same score"
    return None
