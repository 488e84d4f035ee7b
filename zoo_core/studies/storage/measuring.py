"""One cell, once: every image read once by ranks that begin together, and then again at an accelerator's pace."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from zoo_core.studies.storage.opens import Opens
from zoo_core.studies.storage.plan import Cell, more_than_cores
from zoo_core.studies.storage.ranks import Answer, Ranks
from zoo_core.studies.storage.residency import State, bring_into

ACCELERATED_S = 2.0
"""How long an accelerator is emulated in a cell, or four steps where those last longer."""


@dataclass(frozen=True)
class Bench:
    """What the cells of a group are measured with.

    Attributes:
        ranks: that read.
        files: that an epoch reads.
        n_images: in them.
        step_s: of an accelerator.
    """

    ranks: Ranks
    files: Sequence[Path]
    n_images: int
    step_s: float


def measured(bench: Bench, cell: Cell) -> dict[str, Any]:
    """Measure a cell.

    Args:
        bench: of the cell's group.
        cell: of `Plan.cells`.
    Returns:
        See `as_values`.
    Raises:
        MachineError: a rank failed.
        RuntimeError: an image was read twice, or not at all.
    """
    # A seed of its own for each run, the same in every cell: formats are compared on the same permutations.
    seed = cell["run"]
    bench.ranks.open(seed, do="read")
    state = bring_into(cell["asked"], bench.files)
    with Opens(bench.files) as opens:
        at, answers = bench.ranks.begin()
    bench.ranks.open(seed, do="train", step_s=bench.step_s, most_s=ACCELERATED_S)
    again = bring_into(cell["asked"], bench.files)
    _, steps = bench.ranks.begin()
    _refuse_uncounted(answers, bench.n_images)
    end = max(answer["end"] for answer in answers)
    found = {"seed": seed, "state": proven(state, again), "wall_s": end - at}
    found["opens"] = n_opens(opens.count, answers)
    return {**found, **as_values(bench, answers, end - at), **utilisation(steps), **_flags(cell)}


def as_values(bench: Bench, answers: Sequence[Answer], wall_s: float) -> dict[str, Any]:
    """The numbers of one epoch.

    Args:
        bench: that it was read with.
        answers: of the ranks.
        wall_s: from the moment when all ranks began to the last one's last batch.
    Returns:
        `n_bytes` are those of the files that an epoch reads, as they are stored, so that `images_per_s` times
        `bytes_per_image` is `mb_per_s` (10^6 bytes). Waits are those of all ranks for their whole batches, each from
        the batch before, without anything done in between.
    """
    n_bytes = sum(path.stat().st_size for path in bench.files)
    waits = np.concatenate([answer["waits_s"] for answer in answers])
    p50, p99 = 1e3 * np.percentile(waits, (50, 99))
    device = [answer["device_bytes"] for answer in answers]
    return {
        "n_images": bench.n_images,
        "n_bytes": n_bytes,
        "bytes_per_image": n_bytes / bench.n_images,
        "images_per_s": bench.n_images / wall_s,
        "mb_per_s": n_bytes / 1e6 / wall_s,
        "batch_p50_ms": float(p50),
        "batch_p99_ms": float(p99),
        "n_batches": len(waits),
        "device_mb": None if None in device else sum(device) / 1e6,
    }


def n_opens(reported: int | None, answers: Sequence[Answer]) -> int | None:
    """How often files were opened; None where nobody can say.

    Args:
        reported: by the kernel for the files, whoever opened them; two ranks that open one file at one moment may count
            once.
        answers: of the ranks, each with `n_opens` that Python has told: all but those of TensorFlow and tensorstore.
    """
    return None if reported is None else max(reported, sum(answer["n_opens"] for answer in answers))


def utilisation(answers: Sequence[Answer]) -> dict[str, Any]:
    """The part of the time in which accelerators compute, the mean over ranks.

    Source:
        MLPerf Storage, rules of its training workloads: AU = total compute time / total running time, in percent, which
        is to be 90 or more; time before the first step is done is left out.
    """
    shares = [answer["compute_s"] / answer["total_s"] for answer in answers]
    return {"utilisation": float(np.mean(shares)), "n_steps": sum(answer["n_steps"] for answer in answers)}


def proven(*states: State) -> State:
    """The state that all agree on."""
    return states[0] if len(set(states)) == 1 else "unknown"


def _flags(cell: Mapping[str, Any]) -> dict[str, Any]:
    return {"more_ranks_than_cores": more_than_cores(cell["n_ranks"])}


def _refuse_uncounted(answers: Sequence[Answer], n_images: int) -> None:
    read = [answer["n_images"] for answer in answers]
    if sum(read) != n_images:
        raise RuntimeError(f"{n_images} images are to be read once each; the ranks have read {read}")
