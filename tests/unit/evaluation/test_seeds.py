"""Means over seeds and patients: what is planted is found, and intervals hold it as often as they say."""

import numpy as np
import pytest

from zoo_core.evaluation.estimates import Estimate
from zoo_core.evaluation.seeds import mean_over_seeds

N_PATIENTS, N_DRAWS = 60, 200


def runs(rng, n_seeds=3, of_seeds=0.0, of_patients=0.0, truth=0.7, own=0.0):  # noqa: PLR0913 - planted effects
    """Runs of which each is the mean over patients of what they share, what each has for itself, and the seed's own."""
    shared = rng.normal(0, of_patients, N_PATIENTS)
    draws = np.random.default_rng(1).integers(N_PATIENTS, size=(N_DRAWS, N_PATIENTS))
    made = []
    for _ in range(n_seeds):
        value = truth + rng.normal(0, of_seeds) + shared + rng.normal(0, own, N_PATIENTS)
        made.append(Estimate(float(value.mean()), value[draws].mean(axis=1)))
    return made


@pytest.mark.parametrize(
    ("of_seeds", "of_patients", "own"), [(0.02, 0.0, 0.0), (0.0, 0.2, 0.0), (0.02, 0.15, 0.0), (0.01, 0.05, 0.2)]
)
def test_intervals_hold_the_truth_at_least_nearly_as_often_as_they_say(of_seeds, of_patients, own):
    rng = np.random.default_rng(0)
    means = [
        mean_over_seeds(runs(rng, of_seeds=of_seeds, of_patients=of_patients, own=own), N_PATIENTS) for _ in range(600)
    ]
    held = np.mean([one.low <= 0.7 <= one.high for one in means])
    assert held >= 0.92


def test_patients_alone_would_hold_the_truth_far_too_rarely_where_seeds_vary():
    rng, held = np.random.default_rng(0), []
    for _ in range(300):
        made = runs(rng, of_seeds=0.02, of_patients=0.02)
        draws = np.mean([run.replicates for run in made], axis=0)
        low, high = np.quantile(draws, [0.025, 0.975])
        held.append(low <= 0.7 <= high)
    assert np.mean(held) < 0.6


def test_seeds_alone_move_nothing_that_is_paired_by_seed_and_patient():
    rng = np.random.default_rng(3)
    first = runs(rng, of_seeds=0.1, of_patients=0.2)
    second = [Estimate(run.value - 0.03, run.replicates - 0.03) for run in first]
    difference = mean_over_seeds([b.minus(a) for a, b in zip(first, second, strict=True)], N_PATIENTS)
    assert difference.value == pytest.approx(-0.03)
    assert difference.low == pytest.approx(-0.03)
    assert difference.high == pytest.approx(-0.03)
    assert difference.resolved


def test_no_effect_is_called_resolved_hardly_ever_and_a_large_one_nearly_always():
    rng = np.random.default_rng(4)

    def resolved(effect):
        return np.mean(
            [mean_over_seeds(runs(rng, 4, 0.01, 0.02, truth=effect), N_PATIENTS).resolved for _ in range(300)]
        )

    assert resolved(0.0) < 0.08
    assert resolved(0.1) > 0.95


def test_few_seeds_make_the_interval_wider_than_many():
    def width(n_seeds):
        rng = np.random.default_rng(5)
        made = [mean_over_seeds(runs(rng, n_seeds, 0.02), N_PATIENTS) for _ in range(50)]
        return np.median([one.high - one.low for one in made])

    assert width(3) > 2 * width(8)


def test_one_seed_has_no_interval_and_says_why():
    mean = mean_over_seeds(runs(np.random.default_rng(0), 1, 0.1), N_PATIENTS)
    assert (mean.low, mean.high, mean.resolved) == (None, None, None)
    assert mean.reason == "no interval: of 1 seed, 2 are needed"


def test_draws_that_do_not_define_the_number_leave_no_interval():
    made = [Estimate(0.7, np.where(np.arange(100) < 20, np.nan, 0.7)) for _ in range(3)]
    assert "defined in 80 of 100 draws" in mean_over_seeds(made, N_PATIENTS).reason
    never = [Estimate(0.7, np.full(100, np.nan)) for _ in range(3)]
    assert mean_over_seeds(never, N_PATIENTS).low is None


def test_no_run_is_no_mean():
    with pytest.raises(ValueError, match="at least one run"):
        mean_over_seeds([], 3)
