"""Outputs of a model for rows of a data set, each rank its share."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from zoo_core.contract import Communicator
from zoo_core.data.reader import Batch, Examples, read_ahead


def _heed_nothing() -> None:
    """Go on."""


class Batching(NamedTuple):
    """How a rank works its way through examples; it changes how fast, not what.

    Attributes:
        per_rank_batch_size: examples of one call on one rank.
        n_readers: threads that read ahead.
        n_streams: calls at the same time, each on a batch of its own.
    """

    per_rank_batch_size: int
    n_readers: int
    n_streams: int = 1


class Predictor:
    """A model in inference, compiled once.

    Args:
        model: from images (example, y, x, c) to outputs (example, output).
        examples: where images come from.
        communicator: joins what the ranks predict.
        batching: how a rank works its way through examples.
        heed: called after each batch, on every rank equally often, so that it may ask them all.
    """

    def __init__(
        self,
        model: Any,
        examples: Examples,
        communicator: Communicator,
        batching: Batching,
        heed: Callable[[], None] = _heed_nothing,
    ) -> None:
        self._examples = examples
        self._communicator = communicator
        self._heed = heed
        self.batching = batching
        self._n_outputs = model.output_shape[-1]
        signature = tf.TensorSpec([None, *model.input_shape[1:]], tf.float32)
        self._forward = tf.function(
            lambda images: model(images, training=False), input_signature=[signature], autograph=False
        )

    def predict(self, rows: np.ndarray, advance: Callable[[int], None]) -> np.ndarray:
        """What the model says of rows, computed on all ranks.

        Args:
            rows: (example,) row numbers, the same on every rank.
            advance: called with the number of examples each batch adds over all ranks.
        Returns:
            (example, output), in the order of `rows`, the same on every rank.
        """
        rank = self._communicator.rank
        size = self.batching.per_rank_batch_size * rank.size
        batches = [rows[start : start + size] for start in range(0, len(rows), size)]
        shares = [batch[rank.rank :: rank.size] for batch in batches]
        made = read_ahead(self._examples.batch, filter(len, shares), self.batching.n_readers)
        computed = self._computed(made)
        outputs = [np.empty((0, self._n_outputs), np.float32)]  # a rank may have no row, of the last batch or at all
        for batch, share in zip(batches, shares, strict=True):
            if len(share):
                outputs.append(next(computed))
            advance(len(batch))
            self._heed()
        return self._in_order(np.concatenate(outputs), len(rows))

    def _computed(self, batches: Iterator[Batch]) -> Iterator[np.ndarray]:
        """Outputs of each batch, in order."""
        if self.batching.n_streams == 1:
            return map(self._outputs, batches)
        # Threads, not processes: while TensorFlow computes, Python's lock is free.
        return read_ahead(self._outputs, batches, self.batching.n_streams)

    def _outputs(self, batch: Batch) -> np.ndarray:
        return np.asarray(self._forward(batch.images))

    def _in_order(self, own: np.ndarray, n_rows: int) -> np.ndarray:
        gathered = self._communicator.all_gather(own)
        size = self._communicator.rank.size
        order = np.concatenate([np.arange(n_rows)[rank::size] for rank in range(size)])
        result = np.empty_like(gathered)
        result[order] = gathered
        return result
