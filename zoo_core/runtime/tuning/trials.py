"""Trials of candidates as their conductor sees them: processes that work when it is their turn and rest otherwise."""

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import psutil

from zoo_core.distributed.horovod import outside_any_rank
from zoo_core.runtime.settings import Settings


class TrialFailedError(Exception):
    """A trial gave no answer, for a reason that stands in the table of candidates: no mistake of a user."""


class OutOfTimeError(TrialFailedError):
    """A trial was given up; it cannot be asked again."""


class Trial:
    """The processes of one candidate, all of them at rest but during a call.

    Args:
        settings: of the run it tries.
        rows: to train on.
        folder: for its files; there, and its own.
    """

    def __init__(self, settings: Settings, rows: Sequence[int], folder: Path) -> None:
        task, self._log = folder / "trial.json", folder / "stderr"
        task.write_text(json.dumps({"settings": settings, "rows": list(rows)}))
        # No stall check: ranks that rest are not stalled. A session of its own: Ctrl-C is the conductor's alone.
        environment = {**outside_any_rank(os.environ), "HOROVOD_STALL_CHECK_DISABLE": "1", "PYTHONUNBUFFERED": "1"}
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(  # noqa: S603 - this interpreter and our own module
                [sys.executable, "-P", "-m", "zoo_core.runtime.tuning.trial", str(task)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env=environment,
                start_new_session=True,
            )

    def train(self, global_batch_size: int, n_steps: int, until: float) -> float:
        """Images a second of so many steps.

        Args:
            global_batch_size: examples of a step over all ranks.
            n_steps: that are measured.
            until: when to give up, on the monotonic clock.
        Raises:
            OutOfTimeError: time is up.
            TrialFailedError: its processes ended.
        """
        return self._ask(f"train {global_batch_size} {n_steps}", until)

    def compute(self, global_batch_size: int, n_steps: int, until: float) -> float:
        """Images a second of steps that read nothing; otherwise as `train`."""
        return self._ask(f"compute {global_batch_size} {n_steps}", until)

    def predict(self, n_streams: int, n_batches: int, until: float) -> float:
        """Images a second of so many batches a rank; otherwise as `train`."""
        return self._ask(f"predict {n_streams} {n_batches}", until)

    def end(self) -> None:
        """Leave no process behind."""
        for process in self._tree():
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        self._process.communicate()

    def _ask(self, command: str, until: float) -> float:
        with self._awake():
            try:
                os.write(self._stdin, f"{command}\n".encode())
                return float(self._line(until))
            except (BrokenPipeError, ValueError) as error:
                raise TrialFailedError(self._last_words()) from error

    def _line(self, until: float) -> str:
        """The next line of standard output; empty where there will be none."""
        line = b""
        while not line.endswith(b"\n"):
            left_s = until - time.monotonic()
            if left_s <= 0 or not select.select([self._stdout], [], [], left_s)[0]:
                raise OutOfTimeError("time was up")
            more = os.read(self._stdout, 1024)
            if not more:
                break
            line += more
        return line.decode()

    @contextlib.contextmanager
    def _awake(self) -> Iterator[None]:
        self._signal(signal.SIGCONT)
        try:
            yield
        finally:
            self._signal(signal.SIGSTOP)

    def _signal(self, number: signal.Signals) -> None:
        for process in self._tree():
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(number)

    def _tree(self) -> list[psutil.Process]:
        """The launcher of the ranks, or the only rank, and what it has started."""
        try:
            root = psutil.Process(self._process.pid)
            return [root, *root.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []

    def _last_words(self) -> str:
        code = self._process.wait()
        lines = self._log.read_text(errors="replace").strip().splitlines()
        if code < 0 or not lines:
            return f"ended with {signal.Signals(-code).name if code < 0 else f'exit code {code}'}"
        return lines[-1].strip()

    @property
    def _stdin(self) -> int:
        return self._process.stdin.fileno()  # type: ignore[union-attr]  # it is a pipe

    @property
    def _stdout(self) -> int:
        return self._process.stdout.fileno()  # type: ignore[union-attr]  # it is a pipe
