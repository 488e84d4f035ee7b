"""Names and addresses of this machine, and by which of them ranks meet."""

import socket
from collections.abc import Sequence

import psutil

from zoo_core.contract import MachineError

LOOPBACK_INTERFACE, LOOPBACK = "lo", "127.0.0.1"


def interfaces() -> dict[str, str]:
    """IPv4 address of each network interface of this machine that is up."""
    up = {name for name, state in psutil.net_if_stats().items() if state.isup}
    found: dict[str, str] = {}
    for name, addresses in psutil.net_if_addrs().items():
        for address in addresses:
            if name in up and address.family == socket.AF_INET:
                found.setdefault(name, address.address)
    return found


def is_this_machine(name: str) -> bool:
    """Whether a name is one of this machine: its own, localhost, or one that resolves to an address it has."""
    if name in ("localhost", socket.gethostname()):
        return True
    try:
        address = socket.gethostbyname(name)
    except OSError:
        return False  # a name of ssh's own configuration
    return address.startswith("127.") or address in interfaces().values()


def common_interface(of_hosts: Sequence[dict[str, str]], wished: str = "") -> str:
    """The interface by which ranks meet: the first that every host has under the same name.

    Args:
        of_hosts: `interfaces` of each host.
        wished: the one to take; empty for any but the loopback, which one host alone can use.
    Raises:
        MachineError: there is none.
    """
    if len(of_hosts) == 1 and not wished:
        return LOOPBACK_INTERFACE
    common = [name for name in of_hosts[0] if all(name in one for one in of_hosts)]
    usable = [name for name in common if not of_hosts[0][name].startswith("127.")]
    if wished and wished in common:
        return wished
    if not wished and usable:
        return usable[0]
    names = "; ".join(", ".join(one) or "none" for one in of_hosts)
    raise MachineError(
        f"Ranks on several hosts need a network interface that has the same name on each and an IPv4 address"
        f"{f', here {wished!r} (launch.interface)' if wished else ''}. Received: {names}: rename one"
    )


def address_towards(host: str) -> str:
    """This machine's address that a host can reach; nothing is sent.

    Raises:
        OSError: the name does not resolve, or there is no route to it.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect((host, 9))
        address: str = probe.getsockname()[0]
        return address
