"""What the seeds of each topology and global batch say together, for the mean and for each finding."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from zoo_core.data.order import Sharding
from zoo_core.evaluation.seeds import SeedMean
from zoo_core.report.wording import Verdict
from zoo_core.runtime.config import RateRule
from zoo_core.studies.accuracy.summary import Runs, difference_of, metric_of, record_of, resolution, shown
from zoo_core.studies.training.scheme import Scheme
from zoo_core.studies.training.scores import MEAN

SIGNED = "{:+.3f}"


@dataclass(frozen=True)
class Entry:
    """One topology with one global batch, for one finding or for their mean.

    Attributes:
        scheme: how it was trained.
        label: the finding, or `MEAN`.
        n_seeds: that it was trained with.
        value: the metric; None where it is undefined.
        relative: minus the first topology at the same global batch, paired; None for that, and where it is undefined.
        change: minus one process of the same topology, paired; likewise.
    """

    scheme: Scheme
    label: str
    n_seeds: int
    value: SeedMean | None
    relative: SeedMean | None
    change: SeedMean | None


def schemes(topologies: Sequence[str], ranks: Sequence[int], sharding: Sharding, rule: RateRule) -> list[Scheme]:
    """Each topology with each number of ranks, one process among them."""
    return [_scheme(name, n, sharding, rule) for name in topologies for n in sorted({1, *ranks})]


def entries(runs: Runs, order: Sequence[Scheme], labels: Sequence[str], n_groups: int) -> list[Entry]:
    """An entry for each scheme and label, the mean first.

    Args:
        runs: numbers of each scheme.
        order: schemes; the topology of the first is what the others are held against.
        labels: findings.
        n_groups: patients.
    """
    first = order[0].topology
    return [_entry(runs, scheme, label, first, n_groups) for label in (MEAN, *labels) for scheme in order]


def verdicts(found: Sequence[Entry]) -> Iterator[Verdict]:
    """For each topology, what the largest global batch costs, and how it stands to the first topology there."""
    means = [entry for entry in found if entry.label == MEAN]
    for name in dict.fromkeys(entry.scheme.topology for entry in means):
        last = [entry for entry in means if entry.scheme.topology == name][-1]
        said = {"lower": "loses AUROC", "higher": "gains AUROC", "not resolved": "is not told from its one process"}
        told = said.get(resolution(last.change), "has no interval")
        text = f"Against its own one process: {shown(last.change, SIGNED)}."
        if last.relative:
            told_apart = {"lower": "below", "higher": "above", "not resolved": "not told from"}
            how = told_apart.get(resolution(last.relative), "beside")
            text += f" There it is {how} {means[0].scheme.topology}: {shown(last.relative, SIGNED)}."
        yield Verdict("note", f"{name}, {last.scheme.n_ranks} ranks: {told}.", text)
    yield from _undefined(found)


def row_of(entry: Entry, per_rank_batch_size: int) -> Mapping[str, Any]:
    """A line of the CSV file; undefined is empty."""
    scheme = entry.scheme
    named = {
        "topology": scheme.topology,
        "n_ranks": scheme.n_ranks,
        "global_batch_size": scheme.n_ranks * per_rank_batch_size,
        "sharding": scheme.sharding,
        "rule": scheme.rule,
        "finding": entry.label or "mean",
        "n_seeds": entry.n_seeds,
    }
    for name in ("value", "relative", "change"):
        record = record_of(getattr(entry, name)) or {}
        named |= {name: record.get("value"), **{f"{name}_{key}": record.get(key) for key in ("low", "high")}}
    return named


def _undefined(found: Sequence[Entry]) -> Iterator[Verdict]:
    labels = list(dict.fromkeys(entry.label for entry in found if entry.value is None and entry.label != MEAN))
    if labels:
        text = "The test split has no positive or no negative of them; the mean is over the others."
        yield Verdict("warning", f"Undefined: {', '.join(labels)}.", text)


def _scheme(topology: str, n_ranks: int, sharding: Sharding, rule: RateRule) -> Scheme:
    if n_ranks == 1:
        return Scheme.one_process(topology)
    return Scheme(topology, n_ranks, sharding, "per-rank", rule)


def _entry(runs: Runs, scheme: Scheme, label: str, first: str, n_groups: int) -> Entry:
    own = runs[scheme]
    beside = None if scheme.topology == first else runs[scheme.but(topology=first)]
    alone = None if scheme.is_one_process else runs[Scheme.one_process(scheme.topology)]
    return Entry(
        scheme,
        label,
        len(own),
        metric_of(own, n_groups, label),
        None if beside is None else difference_of(own, beside, n_groups, label),
        None if alone is None else difference_of(own, alone, n_groups, label),
    )
