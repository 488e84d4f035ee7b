"""From logits to probabilities and back, by NumPy alone: scipy.special takes a third of a second to import."""

import numpy as np


def sigmoid(logits: np.ndarray) -> np.ndarray:
    """Probabilities, in the dtype of the logits; small ones keep their digits.

    Args:
        logits: of any shape, float32 or float64.

    >>> [f"{one:.6g}" for one in sigmoid(np.array([-1000.0, -20.0, 0.0, 1000.0]))]
    ['0', '2.06115e-09', '0.5', '1']
    """
    with np.errstate(over="ignore"):  # where the probability is 0
        return np.asarray(1 / (1 + np.exp(-logits)))


def softmax(logits: np.ndarray) -> np.ndarray:
    """Probabilities of classes, of each example 1 together, in the dtype of the logits.

    Args:
        logits: (example, class), float32 or float64.

    >>> softmax(np.array([[1000.0, 1000.0, -1000.0]])).tolist()
    [[0.5, 0.5, 0.0]]
    """
    odds = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(odds / odds.sum(axis=1, keepdims=True))


def logit(probabilities: np.ndarray) -> np.ndarray:
    """Log odds of probabilities, each above 0 and below 1.

    >>> float(logit(np.array(0.5)))
    0.0
    """
    return np.asarray(np.log(probabilities) - np.log1p(-probabilities))
