"""A process that works for a study: it is told what to do and answers, a line of JSON each, and ends with the study."""

import ctypes
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from typing import IO, Any

PR_SET_PDEATHSIG = 1
"""Of prctl(2)."""


class Worker:
    """The study's side of a process.

    Args:
        command: that starts it.
    """

    def __init__(self, command: Sequence[str]) -> None:
        self._log = tempfile.TemporaryFile("w+", errors="replace")  # noqa: SIM115 - closed by `close`
        # It is killed, whatever it is at: what it has not removed by then is removed with its own folder.
        self._temporary = tempfile.TemporaryDirectory(prefix="zoo-worker-")
        # A process group of its own: Ctrl-C in a terminal reaches the study alone, which ends its workers.
        self.process = subprocess.Popen(  # noqa: S603 - our own module
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1", "TMPDIR": self._temporary.name},
            process_group=0,
        )

    @property
    def output(self) -> IO[str]:
        """Where its answers come from."""
        if self.process.stdout is None:
            raise RuntimeError("a worker was started without pipes")
        return self.process.stdout

    def tell(self, message: Mapping[str, Any]) -> None:
        """Give it work; one that has died shows it when it is asked for the answer."""
        if self.process.stdin is None:
            raise RuntimeError("a worker was started without pipes")
        try:
            self.process.stdin.write(json.dumps(message) + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            return

    def answer(self) -> dict[str, Any] | None:
        """Its next answer; None where it has died."""
        line = self.output.readline()
        if not line.endswith("\n"):
            return None
        answer: dict[str, Any] = json.loads(line)
        return answer

    def last_words(self) -> str:
        """The last line that it wrote to standard error, or how it ended."""
        self.process.kill()
        code = self.process.wait()
        self._log.seek(0)
        lines = self._log.read().strip().splitlines()
        return lines[-1].strip() if lines and code > 0 else f"exit code {code}"

    def close(self) -> None:
        """Leave no process, pipe or file behind."""
        self.process.kill()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe:
                try:
                    pipe.close()
                except BrokenPipeError:
                    continue  # what a dead worker was still to be told
        self.process.wait()
        self._log.close()
        self._temporary.cleanup()


class Answers:
    """The process's own side, to be made before anything else is: whatever ends the study ends this process too.

    Standard output is for the answers alone: what else is printed here goes to standard error.
    """

    def __init__(self) -> None:
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        self._output, sys.stdout = sys.stdout, sys.stderr

    def say(self, answer: Mapping[str, Any]) -> None:
        """Answer what this process was told."""
        self._output.write(json.dumps(answer) + "\n")
        self._output.flush()
