"""Starts the ranks of a job on hosts, listens to them, and ends them all when one is lost."""

import contextlib
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

from zoo_core.distributed.channel import EVERY_S, LOST, SILENCE_S, Work, as_line, beat_of
from zoo_core.distributed.horovod import rendezvous
from zoo_core.distributed.network import is_this_machine
from zoo_core.distributed.remote import on_host
from zoo_core.distributed.signals import StopRequests, exit_code_of
from zoo_core.distributed.slots import Slot
from zoo_core.distributed.watch import Loss, Watch, first_lost

GRACE_S = 10.0
"""How long ranks may take to end by themselves once one of them has failed."""

MISTAKE = 2
"""Exit code of a user's mistake, which no other slot would cure."""

KILLED_GRACE_S = 2.0
"""The same where one was killed, or its host is gone: nobody has any more to say."""

LOOK_S = 0.1

N_LAST_LINES = 20

PASSED_ON = ("HOROVOD_", "GLOO_", "TF_", "ONEDNN_", "OMP_", "KMP_", "KERAS_")
"""How the names begin of this process's variables that a rank on another host gets too."""

Say = Callable[[str], None]


@dataclass(frozen=True)
class Job:
    """What is run where.

    Attributes:
        command: of one rank, by its path; it calls `take_work`.
        arguments: that each rank is told.
        slots: of the ranks.
        ssh: command line that starts ssh.
        interface: by which ranks meet.
        address: of this process, as ranks reach it.
    """

    command: Sequence[str]
    arguments: dict[str, Any]
    slots: Sequence[Slot]
    ssh: str
    interface: str
    address: str


@dataclass(frozen=True)
class Outcome:
    """How a job ended.

    Attributes:
        exit_code: 0, that of the rank that failed, `LOST`, or that of a signal which asked it to stop.
        why: names the rank that failed, its host and what it did last; empty where the root has said it itself.
        lost: the slot that should not be used again; None where the fault is the program's.
        host_is_lost: whether the whole host of that slot should not be used again.
    """

    exit_code: int
    why: str = ""
    lost: Slot | None = None
    host_is_lost: bool = False


def run_job(job: Job) -> Outcome:
    """Run a job to its end.

    Only the root's standard error is shown; the others' is kept and shown, with the rank, where a rank fails alone. A
    signal to stop is passed on to every rank, and they may take the time they need; a second one kills them.

    Raises:
        MachineError: Horovod is not installed.
        Stopped: a second signal came.
    """
    with (
        StopRequests(tells=True) as requests,
        _met(job) as environments,
        tempfile.TemporaryDirectory(prefix="zoo-ranks-") as folder,
    ):
        watch = Watch([slot.host for slot in job.slots], time.monotonic())
        ranks: list[_RankProcess] = []
        try:
            for slot, environment in zip(job.slots, environments, strict=True):
                ranks.append(_RankProcess(job, slot, environment, Path(folder), watch))
            loss = _wait(ranks, watch, requests)
            return _outcome(loss, ranks, requests)
        finally:
            _end(ranks)


def _met(job: Job) -> contextlib.AbstractContextManager[list[dict[str, str]]]:
    if len(job.slots) == 1:
        return contextlib.nullcontext([{}])
    return rendezvous(job.slots, job.interface, job.address)


class _RankProcess:
    """One rank as its launcher sees it."""

    def __init__(self, job: Job, slot: Slot, environment: dict[str, str], folder: Path, watch: Watch) -> None:
        self.slot, self.watch = slot, watch
        self.number = slot.rank.rank
        self.is_remote = not is_this_machine(slot.host)
        self.ssh = job.ssh
        self.log = folder / f"rank-{self.number}.log"
        with contextlib.ExitStack() as stack:
            shown: IO[bytes] | None = None if slot.rank.is_root else stack.enter_context(self.log.open("wb"))
            # A process group of its own each: a terminal then sends Ctrl-C to the launcher alone.
            self.process = subprocess.Popen(  # noqa: S603 - our own command
                on_host(slot.host, job.command, job.ssh),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=shown,
                process_group=0,
            )
        if self.is_remote:
            environment = {**_passed_on(), **environment}
        self.tell(asdict(Work(job.arguments, environment, SILENCE_S if self.is_remote else None)))
        threading.Thread(target=self._listen, name=f"zoo-hears-{self.number}", daemon=True).start()

    @property
    def code(self) -> int | None:
        """Its exit code as a shell has it; None while it runs."""
        code = self.process.poll()
        return None if code is None else (128 - code if code < 0 else code)

    def tell(self, message: dict[str, Any]) -> None:
        with contextlib.suppress(BrokenPipeError):  # it has ended, which is seen by its code
            os.write(self._stdin.fileno(), as_line(message))

    def kill(self) -> None:
        # Not SIGTERM, which asks a rank to save together with the others: one of them is gone.
        self.process.kill()
        beat = self.watch.beats[self.number]
        if self.is_remote and beat and self.code != 0:
            # One that is held would not notice that nobody is there. A host that is cut off cannot be told: its ranks
            # end by themselves.
            command = on_host(self.slot.host, ["kill", "-KILL", str(beat.pid)], self.ssh)
            with contextlib.suppress(subprocess.TimeoutExpired):
                subprocess.run(command, timeout=GRACE_S / 2, check=False, capture_output=True)  # noqa: S603

    def last_lines(self) -> list[str]:
        return self.log.read_text(errors="replace").splitlines()[-N_LAST_LINES:] if self.log.exists() else []

    def close(self) -> None:
        self.process.wait()
        with contextlib.suppress(BrokenPipeError):
            self._stdin.close()

    @property
    def _stdin(self) -> IO[bytes]:
        return self.process.stdin  # type: ignore[return-value]  # it is a pipe

    def _listen(self) -> None:
        with self.process.stdout as lines:  # type: ignore[union-attr]  # it is a pipe
            for line in lines:
                if beat := beat_of(line):
                    self.watch.heard(self.number, beat, time.monotonic())


