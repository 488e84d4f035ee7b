"""Asks the hosts of a run whether it can be done there, before anything is written, and names the one that cannot."""

import contextlib
import dataclasses
import hashlib
import importlib.util
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zoo_core import plugins
from zoo_core.contract import ConfigError, DataError, MachineError, OutputError, ZooError
from zoo_core.distributed.network import common_interface, interfaces, is_this_machine
from zoo_core.distributed.remote import SSH_FAILED, on_host
from zoo_core.distributed.slots import Slot
from zoo_core.runtime.config import LaunchConfig, RunConfig
from zoo_core.runtime.libraries import host_name_trap
from zoo_core.runtime.prepare import Prepared, prepare
from zoo_core.runtime.record import recorded_versions
from zoo_core.runtime.settings import PLUGIN_SECTIONS, Settings, as_settings, run_config

PROBE_S = 120.0
"""In which a host has to answer; it reads the index of the data set."""


@dataclass(frozen=True)
class Software:
    """What has to be the same for every rank.

    Attributes:
        versions: of Python and of the packages that compute.
        code: hash of the sources of each package of ours, or of a plugin, that the run uses.
        allow_list: hash of what an allow-list allows; None where there is none.
    """

    versions: dict[str, str | None]
    code: dict[str, str]
    allow_list: str | None = None

    def difference(self, other: "Software") -> str | None:
        """What another has otherwise, in words; None where nothing differs."""
        for name, version in self.versions.items():
            if other.versions.get(name) != version:
                return f"{name} {version} was wanted, as here; it has {other.versions.get(name) or 'none'}"
        if other.allow_list != self.allow_list:
            return "its allow-list ('zoo.toml', or the file that ZOO_CONFIG names) is not that of this machine"
        differing = next((name for name, code in self.code.items() if other.code.get(name) != code), None)
        return f"its source code of '{differing}' is not that of this machine" if differing else None


@dataclass(frozen=True)
class Findings:
    """What a host answers.

    Attributes:
        software: that it would run.
        fingerprint: of the data set; None where it cannot be read.
        problem: why the run cannot be prepared there.
        name_trap: why its own name leads nowhere.
        interfaces: its addresses by the name of the interface.
        n_cores: that ranks may use.
        sees_folder: whether it sees where the run folder will be.
    """

    software: Software
    fingerprint: str | None
    problem: str | None
    name_trap: str | None
    interfaces: dict[str, str]
    n_cores: int
    sees_folder: bool


def software_of(config: RunConfig) -> Software:
    """What this process would run."""
    modules = {plugins.load(kind, getattr(config, section).name).config.__module__ for section, kind in _SECTIONS}
    return _software({"zoo_core", *(module.partition(".")[0] for module in modules)})


def software_here() -> Software:
    """What any process here would run: with the sources of every plugin that is installed."""
    packages = {"zoo_core", *(entry.value.partition(":")[0].partition(".")[0] for entry in plugins.find_entries())}
    return _software(packages)


def _software(packages: set[str]) -> Software:
    versions = {"Python": platform.python_version(), **recorded_versions()}
    allow_list = plugins.read_allow_list()
    code = {package: _hash_of_sources(package) for package in sorted(packages)}
    return Software(versions, code, allow_list.digest if allow_list else None)


def look(settings: Settings, token: Path) -> Findings:
    """What there is here for a run.

    Args:
        settings: of the run.
        token: a file that every host should see.
    """
    config = run_config(settings)
    fingerprint = problem = None
    try:
        fingerprint = prepare(config).fingerprint
    except ZooError as error:
        problem = str(error)
    n_cores = len(os.sched_getaffinity(0))
    return Findings(
        software_of(config), fingerprint, problem, host_name_trap(), interfaces(), n_cores, sees_folder=token.exists()
    )


def check_hosts(
    prepared: Prepared, out: Path, slots: Sequence[Slot], say: Callable[[str], None]
) -> dict[str, Findings]:
    """See that every host of a run can take part in it; where all are this machine there is nothing to ask.

    Args:
        prepared: the run, as it is here.
        out: the run folder.
        slots: of the ranks.
        say: takes warnings.
    Returns:
        What each host has found; empty where none was asked.
    Raises:
        MachineError: a host cannot be reached, or cannot meet the others.
        ConfigError: a host has other software.
        DataError: a host has other data.
        OutputError: a host does not see the place of the run folder.
    """
    hosts = list(dict.fromkeys(slot.host for slot in slots))
    n_cores = {host: len(os.sched_getaffinity(0)) for host in hosts if is_this_machine(host)}
    found: dict[str, Findings] = {}
    if any(host not in n_cores for host in hosts):
        found = _ask_all(hosts, prepared, out)
        n_cores = {host: findings.n_cores for host, findings in found.items()}
        _refuse_differences(prepared, out, found)
        if len(hosts) > 1:
            _refuse_unreachable(found, prepared.config.launch)
    for host in hosts:
        if (n_ranks := sum(slot.host == host for slot in slots)) > n_cores[host]:
            say(f"warning: {n_ranks} ranks on {host} share {n_cores[host]} cores: fewer ranks there train faster")
    return found


