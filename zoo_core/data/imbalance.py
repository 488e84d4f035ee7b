"""Weights against the imbalance of labels and classes."""

import numpy as np


def positive_weights(labels: np.ndarray) -> np.ndarray:
    """Weight each label's positives so that both classes count equally.

    A label without a positive gets weight 1: no gradient can use another.

    Args:
        labels: (example, label), 0 absent, 1 present, NaN unknown.
    Returns:
        (label,), float32, n_negative / n_positive.
    Raises:
        ValueError: `labels` holds another value.
    Source:
        Rajpurkar et al. 2017, CheXNet, section 2.1: w+ / w-.

    >>> positive_weights(np.array([[1, 0], [0, 0], [0, np.nan]]))
    array([2., 1.], dtype=float32)
    """
    known = ~np.isnan(labels)
    if not np.isin(labels[known], (0, 1)).all():
        raise ValueError(f"Labels need to be 0, 1 or NaN. Received: {np.unique(labels[known])}")
    n_positive = (labels == 1).sum(axis=0)
    n_negative = (labels == 0).sum(axis=0)
    return np.where(n_positive > 0, n_negative / np.maximum(n_positive, 1), 1).astype(np.float32)
