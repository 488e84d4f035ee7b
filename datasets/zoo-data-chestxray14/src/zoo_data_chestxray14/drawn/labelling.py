"""How often findings are there, and what a reader makes of them: the known truth behind the drawn radiographs."""

import numpy as np

from zoo_data_chestxray14.findings import FINDINGS

FREQUENCY = dict.fromkeys(FINDINGS, 0.19) | {"Effusion": 0.21, "Infiltration": 0.22, "Pneumonia": 0.18, "Hernia": 0.17}
"""Share of the images in which a finding is drawn: enriched, so that a few thousand images are enough to learn from."""

LEAST_SEVERITY = 0.5
"""Severity of a finding that is there is uniform from this to 1; it is 0 where the finding is not."""

READER_THRESHOLD = 0.43
READER_WIDTH = 0.105
"""Where the reader's calls turn from no to yes, and over how much severity: these make the oracle's AUROC about .95."""


def label_probability(severity: np.ndarray, label_noise: float = 0.0) -> np.ndarray:
    """Probability that the reader calls the finding present.

    Args:
        severity: any shape, 0 to 1.
        label_noise: share of the reader's calls that are flipped afterwards.
    Returns:
        As `severity`: a logistic curve, so that no score ranks better than severity itself.
    """
    called = 1 / (1 + np.exp((READER_THRESHOLD - severity) / READER_WIDTH))
    return np.asarray(called * (1 - 2 * label_noise) + label_noise)


def oracle_auroc(frequency: float, label_noise: float = 0.0, n_levels: int = 2000) -> float:
    """AUROC that severity itself reaches against the reader's labels, in the limit of many images.

    Args:
        frequency: share of the images in which the finding is drawn.
        label_noise: as in `label_probability`.
        n_levels: of severity, at which the curve is summed.
    Returns:
        P(severity of a positive > severity of a negative) + half the ties.
    Source:
        Hanley and McNeil 1982, the AUROC as the Wilcoxon statistic.
    """
    levels = LEAST_SEVERITY + (1 - LEAST_SEVERITY) * (np.arange(n_levels) + 0.5) / n_levels
    severity = np.concatenate([[0.0], levels])
    weight = np.concatenate([[1 - frequency], np.full(n_levels, frequency / n_levels)])
    called = label_probability(severity, label_noise)
    positive, negative = weight * called, weight * (1 - called)
    below = np.cumsum(negative) - negative / 2
    return float(positive @ below / (positive.sum() * negative.sum()))


def prevalence(frequency: float, label_noise: float = 0.0, n_levels: int = 2000) -> float:
    """Share of the images that are labelled present, for a finding that is drawn in `frequency` of them."""
    levels = LEAST_SEVERITY + (1 - LEAST_SEVERITY) * (np.arange(n_levels) + 0.5) / n_levels
    drawn = label_probability(levels, label_noise).mean()
    absent = label_probability(np.zeros(1), label_noise)[0]
    return float(frequency * drawn + (1 - frequency) * absent)
