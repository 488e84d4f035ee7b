"""Every plugin of this repository passes the conformance kit, found by its entry point."""

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.subjects import DATA, FILES, REAL
from zoo_core import plugins
from zoo_core.contract import DatasetAdapter, PrecisionBackend, Topology
from zoo_core.testing import (
    DatasetAdapterTests,
    PrecisionBackendTests,
    TaskSubject,
    TaskTests,
    TopologyTests,
    subject_of,
)
from zoo_core.testing.installed import Installed

REPOSITORY = Path(__file__).resolve().parents[2]


def own_distributions() -> set[str]:
    """Names of the distributions of this repository."""
    files = [REPOSITORY / "pyproject.toml", *REPOSITORY.glob("plugins/*/pyproject.toml")]
    files += REPOSITORY.glob("datasets/*/pyproject.toml")
    return {tomllib.loads(file.read_text())["project"]["name"] for file in files}


def own(kind: str) -> list[str]:
    """Names of the installed plugins of a kind that are of this repository."""
    of = own_distributions()
    return [entry.name for entry in plugins.find_entries() if entry.kind == kind and entry.distribution in of]


Root = Callable[[str], str]


@pytest.fixture(scope="session")
def root_of(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Root:
    """ROOT of a data set, whose files are written once; empty for one that needs none."""
    written: dict[str, str] = {}

    def root(name: str) -> str:
        if name in REAL:
            return str(request.getfixturevalue(REAL[name]))
        if name in FILES and name not in written:
            written[name] = str(FILES[name](tmp_path_factory.mktemp(name)))
        return written.get(name, "")

    return root


def made(kind: str, name: str, root: str = "") -> Any:
    return Installed(kind, name, root).make()


class TestDatasets(DatasetAdapterTests):
    @pytest.fixture(scope="class", params=own("dataset"))
    @classmethod
    def adapter(cls, request: pytest.FixtureRequest, root_of: Root) -> DatasetAdapter:
        return made("dataset", request.param, root_of(request.param))


class TestTasks(TaskTests):
    @pytest.fixture(scope="class", params=own("task"))
    @classmethod
    def task(cls, request: pytest.FixtureRequest, root_of: Root) -> TaskSubject:
        data = DATA.get(request.param)
        return subject_of(request.param, f"{data}={root_of(data)}" if data else "")


class TestTopologies(TopologyTests):
    @pytest.fixture(scope="class", params=own("topology"))
    @classmethod
    def topology(cls, request: pytest.FixtureRequest) -> Topology:
        return made("topology", request.param)


class TestPrecisions(PrecisionBackendTests):
    @pytest.fixture(scope="class", params=own("precision"))
    @classmethod
    def backend(cls, request: pytest.FixtureRequest) -> PrecisionBackend:
        return made("precision", request.param)


def test_a_plugin_of_each_kind_and_distribution_is_found() -> None:
    assert {"chexnet", "image-labels", "leaf-disease", "plate-response", "rosette-growth"} <= set(own("task"))
    assert {"chest-phantom", "packed", "plate-phantom", "table", "medmnist", *FILES, *REAL} <= set(own("dataset"))
    assert {"densenet121", "mobilenetv2", "resnet50", "vgg16"} <= set(own("topology"))
    assert {"float32", "bfloat16", "int8", "int8-litert"} <= set(own("precision"))


@pytest.mark.parametrize("name", own("dataset"))
def test_a_data_set_that_needs_files_has_a_line_in_subjects(name: str) -> None:
    plugin = plugins.load("dataset", name)
    needs_files = any(option.name == "root" for option in plugins.describe_options(plugin.config))
    assert needs_files == (name in FILES or name in REAL), "give it a line in tests/conformance/subjects.py"
