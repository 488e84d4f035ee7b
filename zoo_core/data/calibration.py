"""Which training examples a converted model's ranges of values are taken from."""

import numpy as np

ENOUGH_POSITIVES = 5
"""Of a label in all: it is then in the draw, with as many positives where there is room."""


def draw_calibration(truth: np.ndarray, n: int, seed: int) -> np.ndarray:
    """Draw examples so that what a label looks like is among them, the rarest labels first, and the rest at random.

    Args:
        truth: (example, label), 0, 1 or NaN where unknown; without a label all are drawn at random.
        n: examples to draw; where there are fewer, all are.
        seed: the same seed gives the same draw.
    Returns:
        (n,) positions, each once.
    """
    order = np.random.default_rng(seed).permutation(len(truth))
    positive = truth[order] == 1
    counts = positive.sum(axis=0)
    labels = [label for label in np.argsort(counts, kind="stable") if counts[label] >= ENOUGH_POSITIVES]
    drawn = np.zeros(len(order), dtype=bool)
    for n_wanted in range(1, ENOUGH_POSITIVES + 1):
        for label in labels:
            if positive[drawn, label].sum() < n_wanted and drawn.sum() < n:
                drawn[np.argmax(positive[:, label] & ~drawn)] = True
    drawn[np.flatnonzero(~drawn)[: n - drawn.sum()]] = True
    return order[drawn]
