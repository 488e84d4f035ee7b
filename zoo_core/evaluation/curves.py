"""What a report draws, from predictions alone: ROC, precision-recall and reliability curves.

scikit-learn, a second to import, is imported where it computes: a run trains before it evaluates.
"""

import heapq
from collections.abc import Iterator

import numpy as np
import pandas as pd

from zoo_core.evaluation.calibration import score_bins
from zoo_core.evaluation.predictions import Predictions
from zoo_core.evaluation.ranking import why_undefined

MODEL = "model"
"""The predictor that is not a baseline."""

CALIBRATED = "calibrated"
"""The model after Platt scaling; its order of examples, and so its other curves, are the model's."""

MOST_POINTS = 200
LEAST_DEVIATION = 2e-4
"""A fifth of a pixel where a curve is drawn a thousand pixels wide."""

MOST_EXAMPLES = 2000
"""Points of a cloud, beyond which it is no plainer to see."""

COLUMNS = ("split", "label", "predictor", "curve", "x", "y", "n")


def draw_curves(predictions: Predictions) -> pd.DataFrame:
    """Every curve of every split and label; a label with one class only has no ROC and no precision-recall curve.

    Args:
        predictions: of binary labels.
    Returns:
        One row a point, in the order of the line: `split`, `label`, `predictor` ("model", "calibrated" or a baseline's
        kind), `curve`, `x`, `y`, `n` (examples of a bin; missing for the others). Curves are `roc` (x false positive
        rate, y true positive rate), `pr` (x recall, y precision) and `reliability` (x mean score, y share of positives,
        one point a bin); baselines have `roc` alone, calibrated predictions `reliability` alone. Of a label that is a
        value there is `values` (x true, y predicted, in the label's unit), one point an example, at most 2,000.
    """
    tables = [table for split in dict.fromkeys(predictions.table["split"]) for table in _of_split(predictions, split)]
    drawn = pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=list(COLUMNS))
    return drawn[list(COLUMNS)].astype({"x": float, "y": float, "n": "Int64"})


def roc_points(truth: np.ndarray, score: np.ndarray) -> np.ndarray:
    """(point, 2): false and true positive rate from (0, 0) to (1, 1), thinned."""
    from sklearn.metrics import roc_curve

    false_positive, true_positive, _ = roc_curve(truth, score)
    return thin(np.column_stack([false_positive, true_positive]))


def pr_points(truth: np.ndarray, score: np.ndarray) -> np.ndarray:
    """(point, 2): recall and precision by ascending recall, thinned."""
    from sklearn.metrics import precision_recall_curve

    precision, recall, _ = precision_recall_curve(truth, score, drop_intermediate=True)
    return thin(np.column_stack([recall, precision])[::-1])


def reliability_bins(truth: np.ndarray, score: np.ndarray) -> pd.DataFrame:
    """Bins of about equally many examples by score; equal scores are never cut apart.

    Args:
        truth: (example,), 0 or 1.
        score: (example,), 0 to 1.
    Returns:
        One row a bin: `x` mean score, `y` share of positives, `n` examples.
    """
    bins = pd.DataFrame({"x": score, "y": truth}).groupby(score_bins(score))
    return bins.mean().assign(n=bins.size()).reset_index(drop=True)


def thin(points: np.ndarray, most: int = MOST_POINTS, deviation: float = LEAST_DEVIATION) -> np.ndarray:
    """Leave out points of a line that do not show; the ends stay as they are.

    Args:
        points: (point, 2) of a line, in order.
        most: points that may stay.
        deviation: how far a point that is left out may be from the line that is drawn, unless `most` is reached before.
    Returns:
        (point, 2), some of the points in their order.
    Source:
        Ramer 1972, An iterative procedure for the polygonal approximation of plane curves; Douglas and Peucker 1973.
        Here the farthest point of all comes next, so that a bounded number of points is spent where it shows most.
    """
    last = len(points) - 1
    kept, waiting = {0, last}, [_farthest(points, 0, last)]
    while waiting and len(kept) < most:
        nearness, middle, start, end = heapq.heappop(waiting)
        if -nearness <= deviation:
            break
        kept.add(middle)
        heapq.heappush(waiting, _farthest(points, start, middle))
        heapq.heappush(waiting, _farthest(points, middle, end))
    return points[sorted(kept)]


def _farthest(points: np.ndarray, start: int, end: int) -> tuple[float, int, int, int]:
    """The point between two that is farthest from their chord, its distance negative: a heap gives the least first."""
    between = points[start + 1 : end] - points[start]
    if not len(between):
        return 0.0, start, start, end
    chord = points[end] - points[start]
    length = float(np.hypot(*chord))
    across = np.abs(between[:, 0] * chord[1] - between[:, 1] * chord[0])
    distance = across / length if length else np.hypot(between[:, 0], between[:, 1])
    middle = int(np.argmax(distance))
    return -float(distance[middle]), start + 1 + middle, start, end


def _of_split(predictions: Predictions, split: str) -> Iterator[pd.DataFrame]:
    rows = predictions.of_split(split)
    for label in predictions.origin.binary_labels:
        known = rows[rows[f"truth.{label}"].notna()]
        for table in _of_label(known, label, predictions.baselines()):
            yield table.assign(split=split, label=label)
    for label in predictions.origin.value_labels:
        known = rows[rows[f"truth.{label}"].notna()]
        points = known[[f"truth.{label}", f"prediction.{label}"]].to_numpy(dtype=np.float64)
        yield _line(points[_evenly(len(points))], MODEL, "values").assign(split=split, label=label)


def _of_label(known: pd.DataFrame, label: str, baselines: list[str]) -> Iterator[pd.DataFrame]:
    truth = known[f"truth.{label}"].to_numpy(dtype=np.int64)
    score = known[f"prediction.{label}"].to_numpy(dtype=np.float64)
    if len(truth):
        yield reliability_bins(truth, score).assign(predictor=MODEL, curve="reliability")
        yield from _calibrated(known, label, truth)
    if why_undefined(truth) is not None:
        return
    yield _line(pr_points(truth, score), MODEL, "pr")
    yield _line(roc_points(truth, score), MODEL, "roc")
    columns = {kind: f"baseline.{kind}.{label}" for kind in baselines if f"baseline.{kind}.{label}" in known}
    for kind, column in columns.items():
        yield _line(roc_points(truth, known[column].to_numpy(dtype=np.float64)), kind, "roc")


def _calibrated(known: pd.DataFrame, label: str, truth: np.ndarray) -> Iterator[pd.DataFrame]:
    if f"calibrated.{label}" in known:
        score = known[f"calibrated.{label}"].to_numpy(dtype=np.float64)
        yield reliability_bins(truth, score).assign(predictor=CALIBRATED, curve="reliability")


def _evenly(n: int) -> np.ndarray:
    """(example,), places of all examples, or of as many as are drawn."""
    return np.unique(np.linspace(0, n - 1, min(n, MOST_EXAMPLES)).round().astype(np.int64))


def _line(points: np.ndarray, predictor: str, curve: str) -> pd.DataFrame:
    line = pd.DataFrame(points, columns=["x", "y"])
    return line.assign(predictor=predictor, curve=curve, n=None)
