"""The ranks of a cell: real processes that begin at one moment, and end with the study whatever ends it."""

import json
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from typing import IO, Any, Self

from zoo_core.contract import MachineError
from zoo_core.studies.storage.rank import Job

LEAD_S = 0.05
"""From the order to begin to the moment of it: the order must have reached every rank."""

Answer = dict[str, Any]


class Ranks:
    """Processes that each read their share of the same files; ended when this is left.

    Args:
        jobs: one a rank.
    """

    def __init__(self, jobs: list[Job]) -> None:
        self._jobs = jobs
        self._processes: list[subprocess.Popen[str]] = []
        self._logs: list[IO[str]] = []
        self._open_logs = ExitStack()

    def __enter__(self) -> Self:
        try:
            for job in self._jobs:
                self._start(job)
            self._answers()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._processes:
            process.kill()
        for process in self._processes:
            process.communicate()
        self._open_logs.close()

    def open(self, seed: int, **command: Any) -> None:
        """Let every rank open its share of the epoch of a seed; `begin` reads it.

        Args:
            seed: of the epoch.
            command: what the ranks do with it, as `rank.main` takes it.
        """
        self._tell({"seed": seed, **command})
        self._answers()

    def begin(self) -> tuple[float, list[Answer]]:
        """Let all ranks begin at one moment; returns it, and what each of them measured."""
        at = time.monotonic() + LEAD_S
        self._tell({"at": at})
        return at, self._answers()

    def _start(self, job: Job) -> None:
        log = tempfile.TemporaryFile("w+", errors="replace")  # noqa: SIM115 - closed with all others
        self._logs.append(self._open_logs.enter_context(log))
        command = [sys.executable, "-m", "zoo_core.studies.storage.rank", job.to_json()]
        self._processes.append(
            # A process group of its own: Ctrl-C in a terminal reaches the study alone, which ends its ranks.
            subprocess.Popen(  # noqa: S603 - our own module
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                process_group=0,
            )
        )

    def _tell(self, message: Answer) -> None:
        for rank, process in enumerate(self._processes):
            try:
                _pipe(process.stdin).write(json.dumps(message) + "\n")
                _pipe(process.stdin).flush()
            except BrokenPipeError:
                raise self._failure(rank) from None

    def _answers(self) -> list[Answer]:
        answers = []
        for rank, process in enumerate(self._processes):
            line = _pipe(process.stdout).readline()
            if not line:
                raise self._failure(rank)
            answers.append(json.loads(line))
        return answers

    def _failure(self, rank: int) -> MachineError:
        code = self._processes[rank].wait()
        self._logs[rank].seek(0)
        said = (self._logs[rank].read().strip().splitlines() or ["nothing"])[-1]
        return MachineError(
            f"Rank {rank} of {len(self._jobs)} needs to read its share of '{self._jobs[rank].format}'. Received: exit "
            f"code {code}, and it said: {said}"
        )


def _pipe(pipe: IO[str] | None) -> IO[str]:
    if pipe is None:
        raise RuntimeError("a rank was started without pipes")
    return pipe
