"""The cells of a grid that are missing, trained by workers; each is kept as soon as it is trained."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zoo_core.contract import ConfigError, OutputError
from zoo_core.runtime.machine import describe_machine
from zoo_core.runtime.progress import Shown
from zoo_core.studies.cells import Cells
from zoo_core.studies.training.scheme import Cell, Scheme, name_of
from zoo_core.studies.training.scores import Run, Scored
from zoo_core.studies.training.subject import Subject
from zoo_core.studies.training.workers import Job, Workers

PREDICTIONS = "predictions"
"""Folder of the predictions, a file a cell, in that of the study."""

SEEDS_THAT_COUNT = 3
"""Fewer say little about how the next would differ."""

WORKER_BYTES = 4_000_000_000
"""Memory that a worker may need: in `zoo study topology` the larger of two held 3.9 GB."""


@dataclass(frozen=True)
class Grid:
    """What is to be trained.

    Attributes:
        study: name of the study.
        subject: what all cells have in common.
        schemes: each is trained with each seed.
        n_seeds: seeds from 0 on.
    """

    study: str
    subject: Subject
    schemes: Sequence[Scheme]
    n_seeds: int

    def cells(self) -> list[Cell]:
        """In the order in which they are trained: those that are compiled alike beside each other."""
        order = sorted(
            set(self.schemes), key=lambda one: (one.topology, one.batch_norm, one.n_ranks, one.sharding, one.rule)
        )
        return [scheme.cell(seed) for scheme in order for seed in range(self.n_seeds)]


def refuse_few_seeds(n_seeds: int) -> None:
    """Intervals need two.

    Raises:
        ConfigError: there are fewer.
    """
    if n_seeds < 2:
        raise ConfigError(f"--seeds needs a number from 2 on, better {SEEDS_THAT_COUNT}. Received: {n_seeds}")


def train(grid: Grid, folder: Path) -> Cells:
    """Train the cells that are missing in a folder.

    Args:
        grid: what is to be trained.
        folder: of the study.
    Raises:
        ZooError: the folder cannot be used, or a cell cannot be trained; what was trained is kept.
    """
    measured = Cells(folder, grid.study, grid.subject.described())
    missing = {name_of(cell): cell for cell in grid.cells() if not _is_kept(measured, cell)}
    if not missing:
        return measured
    grid.subject.pack(folder)
    _make_folder(folder / PREDICTIONS)
    n_workers = workers_for(len(missing), len(os.sched_getaffinity(0)), describe_machine().memory_bytes)
    jobs = [_job(grid.subject, folder, name, cell) for name, cell in missing.items()]
    note = f"{len(missing)} trainings, {n_workers} at a time"
    with Shown().meter(f"{grid.study} study", len(missing), note) as meter, Workers(n_workers) as workers:
        for job, values in workers.train(jobs):
            measured.add(missing[job.name], values)
            meter.advance(note=job.name)
    return measured


def workers_for(n_cells: int, n_cores: int, memory_bytes: int) -> int:
    """How many cells are trained at a time: one a core, as far as memory goes.

    >>> workers_for(21, 2, 16 * 10**9), workers_for(21, 64, 16 * 10**9), workers_for(3, 64, 10**12)
    (2, 4, 3)
    """
    return max(1, min(n_cells, n_cores, memory_bytes // WORKER_BYTES))


def runs_of(measured: Cells, scored: Scored) -> dict[Scheme, dict[int, Run]]:
    """The numbers of each cell of a folder, by scheme and seed.

    Args:
        measured: the cells.
        scored: makes the numbers.
    """
    found: dict[Scheme, dict[int, Run]] = {}
    for row in sorted(measured.rows("seed"), key=lambda row: int(row["seed"])):
        scheme, seed = Scheme.of(row), int(row["seed"])
        if (path := predictions_of(measured.folder, scheme.cell(seed))).exists():
            found.setdefault(scheme, {})[seed] = scored.run(path)
    return found


def values_of(measured: Cells, scheme: Scheme) -> list[Mapping[str, Any]]:
    """What is kept of each seed of a scheme."""
    return [row for row in measured.rows("seed") if Scheme.of(row) == scheme]


def predictions_of(folder: Path, cell: Cell) -> Path:
    """The file of a cell."""
    return folder / PREDICTIONS / f"{name_of(cell)}.parquet"


def _is_kept(measured: Cells, cell: Cell) -> bool:
    return cell in measured and predictions_of(measured.folder, cell).exists()


def _job(subject: Subject, folder: Path, name: str, cell: Cell) -> Job:
    # Workers may be elsewhere than this process.
    settings = subject.settings(Scheme.of(cell), cell["seed"], folder.absolute())
    return Job(name, settings, predictions_of(folder.absolute(), cell))


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"--out needs a folder that can be written. Received: '{folder}' ({error.strerror})"
        ) from error
