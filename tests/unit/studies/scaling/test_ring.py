import numpy as np
import pytest

from zoo_core.studies.scaling.plan import SIZES_BYTES
from zoo_core.studies.scaling.ring import Point, fit_ring, ring_seconds

ALPHA_S, BETA_S = 8e-4, 9e-10
NOISE = 0.05
EXACT = 1e-6


def points(law, ranks=(2, 3, 5), noise=0.0):
    rng = np.random.default_rng(0)
    return [Point(p, n, float(law(n, p)) * float(np.exp(noise * rng.normal()))) for p in ranks for n in SIZES_BYTES]


def planted(n, p):
    return ring_seconds(n, p, ALPHA_S, BETA_S)


@pytest.mark.parametrize("ranks", [(2,), (2, 3, 5)])
def test_planted_values_are_found_from_exact_times(ranks):
    fit = fit_ring(points(planted, ranks))
    assert fit.alpha_s[0] == pytest.approx(ALPHA_S, rel=EXACT)
    assert fit.beta_s[0] == pytest.approx(BETA_S, rel=EXACT)
    assert (fit.misfit < EXACT, fit.is_poor, fit.ranks) == (True, False, ranks)


def test_intervals_hold_the_planted_values_of_noisy_times_and_are_no_wider_than_the_noise_allows():
    fit = fit_ring(points(planted, noise=NOISE))
    for (value, low, high), truth in ((fit.alpha_s, ALPHA_S), (fit.beta_s, BETA_S)):
        assert low < truth < high
        assert low < value < high < (1 + 2 * NOISE) * value
    assert fit.misfit == pytest.approx(NOISE, rel=0.5)


def test_short_and_long_messages_count_alike():
    late = [Point(p.n_ranks, p.n_bytes, p.seconds * (1.5 if p.n_bytes == 1024 else 1)) for p in points(planted)]
    slow = [Point(p.n_ranks, p.n_bytes, p.seconds * (1.5 if p.n_bytes == 2**26 else 1)) for p in points(planted)]
    # Least squares of seconds would not have seen the first.
    assert fit_ring(late).alpha_s[0] > (1 + NOISE) * ALPHA_S
    assert fit_ring(slow).beta_s[0] > (1 + NOISE) * BETA_S


LIARS = {
    "quadratic in the bytes": lambda n, p: 1e-3 + 1e-14 * n**2,
    "slower with fewer ranks": lambda n, p: (1e-3 + 1e-9 * n) / p**2,
    "the same for every size": lambda n, p: 1e-3 * (p + 10 * (n == 2**16)),
}


@pytest.mark.parametrize("law", LIARS.values(), ids=LIARS)
def test_times_of_another_law_give_a_fit_that_says_it_is_poor(law):
    assert fit_ring(points(law)).is_poor


def test_the_model_at_both_ends_of_the_intervals_holds_the_model():
    fit = fit_ring(points(planted, noise=NOISE))
    value, low, high = fit.seconds(10**6, 512)
    assert low < value < high
    assert value == pytest.approx(2 * 511 * fit.alpha_s[0] + 2 * 511 / 512 * 10**6 * fit.beta_s[0])


@pytest.mark.parametrize("few", [[], [Point(2, 1024, 1.0)] * 9, [Point(2, 1024, 1.0), Point(2, 4096, 2.0)]])
def test_too_few_points_are_refused(few):
    with pytest.raises(ValueError, match="three points of two sizes"):
        fit_ring(few)
