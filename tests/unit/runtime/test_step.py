import keras
import numpy as np
import pytest
import tensorflow as tf

from zoo_core.contract import Rank
from zoo_core.data.reader import Batch
from zoo_core.distributed.single import SingleRank
from zoo_core.runtime.config import TrainerConfig
from zoo_core.runtime.sharing import Sharing
from zoo_core.runtime.statistics import RankStatistics
from zoo_core.runtime.step import TrainStep, make_optimizer

ROUND_OFF = 1e-6


class Squares:
    def loss(self, targets, outputs, fitted):
        return (targets - outputs) ** 2


def network(seed: int = 0):
    keras.utils.set_random_seed(seed)
    return keras.Sequential(
        [keras.Input((2, 3, 1)), keras.layers.Flatten(), keras.layers.Dense(5, "tanh"), keras.layers.Dense(2)]
    )


def batch(seed: int, known: np.ndarray | None = None) -> Batch:
    rng = np.random.default_rng(seed)
    images, targets = rng.random((4, 2, 3, 1), np.float32), rng.random((4, 2), np.float32)
    return Batch(images, targets, np.ones((4, 2), np.float32) if known is None else known)


@pytest.mark.parametrize("optimizer", ["adam", "adamw", "sgd", "lamb"])
def test_an_update_is_keras_update_of_every_variable(optimizer):
    config = TrainerConfig(optimizer=optimizer, weight_decay=0.01 if optimizer == "adamw" else 0.0)
    ours, plain = network(), network()
    step = TrainStep(ours, Squares(), {}, make_optimizer(config), Sharing(SingleRank()))
    stock = make_optimizer(config)
    for seed in range(3):
        step([batch(seed)], learning_rate=0.01)
        stock.learning_rate.assign(0.01)
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(Squares().loss(batch(seed).targets, plain(batch(seed).images), {}))
        stock.apply_gradients(
            zip(tape.gradient(loss, plain.trainable_variables), plain.trainable_variables, strict=True)
        )
    for a, b in zip(ours.variables, plain.variables, strict=True):
        assert np.allclose(a, b, atol=ROUND_OFF)
        assert not np.allclose(a, np.zeros_like(a))


def test_unknown_labels_change_nothing_whatever_their_target():
    known = np.array([[1, 0], [0, 1], [1, 1], [0, 0]], np.float32)
    one = batch(0, known)
    other = Batch(one.images, one.targets + 100 * (1 - known), known)
    results = []
    for b in (one, other):
        model = network()
        step = TrainStep(model, Squares(), {}, make_optimizer(TrainerConfig(optimizer="sgd")), Sharing(SingleRank()))
        results.append((step([b], 0.1), [np.asarray(v) for v in model.variables]))
    assert results[0][0] == results[1][0]
    assert all((a == b).all() for a, b in zip(results[0][1], results[1][1], strict=True))


@pytest.mark.parametrize("n_accumulations", [2, 3, 4])
@pytest.mark.parametrize("optimizer", ["sgd", "lamb"])
def test_parts_one_after_the_other_are_the_update_of_the_whole(optimizer, n_accumulations):
    results = []
    for sharing in (Sharing(SingleRank()), Sharing(SingleRank(), n_accumulations=n_accumulations)):
        model = network()
        step = TrainStep(model, Squares(), {}, make_optimizer(TrainerConfig(optimizer=optimizer)), sharing)
        losses = [step([batch(seed)], 0.01) for seed in range(3)]
        results.append((losses, [np.asarray(v) for v in model.variables]))
    assert results[0][0] == pytest.approx(results[1][0], abs=ROUND_OFF)
    assert all(np.allclose(a, b, atol=ROUND_OFF) for a, b in zip(results[0][1], results[1][1], strict=True))


def test_loss_is_the_mean_over_known_labels():
    known = np.array([[1, 0], [0, 0], [1, 1], [0, 0]], np.float32)
    model = network()
    outputs = np.asarray(model(batch(0).images))
    expected = (((batch(0).targets - outputs) ** 2) * known).sum() / 3
    step = TrainStep(model, Squares(), {}, make_optimizer(TrainerConfig(optimizer="sgd")), Sharing(SingleRank()))
    assert step([batch(0, known)], 0.1) == pytest.approx(expected, rel=1e-5)


def test_batch_without_any_known_label_leaves_the_weights_as_they_are():
    model = network()
    before = [np.asarray(v) for v in model.variables]
    step = TrainStep(model, Squares(), {}, make_optimizer(TrainerConfig(optimizer="sgd")), Sharing(SingleRank()))
    assert step([batch(0, np.zeros((4, 2), np.float32))], 0.1) == 0
    assert all((np.asarray(v) == b).all() for v, b in zip(model.variables, before, strict=True))


class Gathered(SingleRank):
    """One of several ranks; the others' rows are given."""

    def __init__(self, rank: int, size: int, others: np.ndarray | None = None) -> None:
        self.rank = Rank(rank, size)
        self._others = others

    def all_gather(self, array):
        return array if self._others is None else np.concatenate([array, self._others])


def normalised():
    return keras.Sequential([keras.Input((2, 3, 5)), keras.layers.BatchNormalization()])


def statistics(model) -> np.ndarray:
    return np.concatenate([np.ravel(v) for v in model.non_trainable_variables])


def test_each_rank_gets_its_own_statistics_back_and_another_number_of_ranks_their_mean():
    model = normalised()
    mean, variance = model.non_trainable_variables
    mean.assign(np.arange(5))
    variance.assign(np.arange(5, 10))
    rows = RankStatistics(model, Sharing(Gathered(0, 2, others=np.full((1, 10), 3, np.float32)))).gathered()
    assert rows.tolist() == [list(range(10)), [3] * 10]
    for size, expected in ((2, rows), (1, [rows.mean(axis=0)]), (3, [rows.mean(axis=0)] * 3)):
        for rank in range(size):
            other = normalised()
            RankStatistics(other, Sharing(Gathered(rank, size))).take(rows)
            assert (statistics(other) == expected[rank]).all()


def test_a_network_that_keeps_no_statistics_has_none_to_give_or_take():
    model = network()
    kept = RankStatistics(model, Sharing(SingleRank()))
    rows = kept.gathered()
    assert rows.shape == (1, 0)
    kept.take(rows)
