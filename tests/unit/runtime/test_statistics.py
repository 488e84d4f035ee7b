"""Statistics of the ranks that one process plays."""

import keras
import numpy as np
import pytest

from zoo_core.distributed.single import SingleRank
from zoo_core.runtime.sharing import Sharing
from zoo_core.runtime.statistics import RankStatistics


@pytest.fixture
def model():
    return keras.Sequential([keras.Input((2, 3, 2)), keras.layers.BatchNormalization()])


def flat(model):
    return np.concatenate([np.ravel(v) for v in model.non_trainable_variables]).tolist()


def test_each_virtual_rank_keeps_its_own_and_the_mean_is_for_all(model):
    statistics = RankStatistics(model, Sharing(SingleRank(), n_played=3))
    mean, _ = model.non_trainable_variables
    for number in range(3):
        statistics.load(number)
        assert flat(model) == [0, 0, 1, 1]
        mean.assign([number, 2 * number])
        statistics.keep(number)
    assert statistics.gathered().tolist() == [[0, 0, 1, 1], [1, 2, 1, 1], [2, 4, 1, 1]]
    statistics.average()
    assert flat(model) == [1, 2, 1, 1]
    assert statistics.gathered().tolist() == [[1, 2, 1, 1]] * 3


@pytest.mark.parametrize("n_rows", [1, 2, 3])
def test_virtual_ranks_take_their_own_back_or_the_mean_of_another_number(model, n_rows):
    statistics = RankStatistics(model, Sharing(SingleRank(), n_played=3))
    rows = np.arange(4 * n_rows, dtype=np.float32).reshape(n_rows, 4)
    statistics.take(rows)
    wanted = rows if n_rows == 3 else np.tile(rows.mean(axis=0), (3, 1))
    assert statistics.gathered().tolist() == wanted.tolist()


def test_with_the_moments_of_all_ranks_there_is_one_row_for_all(model):
    statistics = RankStatistics(model, Sharing(SingleRank(), n_played=3, batch_norm="cross-rank"))
    assert statistics.gathered().shape == (1, 4)
