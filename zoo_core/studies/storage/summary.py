"""What the runs of each cell say together, and what a reader must know before the numbers."""

import statistics
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from zoo_core.report.wording import Verdict, counted
from zoo_core.studies.storage.formats import FORMATS
from zoo_core.studies.storage.plan import ASKED

BUSY = 0.9
"""Of the time, that an accelerator of MLPerf Storage has to compute."""

MEMORIES = 5
"""Times the memory, that data have to be in MLPerf Storage for its cache not to hold them."""

SPREAD = ("images_per_s", "mb_per_s", "batch_p50_ms", "batch_p99_ms", "utilisation")
"""Numbers with a spread: median, lowest and highest of the runs."""

Row = dict[str, Any]
Summary = dict[str, Any]


def summaries(rows: Sequence[Row]) -> list[Summary]:
    """One record a cell, over its runs, in the order of places as they were measured, ranks, formats and states."""
    places = list(dict.fromkeys(row["place"] for row in rows))

    def order(row: Row) -> tuple[int, ...]:
        named = list(FORMATS).index(row["format"]), ASKED.index(row["asked"])
        return places.index(row["place"]), row["n_ranks"], *named

    return [_summary(list(runs)) for _, runs in groupby(sorted(rows, key=order), order)]


def verdicts(cells: Sequence[Summary], memory_bytes: int) -> list[Verdict]:
    """What keeps an accelerator busy, place by place, and what takes something away from the numbers.

    Args:
        cells: of `summaries`.
        memory_bytes: of the machine.
    """
    by_place = [list(group) for _, group in groupby(cells, lambda cell: cell["place"])]
    found = [
        verdict
        for group in by_place
        for verdict in (*_busy(group), *_fastest([cell for cell in group if cell["asked"] == "warm"]))
    ]
    return [*found, *_warnings(cells, memory_bytes)]


def state_words(cell: Summary) -> str:
    """The state of a cell as a reader is told: what was proven, and what was wanted where that is another."""
    return str(cell["state"]) if cell["state"] == cell["asked"] else f"unknown (asked for {cell['asked']})"


def _summary(runs: list[Row]) -> Summary:
    first = runs[0]
    same = ("place", "filesystem", "format", "n_ranks", "asked", "more_ranks_than_cores", "n_bytes", "bytes_per_image")
    opens = [run["opens"] for run in runs]
    return {
        **{name: first[name] for name in same},
        "state": first["state"] if len({run["state"] for run in runs}) == 1 else "unknown",
        "n_runs": len(runs),
        "opens": None if None in opens else round(statistics.median(opens)),
        **{name: _spread([run[name] for run in runs]) for name in SPREAD},
    }


def _spread(values: list[float]) -> list[float]:
    return [statistics.median(values), min(values), max(values)]


def _busy(cells: Sequence[Summary]) -> Iterator[Verdict]:
    """For one place: the formats that keep an accelerator busy with any number of ranks, and where others do not."""
    for asked in ASKED:
        own = [cell for cell in cells if cell["asked"] == asked]
        if not own or (asked == "cold" and all(cell["state"] == "unknown" for cell in own)):
            continue
        failed = [cell for cell in own if cell["utilisation"][0] < BUSY]
        slow = {cell["format"] for cell in failed}
        busy = [FORMATS[name].title for name in FORMATS if name in {cell["format"] for cell in own} - slow]
        who = f"{_listed(busy)} {'keeps' if len(busy) == 1 else 'keep'}" if busy else "no format keeps"
        head = f"{own[0]['place']}, {asked}: {who} the accelerator busy with any number of ranks."
        text = f"At least {100 * BUSY:.0f} % of the time, MLPerf Storage's line."
        if failed:
            text += f" Below it: {'; '.join(map(_low, failed))}."
        yield Verdict("note" if busy else "warning", head, text)


def _low(cell: Summary) -> str:
    return (
        f"{FORMATS[cell['format']].title} {100 * cell['utilisation'][0]:.0f} % with {counted(cell['n_ranks'], 'rank')}"
        f"{', more than cores' if cell['more_ranks_than_cores'] else ''}"
    )


def _fastest(cells: Sequence[Summary]) -> Iterator[Verdict]:
    """For one place, warm: how the formats stand to the fastest with as many ranks as there are cores, or one."""
    fitting = [cell for cell in cells if not cell["more_ranks_than_cores"]] or list(cells)
    most = max((cell["n_ranks"] for cell in fitting), default=0)
    own = sorted((c for c in fitting if c["n_ranks"] == most), key=lambda c: -c["images_per_s"][0])
    if len(own) < 2:
        return
    rate = own[0]["images_per_s"][0]
    head = (
        f"{own[0]['place']}, warm, {counted(most, 'rank')}: {FORMATS[own[0]['format']].title} is the fastest, "
        f"{rate:,.0f} images/s."
    )
    others = (f"{rate / c['images_per_s'][0]:.1f} times {FORMATS[c['format']].title}" for c in own[1:])
    yield Verdict("note", head, f"That is {_listed(list(others))}, medians of {counted(own[0]['n_runs'], 'run')}.")


def _warnings(cells: Sequence[Summary], memory_bytes: int) -> Iterator[Verdict]:
    largest = max(cell["n_bytes"] for cell in cells)
    if largest < MEMORIES * memory_bytes:
        text = (
            f"{_size(largest)} of data, {_size(memory_bytes)} of memory. MLPerf Storage wants {MEMORIES} times the "
            "memory, so that no cache holds them; warm cells here are the speed of memory and of decoding."
        )
        yield Verdict("warning", f"The data are smaller than {MEMORIES} times the memory.", text)
    unknown = sorted({cell["place"] for cell in cells if cell["state"] == "unknown"})
    if unknown:
        text = "The kernel does not confirm it; a file system in memory is never cold."
        yield Verdict("warning", f"The state of some cells is unknown: {', '.join(unknown)}.", text)
    crowded = sorted({cell["n_ranks"] for cell in cells if cell["more_ranks_than_cores"]})
    if crowded:
        text = "They share cores, and what they lose by it is no property of a place or a format."
        yield Verdict("warning", f"More ranks than cores: {', '.join(map(str, crowded))}.", text)


def _listed(names: list[str]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else "".join(names)


def _size(n_bytes: int) -> str:
    return f"{n_bytes / 1e9:,.1f} GB" if n_bytes >= 1e9 else f"{n_bytes / 1e6:,.1f} MB"
