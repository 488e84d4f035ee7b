"""A run whose ranks this process starts, on this machine and on others, and starts again where one was lost."""

from collections.abc import Callable, Sequence
from pathlib import Path

from zoo_core.contract import ConfigError, ZooError
from zoo_core.distributed.job import Job, Outcome, run_job
from zoo_core.distributed.network import LOOPBACK, address_towards, common_interface, interfaces, is_this_machine
from zoo_core.distributed.signals import Stopped, signal_of
from zoo_core.distributed.slots import THIS_HOST, Host, Slot, fill_slots, n_slots_of, parse_hosts, without
from zoo_core.runtime.config import LaunchConfig
from zoo_core.runtime.preflight import Findings, check_hosts
from zoo_core.runtime.prepare import Prepared
from zoo_core.runtime.progress import Shown
from zoo_core.runtime.record import RunFolder


class RanksFailedError(ZooError, RuntimeError):
    """A rank failed or was lost.

    Attributes:
        exit_code: of the rank, or `LOST`.
        is_shown: whether the rank has said what was wrong.
    """

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.why)
        self.exit_code = outcome.exit_code
        self.is_shown = not outcome.why


class LaunchedRanks:
    """Ranks that this process starts.

    Args:
        launch: where they are.
        command: of one rank, which `cli.rank` is.
    Raises:
        ConfigError: two hosts are this machine.
    """

    def __init__(self, launch: LaunchConfig, command: Sequence[str]) -> None:
        self._launch = launch
        self._command = command
        self._hosts = parse_hosts(launch.hosts) if launch.hosts else [Host(THIS_HOST, launch.n_ranks)]
        self._found: dict[str, Findings] = {}
        _refuse_this_machine_twice(self._hosts)

    def check(self, prepared: Prepared, out: Path, say: Callable[[str], None]) -> None:
        """Ask every host whether the run can be done there; hosts are asked where one of them is not this machine."""
        # A run that may lose a host may come to need those that it starts without.
        n_ranks = n_slots_of(self._hosts) if self._launch.n_restarts else self._launch.n_ranks
        self._found = check_hosts(prepared, out, fill_slots(self._hosts, n_ranks), say)

    def execute(self, folder: RunFolder, prepared: Prepared) -> None:  # noqa: ARG002 - each rank prepares for itself
        """Start the ranks and wait for them."""
        hosts, n_restarts = self._hosts, self._launch.n_restarts
        while True:
            outcome = run_job(self._job(folder, self._slots(hosts)))
            if outcome.exit_code == 0:
                return
            if received := signal_of(outcome.exit_code):
                raise Stopped(received)
            hosts = _left(hosts, outcome)
            if outcome.lost is None or not hosts or n_restarts == 0:
                raise RanksFailedError(outcome)
            n_restarts -= 1
            _say_restart(outcome, folder, n_slots_of(hosts), n_restarts)
            folder.remove_leftovers()

    def _slots(self, hosts: Sequence[Host]) -> list[Slot]:
        return fill_slots(hosts, min(self._launch.n_ranks, n_slots_of(hosts)))

    def _job(self, folder: RunFolder, slots: Sequence[Slot]) -> Job:
        launch, used = self._launch, list(dict.fromkeys(slot.host for slot in slots))
        found = [self._found[host].interfaces for host in used if host in self._found]
        interface = common_interface(found or [interfaces()], launch.interface)
        # Told, not read by the rank: a run may go on with other ranks than its folder says.
        n_threads = launch.n_threads if len(slots) == launch.n_ranks else 0
        arguments = {"folder": str(folder.path), "n_threads": n_threads}
        return Job(self._command, arguments, slots, launch.ssh, interface, _address(used, interface))


def _refuse_this_machine_twice(hosts: Sequence[Host]) -> None:
    here = [host.name for host in hosts if is_this_machine(host.name)]
    if len(here) > 1:
        raise ConfigError(
            f"--hosts needs each machine once. Received: {' and '.join(here)}, which are this one: give all its slots "
            "under one name"
        )


def _address(hosts: Sequence[str], interface: str) -> str:
    """This machine's address by which the ranks reach it."""
    others = [host for host in hosts if not is_this_machine(host)]
    if not others:
        return LOOPBACK
    own = interfaces().get(interface)
    return own if own and len(hosts) > 1 else address_towards(others[0])


def _left(hosts: Sequence[Host], outcome: Outcome) -> list[Host]:
    if outcome.lost is None:
        return list(hosts)
    name = outcome.lost.host
    n_lost = next(host.n_slots for host in hosts if host.name == name) if outcome.host_is_lost else 1
    return without(hosts, name, n_lost)


def _say_restart(outcome: Outcome, folder: RunFolder, n_ranks: int, n_left: int) -> None:
    where = "its last checkpoint" if folder.last_checkpoint.exists() else "its start"
    why = outcome.why or f"rank 0 ended with exit code {outcome.exit_code}"
    ranks = f"{n_ranks} rank{'s' if n_ranks > 1 else ''}"
    Shown().say(f"{why}: the run goes on from {where} with {ranks} ({n_left} restarts left)")
