"""What the checks of a task need: the task, and a data set to ask it of."""

import dataclasses
import itertools
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd

from zoo_core import plugins
from zoo_core.contract import Arrays, DatasetAdapter, Example, ImageError, Task
from zoo_core.data.classes import with_class_columns
from zoo_core.data.reader import Examples
from zoo_core.runtime.prepare import prepare
from zoo_core.runtime.settings import DEFAULT_PRESET, Settings, configure, parse_data, parse_setting
from zoo_core.testing.promises import broken, copied

SMOKE = "smoke"

N_EXAMPLES = 16
"""That a check of a task reads; eight of them are memorised."""


@dataclass(frozen=True)
class TaskSubject:
    """A task on a data set.

    Attributes:
        task: with its options, those that it takes from the data set among them.
        adapter: of the data set.
        name: of the task's entry point, whose presets are then checked too; empty for a task that is not installed.
        layers: settings that its presets are tried with, such as those of the data set.
    """

    task: Task
    adapter: DatasetAdapter
    name: str = ""
    layers: tuple[Settings, ...] = field(default=(), hash=False)

    @cached_property
    def index(self) -> pd.DataFrame:
        """The adapter's index, with a column for each class of a label that has several."""
        return with_class_columns(self.adapter.index(), self.adapter.labels)

    @cached_property
    def fitted(self) -> Arrays:
        """What the task learns from all rows."""
        return self.task.fit(self.index.copy(deep=True), self.adapter.specs)

    @cached_property
    def examples(self) -> Examples:
        """The rows as the task sees them."""
        return Examples(self.adapter, self.task, self.index, self.fitted)

    @cached_property
    def rows(self) -> np.ndarray:
        """(example,) int64: at most `N_EXAMPLES` readable rows, low and high values of a label in turns."""
        truth = self.examples.truth(np.arange(len(self.index)))
        found: list[int] = []
        for row in varied_rows(truth):
            try:
                self.adapter.read(row)
            except ImageError:
                continue
            found.append(row)
            if len(found) == N_EXAMPLES:
                break
        if not found:
            broken("Examples whose label is known can be read", "none", "choose another data set for the checks")
        return np.array(found, dtype=np.int64)

    def example(self, row: int) -> Example:
        """A row as the task gets it, in arrays of its own that can be written to: a check says who does."""
        arrays = self.adapter.read(row)
        return dataclasses.replace(self.examples.example(row, arrays), arrays=copied(arrays))


def subject_of(name: str, data: str = "", settings: Iterable[str] = ()) -> TaskSubject:
    """An installed task on the data set that `zoo run NAME --preset smoke` asks it of.

    Args:
        name: of the task.
        data: as `--data` takes it, NAME[=ROOT]; empty for the task's own choice.
        settings: as `--set` takes them, such as "task.image_size_px=32".
    Raises:
        ConfigError: a setting that cannot be used.
        DataError: the data set is not what the task needs.
        PluginError: a plugin that does not load.
    """
    presets = plugins.load("task", name).presets
    layers = (*([parse_data(data)] if data else []), *map(parse_setting, settings))
    config = configure(name, SMOKE if SMOKE in presets else DEFAULT_PRESET, layers)
    prepared = prepare(config)
    return TaskSubject(prepared.task, prepared.adapter, name, layers)


def varied_rows(truth: np.ndarray) -> list[int]:
    """Rows with a known label, those with low and those with high values of the first that varies in turns.

    Args:
        truth: (example, label), NaN where unknown.

    >>> varied_rows(np.array([[0, 0], [0, 1], [0, 2], [0, np.nan], [0, 3.0]]))
    [0, 4, 1, 2]
    """
    known = ~np.isnan(truth)
    varied = [i for i in range(truth.shape[1]) if len(np.unique(truth[known[:, i], i])) > 1]
    if not varied:
        return [int(row) for row in np.flatnonzero(known.any(axis=1))]
    column = truth[:, varied[0]]
    order = [int(row) for row in np.argsort(column, kind="stable") if known[row, varied[0]]]
    half = (len(order) + 1) // 2
    turns = itertools.zip_longest(order[:half], reversed(order[half:]))
    return [row for pair in turns for row in pair if row is not None]
