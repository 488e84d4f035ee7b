"""How long a user waits: for `zoo --help`, for `zoo list`, and for the second train step, beside stock Keras.

python benchmarks/startup.py
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from importlib.metadata import version
from pathlib import Path

import click
import numpy as np

from zoo_core.runtime.machine import describe_machine

FIRST_STEPS = Path(__file__).resolve().parent / "competitors" / "first_steps.py"
PACKAGES = ("zoo-core", "tensorflow-cpu", "keras")


@click.command()
@click.option("--topology", default="densenet121", show_default=True)
@click.option("--size", "size_px", default=64, show_default=True, help="Side of the images.")
@click.option("--batch", "batch_size", default=32, show_default=True)
@click.option("--turns", default=5, show_default=True, help="In which every command takes part.")
def startup(topology: str, size_px: int, batch_size: int, turns: int) -> None:
    """Seconds of whole processes, turn by turn; the turn before the first warms the disk's cache and is not counted."""
    shape = [topology, str(size_px), str(batch_size)]
    python, zoo = sys.executable, str(Path(sys.executable).parent / "zoo")
    commands: dict[str, Callable[[], float]] = {
        "zoo --help": partial(seconds_of, [zoo, "--help"]),
        "zoo list": partial(seconds_of, [zoo, "list"]),
        "second step, zoo run": partial(seconds_told, [python, str(FIRST_STEPS), "zoo", *shape]),
        "second step, stock Keras": partial(seconds_told, [python, str(FIRST_STEPS), "keras", *shape]),
    }
    load = os.getloadavg()
    seconds: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(turns + 1):
        for name, measure in commands.items():
            seconds[name].append(measure())
    seconds = {name: values[1:] for name, values in seconds.items()}
    ours, keras = (seconds[f"second step, {who}"] for who in ("zoo run", "stock Keras"))
    report = {
        "median_seconds": {name: round(float(np.median(values)), 2) for name, values in seconds.items()},
        "range_seconds": {name: [round(min(values), 2), round(max(values), 2)] for name, values in seconds.items()},
        "stock_keras_over_zoo_run": round(float(np.median(np.divide(keras, ours))), 2),
        "shape": shape,
        "turns": turns,
        "versions": {name: version(name) for name in PACKAGES},
        "load_before_and_after": [load, os.getloadavg()],
        "machine": asdict(describe_machine()),
    }
    click.echo(json.dumps(report, indent=2))


def seconds_of(command: list[str]) -> float:
    """From the start of a process to its end."""
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)  # noqa: S603 - our own command
    return time.perf_counter() - start


def seconds_told(command: list[str]) -> float:
    """What a process says last."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own file
    if done.returncode:
        raise click.ClickException(f"'{' '.join(command)}' ended with {done.returncode}: {done.stderr}")
    return float(done.stdout.split()[-1])


if __name__ == "__main__":
    startup()
