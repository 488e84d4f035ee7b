"""Ranks that share the cores of one machine beside one rank that has them all: the same global batch, turn by turn.

python benchmarks/ranks.py

Beside them, as many processes train alone on the same cores without any all-reduce: what the machine allows. All train
in each turn, one after the other, and who has no turn is stopped by SIGSTOP: Horovod's threads do not rest by
themselves.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

import click
import numpy as np

from zoo_core.distributed.horovod import local_rendezvous
from zoo_core.runtime.machine import describe_machine
from zoo_core.runtime.settings import default_precision

PROGRAM = Path(__file__).resolve().parent / "competitors" / "rank_steps.py"
N_STEPS = 3
"""Of one turn."""


@dataclass
class Group:
    """Processes that train together, or beside each other.

    Attributes:
        name: for a reader.
        per_process: images of each process's step.
        environments: variables of each process, on top of this one's.
        command: what each of them runs.
        seconds: of each step, the mean of the processes.
        processor_seconds: of each step, their sum, whatever else the machine does.
    """

    name: str
    per_process: int
    environments: list[dict[str, str]]
    command: list[str]
    seconds: list[float] = field(default_factory=list)
    processor_seconds: list[float] = field(default_factory=list)

    def __enter__(self) -> Self:
        self._log = tempfile.TemporaryFile("w+", errors="replace")
        self._processes = [
            subprocess.Popen(  # noqa: S603 - our own file
                self.command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._log,
                text=True,
                env={**os.environ, **own},
            )
            for own in self.environments
        ]
        self._answers()
        self._signal(signal.SIGSTOP)
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._processes:
            process.kill()
        for process in self._processes:
            process.communicate()
        self._log.close()

    def turn(self, n_steps: int, *, counted: bool = True) -> None:
        """Train `n_steps` steps, after one that is not counted; the others wait."""
        self._signal(signal.SIGCONT)
        for process in self._processes:
            process.stdin.write(f"{n_steps + 1}\n")
            process.stdin.flush()
        answers = self._answers()
        self._signal(signal.SIGSTOP)
        if counted:
            self.seconds += np.mean([one["seconds"] for one in answers], axis=0)[1:].tolist()
            self.processor_seconds += np.sum([one["processor_seconds"] for one in answers], axis=0)[1:].tolist()

    def images_per_s(self, seconds: float) -> float:
        """Of all processes."""
        return len(self.environments) * self.per_process / seconds

    def _answers(self) -> list[dict[str, Any]]:
        lines = [process.stdout.readline() for process in self._processes]
        if not all(lines):
            self._log.seek(0)
            raise click.ClickException(f"A process of '{self.name}' ended: {self._log.read()}")
        return [json.loads(line) for line in lines]

    def _signal(self, number: signal.Signals) -> None:
        for process in self._processes:
            process.send_signal(number)


@click.command()
@click.option("--topology", default="densenet121", show_default=True)
@click.option("--precision", help="[default: the one of a run on this machine]")
@click.option("--size", "size_px", default=224, show_default=True, help="Side of the images.")
@click.option("--batch", "batch_size", default=8, show_default=True, help="Images of a rank.")
@click.option("--ranks", "n_ranks", default=2, show_default=True)
@click.option("--turns", default=7, show_default=True, help=f"Of {N_STEPS} steps, of each.")
@click.option("--with", "variants", multiple=True, help="NAME=VALUE,...: ranks once more, with these variables.")
def ranks(turns: int, n_ranks: int, batch_size: int, variants: tuple[str, ...], **shape: Any) -> None:
    """Images a second, medians, and ratios of the same turns."""
    words = [shape["topology"], shape["precision"] or default_precision(), str(shape["size_px"])]
    load = os.getloadavg()
    with ExitStack() as stack:
        groups = [stack.enter_context(one) for one in _groups(words, n_ranks, batch_size, variants, stack)]
        for group in groups:
            group.turn(N_STEPS, counted=False)
        for _ in range(turns):
            for group in groups:
                group.turn(N_STEPS)
            click.echo(json.dumps({k: _report(groups)[k] for k in ("ratio", "processor_seconds")}), err=True)
    report = {"shape": [*words, batch_size], "n_ranks": n_ranks, "turns": turns, **_report(groups)}
    loads = [load, os.getloadavg()]
    click.echo(json.dumps({**report, "load_before_and_after": loads, "machine": asdict(describe_machine())}, indent=2))


def _groups(
    words: list[str], n_ranks: int, batch_size: int, variants: tuple[str, ...], stack: ExitStack
) -> list[Group]:
    """One rank first, which the others are compared with."""

    def group(name: str, who: str, environments: list[dict[str, str]]) -> Group:
        each = n_ranks * batch_size // len(environments)
        return Group(name, each, environments, [sys.executable, str(PROGRAM), who, *words, str(each)])

    def met(variables: dict[str, str]) -> list[dict[str, str]]:
        # A rank that is stopped in the middle of an exchange must not find later that it took too long.
        patient = {"HOROVOD_GLOO_TIMEOUT_SECONDS": "3600", **variables}
        return [{**own, **patient} for own in stack.enter_context(local_rendezvous(n_ranks))]

    places = [{key: own[key] for key in own if key.endswith(("RANK", "SIZE"))} for own in met({})]
    return [
        group("1 rank", "alone", [{}]),
        group(f"{n_ranks} ranks", "ranks", met({})),
        group(f"{n_ranks} processes without all-reduce", "alone", places),
        *(group(f"{n_ranks} ranks, {text}", "ranks", met(_variables(text))) for text in variants),
    ]


def _variables(text: str) -> dict[str, str]:
    return dict(part.split("=", 1) for part in text.split(","))


def _report(groups: list[Group]) -> dict[str, Any]:
    """Rates of medians; a ratio is the median of the turns' ratios, with their quartiles."""
    by_turn = {one.name: np.median(np.reshape(one.seconds, (-1, N_STEPS)), axis=1) for one in groups}
    rates = {one.name: one.images_per_s(by_turn[one.name]) for one in groups}
    first = rates[groups[0].name]
    return {
        "images_per_s": {name: round(float(np.median(rate)), 2) for name, rate in rates.items()},
        "ratio": {name: np.quantile(rate / first, (0.5, 0.25, 0.75)).round(3).tolist() for name, rate in rates.items()},
        "processor_seconds": {one.name: round(float(np.median(one.processor_seconds)), 3) for one in groups},
        "seconds": {one.name: [round(s, 3) for s in one.seconds] for one in groups},
    }


if __name__ == "__main__":
    ranks()
