"""Intervals that hold for the handful of control wells that a plate has."""

import numpy as np

from zoo_core.evaluation.estimates import LEVEL, Estimate, Interval


def student_interval(one: Estimate, df: int) -> Interval:
    """Value and 95 % interval from the spread of its draws and Student's t.

    Of eight and four normal wells, percentiles of the draws hold the true Z' in 70 % of cases. This interval, of
    widened draws and on a scale where they are near to normal, holds it in 98 to 99 %, of eight and eight in 95 %;
    of the robust Z' it holds it in all but a few of 1000: medians of so few wells jump from draw to draw.

    Args:
        one: value and draws.
        df: degrees of freedom: the wells of the smaller role less one.
    Source:
        Efron and Tibshirani 1993, An Introduction to the Bootstrap, section 12.2: Student's t in place of the normal.
    """
    from scipy.stats import t

    if not len(one.replicates) or one.why_no_interval() or df < 1:
        return [one.value, None, None]
    half = float(t.ppf((1 + LEVEL) / 2, df)) * float(np.nanstd(one.replicates, ddof=1))
    return [one.value, one.value - half, one.value + half]


def perfect_interval(value: float, n_pairs: int) -> Interval:
    """Value and 95 % interval of an AUROC of 1 or 0, of which every draw of the wells is 1 or 0 again.

    Disjoint pairs of a positive and a negative well are independent: with an AUROC of a, all of them are in order in
    a^n of cases. It is exact where a share of the positive controls fails altogether, and wide for milder truths.

    Args:
        value: 0 or 1.
        n_pairs: wells of the smaller role.
    Source:
        Clopper and Pearson 1934, The use of confidence or fiducial limits illustrated in the case of the binomial.

    >>> [round(end, 3) for end in perfect_interval(1.0, 4)]
    [1.0, 0.398, 1.0]
    """
    low = float(((1 - LEVEL) / 2) ** (1 / n_pairs))
    return [value, low, 1.0] if value == 1 else [value, 0.0, 1 - low]
