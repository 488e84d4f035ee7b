"""What a report is made from: the files of a run folder, read, and nothing computed from them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

RANKING, CLASSIFICATION, REGRESSION = ("auroc", "auprc"), ("macro_f1",), ("r2", "mae", "rmse")
"""Metrics of labels that are present or absent, of the classes of a label, and of values."""

Node = Mapping[str, Any]
"""Nested values of a JSON file."""


@dataclass(frozen=True)
class Evidence:
    """A finished run.

    Attributes:
        run: `run.json`.
        metrics: `metrics.json`, without the labels of `absent`.
        strata: `strata.json`.
        curves: `curves.parquet`.
        events: `events.jsonl`, in order.
        origin: the key-values of `predictions.parquet`.
        n_damaged_events: lines of `events.jsonl` that could not be read.
        localization: `localization.json`; None where the data set has no boxes.
        maps: `maps.json`; None where no maps were made.
        scaling: `calibration.json` of the model folder; None where none was made, or the model lies elsewhere.
        screen: `screen.json`; None of a task without wells.
        wells: `wells.parquet`; likewise.
        doses: `dose_response.parquet`; likewise.
        trait_wells: `trait_wells.parquet`; None of data that are no plates, or where nothing was measured.
        series: `series.parquet`; None where nothing was followed over time.
        montage: `montage.json`; None of data that are no plates.
        outlines: `outlines.json`; None where none can be drawn.
        absent: labels of the model that no example of the data set has known.
        pictures: by the name that `maps`, `montage` and `outlines` have for them, as `data:` addresses.
    """

    run: Node
    metrics: Node
    strata: Node
    curves: pd.DataFrame
    events: Sequence[Node]
    origin: Node
    n_damaged_events: int = 0
    localization: Node | None = None
    maps: Node | None = None
    scaling: Node | None = None
    screen: Node | None = None
    wells: pd.DataFrame | None = None
    doses: pd.DataFrame | None = None
    trait_wells: pd.DataFrame | None = None
    series: pd.DataFrame | None = None
    montage: Node | None = None
    outlines: Node | None = None
    absent: Sequence[str] = ()
    pictures: Mapping[str, str] = field(default_factory=dict)

    @property
    def split(self) -> str:
        """The part that the report is about: test, or the last there is."""
        return "test" if "test" in self.metrics else list(self.metrics)[-1]

    @property
    def primary(self) -> str:
        """The metric that verdicts are about: the first that the task reports."""
        return str(self.origin["reported_metrics"][0])

    @property
    def metric(self) -> str:
        """The metric of a label that is present or absent: the first of these that the task reports."""
        return next((name for name in self.origin["reported_metrics"] if name in RANKING), self.primary)

    @property
    def judged(self) -> Mapping[str, Node]:
        """What the primary metric judges, by name: labels, or what classes are of, or values."""
        result = self.metrics[self.split]
        place = "classes" if self.primary in CLASSIFICATION else "values" if self.primary in REGRESSION else "labels"
        judged: Mapping[str, Node] = result.get(place, {})
        return judged

    @property
    def drawn(self) -> bool:
        """Whether the images are drawn by a program."""
        return bool(self.run["data"]["card"]["drawn"])

    def epochs(self) -> list[Node]:
        """The last event of each epoch; one that was done again after a resume counts once."""
        return self._by_epoch("EpochDone")

    def coverage(self) -> list[Node]:
        """Likewise, which training examples each epoch has seen; of a run before zoo counted them, none."""
        return self._by_epoch("EpochCovered")

    def _by_epoch(self, name: str) -> list[Node]:
        found = {event["epoch"]: event for event in self.events if event["event"] == name}
        return [found[epoch] for epoch in sorted(found)]
