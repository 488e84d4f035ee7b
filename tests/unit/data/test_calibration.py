"""The draw of examples that a conversion calibrates on."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from zoo_core.data.calibration import ENOUGH_POSITIVES, draw_calibration

TRUTHS = arrays(
    np.float64,
    st.tuples(st.integers(1, 60), st.integers(1, 5)),
    elements=st.sampled_from([0.0, 0.0, 0.0, 1.0, np.nan]),
)
SIZES = st.integers(1, 80)


@given(TRUTHS, SIZES, st.integers(0, 9))
def test_as_many_as_asked_for_and_no_row_twice(truth: np.ndarray, n: int, seed: int) -> None:
    drawn = draw_calibration(truth, n, seed)
    assert len(drawn) == len(set(drawn.tolist())) == min(n, len(truth))
    assert set(drawn.tolist()) <= set(range(len(truth)))


@given(TRUTHS, SIZES, st.integers(0, 9))
def test_every_label_with_enough_positives_is_in_where_there_is_room(truth: np.ndarray, n: int, seed: int) -> None:
    drawn = truth[draw_calibration(truth, n, seed)] == 1
    enough = (truth == 1).sum(axis=0) >= ENOUGH_POSITIVES
    if n >= enough.sum():
        assert drawn.any(axis=0)[enough].all()
    if n >= ENOUGH_POSITIVES * enough.sum():
        assert (drawn.sum(axis=0) >= ENOUGH_POSITIVES)[enough].all()


@given(TRUTHS, SIZES)
def test_the_same_seed_draws_the_same(truth: np.ndarray, n: int) -> None:
    np.testing.assert_array_equal(draw_calibration(truth, n, 3), draw_calibration(truth, n, 3))


def test_another_seed_draws_others() -> None:
    truth = np.zeros((100, 2))
    assert set(draw_calibration(truth, 10, 0)) != set(draw_calibration(truth, 10, 1))


def test_a_rare_label_that_chance_would_miss_is_in() -> None:
    truth = np.zeros((10_000, 2))
    truth[:ENOUGH_POSITIVES, 1] = 1
    for seed in range(5):
        assert truth[draw_calibration(truth, 30, seed), 1].sum() == ENOUGH_POSITIVES


def test_a_label_with_fewer_positives_is_left_to_chance() -> None:
    truth = np.zeros((10_000, 1))
    truth[: ENOUGH_POSITIVES - 1] = 1
    assert sum(truth[draw_calibration(truth, 10, seed)].sum() for seed in range(5)) == 0
