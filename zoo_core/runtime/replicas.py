"""Ranks that train one model hold it bit for bit: that is compared, not believed."""

import hashlib

import numpy as np

from zoo_core.contract import Communicator, MachineError
from zoo_core.runtime.step import TrainStep


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
    if communicator.rank.size == 1:
        return
    hashes = communicator.all_gather(_hash(step)[np.newaxis])
    if differing := [rank for rank, one in enumerate(hashes) if (one != hashes[0]).any()]:
        ranks = f"rank{'s' if len(differing) > 1 else ''} {', '.join(map(str, differing))}"
        raise MachineError(
            "Every rank needs to hold the same weights and optimizer variables, bit for bit. "
            f"Received: after step {n_steps} {ranks} of {len(hashes)} differ from rank 0: nothing was saved of it; "
            "go on from the last checkpoint, and leave out the host if it happens there again"
        )


def _hash(step: TrainStep) -> np.ndarray:
    """(32,) uint8."""
    digest = hashlib.sha256()
    for variable in [*step.model.trainable_variables, *step.optimizer.variables]:
        digest.update(np.ascontiguousarray(variable.numpy()).tobytes())
    return np.frombuffer(digest.digest(), np.uint8)
