"""The results of the study as files."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from zoo_core.report.wording import METRIC_TITLES
from zoo_core.studies.accuracy.summary import record_of, resolution, shown
from zoo_core.studies.cells import Cells
from zoo_core.studies.files import as_csv, written
from zoo_core.studies.page import inlined, render
from zoo_core.studies.topology.drawing import curves_chart, findings_chart
from zoo_core.studies.topology.summary import SIGNED, Entry, entries, row_of, verdicts
from zoo_core.studies.training.grid import runs_of
from zoo_core.studies.training.results import Results, each_training, facts, limits
from zoo_core.studies.training.scheme import Scheme
from zoo_core.studies.training.scores import MEAN, Scored
from zoo_core.studies.training.subject import Subject


def write_results(subject: Subject, measured: Cells, order: Sequence[Scheme]) -> Results:
    """Write what was found of some schemes.

    Args:
        subject: what all cells have in common.
        measured: cells of all schemes of `order`.
        order: schemes; the topology of the first is what the others are held against.
    Raises:
        ZooError: predictions cannot be read, or a file cannot be written.
    """
    scored, batch = Scored(subject.metric), subject.wanted.per_rank_batch_size
    runs = runs_of(measured, scored)
    found = entries(runs, order, list(scored.n_positive), scored.n_groups)
    told = [*verdicts(found), *limits(subject, min(entry.n_seeds for entry in found))]
    title = f"{METRIC_TITLES[subject.metric]} against the global batch"
    curves = curves_chart(found, batch, subject.metric, title)
    findings = findings_chart(found, batch, f"{METRIC_TITLES[subject.metric]} by finding")
    view = {"verdicts": told, "curves": inlined(curves), "findings": inlined(findings)}
    tables = {"order": order, "entries": found, "positives": scored.n_positive, "batches": _batches(order)}
    contents = {
        "trainings.csv": each_training(subject, measured, runs),
        "topology.csv": as_csv([row_of(entry, batch) for entry in found]),
        "topology.png": curves,
        "topology-findings.png": findings,
        "topology.html": render("topology.html.j2", {**_common(subject, scored), **view, **tables}).encode(),
    }
    record = {"settings": subject.described(), "entries": [_record(entry) for entry in found]}
    header = ("TOPOLOGY", "RANKS", "GLOBAL BATCH", "SEEDS", METRIC_TITLES[subject.metric], f"MINUS {order[0].topology}")
    table = [(*header, "MINUS ONE PROCESS"), *(_words(entry, batch) for entry in found if entry.label == MEAN)]
    return Results(record, told, table, written(measured.folder, contents))


def _batches(order: Sequence[Scheme]) -> list[int]:
    return sorted({scheme.n_ranks for scheme in order})


def _common(subject: Subject, scored: Scored) -> dict[str, Any]:
    return {
        "facts": facts(subject, scored),
        "metric_title": METRIC_TITLES[subject.metric],
        "resolution": resolution,
        "signed": SIGNED,
        "mean": MEAN,
        "drawn": subject.prepared.adapter.card.drawn,
    }


def _record(entry: Entry) -> dict[str, Any]:
    means = {name: record_of(getattr(entry, name)) for name in ("value", "relative", "change")}
    return {**asdict(entry.scheme), "finding": entry.label or "mean", "n_seeds": entry.n_seeds, **means}


def _words(entry: Entry, batch: int) -> list[str]:
    scheme = entry.scheme
    means = [shown(mean, SIGNED) if mean else "" for mean in (entry.relative, entry.change)]
    sizes = (str(scheme.n_ranks), str(scheme.n_ranks * batch), str(entry.n_seeds))
    return [scheme.topology, *sizes, shown(entry.value), *means]
