"""The study from its plan to its folder: models are converted, predict a part of the split, and are timed in turn."""

import shutil
from pathlib import Path
from typing import Any

from zoo_core.data.calibration import draw_calibration
from zoo_core.runtime.progress import Shown
from zoo_core.runtime.whole_folder import whole_folder
from zoo_core.studies.cells import Cells
from zoo_core.studies.precision.job import Job
from zoo_core.studies.precision.plan import Plan
from zoo_core.studies.precision.subject import Candidate
from zoo_core.studies.precision.workers import Workers

STUDY = "precision"

N_CALIBRATION, SEED = 300, 0
"""Training examples that a conversion of the study sees, as 'zoo quantize' takes them; and of their draw."""


def measure(plan: Plan, out: Path) -> Cells:
    """Measure the cells that are missing in a folder.

    Args:
        plan: what is to be measured.
        out: folder of the study.
    Raises:
        ZooError: the folder, a network or the data cannot be used.
    """
    cells = Cells(out, STUDY, plan.settings())
    progress = Shown()
    for candidate in plan.candidates:
        if candidate.folder is None:
            _convert(plan, cells, candidate, progress)
    for candidate in plan.candidates:
        _predict(plan, cells, candidate, progress)
    _time(plan, cells, progress)
    return cells


def network_folder(candidate: Candidate, out: Path) -> Path:
    """Where a precision's network is: of one that the study has converted, within its own folder."""
    return candidate.folder or out / "models" / candidate.name


def predictions_file(out: Path, name: str) -> Path:
    """What a precision has predicted."""
    return out / f"predictions-{name}.parquet"


def _convert(plan: Plan, cells: Cells, candidate: Candidate, progress: Shown) -> None:
    cell, folder = {"converted": candidate.name}, network_folder(candidate, cells.folder)
    if cell in cells and folder.is_dir():
        return
    shutil.rmtree(folder, ignore_errors=True)  # of a study that was killed before it could say so
    predictions_file(cells.folder, candidate.name).unlink(missing_ok=True)  # of a network that is no longer there
    prepared = plan.subject.prepared
    rows = prepared.rows("train")
    binary = [label.kind == "binary" for label in prepared.task.labels]
    drawn = rows[draw_calibration(prepared.examples().truth(rows)[:, binary], N_CALIBRATION, SEED)]
    progress.say(f"converting to {candidate.name}, calibrated on {len(drawn)} training examples")
    with whole_folder(folder) as hidden, Workers([_job(plan, candidate.name, hidden)]) as workers:
        values = workers.ask(candidate.name, {"do": "convert", "rows": drawn.tolist()})
    ids = prepared.index["example_id"].iloc[drawn].astype(str).tolist()
    cells.add(cell, {**values, "n": len(drawn), "seed": SEED, "example_ids": ids})


def _predict(plan: Plan, cells: Cells, candidate: Candidate, progress: Shown) -> None:
    """By a process of its own: what it leaves behind, such as a network that is compiled, is not timed."""
    cell, path = {"predicted": candidate.name}, predictions_file(cells.folder, candidate.name)
    if cell in cells and path.exists():
        return
    job = _job(plan, candidate.name, network_folder(candidate, cells.folder))
    n_images = len(plan.subject.prepared.rows(plan.part))
    with progress.meter(f"predicting {plan.part} in {candidate.name}", n_images) as meter, Workers([job]) as workers:
        cells.add(cell, workers.ask(candidate.name, {"do": "predict", "to": str(path)}, meter.advance))


def _time(plan: Plan, cells: Cells, progress: Shown) -> None:
    missing = [cell for cell in plan.turns() if cell not in cells]
    if not missing:
        return
    jobs = [_job(plan, one.name, network_folder(one, cells.folder)) for one in plan.candidates]
    total = len(jobs) * (1 + len(missing))
    with progress.meter("precision study", total, "loading networks") as meter, Workers(jobs) as workers:
        for name in plan.names:
            loaded = workers.ask(name, {"do": "load"})
            if {"loaded": name} not in cells:
                cells.add({"loaded": name}, loaded)
            meter.advance(note=f"{name} loaded")
        for cell in missing:
            order, times = plan.order(cell["turn"]), dict[str, Any]()
            for name in order:
                times[name] = workers.ask(name, {"do": "time"})
                meter.advance(note=f"turn {cell['turn'] + 1}, {name}")
            cells.add(cell, {"order": order, "times": times})


def _job(plan: Plan, name: str, network: Path) -> Job:
    sizes = (plan.batch_size, plan.n_images, plan.n_calls)
    return Job(str(plan.subject.run), name, str(network), plan.part, *sizes)
