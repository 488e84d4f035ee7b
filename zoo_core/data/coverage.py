"""Which training examples were seen: counted, and as expected of the order."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Coverage:
    """Examples of a training split, by how often they were seen.

    Attributes:
        n_distinct: seen in an epoch at least once.
        n_repeated: seen in it at least twice.
        n_never: seen neither in it nor in any epoch before.
    """

    n_distinct: float
    n_repeated: float
    n_never: float


def counted(in_epoch: np.ndarray, before: np.ndarray) -> Coverage:
    """What was seen in an epoch.

    Args:
        in_epoch: (example,) int, how often each was seen in it.
        before: (example,) bool, whether it was seen in an epoch before.
    """
    never = ~before & (in_epoch == 0)
    return Coverage(int((in_epoch > 0).sum()), int((in_epoch > 1).sum()), int(never.sum()))


def expected(n_examples: int, in_epoch: Sequence[int], so_far: Sequence[int]) -> Coverage:
    """What can be expected of samples that are drawn independently, each without an example twice.

    Of P samples of a P-th of the examples each, the share 1-(1-1/P)^P is distinct.

    Args:
        n_examples: that samples are drawn from, all alike.
        in_epoch: sizes of the samples of an epoch.
        so_far: sizes of the samples from the first step on.
    """
    shares = [n / n_examples for n in in_epoch]
    # Never and once, of a sum of independent draws with chances of their own (Poisson's binomial).
    never, once = 1.0, 0.0
    for share in shares:
        never, once = never * (1 - share), once * (1 - share) + never * share
    unseen = math.prod(1 - n / n_examples for n in so_far)
    return Coverage(n_examples * (1 - never), n_examples * (1 - never - once), n_examples * unseen)
