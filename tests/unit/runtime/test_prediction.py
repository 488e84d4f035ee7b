import signal
import threading
from types import SimpleNamespace

import keras
import numpy as np
import pytest

from zoo_core.contract import Rank
from zoo_core.data.reader import Batch
from zoo_core.distributed.signals import Stopped
from zoo_core.distributed.single import SingleRank
from zoo_core.runtime.prediction import Batching, Predictor


class Numbered:
    """Row i is a picture of value i, so that a prediction says which row it is of."""

    task = SimpleNamespace(predict=lambda outputs: outputs)

    def batch(self, rows: np.ndarray) -> Batch:
        images = np.broadcast_to(rows[:, None, None, None], (len(rows), 2, 3, 1)).astype(np.float32)
        return Batch(images, np.zeros(0), np.zeros(0))


class OneOfMany:
    """A rank whose fellows are played by this test: `all_gather` joins what each of them would send."""

    def __init__(self, rank: Rank, rows: np.ndarray) -> None:
        self.rank, self._rows = rank, rows

    def all_gather(self, array: np.ndarray) -> np.ndarray:
        return np.concatenate([self._rows[r :: self.rank.size, None] for r in range(self.rank.size)]).astype(
            array.dtype
        )


def mean_of_pixels():
    image = keras.Input((2, 3, 1))
    return keras.Model(image, keras.layers.GlobalAveragePooling2D()(image))


@pytest.mark.parametrize("per_rank_batch_size", [1, 3, 7, 50])
def test_predictions_are_in_the_order_of_rows_whatever_the_batch(per_rank_batch_size):
    rows = np.array([5, 3, 8, 0, 2, 9, 1])
    predictor = Predictor(mean_of_pixels(), Numbered(), SingleRank(), Batching(per_rank_batch_size, 2))
    counted = []
    assert predictor.predict(rows, counted.append)[:, 0].tolist() == rows.tolist()
    assert sum(counted) == len(rows)


@pytest.mark.parametrize("size", [1, 2, 3, 4])
def test_predictions_of_all_ranks_are_put_in_the_order_of_rows(size):
    rows = np.array([5, 3, 8, 0, 2, 9, 1])
    for rank in range(size):
        predictor = Predictor(mean_of_pixels(), Numbered(), OneOfMany(Rank(rank, size), rows), Batching(2, 1))
        counted = []
        assert predictor.predict(rows, counted.append)[:, 0].tolist() == rows.tolist()
        assert sum(counted) == len(rows)


def test_no_rows_give_no_predictions():
    predictor = Predictor(mean_of_pixels(), Numbered(), SingleRank(), Batching(2, 1))
    assert len(predictor.predict(np.zeros(0, np.int64), lambda _: None)) == 0


@pytest.mark.parametrize("size", [1, 2, 3, 4])
@pytest.mark.parametrize("n_rows", [0, 1, 4, 7, 9])
def test_every_rank_heeds_equally_often_whatever_its_share(size, n_rows):
    rows, n_heeded = np.arange(n_rows), []
    for rank in range(size):
        heeded = []
        predictor = Predictor(
            mean_of_pixels(),
            Numbered(),
            OneOfMany(Rank(rank, size), rows),
            Batching(2, 1),
            lambda h=heeded: h.append(1),
        )
        predictor.predict(rows, lambda _: None)
        n_heeded.append(len(heeded))
    assert n_heeded == [np.ceil(n_rows / size / 2)] * size


def test_what_heeding_raises_ends_the_prediction_within_a_batch():
    def stop():
        raise Stopped(signal.SIGTERM)

    predicted = []
    predictor = Predictor(mean_of_pixels(), Numbered(), SingleRank(), Batching(2, 1), stop)
    with pytest.raises(Stopped):
        predictor.predict(np.arange(9), predicted.append)
    assert predicted == [2]


@pytest.mark.parametrize("n_streams", [2, 3, 9])
@pytest.mark.parametrize("size", [1, 2])
def test_any_number_of_streams_gives_the_predictions_of_one_in_the_same_order(n_streams, size):
    rows = np.array([5, 3, 8, 0, 2, 9, 1])
    for rank in range(size):
        counted = []
        batching = Batching(2, 1, n_streams)
        predictor = Predictor(mean_of_pixels(), Numbered(), OneOfMany(Rank(rank, size), rows), batching)
        assert predictor.predict(rows, counted.append)[:, 0].tolist() == rows.tolist()
        assert sum(counted) == len(rows)


def test_streams_compute_at_the_same_time():
    together = threading.Barrier(2, timeout=60)  # breaks, where one batch waits for the other to be done
    predictor = Predictor(mean_of_pixels(), Numbered(), SingleRank(), Batching(2, 1, 2))
    forward = predictor._forward
    predictor._forward = lambda images: (together.wait(), forward(images))[1]
    rows = np.arange(8)
    assert predictor.predict(rows, lambda _: None)[:, 0].tolist() == rows.tolist()


def test_what_heeding_raises_ends_streams_too():
    def stop():
        raise Stopped(signal.SIGTERM)

    predictor = Predictor(mean_of_pixels(), Numbered(), SingleRank(), Batching(2, 1, 3), stop)
    with pytest.raises(Stopped):
        predictor.predict(np.arange(90), lambda _: None)
