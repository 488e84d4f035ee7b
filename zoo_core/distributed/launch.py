"""Starts ranks on this machine, watches them, and ends them all when one fails."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from zoo_core.distributed.horovod import local_rendezvous

GRACE_S = 10.0
"""How long ranks may take to end by themselves once one of them has failed."""


def launch_local(command: Sequence[str], n_ranks: int) -> int:
    """Run a command once a rank and wait for all.

    Only the root's output is shown; the others' is kept and shown, with the rank, where a rank fails alone.

    Args:
        command: the program and its arguments, the same for every rank.
        n_ranks: processes to start.
    Returns:
        0, or the exit code of the first rank that failed.
    Raises:
        MachineError: Horovod is not installed.
    """
    with local_rendezvous(n_ranks) as environments, tempfile.TemporaryDirectory(prefix="zoo-ranks-") as folder:
        logs = [Path(folder) / f"rank-{rank}.log" for rank in range(n_ranks)]
        ranks = [_start(command, env, log) for env, log in zip(environments, logs, strict=True)]
        try:
            failed = _wait(ranks)
            if failed is None:
                return 0
            # Where the root failed too, it has said why in words, and its exit code is the one to trust.
            culprit = 0 if (ranks[0].returncode or 0) > 0 else failed
            if culprit:
                _show(culprit, ranks[culprit].returncode, logs[culprit])
            return max(ranks[culprit].returncode, 1)
        finally:
            _end(ranks)


def _start(command: Sequence[str], environment: dict[str, str], log: Path) -> "subprocess.Popen[bytes]":
    env = {**os.environ, **environment}
    if environment["HOROVOD_RANK"] == "0":
        return subprocess.Popen(command, env=env)  # noqa: S603 - our own command
    with log.open("wb") as out:
        return subprocess.Popen(command, env=env, stdout=out, stderr=out, stdin=subprocess.DEVNULL)  # noqa: S603


def _wait(ranks: list["subprocess.Popen[bytes]"]) -> int | None:
    """The rank that failed first, once all have ended; None where none failed."""
    failed: int | None = None
    deadline = float("inf")
    while None in (codes := [rank.poll() for rank in ranks]):
        if failed is None and any(codes):
            failed = _first_failed(codes)
            # The root says what went wrong; where another rank ends first, it gets the time to.
            deadline = time.monotonic() + (GRACE_S if failed else 0)
        if time.monotonic() > deadline:
            _end(ranks)
        time.sleep(0.1)
    return _first_failed(codes) if failed is None else failed


def _first_failed(codes: list[int | None]) -> int | None:
    return next((rank for rank, code in enumerate(codes) if code), None)


def _end(ranks: list["subprocess.Popen[bytes]"]) -> None:
    alive = [rank for rank in ranks if rank.poll() is None]
    for rank in alive:
        rank.terminate()
    for rank in alive:
        try:
            rank.wait(GRACE_S)
        except subprocess.TimeoutExpired:
            rank.kill()
            rank.wait()


def _show(rank: int, code: int, log: Path) -> None:
    print(f"zoo: rank {rank} ended with exit code {code}; its last lines:", file=sys.stderr)
    for line in log.read_text(errors="replace").splitlines()[-20:]:
        print(f"[rank {rank}] {line}", file=sys.stderr)
