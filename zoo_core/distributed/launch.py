"""Starts ranks on this machine, watches them, and ends them all when one fails."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from zoo_core.distributed.horovod import local_rendezvous
from zoo_core.distributed.signals import StopRequests, exit_code_of

GRACE_S = 10.0
"""How long ranks may take to end by themselves once one of them has failed."""


def launch_local(command: Sequence[str], n_ranks: int) -> int:
    """Run a command once a rank and wait for all.

    Only the root's output is shown; the others' is kept and shown, with the rank, where a rank fails alone. A signal to
    stop is passed on to every rank, and they may take the time they need; a second one kills them.

    Args:
        command: the program and its arguments, the same for every rank.
        n_ranks: processes to start.
    Returns:
        0, or the exit code of the first rank that failed.
    Raises:
        MachineError: Horovod is not installed.
        Stopped: a second signal came.
    """
    with (
        StopRequests(tells=True) as requests,
        local_rendezvous(n_ranks) as environments,
        tempfile.TemporaryDirectory(prefix="zoo-ranks-") as folder,
    ):
        logs = [Path(folder) / f"rank-{rank}.log" for rank in range(n_ranks)]
        ranks = [_start(command, env, log) for env, log in zip(environments, logs, strict=True)]
        try:
            failed = _wait(ranks, requests)
            if failed is None:
                return 0
            # Where the root failed too, it has said why in words, and its exit code is the one to trust.
            culprit = 0 if (ranks[0].returncode or 0) > 0 else failed
            if culprit:
                _show(culprit, ranks[culprit].returncode, logs[culprit])
            return _exit_code(ranks[culprit].returncode, requests)
        finally:
            _end(ranks)


def _start(command: Sequence[str], environment: dict[str, str], log: Path) -> "subprocess.Popen[bytes]":
    env = {**os.environ, **environment}
    # A process group of its own each: a terminal then sends Ctrl-C to the launcher alone, and no rank gets it twice.
    if environment["HOROVOD_RANK"] == "0":
        return subprocess.Popen(command, env=env, process_group=0)  # noqa: S603 - our own command
    with log.open("wb") as out:
        return subprocess.Popen(  # noqa: S603
            command, env=env, stdout=out, stderr=out, stdin=subprocess.DEVNULL, process_group=0
        )


def _wait(ranks: list["subprocess.Popen[bytes]"], requests: StopRequests) -> int | None:
    """The rank that failed first, once all have ended; None where none failed."""
    failed: int | None = None
    deadline = float("inf")
    passed_on = False
    while None in (codes := [rank.poll() for rank in ranks]):
        if failed is None and any(codes):
            failed = _first_failed(codes)
            # The root says what went wrong; where another rank ends first, it gets the time to.
            deadline = time.monotonic() + (GRACE_S if failed else 0)
        if requests.received and not passed_on:
            passed_on = True
            for rank in ranks:
                rank.send_signal(requests.received)
        if time.monotonic() > deadline:
            _end(ranks)
        time.sleep(0.1)
    return _first_failed(codes) if failed is None else failed


def _first_failed(codes: list[int | None]) -> int | None:
    return next((rank for rank, code in enumerate(codes) if code), None)


def _end(ranks: list["subprocess.Popen[bytes]"]) -> None:
    alive = [rank for rank in ranks if rank.poll() is None]
    # Not SIGTERM, which asks a rank to save together with the others: one of them is gone.
    for rank in alive:
        rank.kill()
    for rank in alive:
        rank.wait()


def _exit_code(code: int, requests: StopRequests) -> int:
    """A rank's exit code; by the signal too where the signal killed a rank that was not yet listening."""
    if requests.received and code == -requests.received:
        return exit_code_of(requests.received)
    return max(code, 1)


def _show(rank: int, code: int, log: Path) -> None:
    print(f"zoo: rank {rank} ended with exit code {code}; its last lines:", file=sys.stderr)
    for line in log.read_text(errors="replace").splitlines()[-20:]:
        print(f"[rank {rank}] {line}", file=sys.stderr)
