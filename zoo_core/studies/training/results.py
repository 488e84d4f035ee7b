"""Results as files: a CSV file of every training, charts and a page, and what the page says of how they were made."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from zoo_core.evaluation.draws import N_REPLICATES
from zoo_core.report.wording import Verdict
from zoo_core.studies.cells import Cells
from zoo_core.studies.files import as_csv
from zoo_core.studies.training.grid import SEEDS_THAT_COUNT
from zoo_core.studies.training.scheme import Scheme
from zoo_core.studies.training.scores import Run, Scored
from zoo_core.studies.training.subject import Subject

ROW = ("topology", "n_ranks", "global_batch_size", "sharding", "batch_norm", "rule", "seed")
"""First columns of the CSV file of every training."""


@dataclass(frozen=True)
class Results:
    """What a study found.

    Attributes:
        found: as JSON has it, but for the verdicts and files.
        verdicts: to be read before the numbers.
        table: what a terminal shows.
        files: CSV files, charts and page.
    """

    found: dict[str, Any]
    verdicts: list[Verdict]
    table: list[Sequence[str]]
    files: list[Path]

    def record(self) -> dict[str, Any]:
        """As JSON has it: all but the table."""
        return {
            **self.found,
            "verdicts": [asdict(verdict) for verdict in self.verdicts],
            "files": [str(path) for path in self.files],
        }


def facts(subject: Subject, scored: Scored) -> dict[str, Any]:
    """What a page says of how its numbers were made."""
    described, card = subject.described(), subject.prepared.adapter.card
    return {
        **described,
        "card": asdict(card),
        "n_train": subject.n_train,
        "n_validation": len(subject.prepared.rows("validation")),
        "n_test": scored.n_examples,
        "n_groups": scored.n_groups,
        "n_replicates": N_REPLICATES,
        "rows_per_shard": subject.form.rows_per_shard,
        "metric": subject.metric,
    }


def limits(subject: Subject, n_seeds: int) -> list[Verdict]:
    """What takes something away from all numbers of a page."""
    found = []
    size, wanted = subject.wanted.size_px, subject.wanted
    if subject.prepared.adapter.card.drawn:
        text = "They show how ranks change a training, not how well anybody would read radiographs."
        found.append(Verdict("warning", "The images are drawn by a program.", text))
    if n_seeds < SEEDS_THAT_COUNT:
        text = f"Of so few, nobody knows how far the next would be: take {SEEDS_THAT_COUNT} or more."
        found.append(Verdict("warning", f"There are {n_seeds} seeds.", text))
    text = (
        f"{subject.n_train} training images of {size} x {size} px, {wanted.n_epochs} epochs: where few steps are "
        "left, a network is stopped before it has learned, and the loss is larger than in trainings of days. "
        "Which way a cause works can be read from it; how much it costs at 224 px and 100,000 images cannot."
    )
    found.append(Verdict("warning", "The trainings are small.", text))
    return found


def each_training(subject: Subject, measured: Cells, runs: Mapping[Scheme, Mapping[int, Run]]) -> bytes:
    """A CSV file, a line a training: its scheme, the metric of each label and their mean, steps, coverage, time.

    Undefined is empty.
    """
    rows = []
    for row in measured.rows("seed"):
        scheme, seed = Scheme.of(row), int(row["seed"])
        if seed not in runs.get(scheme, {}):
            continue
        named = {**scheme.cell(seed), "global_batch_size": scheme.n_ranks * subject.wanted.per_rank_batch_size}
        values = {label or "mean": one.value if one else None for label, one in runs[scheme][seed].items()}
        kept = {"n_steps": row["n_steps"], "seen": sum(row["seen"]) / len(row["seen"]), "never_seen": row["never_seen"]}
        rows.append({**named, "mean": values.pop("mean"), **values, **kept, "wall_s": row["wall_s"]})
    return as_csv(rows, ROW)
