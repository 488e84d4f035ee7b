"""What the study is to measure, checked before anything is written."""

import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from zoo_core import plugins
from zoo_core.contract import ConfigError
from zoo_core.runtime.machine import describe_machine
from zoo_core.studies.step_time import StepShape
from zoo_core.studies.storage.formats import FORMATS, N_FILES, Shape

ASKED = ("cold", "warm")
FEWEST_BATCHES = 6
"""Whole batches of each rank, for a median, and for an accelerator's first step and some that are counted."""

Cell = dict[str, Any]


@dataclass(frozen=True)
class Plan:
    """A grid of cells, and what all of them share.

    Attributes:
        places: folders.
        ranks: numbers of ranks.
        n_runs: of each cell, each with a seed of its own.
        shape: of the data set and its batches.
        step: the train step that an accelerator is emulated by, to be measured here; or how long one lasts, in ms.
    """

    places: tuple[Path, ...]
    ranks: tuple[int, ...]
    n_runs: int
    shape: Shape
    step: StepShape | float

    def __post_init__(self) -> None:
        _refuse_below("--images", self.shape.n_images, 1)
        _refuse_below("--size", self.shape.size_px, 1)
        _refuse_below("--batch", self.shape.batch_size, 1)
        _refuse_below("--runs", self.n_runs, 1)
        for n_ranks in self.ranks:
            _refuse_below("--ranks", n_ranks, 1)
        if isinstance(self.step, StepShape):
            plugins.find("topology", self.step.topology)
        elif not 0 < self.step < float("inf"):
            raise ConfigError(f"--step-ms needs milliseconds above 0. Received: {self.step:g}")
        self._refuse_few_images()

    @property
    def n_bytes(self) -> int:
        """That are written into a place."""
        return sum(one.n_bytes(self.shape) for one in FORMATS.values())

    def settings(self) -> dict[str, Any]:
        """What makes numbers of one cell mean something else: of two machines they are not one study."""
        machine = asdict(describe_machine())
        step = {"step": asdict(self.step)} if isinstance(self.step, StepShape) else {"step_ms": self.step}
        # The environment may bound other libraries' threads from call to call; what is measured here sets its own.
        del machine["thread_limits"]
        return {**asdict(self.shape), **step, "machine": machine}

    def cells(self, place: Path) -> Iterator[Cell]:
        """Cells of a place, in the order in which they are measured: ranks are started once for each group."""
        for name in FORMATS:
            for n_ranks in self.ranks:
                for run in range(self.n_runs):
                    for asked in ASKED:
                        yield {"place": str(place), "format": name, "n_ranks": n_ranks, "asked": asked, "run": run}

    def _refuse_few_images(self) -> None:
        most, n_files = max(self.ranks), N_FILES
        if most > n_files:
            raise ConfigError(f"--ranks needs at most {n_files}, as many as TFRecord files are dealt. Received: {most}")
        # Files are dealt whole, so that a rank may have fewer images than a fair share.
        needed = FEWEST_BATCHES * self.shape.batch_size * n_files // (n_files // most)
        if self.shape.n_images < needed:
            raise ConfigError(
                f"--images needs at least {needed}, for {FEWEST_BATCHES} batches of {self.shape.batch_size} in each of "
                f"{most} ranks. Received: {self.shape.n_images}: more --images, a smaller --batch or fewer --ranks"
            )


def more_than_cores(n_ranks: int) -> bool:
    """Whether ranks have to share cores of this machine."""
    return n_ranks > len(os.sched_getaffinity(0))


def _refuse_below(option: str, value: int, least: int) -> None:
    if value < least:
        raise ConfigError(f"{option} needs a number from {least} on. Received: {value}")
