"""The study from its plan to its folder: every way is measured once, then all of them again."""

import statistics
from pathlib import Path
from typing import Any

import numpy as np

from zoo_core.runtime.progress import Shown
from zoo_core.studies.cells import Cells
from zoo_core.studies.scaling.plan import FLOAT32, RANKS, STOCK, Cell, Plan
from zoo_core.studies.scaling.rank import Found, Job
from zoo_core.studies.scaling.ranks import found_by_ranks
from zoo_core.studies.step_time import StepShape

STUDY = "scaling"


def measure(plan: Plan, out: Path) -> Cells:
    """Measure the cells that are missing in a folder.

    Args:
        plan: what is to be measured.
        out: folder of the study.
    Raises:
        ZooError: the folder, the topology or the ranks cannot be used.
    """
    cells = Cells(out, STUDY, plan.settings())
    missing = [[cell for cell in launch if cell not in cells] for launch in plan.launches()]
    missing = [launch for launch in missing if launch]
    if not missing:
        return cells
    with Shown().meter("scaling study", len(missing), _note(missing[0])) as meter:
        for i, launch in enumerate(missing):
            for cell, values in _measured(plan, launch):
                cells.add(cell, values)
            meter.advance(note=_note(missing[i + 1]) if i + 1 < len(missing) else "")
    return cells


def _measured(plan: Plan, launch: list[Cell]) -> list[tuple[Cell, dict[str, Any]]]:
    """Each cell of a launch with its values."""
    n_ranks = launch[0]["n_ranks"]
    if "n_bytes" in launch[0]:
        found = found_by_ranks(_all_reduce_job(plan, launch), n_ranks)
        return [(cell, _all_reduce_values(found, cell["n_bytes"])) for cell in launch]
    found = found_by_ranks(_step_job(plan, launch), n_ranks)
    return [(cell, step_values(found, plan.n_images(cell))) for cell in launch]


def _step_job(plan: Plan, launch: list[Cell]) -> Job:
    way, n_ranks = launch[0]["way"], launch[0]["n_ranks"]
    batches = tuple(dict.fromkeys(plan.n_images(cell) for cell in launch))
    precision = FLOAT32 if way in (STOCK, FLOAT32) else plan.precision
    shape = StepShape(plan.topology, precision, plan.size_px, batches[0])
    n_cores = n_ranks * plan.n_cores_per_rank if way == RANKS else plan.n_all_cores
    return Job("stock" if way == STOCK else "train", n_cores, shape, batches, plan.n_steps)


def _all_reduce_job(plan: Plan, launch: list[Cell]) -> Job:
    shape = StepShape(plan.topology, plan.precision, plan.size_px, plan.batch_size)
    n_cores = launch[0]["n_ranks"] * plan.n_cores_per_rank
    return Job("all-reduce", n_cores, shape, sizes_bytes=tuple(cell["n_bytes"] for cell in launch))


def step_values(found: list[Found], n_images: int) -> dict[str, Any]:
    """What steps of some ranks say together.

    The last rank to come to an all-reduce waits for nobody: its time is that of the all-reduce, and what others take
    longer is waiting.

    Args:
        found: by each rank.
        n_images: of a step of all ranks.
    Returns:
        medians of the steps: `step_s` and `all_reduce_s`, means over the ranks; `waiting_s`, of that; and `n_images`,
        `images_per_s` and `n_parameters`.
    """
    steps = [one["steps"][str(n_images)] for one in found]
    step_s = np.mean([one["step_s"] for one in steps], axis=0)
    reduces = np.array([one["all_reduce_s"] for one in steps])
    waiting = reduces.mean(axis=0) - reduces.min(axis=0)
    middle = float(np.median(step_s))
    return {
        "n_images": n_images,
        "step_s": middle,
        "images_per_s": n_images / middle,
        "all_reduce_s": float(np.median(reduces.mean(axis=0))),
        "waiting_s": float(np.median(waiting)),
        "n_parameters": found[0]["n_parameters"],
    }


def _all_reduce_values(found: list[Found], n_bytes: int) -> dict[str, Any]:
    """The median of all-reduces, each as long as its slowest rank took."""
    longest = np.max([one["seconds"][str(n_bytes)] for one in found], axis=0)
    return {"seconds": statistics.median(longest.tolist()), "n_repeats": len(longest)}


def _note(launch: list[Cell]) -> str:
    cell = launch[0]
    n_ranks = f"{cell['n_ranks']} rank{'s' * (cell['n_ranks'] > 1)}"
    if "n_bytes" in cell:
        return f"all-reduces of {n_ranks}"
    return {STOCK: "stock Keras", RANKS: n_ranks}.get(cell["way"], f"one process, {cell['way']} precision")
