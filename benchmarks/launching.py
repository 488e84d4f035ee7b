"""What launching ranks adds to the start of a run, beside one rank in the command's own process.

python benchmarks/launching.py
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path

import click
import numpy as np

from zoo_core.runtime.machine import describe_machine

READY = "compiling"
"""What the progress of a run says when everything but the train step is there."""

RUN = (
    *("run", "chexnet", "--data", "chest-phantom", "--topology", "vgg16", "--precision", "float32"),
    *("--set", "data.n_patients=40", "--set", "store.when=never", "--set", "trainer.global_batch_size=4"),
)
HERE = "1 rank, not launched"
WAYS = {HERE: ("-np", "1"), "1 rank": ("--hosts", "localhost:1"), "2 ranks": ("-np", "2")}


@click.command()
@click.option("--turns", default=5, show_default=True, help="In which every way takes part.")
def launching(turns: int) -> None:
    """Seconds until a run begins to compile its train step; the turn before the first is not counted."""
    load = os.getloadavg()
    seconds: dict[str, list[float]] = {name: [] for name in WAYS}
    for _ in range(turns + 1):
        for name, way in WAYS.items():
            seconds[name].append(seconds_until_ready(way))
    counted = {name: np.asarray(values[1:]) for name, values in seconds.items()}
    report = {
        "median_seconds": {name: round(float(np.median(values)), 2) for name, values in counted.items()},
        "added_seconds": {
            name: np.quantile(counted[name] - counted[HERE], (0.5, 0, 1)).round(2).tolist()
            for name in WAYS
            if name != HERE
        },
        "turns": turns,
        "load_before_and_after": [load, os.getloadavg()],
        "machine": asdict(describe_machine()),
    }
    click.echo(json.dumps(report, indent=2))


def seconds_until_ready(way: tuple[str, ...]) -> float:
    """From the start of a command to the moment at which it is ready to train; then it is stopped."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        command = [str(Path(sys.executable).parent / "zoo"), *RUN, *way, "--out", f"{folder}/run"]
        start = time.perf_counter()
        with log.open("w") as output, subprocess.Popen(command, stdout=output, stderr=output) as process:  # noqa: S603 - our own command
            while READY not in log.read_text(errors="replace"):
                if process.poll() is not None:
                    raise click.ClickException(
                        f"'{' '.join(command)}' ended with {process.returncode}: {log.read_text()}"
                    )
                time.sleep(0.01)
            seconds = time.perf_counter() - start
            process.terminate()
    return seconds


if __name__ == "__main__":
    launching()
