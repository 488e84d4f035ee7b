"""The classes of the kit on one installed plugin, which `zoo check` has pytest collect."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from zoo_core import plugins
from zoo_core.contract import ConfigError, DatasetAdapter, PrecisionBackend, Topology
from zoo_core.runtime.settings import DEFAULT_PRESET, Settings, merged, parse_setting, plugin_choice, refuse_unknown
from zoo_core.testing.dataset import DatasetAdapterTests
from zoo_core.testing.precision import PrecisionBackendTests
from zoo_core.testing.subjects import SMOKE, TaskSubject, subject_of
from zoo_core.testing.task import TaskTests
from zoo_core.testing.topology import TopologyTests

SECTIONS = {"dataset": "data", "topology": "topology", "precision": "precision"}
"""Section of the settings of a kind that stands alone; a task's settings reach into every section."""


@dataclass(frozen=True)
class Installed:
    """An installed plugin, and how it is set for its checks.

    Attributes:
        kind: of plugin.
        name: of its entry point.
        root: of a data set: where its files are; empty where it is set otherwise, or needs none.
        data: of a task: the data set as `--data` takes it; empty for the task's own choice.
        settings: as `--set` takes them.
    """

    kind: str
    name: str
    root: str = ""
    data: str = ""
    settings: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.kind not in CLASSES:
            raise ConfigError(
                f"There are checks of {', '.join(CLASSES)}. Received: {self.kind} '{self.name}': 'zoo doctor' tries it"
            )
        if self.root and self.kind != "dataset":
            raise ConfigError(f"NAME=ROOT is of a data set. Received: {self.kind} '{self.name}={self.root}'")
        if self.data and self.kind != "task":
            raise ConfigError(f"--data is of a task. Received: {self.kind} '{self.name}' with --data {self.data}")

    def as_json(self) -> dict[str, Any]:
        """What `installed_of` reads."""
        return dataclasses.asdict(self)

    def make(self) -> Any:
        """The object that is checked; of a task its `TaskSubject`.

        Raises:
            ConfigError: a setting that cannot be used.
            DataError: the data set is not there, or not what the task needs.
            PluginError: it does not load, or its object does not keep the contract.
        """
        if self.kind == "task":
            return subject_of(self.name, self.data, self.settings)
        section, presets = SECTIONS[self.kind], plugins.load(self.kind, self.name).presets
        layers = [{section: presets.get(preset, {})} for preset in (DEFAULT_PRESET, SMOKE)]
        layers += [{section: {"name": self.name, **({"root": self.root} if self.root else {})}}]
        values: Settings = {}
        for layer in (*layers, *map(parse_setting, self.settings)):
            refuse_unknown(layer, [section], "")
            values = merged(values, layer)
        made = plugins.create(self.kind, self.name, plugin_choice(section, values[section]).options)
        if self.kind == "dataset":
            made.index()  # without its files a data set has nothing to check
        return made


def installed_of(values: Mapping[str, Any]) -> Installed:
    """From the values of JSON."""
    return Installed(**{**values, "settings": tuple(values["settings"])})


class TestDataset(DatasetAdapterTests):
    """The checks of a data set; `subject` is of the session."""

    @pytest.fixture(scope="class")
    @classmethod
    def adapter(cls, subject: DatasetAdapter) -> DatasetAdapter:
        """The installed one."""
        return subject


class TestTask(TaskTests):
    """The checks of a task."""

    @pytest.fixture(scope="class")
    @classmethod
    def task(cls, subject: TaskSubject) -> TaskSubject:
        """The installed one."""
        return subject


class TestTopology(TopologyTests):
    """The checks of a topology."""

    @pytest.fixture(scope="class")
    @classmethod
    def topology(cls, subject: Topology) -> Topology:
        """The installed one."""
        return subject


class TestPrecision(PrecisionBackendTests):
    """The checks of a precision."""

    @pytest.fixture(scope="class")
    @classmethod
    def backend(cls, subject: PrecisionBackend) -> PrecisionBackend:
        """The installed one."""
        return subject


CLASSES: dict[str, type] = {
    "dataset": TestDataset,
    "task": TestTask,
    "topology": TestTopology,
    "precision": TestPrecision,
}
"""By kind of plugin."""
