"""What the ranks trained on, example by example."""

import numpy as np

from zoo_core.contract import Communicator
from zoo_core.data.coverage import Coverage, counted, expected
from zoo_core.runtime.stream import Share, TrainingStream

IN_EPOCH, BEFORE = "ranks/seen_in_epoch", "ranks/seen_before"
"""Names, in a checkpoint, of what was seen in the epoch that has begun, and in those before."""


class Ledger:
    """Counts the rows of the batches that the ranks were updated by.

    Args:
        stream: of this process.
        communicator: the processes.
    """

    def __init__(self, stream: TrainingStream, communicator: Communicator) -> None:
        self._stream = stream
        self._communicator = communicator
        n_rows = len(stream.prepared.index)
        self._own = np.zeros(n_rows, np.int32)
        self._in_epoch = np.zeros(n_rows, np.int32)
        self._before = np.zeros(n_rows, bool)

    def add(self, shares: list[Share]) -> None:
        """Count what this process was updated by."""
        for share in shares:
            # Not by indexing: of a batch that has an example twice, that would count one.
            np.add.at(self._own, share.rows, 1)

    def arrays(self) -> dict[str, np.ndarray]:
        """What a checkpoint holds, the same on every rank; every rank calls it."""
        self._merge()
        return {IN_EPOCH: self._in_epoch.copy(), BEFORE: self._before.copy()}

    def take(self, arrays: dict[str, np.ndarray]) -> None:
        """Go on from a checkpoint."""
        self._own[:] = 0
        self._in_epoch, self._before = arrays[IN_EPOCH].copy(), arrays[BEFORE].copy()

    def end_epoch(self, start: int, end: int) -> tuple[Coverage, Coverage]:
        """What was seen in an epoch that ends here, and what was to be expected; every rank calls it.

        Args:
            start: first step of the epoch.
            end: the step after its last.
        """
        self._merge()
        stream, rows = self._stream, self._stream.rows
        found = counted(self._in_epoch[rows], self._before[rows])
        size = stream.ranks[0].size
        samples = (stream.order.samples(first, end, size) for first in (start, 0))
        self._before |= self._in_epoch > 0
        self._in_epoch[:] = 0
        return found, expected(len(rows), *samples)

    def _merge(self) -> None:
        """Over the processes, of what was counted since the last time."""
        # A mean times the number of ranks is the sum, exactly, for counts that float32 holds; a sum is for tensors.
        mean = self._communicator.all_reduce_mean(self._own.astype(np.float64))
        self._in_epoch += np.rint(mean * self._communicator.rank.size).astype(np.int32)
        self._own[:] = 0
