"""The precisions' processes as the study sees them: each is asked in turn, and none outlives the study."""

import sys
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack, closing
from typing import Any, Self

from zoo_core.contract import DataError, MachineError
from zoo_core.studies.precision.job import Job
from zoo_core.studies.worker import Worker

COMMAND = (sys.executable, "-m", "zoo_core.studies.precision.worker")


class Workers:
    """A process a precision; while one works the others wait.

    Args:
        jobs: one a precision.
        command: that starts a process, before its job.
    """

    def __init__(self, jobs: Iterable[Job], command: Iterable[str] = COMMAND) -> None:
        self._jobs = {job.precision: job for job in jobs}
        self._command = tuple(command)
        self._processes: dict[str, Worker] = {}
        self._open = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._processes = {}
        self._open.close()

    def ask(
        self, precision: str, command: Mapping[str, Any], advance: Callable[[int], None] | None = None
    ) -> dict[str, Any]:
        """Let a precision do something; its process is started when it is first asked.

        Args:
            precision: whose process.
            command: as `worker.main` takes it.
            advance: called with what is done of it; None where nobody wants to know.
        Raises:
            DataError: it cannot be done, by a mistake of the user.
            MachineError: the process died.
        """
        if precision not in self._processes:
            process = Worker([*self._command, self._jobs[precision].to_json()])
            self._processes[precision] = self._open.enter_context(closing(process))
        worker = self._processes[precision]
        worker.tell(command)
        while (answer := worker.answer()) is not None:
            if "mistake" in answer:
                raise DataError(f"{precision}: {answer['mistake']}")
            if "values" in answer:
                values: dict[str, Any] = answer["values"]
                return values
            if advance:
                advance(answer["done"])
        raise MachineError(
            f"The worker of precision '{precision}' needs to {command['do']} and to answer. Received: it died "
            f"({worker.last_words()}): free memory, or leave {precision} out with --precisions"
        )