def _refuse_differences(prepared: Prepared, out: Path, found: dict[str, Findings]) -> None:
    own = software_of(prepared.config)
    for host, findings in found.items():
        if difference := own.difference(findings.software):
            raise ConfigError(f"Host '{host}' needs the software of this one: {difference}: install the same there")
        if findings.problem:
            raise DataError(f"Host '{host}' cannot prepare the run: {findings.problem}")
        if findings.fingerprint != prepared.fingerprint:
            raise DataError(
                f"Host '{host}' needs the data of this one: its index of '{prepared.config.data.name}' has another "
                "content: give all hosts the same files"
            )
        if not findings.sees_folder:
            raise OutputError(
                f"--out needs a folder that every host sees. Received: '{out}', whose place host '{host}' does not "
                "see: choose one on a file system that the hosts share"
            )


def _refuse_unreachable(found: dict[str, Findings], launch: LaunchConfig) -> None:
    for host, findings in found.items():
        refuse_name_trap(host, findings.name_trap)
    common_interface([findings.interfaces for findings in found.values()], launch.interface)


def refuse_name_trap(host: str, trap: str | None) -> None:
    """Ranks of several hosts meet by the address that each host's own name leads to.

    Raises:
        MachineError: there is a trap.
    """
    if trap:
        raise MachineError(
            f"Host '{host}' needs a name that leads to it; {trap}: give it the routable address in its /etc/hosts"
        )


def _ask_all(hosts: Sequence[str], prepared: Prepared, out: Path) -> dict[str, Findings]:
    settings = as_settings(prepared.config)
    with _token(out) as token, ThreadPoolExecutor(len(hosts), "zoo-asks") as pool:
        question = json.dumps({"settings": settings, "token": str(token)})
        answers = pool.map(lambda host: _ask(host, question, prepared.config.launch.ssh), hosts)
        return dict(zip(hosts, answers, strict=True))


def _ask(host: str, question: str, ssh: str) -> Findings:
    command = on_host(host, [sys.executable, "-P", "-m", "zoo_core.cli.probe"], ssh)
    try:
        answer = subprocess.run(  # noqa: S603 - our own command
            command, input=question, capture_output=True, text=True, timeout=PROBE_S, check=False
        )
    except FileNotFoundError as error:
        raise ConfigError(f"launch.ssh needs a program that can be started. Received: '{ssh}'") from error
    except subprocess.TimeoutExpired as error:
        raise MachineError(f"Host '{host}' needs to answer, which it did not in {PROBE_S:.0f} s") from error
    last = (answer.stderr.strip().splitlines() or ["it said nothing"])[-1].strip()
    if answer.returncode == SSH_FAILED:
        raise MachineError(f"Host '{host}' needs to be reached by '{ssh}' without a question. Received: {last}")
    if answer.returncode:
        raise MachineError(
            f"Host '{host}' needs this folder ('{Path.cwd()}'), with the zoo in the same place as here "
            f"('{sys.executable}'). Received: {last}"
        )
    return findings_of(answer.stdout)


def findings_of(answer: str) -> Findings:
    """What the probe of a host wrote; a plugin may have printed above it."""
    values = json.loads(answer.splitlines()[-1])
    return Findings(**{**values, "software": Software(**values["software"])})


def as_answer(findings: Findings) -> str:
    """What the probe of a host writes."""
    return json.dumps(dataclasses.asdict(findings))


@contextlib.contextmanager
def _token(out: Path) -> Iterator[Path]:
    """A file in the folder that is there already where the run folder will be."""
    there = next(path for path in (out.absolute(), *out.absolute().parents) if path.is_dir())
    try:
        with tempfile.NamedTemporaryFile(dir=there, prefix=".zoo-seen-by-") as file:
            yield Path(file.name)
    except OSError as error:
        raise OutputError(f"--out needs a folder that can be written. Received: '{out}' ({error.strerror})") from error


def _hash_of_sources(package: str) -> str:
    spec = importlib.util.find_spec(package)
    folders = list(spec.submodule_search_locations or ()) if spec else []
    files = [path for folder in folders for path in Path(folder).rglob("*.py")]
    if not files and spec and spec.origin:
        files = [Path(spec.origin)]
    digest = hashlib.sha256()
    for path in sorted(files, key=lambda p: p.parts[-3:]):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


_SECTIONS: tuple[tuple[str, Any], ...] = tuple(PLUGIN_SECTIONS.items())
