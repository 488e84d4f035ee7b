"""The study from its plan to its folder: files are written place by place, measured, and removed."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from zoo_core.runtime.progress import Meter, Shown
from zoo_core.studies.cells import Cells
from zoo_core.studies.step_time import StepShape, measured_step_s
from zoo_core.studies.storage.formats import FORMATS
from zoo_core.studies.storage.measuring import Bench, measured
from zoo_core.studies.storage.pictures import Pictures
from zoo_core.studies.storage.places import filesystem, made_folder, refuse_unusable
from zoo_core.studies.storage.plan import Cell, Plan
from zoo_core.studies.storage.rank import Job
from zoo_core.studies.storage.ranks import Ranks

STUDY = "storage"


def measure(plan: Plan, out: Path) -> Cells:
    """Measure the cells that are missing in a folder.

    Args:
        plan: what is to be measured.
        out: folder of the study.
    Raises:
        ZooError: a place, the folder or a topology cannot be used.
    """
    refuse_unusable(plan.places, plan.n_bytes)
    cells = Cells(out, STUDY, plan.settings())
    missing = {place: [cell for cell in plan.cells(place) if cell not in cells] for place in plan.places}
    missing = {place: those for place, those in missing.items() if those}
    total = sum(map(len, missing.values())) + len(FORMATS) * len(missing)
    with Shown().meter("storage study", total, "train step") as meter:
        step_s = step_seconds(plan, cells)
        for place, those in missing.items():
            with made_folder(place) as folder:
                _write(plan, folder, meter)
                for cell, values in _measured(plan, folder, those, step_s):
                    cells.add(cell, {**values, "filesystem": filesystem(place)})
                    meter.advance(note=_note(cell))
    return cells


def step_seconds(plan: Plan, cells: Cells) -> float:
    """How long an accelerator computes: as the user says, or as was measured once for this folder."""
    step = plan.step
    if not isinstance(step, StepShape):
        return step / 1e3
    values = cells.known({"step": step.topology}, lambda: {"step_s": measured_step_s(step)})
    return float(values["step_s"])


def _write(plan: Plan, folder: Path, meter: Meter) -> None:
    pictures = Pictures(folder / "png", plan.shape.n_images, plan.shape.size_px)
    for name, one in FORMATS.items():
        (folder / name).mkdir()
        one.write(pictures, folder / name)
        meter.advance(note=f"{folder.parent}: {one.title} written")


def _measured(plan: Plan, folder: Path, cells: Sequence[Cell], step_s: float) -> Iterator[tuple[Cell, dict[str, Any]]]:
    """Each cell with its values; the ranks of neighbouring cells are started once."""
    for (name, n_ranks), group in groupby(cells, lambda cell: (cell["format"], cell["n_ranks"])):
        jobs = [Job(name, str(folder / name), plan.shape, rank, n_ranks) for rank in range(n_ranks)]
        files = FORMATS[name].files(folder / name)
        with Ranks(jobs) as ranks:
            bench = Bench(ranks, files, plan.shape.n_images, step_s)
            for cell in group:
                yield cell, measured(bench, cell)


def _note(cell: Cell) -> str:
    return f"{cell['place']}: {FORMATS[cell['format']].title}, ranks {cell['n_ranks']}, {cell['asked']}"
