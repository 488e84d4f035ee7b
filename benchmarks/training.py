"""Train steps of the zoo beside stock Keras 3 and PyTorch: the same layers, the same batch, turn by turn.

python benchmarks/training.py

PyTorch is installed once into an environment of its own, `.cache/benchmark-torch`.
"""

import json
import os
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import click
import numpy as np

from zoo_core.runtime.machine import describe_machine
from zoo_core.runtime.tuning.candidates import fast_precisions

HERE = Path(__file__).resolve().parent
COMPETITORS = HERE / "competitors"
TORCH = "torch==2.13.0"
NAMES = ("zoo", "keras", "torch")
N_STEPS = 3
"""Of one turn."""

REFERENCES = {"zoo / keras": "keras", "zoo / torch": "torch"}


@dataclass
class Competitor:
    """A process that trains when it is told to, and what it answered.

    Attributes:
        name: zoo, keras or torch.
        process: waits for the next turn.
        facts: what it said first.
        seconds: of each step.
        peak_memory_mb: the most it ever held.
    """

    name: str
    process: "subprocess.Popen[str]"
    facts: dict[str, Any]
    seconds: list[float]
    peak_memory_mb: float = 0.0

    def turn(self, n_steps: int) -> None:
        """Train `n_steps` steps; the others wait."""
        self.process.stdin.write(f"{n_steps}\n")
        self.process.stdin.flush()
        record = _read(self.process, self.name)
        self.seconds += record["seconds"]
        self.peak_memory_mb = record["peak_memory_mb"]


@click.command()
@click.option("--topology", "topologies", multiple=True, default=("densenet121", "resnet50"), show_default=True)
@click.option(
    "--precision",
    "precisions",
    multiple=True,
    help="May be repeated.  [default: those that this CPU has instructions for]",
)
@click.option("--size", "size_px", default=224, show_default=True, help="Side of the images.")
@click.option("--batch", "batch_size", default=16, show_default=True)
@click.option("--turns", default=5, show_default=True, help=f"Of {N_STEPS} steps, of each competitor.")
def training(
    topologies: tuple[str, ...],
    precisions: tuple[str, ...],
    size_px: int,
    batch_size: int,
    turns: int,
) -> None:
    """Images per second of each competitor, medians, and ratios of the medians of the same run."""
    torch_python = torch_environment()
    precisions = precisions or tuple(fast_precisions(("float32", "bfloat16"), describe_machine()))
    load, results = os.getloadavg(), []
    for topology in topologies:
        for precision in precisions:
            shape = [topology, precision, str(size_px), str(batch_size)]
            results.append(_compare([_start(name, shape, torch_python) for name in NAMES], shape, turns))
            click.echo(json.dumps(results[-1]), err=True)
    loads = [load, os.getloadavg()]
    report = {"results": results, "load_before_and_after": loads, "machine": asdict(describe_machine())}
    click.echo(json.dumps(report, indent=2))


def _compare(competitors: list[Competitor], shape: list[str], turns: int) -> dict[str, Any]:
    n_parameters = {one.name: one.facts["n_parameters"] for one in competitors}
    if len(set(n_parameters.values())) > 1:
        raise click.ClickException(f"The networks are not the same. Received: {n_parameters} parameters")
    try:
        for _ in range(turns):
            for competitor in competitors:
                competitor.turn(N_STEPS)
    finally:
        for competitor in competitors:
            competitor.process.stdin.close()
            competitor.process.wait()
    batch_size = int(shape[-1])
    speed = {one.name: batch_size / float(np.median(one.seconds)) for one in competitors}
    memory = {one.name: one.peak_memory_mb for one in competitors}
    ratios = {name: speed["zoo"] / speed[other] for name, other in REFERENCES.items()}
    return {
        "topology": shape[0],
        "precision": shape[1],
        "size_px": int(shape[2]),
        "batch_size": batch_size,
        "images_per_s": {name: round(value, 2) for name, value in speed.items()},
        "ratio": {name: round(value, 3) for name, value in ratios.items()},
        "seconds": {one.name: [round(s, 3) for s in one.seconds] for one in competitors},
        "peak_memory_mb": {name: round(value) for name, value in memory.items()},
        "versions": {one.name: one.facts["version"] for one in competitors},
    }


def competitor_commands(shape: list[str], torch_python: Path) -> dict[str, list[str]]:
    """The process of each competitor.

    Args:
        shape: topology, precision, side of the images, batch size.
        torch_python: of `torch_environment`.
    """
    n_threads = str(len(os.sched_getaffinity(0)))
    return {
        "torch": [str(torch_python), str(COMPETITORS / "torch_steps.py"), *shape, n_threads],
        "zoo": [sys.executable, str(COMPETITORS / "zoo_steps.py"), "zoo", *shape],
        "keras": [sys.executable, str(COMPETITORS / "zoo_steps.py"), "keras", *shape],
    }


def _start(name: str, shape: list[str], torch_python: Path) -> Competitor:
    process = subprocess.Popen(  # noqa: S603 - our own files
        competitor_commands(shape, torch_python)[name],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    return Competitor(name, process, _read(process, name), [])


def _read(process: "subprocess.Popen[str]", name: str) -> dict[str, Any]:
    line = process.stdout.readline()
    if not line:
        raise click.ClickException(f"The process of '{name}' ended with exit code {process.wait()}")
    record: dict[str, Any] = json.loads(line)
    return record


def torch_environment() -> Path:
    """Python of an environment that holds PyTorch and nothing of the zoo, made where it is missing."""
    folder = HERE.parent / ".cache" / "benchmark-torch"
    python = folder / "bin" / "python"
    if not (folder / "ready").exists():
        click.echo(f"installing {TORCH} once", err=True)
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)  # noqa: S603
        # pip, not uv: it takes a CPU build where the machine offers one beside the index.
        install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", TORCH, "numpy"]
        subprocess.run(install, check=True)  # noqa: S603
        (folder / "ready").touch()
    return python


if __name__ == "__main__":
    training()
