"""Kills a process that does nothing but save, at random moments, and says what was reported and what is there.

Usage: save_and_be_killed.py FOLDER SEED N_KILLS; prints a JSON list, by kill [last step reported as saved, step read].
"""

import json
import os
import signal
import sys
import time
from pathlib import Path

import numpy as np

from zoo_core.runtime.checkpoint import TrainingState, read_checkpoint, write_checkpoint
from zoo_core.runtime.schedule import Progress

N_VALUES = 500_000
LONGEST_S = 0.04


def save_for_ever(path: Path, start: int, pipe: int) -> None:
    for step in range(start, sys.maxsize):
        arrays = {"model/0": np.full(N_VALUES, step, np.int64)}
        write_checkpoint(path, arrays, TrainingState(step, 0, 0, Progress(), "", "", ""))
        os.write(pipe, step.to_bytes(8, "big"))


def killed_after(path: Path, start: int, delay_s: float) -> int:
    """The last step that a saving process reported before it was killed; `start` - 1 where it reported none."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        save_for_ever(path, start, writer)
    os.close(writer)
    time.sleep(delay_s)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    with os.fdopen(reader, "rb") as reports:
        return int.from_bytes(reports.read()[-8:] or (start - 1).to_bytes(8, "big"), "big")


def main(folder: Path, seed: int, n_kills: int) -> None:
    rng = np.random.default_rng(seed)
    path, step, rounds = folder / "last.safetensors", 0, []
    for _ in range(n_kills):
        reported = killed_after(path, step + 1, rng.uniform(0, LONGEST_S))
        if path.exists():
            arrays, state = read_checkpoint(path)
            step = state.step
            assert (arrays["model/0"] == step).all(), "a checkpoint of two steps"
        rounds.append([reported, step])
    json.dump(rounds, sys.stdout)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
