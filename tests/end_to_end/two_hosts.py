"""Two hosts on one machine: network namespaces joined by a cable, each with its name, its address and an sshd."""

import contextlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

# Of this process alone: another run of these tests on this machine has hosts of its own.
NAMES = (f"zoo-a-{os.getpid()}", f"zoo-b-{os.getpid()}")
ADDRESSES = ("198.51.100.1", "198.51.100.2")
SSHD = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin")

SSHD_CONFIG = """
HostKey {folder}/host-key
AuthorizedKeysFile {folder}/key.pub
PidFile none
StrictModes no
UsePAM no
PermitRootLogin yes
PasswordAuthentication no
"""

SSH_CONFIG = """
Host *
    IdentityFile {folder}/key
    IdentitiesOnly yes
    UserKnownHostsFile {folder}/known-hosts
    StrictHostKeyChecking yes
"""


def lacking() -> str | None:
    """Why there can be no two hosts here; None where there can."""
    if os.geteuid() != 0:
        return "two hosts need root"
    if not SSHD or not shutil.which("ssh-keygen"):
        return "two hosts need an sshd: apt-get install openssh-server"
    if not shutil.which("ip"):
        return "two hosts need network namespaces: apt-get install iproute2"
    name = f"zoo-try-{os.getpid()}"
    if subprocess.run(["ip", "netns", "add", name], capture_output=True, check=False).returncode:
        return "two hosts need network namespaces, which this kernel does not give"
    subprocess.run(["ip", "netns", "delete", name], check=True)
    return None


class Hosts:
    """The two hosts.

    Attributes:
        ssh: command line that starts ssh between them.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ssh = f"ssh -F {folder}/ssh-config"

    def start(self, host: int, *command: str, **streams: object) -> "subprocess.Popen[str]":
        """Start a program on a host."""
        own_name = f'hostname {NAMES[host]} && exec "$@"'
        words = ["ip", "netns", "exec", NAMES[host], "unshare", "--uts", "/bin/sh", "-c", own_name, "sh", *command]
        return subprocess.Popen(words, cwd=self.folder, text=True, **streams)  # type: ignore[call-overload]

    def zoo(self, *arguments: str, **streams: object) -> "subprocess.Popen[str]":
        """Start `zoo` on the first host."""
        return self.start(0, sys.executable, "-m", "zoo_core.cli", *arguments, **streams)

    def cable(self, state: str) -> None:
        """Draw the cable ("down"), or plug it in ("up")."""
        subprocess.run(["ip", "-n", NAMES[0], "link", "set", "eth0", state], check=True)

    def ranks(self) -> list[int]:
        """Ranks of both hosts that are at work in this folder."""
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                words = (process / "cmdline").read_bytes().split(b"\0")
                if words[0] == sys.executable.encode() and b"zoo_core.cli.rank" in words:
                    found += [int(process.name)] if (process / "cwd").resolve() == self.folder else []
        return found


@contextlib.contextmanager
def two_hosts(folder: Path) -> Iterator[Hosts]:
    """Make the hosts, and remove them whatever happens."""
    hosts = Hosts(folder)
    daemons: list[subprocess.Popen[str]] = []
    try:
        _make_keys(folder)
        _make_network()
        Path("/run/sshd").mkdir(exist_ok=True)
        for host in range(len(NAMES)):
            log = (folder / f"sshd-{host}.log").open("w")
            daemons.append(hosts.start(host, str(SSHD), "-D", "-e", "-f", f"{folder}/sshd-config", stderr=log))
        _await_sshd(hosts)
        yield hosts
    finally:
        for daemon in daemons:
            daemon.terminate()
            daemon.wait()
        _remove()


def _make_keys(folder: Path) -> None:
    for name in ("host-key", "key"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / name], check=True)
    host_key = (folder / "host-key.pub").read_text()
    (folder / "known-hosts").write_text("".join(f"{name} {host_key}" for name in NAMES))
    (folder / "sshd-config").write_text(SSHD_CONFIG.format(folder=folder))
    (folder / "ssh-config").write_text(SSH_CONFIG.format(folder=folder))


def _make_network() -> None:
    table = "127.0.0.1 localhost\n" + "".join(f"{a} {n}\n" for a, n in zip(ADDRESSES, NAMES, strict=True))
    for name in NAMES:
        _ip("netns", "add", name)
        etc = Path("/etc/netns") / name
        etc.mkdir(parents=True, exist_ok=True)
        (etc / "hosts").write_text(table)
    # One name on both hosts: Gloo is told one interface for all ranks.
    _ip("link", "add", "eth0", "netns", NAMES[0], "type", "veth", "peer", "name", "eth0", "netns", NAMES[1])
    for name, address in zip(NAMES, ADDRESSES, strict=True):
        _ip("-n", name, "address", "add", f"{address}/24", "dev", "eth0")
        for interface in ("lo", "eth0"):
            _ip("-n", name, "link", "set", interface, "up")


def _await_sshd(hosts: Hosts) -> None:
    until = time.monotonic() + 30
    for name in NAMES:
        while hosts.start(0, *hosts.ssh.split(), name, "true", stderr=subprocess.DEVNULL).wait():
            assert time.monotonic() < until, (hosts.folder / "sshd-1.log").read_text()
            time.sleep(0.2)


def _remove() -> None:
    for name in NAMES:
        subprocess.run(["ip", "netns", "delete", name], capture_output=True, check=False)
        shutil.rmtree(Path("/etc/netns") / name, ignore_errors=True)


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True)
