"""Processes that train cells for a study, one a core; ended with it, whatever ends it."""

import selectors
import sys
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from zoo_core.contract import ConfigError, MachineError
from zoo_core.runtime.settings import Settings
from zoo_core.studies.worker import Worker

MOST_DEATHS = 1
"""Of a worker over one job: then that is tried once more."""

COMMAND = (sys.executable, "-m", "zoo_core.studies.training.trial")


@dataclass(frozen=True)
class Job:
    """A cell that is to be trained.

    Attributes:
        name: in the words of a message.
        settings: of a whole run.
        predictions: file that takes them.
    """

    name: str
    settings: Settings
    predictions: Path


class Workers:
    """Worker processes, and the jobs that they are at.

    Args:
        n_workers: processes; they share the cores.
        command: of one, before its number and theirs.
    """

    def __init__(self, n_workers: int, command: Iterable[str] = COMMAND) -> None:
        self._n_workers = n_workers
        self._command = tuple(command)
        self._working: dict[int, tuple[Worker, Job]] = {}
        self._idle: dict[int, Worker] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        every = [*self._idle.values(), *(worker for worker, _ in self._working.values())]
        for worker in every:
            worker.process.kill()
        for worker in every:
            worker.close()
        self._idle, self._working = {}, {}

    def train(self, jobs: Iterable[Job]) -> Iterator[tuple[Job, dict[str, Any]]]:
        """Train jobs, taken in their order, and yield each with its values as soon as it is done.

        Args:
            jobs: those that were compiled alike beside each other.
        Raises:
            ConfigError: a job cannot be trained as its settings say.
            MachineError: workers died over one job.
        """
        waiting, deaths = deque(jobs), dict[str, int]()
        while waiting or self._working:
            while waiting and len(self._working) < self._n_workers:
                self._give(waiting.popleft())
            for number in self._answering():
                worker, job = self._working.pop(number)
                answer = worker.answer()
                if answer is None:
                    deaths[job.name] = deaths.get(job.name, 0) + 1
                    self._bury(worker, job, deaths[job.name])
                    waiting.appendleft(job)
                    continue
                self._idle[number] = worker
                if "mistake" in answer:
                    raise ConfigError(f"{job.name}: {answer['mistake']}")
                yield job, answer["values"]

    def _give(self, job: Job) -> None:
        if not self._idle:
            number = min(set(range(self._n_workers)) - set(self._working))
            self._idle[number] = Worker([*self._command, str(number), str(self._n_workers)])
        number, worker = self._idle.popitem()
        self._working[number] = worker, job
        worker.tell({"settings": job.settings, "predictions": str(job.predictions)})

    def _answering(self) -> list[int]:
        """Numbers of the workers that have something to say, or have ended."""
        with selectors.DefaultSelector() as selector:
            for number, (worker, _) in self._working.items():
                selector.register(worker.output, selectors.EVENT_READ, number)
            return [key.data for key, _ in selector.select()]

    def _bury(self, worker: Worker, job: Job, n_deaths: int) -> None:
        last_words = worker.last_words()
        worker.close()
        if n_deaths > MOST_DEATHS:
            raise MachineError(
                f"{job.name} needs to be trained, over which {n_deaths} workers died ({last_words}): what was measured "
                "is kept; free memory, or make --batch, --size or --ranks smaller, and give the same --out"
            )
