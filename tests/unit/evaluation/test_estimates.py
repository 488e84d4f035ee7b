"""Differences and means keep the draws of what they are made of."""

import numpy as np
import pytest

from zoo_core.evaluation.bootstrap import Scores
from zoo_core.evaluation.estimates import Estimate, as_intervals, difference, estimate, mean_of, why_no_intervals

N_REPLICATES = 400


def draws(seed: int, n_undefined: int = 0) -> np.ndarray:
    values = np.random.default_rng(seed).normal(0.7, 0.05, N_REPLICATES)
    values[:n_undefined] = np.nan
    return values


def pair() -> list:
    """Two scores that are nearly the same, of 40 groups of 3."""
    rng, truth = np.random.default_rng(0), np.repeat(np.arange(40) % 2, 3)
    score, group = rng.normal(truth), np.repeat(np.arange(40), 3)
    scores = [Scores(truth, score, group), Scores(truth, score + rng.normal(0, 0.2, 120), group)]
    return estimate(scores, 40, ["auroc"], N_REPLICATES, np.random.default_rng(1))


def width(interval: list) -> float:
    return interval[2] - interval[1]


def test_an_interval_is_the_middle_95_percent_of_the_draws():
    values = np.arange(1, 201) / 200
    value, low, high = Estimate(0.7, np.random.default_rng(0).permutation(values)).interval()
    assert value == 0.7
    assert np.mean((values >= low) & (values <= high)) == 0.95
    assert low + high == pytest.approx(1.005)


def test_a_difference_is_paired_and_narrower_than_if_it_were_not():
    first, second = pair()
    paired = difference(first, second)["auroc"]
    assert paired.value == first["auroc"].value - second["auroc"].value
    shuffled = Estimate(second["auroc"].value, np.random.default_rng(2).permutation(second["auroc"].replicates))
    assert width(paired.interval()) < 0.5 * width(first["auroc"].minus(shuffled).interval())


def test_scores_differ_from_themselves_by_nothing():
    first, _ = pair()
    assert as_intervals(difference(first, first)) == {"auroc": [0, 0, 0]}


def test_a_difference_to_what_is_undefined_is_undefined():
    first, _ = pair()
    assert difference(first, {"auroc": None}) == difference({"auroc": None}, first) == {"auroc": None}


def test_a_mean_is_of_each_draw_and_so_keeps_what_labels_have_in_common():
    first, second = pair()
    mean = mean_of([first, second, {"auroc": None}], "auroc")
    assert mean.value == np.mean([first["auroc"].value, second["auroc"].value])
    expected = (first["auroc"].replicates + second["auroc"].replicates) / 2
    assert mean.replicates == pytest.approx(expected, nan_ok=True)
    assert mean_of([{"auroc": None}], "auroc") is None


@pytest.mark.parametrize(("n_undefined", "has_interval"), [(0, True), (20, True), (21, False), (400, False)])
def test_an_interval_needs_95_percent_of_the_draws(n_undefined, has_interval):
    one = Estimate(0.7, draws(0, n_undefined))
    assert (None not in one.interval()) == has_interval
    assert (one.why_no_interval() is None) == has_interval
    if not has_interval:
        assert f"{400 - n_undefined} of 400 draws" in why_no_intervals({"auprc": None, "auroc": one})


def test_draws_that_do_not_define_a_label_do_not_define_the_mean():
    labels = [{"auroc": Estimate(0.7, draws(0, 21))}, {"auroc": Estimate(0.7, draws(1))}]
    assert "379 of 400" in mean_of(labels, "auroc").why_no_interval()


def test_without_draws_there_is_a_value_and_no_complaint():
    one = Estimate(0.7, np.empty(0))
    assert one.interval() == [0.7, None, None]
    assert one.why_no_interval() is None
