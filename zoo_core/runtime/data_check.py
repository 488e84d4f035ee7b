"""Reads every example of a data set and says what is wrong, what is odd, and whether it is fit to train on."""

import os
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from zoo_core import plugins
from zoo_core.contract import ConfigError, DatasetAdapter, SplitError
from zoo_core.data.inspection.copies import find_copies
from zoo_core.data.inspection.labels import Count, count_labels, find_empty_strata
from zoo_core.data.inspection.looks import Look, look_at
from zoo_core.data.inspection.polarity import find_inverted
from zoo_core.data.soundness import MOST_UNREADABLE
from zoo_core.data.splits import ALL, PARTS, Split
from zoo_core.runtime.config import Choice, SplitConfig
from zoo_core.runtime.prepare import make_split
from zoo_core.runtime.progress import Shown
from zoo_core.runtime.settings import read_toml

TABLE_ROW = "meta.table_row"
"""The column of an index in which an adapter says where a row stands in the source's table, as a spreadsheet counts."""

MOST_CONSTANT = 0.01
"""Share of pictures of one value above which something is wrong with the files and not with a few of them."""

USUAL = 0.9
"""Share of pictures of one size from which on another size is odd."""


@dataclass(frozen=True)
class Finding:
    """One thing that was found.

    Attributes:
        kind: of the finding, a word that does not change: `unreadable`, `copies` and the like.
        is_fault: whether it has to be mended before training.
        text: what was found, in words.
        rows: of the index that it concerns.
    """

    kind: str
    is_fault: bool
    text: str
    rows: tuple[int, ...] = ()


@dataclass(frozen=True)
class DataReport:
    """What a look at every example showed.

    Attributes:
        data: name of the data set.
        title: of its card.
        n_examples: rows of its index.
        split: name of the split; empty where there is none that holds.
        parts: number of examples by part.
        labels: counts by part.
        findings: faults first.
    """

    data: str
    title: str
    n_examples: int
    split: str
    parts: Mapping[str, int]
    labels: tuple[Count, ...]
    findings: tuple[Finding, ...]

    @property
    def is_fit(self) -> bool:
        """Whether nothing has to be mended before training."""
        return not any(finding.is_fault for finding in self.findings)

    @property
    def verdict(self) -> str:
        """The last sentence."""
        kinds = list(dict.fromkeys(finding.kind for finding in self.findings if finding.is_fault))
        n_notes = sum(not finding.is_fault for finding in self.findings)
        if kinds:
            return f"Not fit to train on: {', '.join(kinds)} must be mended first."
        return f"Fit to train on; {_counted(n_notes, 'note')} to read first." if n_notes else "Fit to train on."


@dataclass(frozen=True)
class _Subject:
    """What findings are made of."""

    adapter: DatasetAdapter
    index: pd.DataFrame
    parts: Mapping[str, np.ndarray]
    looks: Sequence[Look]

    def names(self, rows: Sequence[int], most: int = 3) -> str:
        """The first of the rows, by their place in the source's table where the adapter says it."""
        column = self.index[TABLE_ROW].tolist() if TABLE_ROW in self.index else range(len(self.index))
        named = ", ".join(str(column[row]) for row in rows[:most])
        more = f" and {len(rows) - most:,} more" if len(rows) > most else ""
        return f"{'table ' if TABLE_ROW in self.index else ''}row{'s' if len(rows) > 1 else ''} {named}{more}"


def check_data(data: Choice, split: SplitConfig) -> DataReport:
    """Read and report.

    Args:
        data: the data set.
        split: how examples are parted.
    Raises:
        ZooError: the data set or the split cannot be used at all; says which and why.
    """
    progress = Shown()
    adapter: DatasetAdapter = plugins.create("dataset", data.name, data.options)
    index = adapter.index()
    parted, faults = _split(adapter, index, split)
    parts = _parts(index, parted)
    progress.say(f"{data.name}: {adapter.card.title}; {_counted(len(index), 'example')}")
    with progress.meter("reading", len(index)) as meter:
        looks = look_at(adapter, np.arange(len(index)), len(os.sched_getaffinity(0)), lambda: meter.advance())
    counts = count_labels(index, adapter.labels, parts)
    subject = _Subject(adapter, index, parts, looks)
    findings = [*faults, *_of_files(subject), *_of_pictures(subject), *_of_labels(subject, counts)]
    return DataReport(
        data=data.name,
        title=adapter.card.title,
        n_examples=len(index),
        split=parted.name if parted else "",
        parts={part: len(rows) for part, rows in parts.items()},
        labels=tuple(counts),
        findings=tuple(sorted(findings, key=lambda finding: not finding.is_fault)),
    )


def named_adapter(path: Path) -> str:
    """Name of the adapter that a TOML file is for, as its top says.

    Raises:
        ConfigError: the file cannot be read, is no TOML, or names none.
    """
    name = read_toml(path, "A data set's description").get("dataset")
    if not isinstance(name, str):
        raise ConfigError(
            f'A data set\'s description needs the name of its adapter, such as dataset = "table", at its top. '
            f"Received: '{path}' with {'none' if name is None else repr(name)}"
        )
    return name


def _split(adapter: DatasetAdapter, index: pd.DataFrame, config: SplitConfig) -> tuple[Split | None, list[Finding]]:
    """The split that a run would take; where none holds, why."""
    try:
        return make_split(adapter, index, config), []
    except SplitError as error:
        return None, [Finding("split", is_fault=True, text=str(error))]


