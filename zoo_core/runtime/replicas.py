"""Ranks that train one model hold it bit for bit: that is compared, not believed."""

import hashlib

import numpy as np

from zoo_core.contract import Communicator, MachineError
from zoo_core.runtime.step import TrainStep, broadcast_state


def make_equal(step: TrainStep, communicator: Communicator) -> None:
    """Give every rank the root's weights and optimizer variables, where one has others; every rank calls it.

    Ranks draw them from one seed or read them from one file: sent they are only where machines draw differently.

    Args:
        step: of this rank, at its start.
        communicator: the ranks.
    Raises:
        MachineError: a rank did not get them.
    """
    if differing_ranks(step, communicator):
        broadcast_state(step, communicator)
        refuse_difference(step, communicator, n_steps=0)


def refuse_difference(step: TrainStep, communicator: Communicator, n_steps: int) -> None:
    """Compare the ranks' trainable and optimizer variables by their hash; every rank calls it.

    Batch norm's moving statistics differ from rank to rank by nature, and are left out.

    Args:
        step: of this rank.
        communicator: the ranks.
        n_steps: steps done.
    Raises:
        MachineError: on every rank, naming those that differ from the root.
    """
    if differing := differing_ranks(step, communicator):
        ranks = f"rank{'s' if len(differing) > 1 else ''} {', '.join(map(str, differing))}"
        raise MachineError(
            "Every rank needs to hold the same weights and optimizer variables, bit for bit. "
            f"Received: after step {n_steps} {ranks} of {communicator.rank.size} differ from rank 0: nothing was saved "
            "of it; go on from the last checkpoint, and leave out the host if it happens there again"
        )


def differing_ranks(step: TrainStep, communicator: Communicator) -> list[int]:
    """Ranks whose trainable and optimizer variables are not the root's; every rank calls it, and is told the same."""
    if communicator.rank.size == 1:
        return []
    hashes = communicator.all_gather(_hash(step)[np.newaxis])
    return [rank for rank, one in enumerate(hashes) if (one != hashes[0]).any()]


def _hash(step: TrainStep) -> np.ndarray:
    """(32,) uint8."""
    digest = hashlib.sha256()
    for variable in [*step.model.trainable_variables, *step.optimizer.variables]:
        digest.update(np.ascontiguousarray(variable.numpy()).tobytes())
    return np.frombuffer(digest.digest(), np.uint8)
