"""What a launcher and a rank say to each other: lines of JSON on the rank's standard input and output.

The launcher writes the rank's `Work`, then `{}` each second, and `{"signal": "SIGTERM"}` to pass a signal on; the rank
writes a `Beat` each second and with each thing that it does. It is the same through ssh and without.
"""

import contextlib
import dataclasses
import json
import os
import select
import signal
import sys
import threading
import time
from typing import IO, Any, NoReturn

from zoo_core.distributed.beats import Beat, Pulse
from zoo_core.distributed.terminal import STANDARD_ERROR, STANDARD_OUTPUT, write_error

LOST = 75
"""Exit code where ranks were lost and the same command may well succeed: EX_TEMPFAIL of sysexits.h."""

EVERY_S = 1.0
"""Between two words of either side."""

SILENCE_S = 20.0
"""After which a side that said nothing is taken for gone."""

LEAST_S = 0.05
"""Between two beats of a rank that does things quickly."""


@dataclasses.dataclass(frozen=True)
class Work:
    """What a rank is told first.

    Attributes:
        arguments: of the program that the rank runs.
        environment: variables that it sets for itself.
        silence_s: after which it ends where it hears nothing; None where only the end of its standard input counts:
            on the launcher's own machine that always comes, and a launcher that is merely held (Ctrl-Z) ends nothing.
    """

    arguments: dict[str, Any]
    environment: dict[str, str]
    silence_s: float | None


def as_line(message: dict[str, Any]) -> bytes:
    """A message as it is written."""
    return json.dumps(message).encode() + b"\n"


def beat_of(line: bytes) -> Beat | None:
    """The beat of a line; None where it is none: something of the rank's that was faster than its own code."""
    try:
        return Beat(**json.loads(line))
    except (ValueError, TypeError):
        return None


def take_work() -> tuple[Work, Pulse]:
    """Be a rank of a launcher: take what it says, and answer it from now on, in threads.

    Standard output becomes standard error, and nothing can be read from standard input any more: what a library prints
    or asks harms nothing.
    """
    heard = os.fdopen(os.dup(sys.stdin.fileno()), "rb", buffering=0)
    said = os.fdopen(os.dup(STANDARD_OUTPUT), "wb", buffering=0)
    os.dup2(STANDARD_ERROR, STANDARD_OUTPUT)
    with open(os.devnull, "rb") as nothing:  # noqa: PTH123 - a descriptor is wanted, no path
        os.dup2(nothing.fileno(), sys.stdin.fileno())
    first = heard.readline()
    if not first:
        _end("its launcher was gone before it said anything")
    work = Work(**json.loads(first))
    os.environ.update(work.environment)
    pulse = Pulse(os.getpid())
    threading.Thread(target=_listen, args=(heard, work.silence_s), name="zoo-listens", daemon=True).start()
    threading.Thread(target=_speak, args=(said, pulse), name="zoo-speaks", daemon=True).start()
    return work, pulse


def _listen(heard: IO[bytes], silence_s: float | None) -> None:
    """Pass signals on to this process, and end it where nobody is there any more."""
    while True:
        if not select.select([heard], [], [], silence_s)[0]:
            _end(f"it heard nothing of its launcher for {silence_s:.0f} s")
        line = heard.readline()
        if not line:
            _end("its launcher is gone")
        if name := json.loads(line).get("signal"):
            os.kill(os.getpid(), signal.Signals[name])


def _speak(said: IO[bytes], pulse: Pulse) -> None:
    while True:
        with contextlib.suppress(BrokenPipeError):  # the other thread hears of it
            said.write(as_line(dataclasses.asdict(pulse.beat())))
        time.sleep(LEAST_S)
        pulse.changed.wait(EVERY_S)
        pulse.changed.clear()


def _end(why: str) -> NoReturn:
    rank = os.environ.get("HOROVOD_RANK", "")
    write_error(f"zoo: rank {rank} ends: {why}\n".encode())
    # Past everything: the main thread may wait for a rank that will never answer.
    os._exit(LOST)
