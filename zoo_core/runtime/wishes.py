"""What one rank would have all ranks do once a step is done: save, or save and stop."""

import signal
import time
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from zoo_core.contract import Communicator
from zoo_core.distributed.beats import NO_BEATS, Beats
from zoo_core.distributed.signals import STOP_SIGNALS, Stopped, StopRequests


class Agreed(NamedTuple):
    """What all ranks do after a step, or after a batch of a validation.

    Attributes:
        save: write a checkpoint.
        stop: the signal after which the run stops, or None.
    """

    save: bool
    stop: signal.Signals | None


class Wishes:
    """Makes one decision of what each rank wishes, so that all ranks save and stop at the same step.

    The time for a checkpoint is told by the root's clock; a signal counts whichever rank it reached.

    Args:
        communicator: the ranks.
        requests: signals to this process.
        every_s: seconds between two checkpoints.
        beats: hear what this rank does.
        clock: seconds that only grow.
    """

    def __init__(
        self,
        communicator: Communicator,
        requests: StopRequests,
        every_s: float,
        beats: Beats = NO_BEATS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._communicator = communicator
        self._requests = requests
        self._every_s = every_s
        self._clock = clock
        self.beats = beats
        self._saved_at = clock()

    def agree(self) -> Agreed:
        """What all ranks do; every rank calls it at the same place of its work."""
        due = self._communicator.rank.is_root and self._clock() - self._saved_at >= self._every_s
        own = [due, *(self._requests.received == number for number in STOP_SIGNALS)]
        save, *stops = (self._communicator.all_reduce_mean(np.array(own, np.float32)) > 0).tolist()
        stop = next((number for number, asked in zip(STOP_SIGNALS, stops, strict=True) if asked), None)
        return Agreed(save or stop is not None, stop)

    def stop_where_agreed(self) -> None:
        """A batch is predicted. Stop all ranks where one was asked to, and save nothing: the checkpoint makes it again.

        Raises:
            Stopped: on every rank.
        """
        self.beats.done("a batch was predicted")
        self.stop(self.agree())

    def stop(self, agreed: Agreed) -> None:
        """Stop all ranks where they have agreed to.

        Raises:
            Stopped: on every rank.
        """
        if agreed.stop:
            self._communicator.barrier()  # a rank that ends before the root has saved would have it ended too
            raise Stopped(agreed.stop)

    def saved(self) -> None:
        """A checkpoint was written: the next is due `every_s` from now."""
        self._saved_at = self._clock()
