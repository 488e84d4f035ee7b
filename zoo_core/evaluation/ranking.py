"""How well scores rank positives above negatives; undefined is None, never 0.

scikit-learn is imported where it computes, as in `curves`.
"""

import numpy as np


def ranking_metric(name: str, truth: np.ndarray, score: np.ndarray) -> float | None:
    """A ranking metric, or None where the truth has one class only.

    Args:
        name: "auroc", the area under the ROC curve, or "auprc", average precision, as scikit-learn defines them.
        truth: (example,), 0 or 1.
        score: (example,), higher for positives.
    """
    if why_undefined(truth) is not None:
        return None
    from sklearn.metrics import average_precision_score, roc_auc_score

    metrics = {"auroc": roc_auc_score, "auprc": average_precision_score}
    return float(metrics[name](truth, score))


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