def _wait(ranks: list[_RankProcess], watch: Watch, requests: StopRequests) -> Loss | None:
    """The rank that was lost, once all have ended; None where none was."""
    codes: dict[int, int] = {}
    loss: Loss | None = None
    deadline = float("inf")
    for _ in _ticks(ranks, requests):
        now = time.monotonic()
        codes |= {r.number: r.code for r in ranks if r.code and r.number not in codes}
        alive = [r.number for r in ranks if r.code is None]
        if codes:
            deadline = min(deadline, now + _grace_s(codes))
        loss = loss or (watch.look(alive, now) if alive else None)
        if alive and (loss or now > deadline):
            loss = first_lost(codes, _remote(ranks)) if _has_culprit(codes) else loss
            _end(ranks)
            return loss or first_lost(codes, _remote(ranks))
    return first_lost(codes, _remote(ranks))


def _grace_s(codes: dict[int, int]) -> float:
    """How long the other ranks may take to end by themselves."""
    if codes.get(0) == MISTAKE:
        return 0  # the root has said all there is to say
    if any(code > 128 for code in codes.values()):
        return KILLED_GRACE_S
    # A rank that lost another may notice before the launcher does which one is gone.
    return GRACE_S if _has_culprit(codes) else SILENCE_S + GRACE_S


def _has_culprit(codes: dict[int, int]) -> bool:
    return any(code != LOST for code in codes.values())


def _remote(ranks: list[_RankProcess]) -> list[int]:
    return [rank.number for rank in ranks if rank.is_remote]


def _ticks(ranks: list[_RankProcess], requests: StopRequests) -> Iterator[None]:
    """Now and then, and once more at the end; tells the ranks that somebody is there, and passes a signal on."""
    passed_on, told_at = False, 0.0
    while any(rank.code is None for rank in ranks):
        yield
        if requests.received and not passed_on:
            passed_on = True
            for rank in ranks:
                rank.tell({"signal": requests.received.name})
        if time.monotonic() - told_at >= EVERY_S:
            told_at = time.monotonic()
            for rank in ranks:
                rank.tell({})
        time.sleep(LOOK_S)
    yield


def _end(ranks: list[_RankProcess]) -> None:
    alive = [rank for rank in ranks if rank.code is None]
    killers = [threading.Thread(target=rank.kill) for rank in alive]
    for killer in killers:
        killer.start()
    for killer in killers:
        killer.join()
    for rank in ranks:
        rank.close()


def _outcome(loss: Loss | None, ranks: list[_RankProcess], requests: StopRequests) -> Outcome:
    if loss is None:
        return Outcome(0)
    rank = ranks[loss.rank]
    code = rank.code or LOST
    if requests.received and code == exit_code_of(requests.received):
        return Outcome(code)
    everybody_failed = all(r.code not in (0, None, LOST) and not _was_killed(r) for r in ranks)
    if loss.by_itself and rank.slot.rank.is_root:
        return Outcome(code, lost=None if everybody_failed or code == MISTAKE else rank.slot)
    _show(rank)
    why = f"rank {loss.rank} on {rank.slot.host} {loss.how}{_last_event(rank)}"
    is_program = everybody_failed or (loss.by_itself and code == MISTAKE)
    lost = None if is_program else rank.slot
    return Outcome(code if loss.by_itself else LOST, why, lost, loss.unreachable)


def _was_killed(rank: _RankProcess) -> bool:
    return (rank.code or 0) > 128


def _last_event(rank: _RankProcess) -> str:
    beat = rank.watch.beats[rank.number]
    return f" (last: {beat.event})" if beat else " (before its first word)"


def _show(rank: _RankProcess) -> None:
    for line in rank.last_lines():
        print(f"[rank {rank.number}] {line}", file=sys.stderr)


def _passed_on() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name.startswith(PASSED_ON)}
