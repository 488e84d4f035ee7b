"""What each rank keeps for itself: batch norm's moving statistics."""

from typing import Any

import numpy as np
import tensorflow as tf

from zoo_core.runtime.parameters import flatten, sizes
from zoo_core.runtime.sharing import Sharing


class RankStatistics:
    """The moving statistics of each rank, of one process or of all that it plays.

    Args:
        model: keeps those of one rank at a time.
        sharing: the ranks.
    """

    def __init__(self, model: Any, sharing: Sharing) -> None:
        self._variables = [v for v in model.non_trainable_variables if np.issubdtype(np.dtype(v.dtype), np.floating)]
        self._communicator = sharing.communicator
        apart = sharing.keeps_statistics_apart and self._variables
        self._kept = tf.Variable(np.tile(self._flat(), (sharing.n_played, 1)), trainable=False) if apart else None

    def load(self, number: Any) -> None:
        """Give the model those of a rank that this process plays; usable inside a compiled step.

        Args:
            number: of the rank, from 0.
        """
        if self._kept is not None:
            self._give(tf.gather(self._kept, number))

    def keep(self, number: Any) -> None:
        """Keep the model's for the rank that `load` gave it; likewise."""
        if self._kept is not None:
            flat = tf.cast(flatten([v.value for v in self._variables]), tf.float32)
            self._kept.scatter_nd_update([[number]], [flat])

    def begin_anew(self) -> None:
        """Give every rank that this process plays what the model has."""
        self._set(self._flat()[np.newaxis])

    def average(self) -> None:
        """Give every rank the mean over all ranks, in place."""
        own = self._flat() if self._kept is None else self._kept.numpy().mean(axis=0)
        self._set(np.atleast_2d(self._communicator.all_reduce_mean(own)))

    def gathered(self) -> np.ndarray:
        """(rank, value) float32, those of every rank, on every process."""
        own = self._flat()[np.newaxis] if self._kept is None else self._kept.numpy()
        return self._communicator.all_gather(own)

    def take(self, rows: np.ndarray) -> None:
        """Give each rank its own back, or the mean of all where there are now more ranks or fewer.

        Args:
            rows: (rank, value), of `gathered`.
        """
        n_played = 1 if self._kept is None else int(self._kept.shape[0])
        rank = self._communicator.rank
        as_many = len(rows) == rank.size * n_played
        self._set(rows[rank.rank * n_played :][:n_played] if as_many else rows.mean(axis=0, keepdims=True))

    def _set(self, rows: np.ndarray) -> None:
        """Rows of the ranks that are played here, or one for all of them; the model gets the first."""
        if self._kept is not None:
            self._kept.assign(np.broadcast_to(rows, self._kept.shape))
        self._give(rows[0])

    def _flat(self) -> np.ndarray:
        flat = [np.ravel(v.numpy()).astype(np.float32) for v in self._variables]
        return np.concatenate([*flat, np.empty(0, np.float32)])

    def _give(self, flat: Any) -> None:
        if not self._variables:
            return
        for variable, piece in zip(self._variables, tf.split(flat, sizes(self._variables)), strict=True):
            variable.value.assign(tf.cast(tf.reshape(piece, variable.shape), variable.dtype), read_value=False)
