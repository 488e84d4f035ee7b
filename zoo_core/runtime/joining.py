"""A run whose ranks something else has started: horovodrun, mpirun or srun."""

import contextlib
import dataclasses
import os
import socket
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from zoo_core.contract import ConfigError
from zoo_core.distributed.beats import NO_BEATS
from zoo_core.distributed.cores import share_of_cores
from zoo_core.distributed.horovod import rendezvous
from zoo_core.distributed.meeting import Record, RootOfMeeting, await_plan
from zoo_core.distributed.network import LOOPBACK, common_interface, interfaces
from zoo_core.distributed.outside import Outside
from zoo_core.distributed.signals import StopRequests
from zoo_core.distributed.slots import Slot, place_ranks
from zoo_core.runtime.config import LaunchConfig
from zoo_core.runtime.libraries import host_name_trap
from zoo_core.runtime.preflight import Software, refuse_name_trap, software_here, software_of
from zoo_core.runtime.prepare import Prepared
from zoo_core.runtime.ranks import run_rank
from zoo_core.runtime.record import RunFolder


def launch_settings(outside: Outside, given: dict[str, Any]) -> dict[str, Any]:
    """Settings of the launch section where there is another launcher.

    Raises:
        ConfigError: what is given contradicts it.
    """
    if given.get("hosts"):
        raise ConfigError(f"--hosts is of no use within {outside.launcher}, which has placed the ranks: leave it out")
    if given.get("n_restarts"):
        raise ConfigError(f"--restarts is of no use within {outside.launcher}, which has to restart: leave it out")
    if given.get("n_ranks", outside.size) != outside.size:
        raise ConfigError(
            f"{outside.launcher} has started {outside.size} ranks. Received: -np {given['n_ranks']}: leave it out"
        )
    return {"n_ranks": outside.size, "hosts": "", "n_restarts": 0}


def join_run(folder: Path, outside: Outside) -> int:
    """Be a rank other than the root, from the meeting to the end of the run; the exit code.

    Args:
        folder: of the meeting.
        outside: which rank this is.
    Raises:
        RankLostError: another rank is gone.
        ZooError: a user's mistake that the root does not know of.
        Stopped: by a signal.
    """
    plan = await_plan(folder, outside, _record())
    if plan["exit_code"] is not None:
        return int(plan["exit_code"])  # the root has said why
    own = plan["ranks"][outside.rank]
    os.environ.update(own["environment"])
    with StopRequests() as requests:
        run_rank(Path(plan["folder"]), plan["n_threads"], requests, NO_BEATS, own["cores"])
    return 0


class JoinedRanks:
    """All ranks, from the root's side.

    Args:
        meeting: of the ranks.
        launch: what of it is left to say.
    """

    def __init__(self, meeting: RootOfMeeting, launch: LaunchConfig) -> None:
        self._meeting, self._launch = meeting, launch
        self._records: list[Record] = []

    def check(self, prepared: Prepared, out: Path, say: Callable[[str], None]) -> None:  # noqa: ARG002 - as `Ranks.check`
        """Wait for all ranks, and see that they have the same software and can meet."""
        self._records = [_record(), *self._meeting.records()]
        own = software_of(prepared.config)
        hosts = {record["host"] for record in self._records}
        for rank, record in enumerate(self._records):
            if difference := own.difference(Software(**record["software"])):
                raise ConfigError(
                    f"Rank {rank} on '{record['host']}' needs the software of rank 0: {difference}: install the same"
                )
            if len(hosts) > 1 and not self._meeting.outside.has_rendezvous:
                refuse_name_trap(record["host"], record["name_trap"])

    def execute(self, folder: RunFolder, prepared: Prepared) -> None:  # noqa: ARG002 - each rank prepares for itself
        """Tell the ranks what they do, and be rank 0."""
        slots = place_ranks([record["host"] for record in self._records])
        cores = cores_of(self._records, slots)
        n_threads = self._launch.n_threads
        with self._environments(slots) as environments, StopRequests(tells=True) as requests:
            ranks = [{"environment": e, "cores": c} for e, c in zip(environments, cores, strict=True)]
            self._meeting.publish({"folder": str(folder.path.absolute()), "n_threads": n_threads, "ranks": ranks})
            os.environ.update(environments[0])
            run_rank(folder.path, n_threads, requests, NO_BEATS, cores[0])

    def _environments(self, slots: Sequence[Slot]) -> contextlib.AbstractContextManager[list[dict[str, str]]]:
        if self._meeting.outside.has_rendezvous:
            return contextlib.nullcontext([{} for _ in slots])
        of_hosts = {record["host"]: record["interfaces"] for record in self._records}
        interface = common_interface(list(of_hosts.values()), self._launch.interface)
        address = LOOPBACK if len(of_hosts) == 1 else of_hosts[slots[0].host][interface]
        return rendezvous(slots, interface, address)


def cores_of(records: Sequence[Record], slots: Sequence[Slot]) -> list[list[int]]:
    """The cores of each rank: those it was bound to, or its share where the ranks of a host were given the same.

    >>> here = place_ranks(["a", "a"])
    >>> cores_of([{"cores": [0, 1]}, {"cores": [0, 1]}], here)
    [[0], [1]]
    >>> cores_of([{"cores": [0, 1]}, {"cores": [2, 3]}], here)
    [[0, 1], [2, 3]]
    """
    offered = [tuple(record["cores"]) for record in records]
    hosts = [slot.host for slot in slots]
    alike = {host: len({cores for cores, h in zip(offered, hosts, strict=True) if h == host}) == 1 for host in hosts}
    return [
        share_of_cores(list(cores), slot.rank) if alike[slot.host] else list(cores)
        for cores, slot in zip(offered, slots, strict=True)
    ]


def _record() -> Record:
    """What this rank is."""
    return {
        "host": socket.gethostname(),
        "cores": sorted(os.sched_getaffinity(0)),
        "interfaces": interfaces(),
        "name_trap": host_name_trap(),
        "software": dataclasses.asdict(software_here()),
    }
