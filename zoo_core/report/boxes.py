"""Whether the model looks at the place of the finding: its maps against boxes that people drew."""

from collections.abc import Iterator, Mapping

from zoo_core.report.drawing import Forest, interval_forest
from zoo_core.report.evidence import Node
from zoo_core.report.wording import Verdict, counted, percent

MARKS = ("prior", "chance", "ceiling")
"""Beside the pointing of the model's maps: that of place alone, of a guess, and of the best map with these cells."""


def box_forests(localization: Node) -> Mapping[str, Forest]:
    """The pointing game of each finding on an axis from 0 to 1, beside its marks; and of all together."""
    rows = {**localization["labels"], "pooled": localization["pooled"]}
    return {name: _forest(row) for name, row in rows.items() if row["pointing"]}


def box_verdicts(localization: Node | None) -> Iterator[Verdict]:
    """Whether the maps are shown to know more than where boxes of the finding usually lie."""
    if localization is None or "reason" in localization:
        return
    pooled = localization["pooled"]
    difference = pooled["difference_to_prior"]
    if pooled["pointing"] is None or difference is None:
        return
    text = (
        f"The highest point of the map lies in a box in {percent(pooled['pointing'][0])} of "
        f"{counted(pooled['n_maps'], 'map')}; the usual place of the finding alone does in {percent(pooled['prior'])}."
    )
    if difference[1] is not None and difference[1] > 0:
        yield Verdict("note", "Maps point better than place alone.", text)
    else:
        yield Verdict("warning", "Maps are not shown to point better than place alone.", text)


def _forest(row: Node) -> Forest:
    marks = {kind: [row[kind]] for kind in MARKS if row.get(kind) is not None}
    return interval_forest(row["pointing"], marks, 0.0)
