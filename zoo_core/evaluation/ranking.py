"""How well scores rank positives above negatives; undefined is None, never 0."""

from collections.abc import Callable

import numpy as np
from sklearn.metrics import average_precision_score, roc_auc_score

RANKING_METRICS: dict[str, Callable[[np.ndarray, np.ndarray], float]] = {
    "auroc": roc_auc_score,
    "auprc": average_precision_score,
}
"""Area under the ROC curve, and average precision, as scikit-learn defines them."""


def ranking_metric(name: str, truth: np.ndarray, score: np.ndarray) -> float | None:
    """A ranking metric, or None where the truth has one class only.

    Args:
        name: "auroc" or "auprc".
        truth: (example,), 0 or 1.
        score: (example,), higher for positives.
    """
    if why_undefined(truth) is not None:
        return None
    return float(RANKING_METRICS[name](truth, score))


def why_undefined(truth: np.ndarray) -> str | None:
    """Why no ranking metric is defined for this truth, or None where it is."""
    n_positive = int(truth.sum())
    if not len(truth):
        return "no example has this label known"
    if n_positive == 0:
        return f"no positive among {len(truth)}"
    if n_positive == len(truth):
        return f"no negative among {len(truth)}"
    return None
