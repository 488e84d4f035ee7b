"""How long an all-reduce takes within a train step, seen from within the step's graph."""

from typing import Any

from zoo_core.contract import Communicator


class Timed:
    """A communicator that keeps the time of its sums, from a rank's tensors being ready to the sum being there.

    It holds what a rank waits for others that come later, too.

    Args:
        inner: does the work.
    Attributes:
        spent_s: seconds so far, a TensorFlow variable.
    """

    def __init__(self, inner: Communicator) -> None:
        import tensorflow as tf

        self._inner = inner
        self.rank = inner.rank
        self.spent_s = tf.Variable(0.0, trainable=False, dtype=tf.float64)

    def all_reduce_sum(self, tensors: list[Any]) -> list[Any]:
        """Sums over the ranks; for one rank nothing is timed, as nothing is done."""
        import tensorflow as tf

        if self.rank.size == 1:
            return self._inner.all_reduce_sum(tensors)
        with tf.control_dependencies(tensors):
            begun = tf.timestamp()
        with tf.control_dependencies([begun]):
            sums = self._inner.all_reduce_sum([tf.identity(tensor) for tensor in tensors])
        with tf.control_dependencies(sums):
            self.spent_s.assign_add(tf.timestamp() - begun, read_value=False)
        return sums

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)
