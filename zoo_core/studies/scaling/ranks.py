"""Starts the ranks of a job and reads what they measured; whatever ends them is one line."""

import contextlib
import io
import json
import sys
import tempfile
from pathlib import Path

from zoo_core.contract import ConfigError, MachineError
from zoo_core.distributed.launch import launch_local
from zoo_core.distributed.signals import Stopped, signal_of
from zoo_core.studies.scaling.rank import Found, Job


def found_by_ranks(job: Job, n_ranks: int) -> list[Found]:
    """Let ranks do a job.

    Args:
        job: of all of them.
        n_ranks: processes.
    Returns:
        what each of them found.
    Raises:
        ConfigError: the topology cannot be built for such images.
        MachineError: a rank failed, or Horovod is not installed.
        Stopped: by a signal.
    """
    with tempfile.TemporaryDirectory(prefix="zoo-scaling-") as name:
        folder = Path(name)
        job.write(folder)
        # What the launcher says of a rank that failed goes into the one line below.
        with contextlib.redirect_stderr(io.StringIO()) as said:
            exit_code = launch_local([sys.executable, "-m", "zoo_core.studies.scaling.rank", name], n_ranks)
        if received := signal_of(exit_code):
            raise Stopped(received)
        answers = [_answer(folder / f"rank-{rank}.json") for rank in range(n_ranks)]
        mistake = next((answer["mistake"] for answer in answers if answer and "mistake" in answer), None)
        if mistake:
            raise ConfigError(mistake)
        if exit_code or None in answers:
            raise MachineError(
                f"{_ranks_need(n_ranks)}. Received: exit code "
                f"{exit_code}, and {_last_words(folder, n_ranks) or ' '.join(said.getvalue().split()) or 'no word'}"
            )
        return [answer for answer in answers if answer]


def _ranks_need(n_ranks: int) -> str:
    return (
        "1 rank of the study needs to end by itself" if n_ranks == 1 else f"{n_ranks} ranks need to end by themselves"
    )


def _answer(path: Path) -> Found | None:
    if not path.exists():
        return None
    found: Found = json.loads(path.read_text(encoding="utf-8"))
    return found


def _last_words(folder: Path, n_ranks: int) -> str:
    """Of the rank that says most about the reason: the others only miss the one that has gone."""
    logs = {rank: folder / f"rank-{rank}.log" for rank in range(n_ranks) if not (folder / f"rank-{rank}.json").exists()}
    lines = {rank: log.read_text(errors="replace").split("\n") for rank, log in logs.items() if log.exists()}
    last = {rank: [line for line in text if line.strip()][-1:] for rank, text in lines.items()}
    words = {rank: text[0].strip() for rank, text in last.items() if text}
    own = {rank: text for rank, text in words.items() if "Horovod" not in text} or words
    return next((f"rank {rank} said: {text}" for rank, text in own.items()), "")
