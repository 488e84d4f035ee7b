"""Horovod over Gloo: the only file that imports horovod."""

import importlib.util
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from zoo_core.contract import MachineError, Rank

LOOPBACK = "127.0.0.1"


def unavailable() -> str | None:
    """None, or that Horovod is not installed, without importing it."""
    if importlib.util.find_spec("horovod") is None:
        return "Horovod is not installed: more than one rank needs it; run 'make setup' with cmake and g++ installed"
    return None


class HorovodRanks:
    """The communicator of a run that Horovod's environment variables describe.

    Raises:
        MachineError: Horovod is not installed or cannot be loaded.
    """

    def __init__(self) -> None:
        try:
            import horovod.tensorflow as hvd
        except ImportError as error:
            raise MachineError(
                unavailable() or f"Horovod cannot be loaded ({error}): run 'make setup' again"
            ) from error
        hvd.init()
        self._hvd = hvd
        self.rank = Rank(hvd.rank(), hvd.size(), hvd.local_rank(), hvd.local_size())

    def all_reduce_sum(self, tensors: list[Any]) -> list[Any]:
        """Sums over the ranks, in one grouped operation."""
        # Never DistributedOptimizer: with Keras 3 it reduces nothing and says nothing.
        return list(self._hvd.grouped_allreduce(tensors, op=self._hvd.Sum))

    def all_reduce_mean(self, array: np.ndarray) -> np.ndarray:
        """Mean over the ranks."""
        return np.asarray(self._hvd.allreduce(array, op=self._hvd.Average))

    def broadcast(self, array: np.ndarray) -> np.ndarray:
        """The root's array."""
        return np.asarray(self._hvd.broadcast(array, root_rank=0))

    def all_gather(self, array: np.ndarray) -> np.ndarray:
        """Every rank's rows in the order of ranks."""
        return np.asarray(self._hvd.allgather(array))

    def barrier(self) -> None:
        """Return when every rank is here."""
        # Horovod has a barrier for PyTorch alone; a sum cannot end before everybody has joined it.
        self._hvd.allreduce(np.zeros(1, np.float32), op=self._hvd.Sum, name="barrier")


def rank_of_environment() -> Rank | None:
    """The rank that Horovod's launcher gave this process, or None where there is no launcher; imports nothing."""
    if "HOROVOD_RANK" not in os.environ:
        return None
    names = ("HOROVOD_RANK", "HOROVOD_SIZE", "HOROVOD_LOCAL_RANK", "HOROVOD_LOCAL_SIZE")
    return Rank(*(int(os.environ[name]) for name in names))


@contextmanager
def local_rendezvous(n_ranks: int) -> Iterator[list[dict[str, str]]]:
    """Serve the meeting point of ranks on this machine.

    Args:
        n_ranks: processes to meet.
    Yields:
        The environment variables of each rank.
    Raises:
        MachineError: Horovod is not installed.
    """
    if reason := unavailable():
        raise MachineError(reason)
    from horovod.runner.common.util.hosts import get_host_assignments, parse_hosts
    from horovod.runner.http.http_server import RendezvousServer

    assignments = get_host_assignments(parse_hosts(f"localhost:{n_ranks}"), n_ranks)
    server = RendezvousServer()
    port = server.start()
    server.init(assignments)
    try:
        yield [_environment(slot, port) for slot in assignments]
    finally:
        server.stop()


def _environment(slot: Any, port: int) -> dict[str, str]:
    return {
        "HOROVOD_CONTROLLER": "gloo",
        "HOROVOD_CPU_OPERATIONS": "gloo",
        "HOROVOD_GLOO_IFACE": "lo",
        "HOROVOD_GLOO_RENDEZVOUS_ADDR": LOOPBACK,
        "HOROVOD_GLOO_RENDEZVOUS_PORT": str(port),
        "HOROVOD_HOSTNAME": slot.hostname,
        "HOROVOD_RANK": str(slot.rank),
        "HOROVOD_SIZE": str(slot.size),
        "HOROVOD_LOCAL_RANK": str(slot.local_rank),
        "HOROVOD_LOCAL_SIZE": str(slot.local_size),
        "HOROVOD_CROSS_RANK": str(slot.cross_rank),
        "HOROVOD_CROSS_SIZE": str(slot.cross_size),
    }
