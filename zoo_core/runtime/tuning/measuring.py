"""Speed of one candidate on one of its ranks: a run's own network, train step, stream and predictor."""

import dataclasses
import time
from functools import cached_property
from typing import Any

import numpy as np

from zoo_core.contract import Communicator
from zoo_core.runtime.prediction import Predictor
from zoo_core.runtime.prepare import Prepared
from zoo_core.runtime.run import build_network, inference_batching
from zoo_core.runtime.sharing import sharing_of
from zoo_core.runtime.step import TrainStep, broadcast_state, make_optimizer
from zoo_core.runtime.stream import TrainingStream


class Bench:
    """A network that trains and predicts for as long as it is told to; every rank is told the same.

    Args:
        prepared: data, task and configuration.
        communicator: the ranks.
    """

    def __init__(self, prepared: Prepared, communicator: Communicator) -> None:
        self._prepared = prepared
        self._communicator = communicator
        self._model, _ = build_network(prepared, communicator)
        optimizer = make_optimizer(prepared.config.trainer)
        sharing = sharing_of(prepared.config, communicator)
        self._step = TrainStep(self._model, prepared.task, prepared.fitted, optimizer, sharing)
        broadcast_state(self._step, communicator)
        self._n_steps = 0

    def train(self, global_batch_size: int, n_steps: int) -> float:
        """Images a second over all ranks, reading included; one step more is made first, which fills the reader."""
        stream = TrainingStream(_with_batch(self._prepared, global_batch_size), self._communicator.rank)
        ends = []
        for _, shares in stream.batches(self._n_steps, self._n_steps + n_steps + 1):
            self._step([share.batch for share in shares], self._prepared.config.trainer.learning_rate)
            ends.append(time.monotonic())
        self._n_steps += n_steps + 1
        return n_steps * global_batch_size / (ends[-1] - ends[0])

    def compute(self, global_batch_size: int, n_steps: int) -> float:
        """Images a second over all ranks of one batch again and again: nothing is read in between."""
        stream = TrainingStream(_with_batch(self._prepared, global_batch_size), self._communicator.rank)
        (_, shares), *_ = stream.batches(0, 1)
        batches = [share.batch for share in shares]
        rate = self._prepared.config.trainer.learning_rate
        self._step(batches, rate)
        start = time.monotonic()
        for _ in range(n_steps):
            self._step(batches, rate)
        return n_steps * global_batch_size / (time.monotonic() - start)

    def predict(self, n_streams: int, n_batches: int) -> float:
        """Images a second over all ranks, reading included."""
        predictor = self._predictor
        predictor.batching = predictor.batching._replace(n_streams=n_streams)
        rows = self._prepared.rows("train")
        n_rows = n_batches * predictor.batching.per_rank_batch_size * self._communicator.rank.size
        start = time.monotonic()
        predictor.predict(np.resize(rows, n_rows), _count_nothing)
        return n_rows / (time.monotonic() - start)

    @cached_property
    def _predictor(self) -> Predictor:
        batching = inference_batching(self._prepared, self._communicator)
        return Predictor(self._model, self._prepared.examples(), self._communicator, batching)


def _with_batch(prepared: Prepared, global_batch_size: int) -> Prepared:
    trainer: Any = dataclasses.replace(prepared.config.trainer, global_batch_size=global_batch_size)
    return dataclasses.replace(prepared, config=dataclasses.replace(prepared.config, trainer=trainer))


def _count_nothing(_: int) -> None:
    """Nobody watches."""
