"""Sums over groups, added up for each draw, are the sums over the examples of the draw."""

import numpy as np
import pytest

from zoo_core.evaluation import group_sums
from zoo_core.evaluation.bootstrap import Scores, replicate_metrics
from zoo_core.evaluation.group_sums import Sums, draw_sums, ratio, sums_of_groups

N_GROUPS, N_REPLICATES = 5, 30
GROUP = np.array([0, 0, 1, 3, 3, 3, 4])
QUANTITIES = np.arange(14.0).reshape(7, 2)
TABLE = sums_of_groups(GROUP, N_GROUPS, QUANTITIES)


def drawn(*tables: np.ndarray, seed: int = 5) -> list[Sums]:
    return draw_sums(tables, N_REPLICATES, np.random.default_rng(seed))


def test_a_draw_holds_every_example_of_its_groups_as_often_as_they_are_drawn():
    rng = np.random.default_rng(5)
    for sums in drawn(TABLE)[0].drawn:
        rows = np.concatenate([np.flatnonzero(np.equal(GROUP, g)) for g in rng.integers(N_GROUPS, size=N_GROUPS)])
        assert sums.tolist() == QUANTITIES[rows].sum(axis=0).tolist()


def test_the_total_is_over_the_examples_as_they_are():
    assert drawn(TABLE)[0].total.tolist() == QUANTITIES.sum(axis=0).tolist()


def test_tables_of_other_widths_see_the_same_draws():
    narrow, wide = drawn(TABLE[:, :1], TABLE)
    assert narrow.drawn[:, 0].tolist() == wide.drawn[:, 0].tolist()


def test_draws_are_those_of_the_ranking_metrics():
    group, truth = np.arange(40) % 10, np.random.default_rng(0).integers(0, 2, 40)
    # The average precision of scores that tell nothing apart is the prevalence of the draw.
    alike = Scores(truth, np.zeros(40), group)
    prevalence = replicate_metrics([alike], 10, ["auprc"], N_REPLICATES, np.random.default_rng(5))[0, 0]
    (sums,) = drawn(sums_of_groups(group, 10, np.column_stack([truth, np.ones(40)])))
    assert ratio(sums.drawn[:, 0], sums.drawn[:, 1]) == pytest.approx(prevalence)


@pytest.mark.parametrize("chunk", [1, 20, 10**6])
def test_the_size_of_a_chunk_changes_nothing(monkeypatch, chunk):
    expected = drawn(TABLE)[0].drawn
    monkeypatch.setattr(group_sums, "CHUNK_ELEMENTS", chunk)
    assert (drawn(TABLE)[0].drawn == expected).all()


def test_without_draws_there_is_a_total():
    (sums,) = draw_sums([TABLE], 0, np.random.default_rng(0))
    assert sums.drawn.shape == (0, 2)
    assert draw_sums([], 3, np.random.default_rng(0)) == []


def test_a_number_that_is_undefined_is_no_estimate():
    (sums,) = drawn(TABLE)
    assert sums.estimate(lambda s: ratio(s[..., 0], 0 * s[..., 1])) is None
    assert sums.estimate(lambda s: ratio(s[..., 0], s[..., 1])).value == QUANTITIES[:, 0].sum() / QUANTITIES[:, 1].sum()
