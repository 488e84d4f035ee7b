"""What launching ranks adds to the start of a run, beside as many processes that nobody launches.

python benchmarks/launching.py
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Self

import click
import numpy as np

from zoo_core.runtime.machine import describe_machine

READY = "compiling"
"""What the progress of a run says when everything but the train step is there."""

RUN = (
    *("run", "chexnet", "--data", "chest-phantom", "--topology", "vgg16", "--precision", "float32"),
    *("--set", "data.n_patients=40", "--set", "store.when=never", "--set", "trainer.global_batch_size=4"),
)
ALONE, LAUNCHED = ("1 process", "2 processes"), ("1 rank", "2 ranks")
WAYS = {
    ALONE[0]: [("-np", "1")],
    LAUNCHED[0]: [("--hosts", "localhost:1")],
    ALONE[1]: [("-np", "1")] * 2,
    LAUNCHED[1]: [("-np", "2")],
}
"""By name, the commands that are started together; several have a core each, as ranks have."""


@click.command()
@click.option("--turns", default=5, show_default=True, help="In which every way takes part.")
def launching(turns: int) -> None:
    """Seconds until a run begins to compile its train step; the turn before the first is not counted."""
    load = os.getloadavg()
    seconds: dict[str, list[float]] = {name: [] for name in WAYS}
    for _ in range(turns + 1):
        for name, commands in WAYS.items():
            seconds[name].append(seconds_until_ready(commands))
    counted = {name: np.asarray(values[1:]) for name, values in seconds.items()}
    report = {
        "median_seconds": {name: round(float(np.median(values)), 2) for name, values in counted.items()},
        "added_seconds": {
            launched: np.quantile(counted[launched] - counted[alone], (0.5, 0, 1)).round(2).tolist()
            for launched, alone in zip(LAUNCHED, ALONE, strict=True)
        },
        "turns": turns,
        "load_before_and_after": [load, os.getloadavg()],
        "machine": asdict(describe_machine()),
    }
    click.echo(json.dumps(report, indent=2))


def seconds_until_ready(commands: list[tuple[str, ...]]) -> float:
    """From the start of commands to the moment at which all are ready to train; then they are stopped."""
    cores = sorted(os.sched_getaffinity(0))
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        start = time.perf_counter()
        runs = [
            stack.enter_context(Started(Path(folder) / str(k), words, {cores[k]} if len(commands) > 1 else set(cores)))
            for k, words in enumerate(commands)
        ]
        while not all(run.is_ready() for run in runs):
            time.sleep(0.01)
        return time.perf_counter() - start


class Started:
    """A command that was started on some cores.

    Args:
        folder: takes the run and its log.
        words: of the command, besides those of `RUN`.
        cores: that it has.
    """

    def __init__(self, folder: Path, words: tuple[str, ...], cores: set[int]) -> None:
        folder.mkdir()
        self._log = folder / "log"
        self._command = [str(Path(sys.executable).parent / "zoo"), *RUN, *words, "--out", str(folder / "run")]
        before = os.sched_getaffinity(0)
        os.sched_setaffinity(0, cores)  # inherited
        with self._log.open("w") as output:
            self._process = subprocess.Popen(self._command, stdout=output, stderr=output)  # noqa: S603 - our own command
        os.sched_setaffinity(0, before)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait()

    def is_ready(self) -> bool:
        """Whether it has said that it is; one that has ended never will be."""
        if self._process.poll() is not None:
            words, code = " ".join(self._command), self._process.returncode
            raise click.ClickException(f"'{words}' ended with {code}: {self._log.read_text()}")
        return READY in self._log.read_text(errors="replace")


if __name__ == "__main__":
    launching()
