"""Which of several ways is the fastest, or the default where none is by more than the noise."""

import statistics
from collections.abc import Mapping, Sequence
from typing import TypeVar

Way = TypeVar("Way")

LEAST_ROUNDS = 3
LEAST_GAIN = 0.02


def choose(speeds: Mapping[Way, Sequence[float]], default: Way) -> Way:
    """The fastest of those that beat the default, or the default.

    A round measures each way once, one after the other, so that what else a machine does falls on all alike. A way
    beats the default where it is faster by `LEAST_GAIN` in three of four rounds, of `LEAST_ROUNDS` or more.

    Args:
        speeds: examples a second of each round.
        default: one of the ways.
    """
    gains = {way: ratios(own, speeds[default]) for way, own in speeds.items()}
    better = {way: statistics.median(gain) for way, gain in gains.items() if way != default and _beats(gain)}
    return max(better, key=better.__getitem__) if better else default


def ratios(own: Sequence[float], default: Sequence[float]) -> list[float]:
    """Speed relative to the default's of the same round; a way that failed has fewer rounds."""
    return [one / other for one, other in zip(own, default, strict=False)]


def _beats(gain: Sequence[float]) -> bool:
    if len(gain) < LEAST_ROUNDS:
        return False
    return statistics.quantiles(gain, n=4, method="inclusive")[0] >= 1 + LEAST_GAIN