def _parts(index: pd.DataFrame, split: Split | None) -> dict[str, np.ndarray]:
    if split is None:
        return {ALL: np.arange(len(index))}
    return {part: split.rows(part) for part in PARTS}


def _of_files(subject: _Subject) -> Iterator[Finding]:
    reasons = {look.row: look.unreadable for look in subject.looks if look.unreadable}
    for part, rows in subject.parts.items():
        bad = [row for row in rows.tolist() if row in reasons]
        if bad:
            too_many = len(bad) > MOST_UNREADABLE * len(rows)
            limit = f", and at most {MOST_UNREADABLE:.0%} may be" if too_many else ": they are left out"
            text = f"{len(bad):,} of {len(rows):,} in {part} cannot be read{limit}; such as {reasons[bad[0]]}"
            yield Finding("unreadable", too_many, text, tuple(bad))
    undeclared = _by_words(subject.looks, lambda look: (look.undeclared,) if look.undeclared else ())
    for what, bad in undeclared.items():
        yield Finding("undeclared", is_fault=True, text=f"{what}: {subject.names(bad)}", rows=tuple(bad))
    for what, odd in _by_words(subject.looks, lambda look: look.oddities).items():
        yield Finding("odd", False, f"{what}: {_counted(len(odd), 'example')}, {subject.names(odd)}", tuple(odd))


def _by_words(looks: Sequence[Look], words: Callable[[Look], Iterable[str]]) -> dict[str, list[int]]:
    """Rows of which the same is said, by what is said."""
    rows = defaultdict(list)
    for look in looks:
        for what in words(look):
            rows[what].append(look.row)
    return rows


def _of_pictures(subject: _Subject) -> Iterator[Finding]:
    constant = tuple(look.row for look in subject.looks if look.is_constant)
    if constant:
        text = f"{_counted(len(constant), 'picture')} of one value, which show nothing: {subject.names(constant)}"
        yield Finding("constant", len(constant) > MOST_CONSTANT * len(subject.looks), text, constant)
    yield from _of_copies(subject)
    polarity = find_inverted(subject.looks)
    if polarity.inverted:
        text = (
            f"{_counted(len(polarity.inverted), 'picture')} like negatives of most others (correlation with their mean "
            f"below 0; median {polarity.alike:.2f}): {subject.names(polarity.inverted)}. Look at them: this "
            "tells who differs from the majority, and not who is right"
        )
        yield Finding("inverted", is_fault=False, text=text, rows=polarity.inverted)
    yield from _of_sizes(subject)


def _of_copies(subject: _Subject) -> Iterator[Finding]:
    part_of = {row: part for part, rows in subject.parts.items() for row in rows.tolist()}
    sets = find_copies(subject.looks)
    leaks = [rows for rows in sets if len({part_of.get(row, "") for row in rows} - {""}) > 1]
    within = [rows for rows in sets if rows not in leaks]
    for kind, is_fault, found, where in (
        ("leak", True, leaks, "in different parts of the split"),
        ("copies", False, within, "in one part of the split"),
    ):
        if found:
            rows = tuple(row for rows in found for row in rows)
            text = f"{_counted(len(found), 'set')} of pictures that look the same {where}: {subject.names(found[0])}"
            yield Finding(kind, is_fault, text, rows)


def _of_sizes(subject: _Subject) -> Iterator[Finding]:
    sizes = Counter(look.size_px for look in subject.looks if look.size_px)
    if not sizes:
        return
    usual, n_usual = sizes.most_common(1)[0]
    other = tuple(look.row for look in subject.looks if look.size_px and look.size_px != usual)
    if other and n_usual >= USUAL * sizes.total():
        text = f"{_counted(len(other), 'picture')} not of the usual size {usual[0]} x {usual[1]} px"
        yield Finding("size", is_fault=False, text=f"{text}: {subject.names(other)}", rows=other)


def _of_labels(subject: _Subject, counts: Sequence[Count]) -> Iterator[Finding]:
    first = next(iter(subject.parts))
    if not any(count.tells_apart for count in counts if count.part == first):
        yield Finding("labels", is_fault=True, text=f"no label has anything to tell apart in {first}")
    flat = defaultdict(list)
    for count in counts:
        if not count.tells_apart:
            flat[count.part].append(count.label)
    for part, labels in flat.items():
        yield Finding("labels", False, f"in {part} there is one value alone, or none, of: {', '.join(labels)}")
    identifiers = (TABLE_ROW, *subject.adapter.group_columns)
    columns = [c for c in map(str, subject.index) if c.startswith("meta.") and c not in identifiers]
    measured = {part: rows for part, rows in subject.parts.items() if part not in ("train", "validation")}
    empty = find_empty_strata(subject.index, subject.adapter.labels, columns, measured)
    if empty:
        shown = "; ".join(f"{e.label} where {e.column.removeprefix('meta.')} is {e.value} (n {e.n})" for e in empty[:3])
        more = f" and {len(empty) - 3:,} more" if len(empty) > 3 else ""
        yield Finding("strata", False, f"in {empty[0].part} no positive, so that nothing is measured: {shown}{more}")


def _counted(n: int, what: str) -> str:
    return f"{n:,} {what}{'' if n == 1 else 's'}"
