"""Where ranks are: hosts with slots, and the place of each rank among those of its host."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from zoo_core.contract import ConfigError, Rank

THIS_HOST = "localhost"

_HOST = re.compile(r"(?P<name>\w[\w.-]*)(:(?P<n_slots>[1-9]\d*))?", re.ASCII)


@dataclass(frozen=True)
class Host:
    """A machine that ranks may be on.

    Attributes:
        name: by which it is reached.
        n_slots: ranks it has room for.
    """

    name: str
    n_slots: int


@dataclass(frozen=True)
class Slot:
    """The place of one rank.

    Attributes:
        host: name of its host.
        rank: which it is.
        cross_rank: from 0 over the ranks of all hosts that have this local rank.
        cross_size: how many those are.
    """

    host: str
    rank: Rank
    cross_rank: int = 0
    cross_size: int = 1


def parse_hosts(text: str) -> list[Host]:
    """Hosts of a setting; a name alone has one slot.

    Raises:
        ConfigError: it is no list of hosts, or names one twice.

    >>> parse_hosts("a:2,b")
    [Host(name='a', n_slots=2), Host(name='b', n_slots=1)]
    """
    hosts: list[Host] = []
    for part in text.split(","):
        found = _HOST.fullmatch(part.strip())
        if found is None or found["name"] in (host.name for host in hosts):
            raise ConfigError(
                f"--hosts (launch.hosts) needs each host once, with its slots, such as a:2,b:2. Received: '{text}'"
            )
        hosts.append(Host(found["name"], int(found["n_slots"] or 1)))
    return hosts


def n_slots_of(hosts: Sequence[Host]) -> int:
    """Ranks that there is room for."""
    return sum(host.n_slots for host in hosts)


def fill_slots(hosts: Sequence[Host], n_ranks: int) -> list[Slot]:
    """Places for so many ranks, host by host.

    Raises:
        ConfigError: there are fewer slots.

    >>> [(slot.host, slot.rank.local_rank) for slot in fill_slots([Host("a", 2), Host("b", 2)], 3)]
    [('a', 0), ('a', 1), ('b', 0)]
    """
    names = [host.name for host in hosts for _ in range(host.n_slots)]
    if len(names) < n_ranks:
        shown = ", ".join(f"{host.n_slots} on {host.name}" for host in hosts)
        raise ConfigError(
            f"-np {n_ranks} needs as many slots. Received: {len(names)} ({shown}): lower -np, or give more in --hosts"
        )
    return place_ranks(names[:n_ranks])


def place_ranks(hosts: Sequence[str]) -> list[Slot]:
    """The place of each rank, where it is known on which host each is.

    Args:
        hosts: the host of each rank, by rank; the ranks of a host need not be neighbours.

    >>> place_ranks(["a", "b", "a"])[2]
    Slot(host='a', rank=Rank(rank=2, size=3, local_rank=1, local_size=2), cross_rank=0, cross_size=1)
    """
    local = [list(hosts[:rank]).count(host) for rank, host in enumerate(hosts)]
    return [
        Slot(
            host,
            Rank(rank, len(hosts), local[rank], list(hosts).count(host)),
            cross_rank=local[:rank].count(local[rank]),
            cross_size=local.count(local[rank]),
        )
        for rank, host in enumerate(hosts)
    ]


def without(hosts: Sequence[Host], host: str, n_slots: int) -> list[Host]:
    """The hosts with so many slots of one of them gone.

    >>> without([Host("a", 2), Host("b", 1)], "b", 1)
    [Host(name='a', n_slots=2)]
    """
    left = [Host(h.name, h.n_slots - n_slots if h.name == host else h.n_slots) for h in hosts]
    return [h for h in left if h.n_slots > 0]
