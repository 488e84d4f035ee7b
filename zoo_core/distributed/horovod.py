"""Horovod over Gloo: the only file that imports horovod."""

import importlib.util
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import numpy as np

from zoo_core.contract import ConfigError, MachineError, Rank
from zoo_core.distributed.network import LOOPBACK, LOOPBACK_INTERFACE
from zoo_core.distributed.slots import THIS_HOST, Slot, place_ranks

DEFAULTS = {
    "HOROVOD_LOG_LEVEL": "fatal",
    "HOROVOD_GLOO_TIMEOUT_SECONDS": "120",
    "HOROVOD_STALL_CHECK_TIME_SECONDS": "120",
    "HOROVOD_STALL_SHUTDOWN_TIME_SECONDS": "1800",
}
"""Of Horovod itself. What it logs where a rank is gone, every rank says in words of ours. The times are for ranks whose
launcher does not watch: a dead host is noticed after the first, and a rank that no longer takes part after the last,
which is long because the root may write while the others wait for it."""

CYCLE_TIME = "HOROVOD_CYCLE_TIME"
"""The variable that says how often Horovod's thread looks for something to sum, in ms."""

CYCLE_MS = 5.0
"""How often Horovod's thread asks the other ranks what is to be summed, where a step has one sum. Asking takes the time
of a rank's core, the more of it the more often; but a sum waits for a cycle, so that longer ones cost short steps more
than they give."""

FREQUENT_CYCLE_MS = 1.0
"""Where a step has hundreds of sums, one after the other, each of which waits for the next cycle."""

SIGNS_OF_LOSS = ("Horovod has been shut down", "gloo/transport/")
"""In the words of an error of TensorFlow, which wraps Horovod's. Horovod's name alone is none: operations that do not
fit each other are a fault of the program."""

_SOME_SLOT = Slot(THIS_HOST, Rank())


def unavailable() -> str | None:
    """None, or that Horovod is not installed, without importing it."""
    if importlib.util.find_spec("horovod") is None:
        return "Horovod is not installed: more than one rank needs it; run 'make setup' with cmake and g++ installed"
    return None


class HorovodRanks:
    """The communicator of a run that Horovod's environment variables describe.

    Args:
        many_sums: whether a step has hundreds of sums, and not one. `HOROVOD_CYCLE_TIME`, where it is set, counts more.
    Raises:
        MachineError: Horovod is not installed or cannot be loaded.
    """

    def __init__(self, *, many_sums: bool = False) -> None:
        try:
            import horovod.tensorflow as hvd
        except ImportError as error:
            raise MachineError(
                unavailable() or f"Horovod cannot be loaded ({error}): run 'make setup' again"
            ) from error
        os.environ.setdefault(CYCLE_TIME, f"{FREQUENT_CYCLE_MS if many_sums else CYCLE_MS:g}")
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


def cycle_ms() -> float:
    """How often a run whose steps have one sum each looks for it.

    Raises:
        ConfigError: `HOROVOD_CYCLE_TIME` is no number.
    """
    given = os.environ.get(CYCLE_TIME, f"{CYCLE_MS:g}")
    try:
        return float(given)
    except ValueError as error:
        raise ConfigError(f"{CYCLE_TIME} needs milliseconds. Received: '{given}'") from error


def rank_of_environment() -> Rank | None:
    """The rank that Horovod's launcher gave this process, or None where there is no launcher; imports nothing."""
    if "HOROVOD_RANK" not in os.environ:
        return None
    names = ("HOROVOD_RANK", "HOROVOD_SIZE", "HOROVOD_LOCAL_RANK", "HOROVOD_LOCAL_SIZE")
    return Rank(*(int(os.environ[name]) for name in names))


@contextmanager
def rendezvous(slots: Sequence[Slot], interface: str, address: str) -> Iterator[list[dict[str, str]]]:
    """Serve the meeting point of ranks.

    Args:
        slots: where they are.
        interface: name of the network interface they meet by, the same on every host.
        address: of this process, as they reach it.
    Yields:
        The environment variables of each rank.
    Raises:
        MachineError: Horovod is not installed.
    """
    if reason := unavailable():
        raise MachineError(reason)
    from horovod.runner.common.util.hosts import SlotInfo
    from horovod.runner.http.http_server import RendezvousServer

    places = [(slot.host, slot.rank, slot.cross_rank, slot.cross_size) for slot in slots]
    server = RendezvousServer()
    port = server.start()
    server.init([SlotInfo(host, r.rank, r.local_rank, cross, r.size, r.local_size, n) for host, r, cross, n in places])
    meeting = {
        "HOROVOD_GLOO_IFACE": interface,
        "HOROVOD_GLOO_RENDEZVOUS_ADDR": address,
        "HOROVOD_GLOO_RENDEZVOUS_PORT": str(port),
    }
    try:
        yield [{**defaults(), **meeting, **environment_of(slot)} for slot in slots]
    finally:
        server.stop()


def local_rendezvous(n_ranks: int) -> AbstractContextManager[list[dict[str, str]]]:
    """As `rendezvous`, of ranks on this machine."""
    return rendezvous(place_ranks([THIS_HOST] * n_ranks), LOOPBACK_INTERFACE, LOOPBACK)


def environment_of(slot: Slot) -> dict[str, str]:
    """What says to Horovod which rank a process is."""
    rank = slot.rank
    return {
        "HOROVOD_CONTROLLER": "gloo",
        "HOROVOD_CPU_OPERATIONS": "gloo",
        "HOROVOD_HOSTNAME": slot.host,
        "HOROVOD_RANK": str(rank.rank),
        "HOROVOD_SIZE": str(rank.size),
        "HOROVOD_LOCAL_RANK": str(rank.local_rank),
        "HOROVOD_LOCAL_SIZE": str(rank.local_size),
        "HOROVOD_CROSS_RANK": str(slot.cross_rank),
        "HOROVOD_CROSS_SIZE": str(slot.cross_size),
    }


def defaults() -> dict[str, str]:
    """Variables of `DEFAULTS`, but as this process was given them."""
    return {name: os.environ.get(name, value) for name, value in DEFAULTS.items()}


def outside_any_rank(environment: Mapping[str, str]) -> dict[str, str]:
    """An environment without what says which rank a process is: what a rank starts is none."""
    return {name: value for name, value in environment.items() if name not in environment_of(_SOME_SLOT)}


def tells_of_lost_rank(error: BaseException) -> bool:
    """Whether an error is that of a collective that cannot be completed since another rank is gone."""
    words = " ".join(str(e) for e in (error, error.__cause__, error.__context__) if e)
    return any(sign in words for sign in SIGNS_OF_LOSS)
