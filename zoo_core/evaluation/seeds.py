"""A number of several runs that differ in their seed: how it would vary with other patients and with other seeds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from zoo_core.evaluation.estimates import LEVEL, Estimate

MIN_SEEDS = 2
"""With one, nobody knows how the next would differ."""


@dataclass(frozen=True)
class SeedMean:
    """A mean over seeds, with its interval.

    Attributes:
        value: the mean.
        low: lower end of the 95 % interval; None where there is none.
        high: upper end, likewise.
        se_patients: standard error by the choice of patients, that of the mean over these seeds.
        se_seeds: standard error by the choice of seeds, on these patients.
        df: degrees of freedom of the interval.
        n_seeds: that the mean is over.
        reason: why there is no interval, or None.
    """

    value: float
    low: float | None = None
    high: float | None = None
    se_patients: float | None = None
    se_seeds: float | None = None
    df: float | None = None
    n_seeds: int = 1
    reason: str | None = None

    @property
    def resolved(self) -> bool | None:
        """Whether 0 is outside the interval; None where there is none."""
        if self.low is None or self.high is None:
            return None
        return self.low > 0 or self.high < 0


def mean_over_seeds(runs: Sequence[Estimate], n_groups: int) -> SeedMean:
    """The mean of one number over runs, with an interval over patients and seeds.

    Its variance is the sum of two: that of the mean over these seeds from draw to draw of patients, and the variance
    between the seeds over their number. The second is of few seeds, hence Student's t, with degrees of freedom by
    Welch and Satterthwaite. What patients and seeds do together is in both: the interval is rather too wide.

    Args:
        runs: one a seed, on the same draws of the same patients; for a difference, differences of runs of one seed.
        n_groups: patients that were drawn from.
    Raises:
        ValueError: there is no run.
    Source:
        Satterthwaite 1946, An Approximate Distribution of Estimates of Variance Components, equation 17. Bouthillier et
        al. 2021, Accounting for Variance in Machine Learning Benchmarks, section 2, for both sources of variance.

    >>> draws = np.array([-0.02, 0.0, 0.02])
    >>> one, other = Estimate(0.70, 0.70 + draws), Estimate(0.74, 0.74 + draws)
    >>> mean = mean_over_seeds([one, other], n_groups=3)
    >>> round(mean.value, 2), round(mean.se_patients, 3), round(mean.se_seeds, 3), round(mean.df, 1)
    (0.72, 0.02, 0.02, 2.7)
    """
    if not runs:
        raise ValueError("a mean over seeds needs at least one run")
    both = Estimate(float(np.mean([run.value for run in runs])), np.mean([run.replicates for run in runs], axis=0))
    n_seeds = len(runs)
    if reason := _why_no_interval(both, n_seeds):
        return SeedMean(both.value, n_seeds=n_seeds, reason=reason)
    of_patients = float(np.nanvar(both.replicates, ddof=1))
    of_seeds = float(np.var([run.value for run in runs], ddof=1)) / n_seeds
    df = _degrees_of_freedom(of_patients, n_groups - 1, of_seeds, n_seeds - 1)
    half = _quantile(df) * math.sqrt(of_patients + of_seeds)
    errors = math.sqrt(of_patients), math.sqrt(of_seeds)
    return SeedMean(both.value, both.value - half, both.value + half, *errors, df, n_seeds)


def _why_no_interval(mean: Estimate, n_seeds: int) -> str | None:
    if n_seeds < MIN_SEEDS:
        return f"no interval: of {n_seeds} seed, {MIN_SEEDS} are needed"
    if not np.isfinite(mean.replicates).any():
        return "no interval: no draw of groups defines it"
    return mean.why_no_interval()


def _degrees_of_freedom(first: float, first_df: int, second: float, second_df: int) -> float:
    """Of a sum of two independent estimates of variance; without any variance those of the first."""
    if first + second == 0:
        return float(first_df)
    return (first + second) ** 2 / (first**2 / first_df + second**2 / second_df)


def _quantile(df: float) -> float:
    from scipy.stats import t

    return float(t.ppf((1 + LEVEL) / 2, df))
