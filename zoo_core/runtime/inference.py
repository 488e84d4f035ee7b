"""Images through a network: as many calls at a time as it was loaded for, and how long it was at work."""

import threading
import time
from collections.abc import Callable, Iterable, Iterator

import numpy as np

from zoo_core.contract import Load, Network
from zoo_core.data.reader import Examples, read_ahead


class Inference:
    """A network at work.

    Args:
        network: loaded.
        use: what it was loaded for.
        clock: seconds that only grow.
    Attributes:
        n_images: that it has answered.
        busy_s: seconds in which at least one call was being computed.
    """

    def __init__(self, network: Network, use: Load, clock: Callable[[], float] = time.perf_counter) -> None:
        self.n_images = 0
        self.busy_s = 0.0
        self.use = use
        self._network = network
        self._clock = clock
        self._lock = threading.Lock()
        self._n_calls = 0
        self._since = 0.0

    def outputs(self, batches: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
        """Answer batches in their order.

        Args:
            batches: (example, y, x, c) each.
        Returns:
            (example, output) each.
        """
        if self.use.n_streams == 1:
            return map(self._answer, batches)
        # Threads, not processes: while a network computes, Python's lock is free.
        return read_ahead(self._answer, batches, self.use.n_streams)

    def _answer(self, images: np.ndarray) -> np.ndarray:
        self._begin()
        try:
            return self._network.outputs(images)
        finally:
            self._end(len(images))

    def _begin(self) -> None:
        with self._lock:
            if self._n_calls == 0:
                self._since = self._clock()
            self._n_calls += 1

    def _end(self, n_images: int) -> None:
        with self._lock:
            self._n_calls -= 1
            self.n_images += n_images
            if self._n_calls == 0:
                self.busy_s += self._clock() - self._since


def predict_rows(
    examples: Examples, rows: np.ndarray, inference: Inference, n_readers: int, advance: Callable[[int], None]
) -> np.ndarray:
    """What a network says of rows of a data set.

    Args:
        examples: where images come from.
        rows: (example,) row numbers, at least one.
        inference: the network.
        n_readers: threads that read ahead.
        advance: called with the number of examples of each batch.
    Returns:
        (example, output).
    Raises:
        ImageError: an image cannot be read.
    """
    size = inference.use.batch_size
    batches = read_ahead(examples.batch, [rows[i : i + size] for i in range(0, len(rows), size)], n_readers)
    outputs = []
    for one in inference.outputs(batch.images for batch in batches):
        outputs.append(one)
        advance(len(one))
    return np.concatenate(outputs)
