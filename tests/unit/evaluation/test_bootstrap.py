"""Draws are of whole groups, and each draw's metrics are scikit-learn's."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm
from sklearn.metrics import average_precision_score, roc_auc_score

from zoo_core.evaluation import bootstrap
from zoo_core.evaluation.bootstrap import Scores, rank, replicate_metrics, weighted_metrics
from zoo_core.evaluation.estimates import estimate

ROUND_OFF = 1e-9
NAMES = ["auroc", "auprc"]

EXAMPLE = st.tuples(st.integers(0, 1), st.integers(0, 3), st.integers(0, 4))
"""Truth, a score of few values so that there are ties, and a weight."""


def by_scikit_learn(truth: np.ndarray, score: np.ndarray, weights: np.ndarray) -> list[float]:
    return [f(truth, score, sample_weight=weights) for f in (roc_auc_score, average_precision_score)]


def ours(truth: np.ndarray, score: np.ndarray, weights: np.ndarray) -> np.ndarray:
    return weighted_metrics(rank(truth, score), weights[None], NAMES)[:, 0]


def ties_by_order_of_rows(truth: np.ndarray, score: np.ndarray, weights: np.ndarray) -> np.ndarray:
    return ours(truth, score - 1e-6 * np.arange(len(score)), weights)


def weights_ignored(truth: np.ndarray, score: np.ndarray, weights: np.ndarray) -> np.ndarray:
    return ours(truth, score, np.ones_like(weights))


def blocks_without_positives_ignored(truth: np.ndarray, score: np.ndarray, weights: np.ndarray) -> np.ndarray:
    kept = np.isin(score, score[truth == 1])
    return ours(truth[kept], score[kept], weights[kept])


def check_against_scikit_learn(metrics: Callable[..., np.ndarray]) -> None:
    truth, score = np.array([0, 1, 1, 0, 0]), np.array([0.3, 0.3, 0.9, 0.5, 0.7])
    weights = np.array([2, 1, 3, 1, 0])
    assert metrics(truth, score, weights) == pytest.approx(by_scikit_learn(truth, score, weights), abs=ROUND_OFF)


@given(st.lists(EXAMPLE, min_size=1, max_size=20))
def test_weighted_metrics_are_those_of_scikit_learn_with_ties_and_with_weights_of_zero(examples):
    truth, score, weights = np.array(examples).T
    n_positive, n_negative = weights[truth == 1].sum(), weights[truth == 0].sum()
    result = ours(truth, score.astype(float), weights)
    if not n_positive or not n_negative:
        assert np.isnan(result).all()
    else:
        assert result == pytest.approx(by_scikit_learn(truth, score, weights), abs=ROUND_OFF)


@pytest.mark.parametrize("liar", [ties_by_order_of_rows, weights_ignored, blocks_without_positives_ignored])
def test_metrics_that_are_not_scikit_learns_would_be_seen(liar):
    check_against_scikit_learn(ours)
    with pytest.raises(AssertionError):
        check_against_scikit_learn(liar)


def some(n: int = 60, n_groups: int = 12) -> Scores:
    rng = np.random.default_rng(3)
    truth = rng.integers(0, 2, n)
    return Scores(truth, np.round(rng.normal(truth), 1), np.arange(n) % n_groups)


def draw(*scores: Scores, n_groups: int = 12, n_replicates: int = 30, seed: int = 5) -> np.ndarray:
    return replicate_metrics(scores, n_groups, NAMES, n_replicates, np.random.default_rng(seed))


def test_a_draw_is_of_whole_groups_with_replacement():
    one, rng = some(), np.random.default_rng(5)
    for auroc, auprc in draw(one)[0].T:
        rows = np.concatenate([np.flatnonzero(one.group == g) for g in rng.integers(12, size=12)])
        expected = by_scikit_learn(one.truth[rows], one.score[rows], np.ones(len(rows)))
        assert [auroc, auprc] == pytest.approx(expected, abs=ROUND_OFF)


def test_one_seed_gives_one_result_and_another_seed_another():
    assert (draw(some()) == draw(some())).all()
    assert (draw(some()) != draw(some(), seed=6)).any()


@pytest.mark.parametrize("chunk", [1, 100, 10**6])
def test_the_size_of_a_chunk_changes_nothing(monkeypatch, chunk):
    expected = draw(some())
    monkeypatch.setattr(bootstrap, "CHUNK_ELEMENTS", chunk)
    assert (draw(some()) == expected).all()


def test_the_order_of_examples_and_of_groups_in_the_file_changes_nothing():
    one, order = some(), np.random.default_rng(0).permutation(60)
    assert (draw(Scores(one.truth[order], one.score[order], one.group[order])) == draw(one)).all()


def test_groups_numbered_by_their_place_in_the_file_would_be_seen():
    one = some()
    assert (draw(Scores(one.truth, one.score, 11 - one.group)) != draw(one)).any()


def test_all_scores_see_the_same_draws():
    one = some()
    same = Scores(one.truth, 2 * one.score, one.group)
    first, second = draw(one, same)
    assert (first == second).all()


def test_scores_with_draws_of_their_own_would_be_seen():
    rng = np.random.default_rng(5)
    first, second = (replicate_metrics([some()], 12, NAMES, 30, rng) for _ in range(2))
    assert (first != second).any()


def test_a_draw_without_a_positive_is_undefined():
    positive_groups = Scores(np.array([1, 1, 0, 0]), np.array([3.0, 1.0, 2.0, 0.0]), np.arange(4))
    drawn = draw(positive_groups, n_groups=4, n_replicates=500)[0, 0]
    # Neither of 2 among 4 is drawn in 1 of 16 draws, and neither of the other 2 in as many.
    assert np.isnan(drawn).mean() == pytest.approx(2 / 16, abs=0.04)


@pytest.mark.parametrize(("truth", "word"), [([1, 1, 0, 0], "positives"), ([0, 0, 1, 1], "negatives")])
def test_a_class_of_one_group_has_no_draw(truth, word):
    one = Scores(np.array(truth), np.arange(4.0), np.array([0, 0, 1, 2]))
    assert f"{word} are of 1 group" in one.why_unvaried()
    assert np.isnan(draw(one, n_groups=3)).all()


def test_groups_without_a_known_truth_are_drawn_too():
    one = some()
    assert (draw(one, n_groups=24) != draw(one, n_groups=12)).any()


SEPARATION, GROUP_SPREAD, EXAMPLE_SPREAD = 1.0, 1.0, 0.2
TRUE_AUROC = norm.cdf(SEPARATION / np.sqrt(2 * (GROUP_SPREAD**2 + EXAMPLE_SPREAD**2)))


def patients(rng: np.random.Generator, n_groups: int = 120, n_examples: int = 5) -> Scores:
    """Images of one patient share the truth, and most of the score."""
    group = np.repeat(np.arange(n_groups), n_examples)
    truth = np.arange(n_groups) % 2
    of_group = SEPARATION * truth + rng.normal(0, GROUP_SPREAD, n_groups)
    return Scores(truth[group], of_group[group] + rng.normal(0, EXAMPLE_SPREAD, len(group)), group)


def coverage(regroup: Callable[[Scores], Scores]) -> float:
    """Share of simulated data sets whose interval holds the true AUROC."""
    rng, n_hits, n_simulated = np.random.default_rng(11), 0, 300
    for _ in range(n_simulated):
        scores = regroup(patients(rng))
        (one,) = estimate([scores], scores.group.max() + 1, ["auroc"], 150, rng)
        _, low, high = one["auroc"].interval()
        n_hits += low <= TRUE_AUROC <= high
    return n_hits / n_simulated


def test_an_interval_over_patients_holds_the_truth_as_often_as_it_says():
    assert coverage(lambda scores: scores) == pytest.approx(0.95, abs=0.05)


def test_an_interval_over_images_would_be_far_too_narrow():
    assert coverage(lambda scores: Scores(scores.truth, scores.score, np.arange(len(scores.truth)))) < 0.75


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_no_metric_of_a_draw_leaves_0_to_1(seed):
    drawn = draw(some(), seed=seed)
    assert ((drawn >= 0) & (drawn <= 1) | np.isnan(drawn)).all()
