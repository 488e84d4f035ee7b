"""Ranking metrics of many draws of whole groups: how they would vary with other patients of the same kind."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

MIN_GROUPS = 2
"""Groups a class must lie in: what one group holds cannot vary from draw to draw, it can only be absent."""

CHUNK_ELEMENTS = 2**17
"""Weights (replicate, example) held at a time: memory does not grow with the draws. 2**15 to 2**22 are as quick."""


@dataclass(frozen=True)
class Scores:
    """Scores of the examples whose truth is known, for one label.

    Attributes:
        truth: (example,), int, 0 or 1.
        score: (example,), float64, higher for positives.
        group: (example,), int, number of the group the example is of, from 0.
    """

    truth: np.ndarray
    score: np.ndarray
    group: np.ndarray

    def why_unvaried(self) -> str | None:
        """Why no draw of groups tells anything, or None where draws do."""
        for name, value in (("positives", 1), ("negatives", 0)):
            n_groups = len(np.unique(self.group[self.truth == value]))
            if n_groups < MIN_GROUPS:
                return f"no interval: the {name} are of {n_groups} group, {MIN_GROUPS} are needed"
        return None


def replicate_metrics(
    scores: Sequence[Scores], n_groups: int, names: Sequence[str], n_replicates: int, rng: np.random.Generator
) -> np.ndarray:
    """Metrics of each draw; all scores see the same draws, so that their differences are paired.

    Args:
        scores: of one set of examples: labels, and models or baselines to be compared.
        n_groups: that are drawn from, those without a known truth included.
        names: "auroc", "auprc".
        n_replicates: draws of `n_groups` groups with replacement.
        rng: the same state gives the same draws.
    Returns:
        (scores, metric, replicate), float64; NaN where a draw has no positive or no negative of the label, or where
        `Scores.why_unvaried` says why.
    Source:
        Davison and Hinkley 1997, Bootstrap Methods and their Application, section 3.8: whole clusters are drawn.
    """
    result = np.full((len(scores), len(names), n_replicates), np.nan)
    rankings = [(i, rank(one.truth, one.score), one.group) for i, one in enumerate(scores) if not one.why_unvaried()]
    n_examples = max((len(group) for _, _, group in rankings), default=1)
    for start, counts in draw_groups(n_groups, n_replicates, max(1, CHUNK_ELEMENTS // n_examples), rng):
        for i, ranking, group in rankings:
            drawn = slice(start, start + len(counts))
            # Gathered in the order of the scores at once: a second array in the examples' order is never made.
            result[i, :, drawn] = _metrics(ranking, counts.take(group[ranking.order], axis=1), names)
    return result


def draw_groups(
    n_groups: int, n_replicates: int, chunk: int, rng: np.random.Generator
) -> Iterator[tuple[int, np.ndarray]]:
    """Draw groups, a chunk of draws at a time.

    Args:
        n_groups: that are drawn from, and that each draw holds, with replacement.
        n_replicates: draws.
        chunk: draws at a time; the draws are the same for every chunk.
        rng: the same state gives the same draws.
    Returns:
        Number of the chunk's first replicate, and (replicate, group), int32, how often each group is drawn.
    """
    for start in range(0, n_replicates, chunk):
        n_rows = min(chunk, n_replicates - start)
        rows = [np.bincount(rng.integers(n_groups, size=n_groups), minlength=n_groups) for _ in range(n_rows)]
        yield start, np.array(rows, dtype=np.int32)


@dataclass(frozen=True)
class Ranking:
    """Examples from the highest score down, and the blocks of equal scores that hold a positive.

    Only there do ROC and precision-recall curves gain recall: the other blocks need no evaluation.

    Attributes:
        order: (example,), the examples by falling score.
        positives: (positive,), places of the positives in that order.
        first: (block,), place of the block's first example.
        last: (block,), place after its last.
        first_positive: (block,), number of positives before the block.
        last_positive: (block,), number of positives before its end.
    """

    order: np.ndarray
    positives: np.ndarray
    first: np.ndarray
    last: np.ndarray
    first_positive: np.ndarray
    last_positive: np.ndarray


def rank(truth: np.ndarray, score: np.ndarray) -> Ranking:
    """Sort scores once for all draws.

    Args:
        truth: (example,), 0 or 1.
        score: (example,), higher for positives.
    """
    order = np.argsort(-score, kind="stable")
    falling, positives = score[order], np.flatnonzero(truth[order])
    bounds = np.concatenate([[0], np.flatnonzero(np.diff(falling)) + 1, [len(falling)]])
    n_before = np.searchsorted(positives, bounds)
    held = np.flatnonzero(np.diff(n_before))
    return Ranking(order, positives, bounds[held], bounds[held + 1], n_before[held], n_before[held + 1])


def weighted_metrics(ranking: Ranking, weights: np.ndarray, names: Sequence[str]) -> np.ndarray:
    """Ranking metrics under each row of weights; equal scores are one threshold, as in scikit-learn.

    Args:
        ranking: of the examples.
        weights: (replicate, example), int, how often each example counts, in the order of the examples.
        names: "auroc", "auprc".
    Returns:
        (metric, replicate), float64; NaN where no positive or no negative has a weight.

    >>> ranking = rank(np.array([1, 0, 1, 0]), np.array([0.9, 0.6, 0.6, 0.1]))
    >>> weighted_metrics(ranking, np.array([[1, 1, 1, 1], [1, 2, 0, 0]]), ["auroc"])
    array([[0.875, 1.   ]])
    """
    return _metrics(ranking, weights[:, ranking.order], names)


@dataclass(frozen=True)
class _Sums:
    """Weights summed from the highest score down: `before` and `after` each block, (replicate, block); `total`."""

    positives_before: np.ndarray
    positives_after: np.ndarray
    examples_before: np.ndarray
    examples_after: np.ndarray
    n_positive: np.ndarray
    n_negative: np.ndarray


def _metrics(ranking: Ranking, falling: np.ndarray, names: Sequence[str]) -> np.ndarray:
    """As `weighted_metrics`, of weights in the order of the ranking."""
    examples, positives = _running_sum(falling), _running_sum(falling[:, ranking.positives])
    sums = _Sums(
        positives_before=positives.take(ranking.first_positive, axis=1),
        positives_after=positives.take(ranking.last_positive, axis=1),
        examples_before=examples.take(ranking.first, axis=1),
        examples_after=examples.take(ranking.last, axis=1),
        n_positive=positives[:, -1],
        n_negative=examples[:, -1] - positives[:, -1],
    )
    defined = (sums.n_positive > 0) & (sums.n_negative > 0)
    values = np.full((len(names), len(falling)), np.nan)
    for value, name in zip(values, names, strict=True):
        value[defined] = _METRICS[name](sums)[defined]
    return values


def _running_sum(weights: np.ndarray) -> np.ndarray:
    """(replicate, example) to (replicate, example + 1): the sum before each example, and of all."""
    result = np.zeros((len(weights), weights.shape[1] + 1), dtype=np.int64)
    np.cumsum(weights, axis=1, out=result[:, 1:])
    return result


def _auroc(sums: _Sums) -> np.ndarray:
    """Share of pairs that are in order, a tie counting half: twice the count is a sum of integers, hence exact."""
    gained = sums.positives_after - sums.positives_before
    above = sums.examples_before - sums.positives_before + sums.examples_after - sums.positives_after
    in_order = (gained * (2 * sums.n_negative[:, None] - above)).sum(axis=1)
    n_pairs = np.maximum(sums.n_positive * sums.n_negative, 1)
    return np.asarray(in_order / (2 * n_pairs))


def _auprc(sums: _Sums) -> np.ndarray:
    """Average precision: precision at the end of each block, weighted by the recall that the block gains."""
    gained = sums.positives_after - sums.positives_before
    precision = sums.positives_after / np.maximum(sums.examples_after, 1)
    return np.asarray((gained * precision).sum(axis=1) / np.maximum(sums.n_positive, 1))


_METRICS: dict[str, Callable[[_Sums], np.ndarray]] = {"auroc": _auroc, "auprc": _auprc}
