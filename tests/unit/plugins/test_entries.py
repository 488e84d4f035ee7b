"""What metadata proves, without anything being imported."""

import sys
from pathlib import Path
from typing import Any

import pytest

from zoo_core.plugins import Entry, find_entries, source_file

RAISES = "raise RuntimeError('imported')"


def of(distribution: str) -> list[Entry]:
    return [entry for entry in find_entries() if entry.distribution == distribution]


def test_metadata_tells_who_registers_what_and_imports_nothing(site: Any) -> None:
    site.install_topology("lab-net", "tiny", RAISES)
    assert of("lab-net") == [Entry("topology", "tiny", "lab-net", "1.0", "v1", "lab_net:plugin")]
    assert of("lab-net")[0].health == "not tried"
    assert "lab_net" not in sys.modules


@pytest.mark.parametrize(
    ("group", "kind"),
    [
        ("zoo.tasks.v1", "task"),
        ("zoo.datasets.v1", "dataset"),
        ("zoo.topologies.v1", "topology"),
        ("zoo.precision.v1", "precision"),
        ("zoo.commands.v1", "command"),
    ],
)
def test_every_group_of_the_contract_has_its_kind(site: Any, group: str, kind: str) -> None:
    site.install("lab", {f"{group}:x": "lab:plugin"})
    assert [(entry.kind, entry.name) for entry in of("lab")] == [(kind, "x")]


@pytest.mark.parametrize("group", ["zoo.animals.v1", "zoo.tasks", "zoo.tasks.latest", "zoo.tasks.v1.v1", "zoo.v1"])
def test_groups_that_are_not_of_the_contract_are_left_alone(site: Any, group: str) -> None:
    site.install("lab", {f"{group}:x": "lab:plugin"})
    assert of("lab") == []


def test_another_contract_version_is_unhealthy_and_says_which(site: Any) -> None:
    site.install("lab", {"zoo.tasks.v2:x": "lab:plugin"}, version="3.5", lab=RAISES)
    (entry,) = of("lab")
    assert (entry.health, entry.contract_version) == ("unhealthy", "v2")
    assert entry.reason is not None
    assert "Task 'x' of lab 3.5" in entry.reason
    assert "contract v2" in entry.reason
    assert "v1" in entry.reason


def test_a_name_that_two_distributions_claim_is_unhealthy_in_both_and_each_names_the_other(site: Any) -> None:
    site.install_topology("lab-a", "tiny")
    site.install_topology("lab-b", "tiny")
    (a,), (b,) = of("lab-a"), of("lab-b")
    assert (a.health, b.health) == ("unhealthy", "unhealthy")
    assert "lab-b 1.0 (lab_b:plugin)" in (a.reason or "")
    assert "lab-a 1.0 (lab_a:plugin)" in (b.reason or "")


def test_a_name_that_one_distribution_claims_twice_is_unhealthy(site: Any) -> None:
    site.install("lab", {"zoo.tasks.v1:x": "lab:one"})
    info = next(site.folder.glob("*.dist-info")) / "entry_points.txt"
    info.write_text("[zoo.tasks.v1]\nx = lab:one\nx = lab:two\n")
    assert [entry.health for entry in of("lab")] == ["unhealthy", "unhealthy"]


def test_a_conflict_leaves_every_other_plugin_as_it_was(site: Any) -> None:
    before = find_entries()
    site.install_topology("lab-a", "tiny")
    site.install_topology("lab-b", "tiny")
    assert tuple(entry for entry in find_entries() if not entry.distribution.startswith("lab-")) == before


def test_one_name_for_two_kinds_is_no_conflict(site: Any) -> None:
    site.install("lab", {"zoo.tasks.v1:x": "lab:task", "zoo.datasets.v1:x": "lab:data"})
    assert [entry.health for entry in of("lab")] == ["not tried", "not tried"]


def test_one_name_for_two_contract_versions_is_no_conflict(site: Any) -> None:
    site.install("lab", {"zoo.tasks.v1:x": "lab:one", "zoo.tasks.v2:x": "lab:two"})
    assert {entry.contract_version: entry.health for entry in of("lab")} == {"v1": "not tried", "v2": "unhealthy"}


@pytest.mark.parametrize("value", ["a module:plugin", "lab/file.py", "lab:", ":plugin"])
def test_a_value_that_can_point_at_nothing_is_unhealthy(site: Any, value: str) -> None:
    site.install("lab", {"zoo.tasks.v1:x": value})
    (entry,) = of("lab")
    assert entry.health == "unhealthy"
    assert f"'{value}'" in (entry.reason or "")


def test_a_malformed_package_that_is_none_of_ours_breaks_nothing(site: Any) -> None:
    site.install("stranger", {"console_scripts:x": "y:z"})
    (next(site.folder.glob("*.dist-info")) / "entry_points.txt").write_text("[console_scripts]\nno equals sign\n")
    site.install_topology("lab-net", "tiny")
    assert len(of("lab-net")) == 1


def test_of_two_copies_of_a_distribution_the_first_on_the_path_counts(
    site: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.install("lab", {"zoo.tasks.v1:x": "lab:plugin"}, version="1.0")
    shadowed = type(site)(tmp_path / "shadowed")
    shadowed.folder.mkdir()
    monkeypatch.setattr(sys, "path", [*sys.path, str(shadowed.folder)])
    shadowed.install("LAB", {"zoo.tasks.v1:x": "lab:plugin"}, version="2.0")
    assert [(e.distribution, e.version) for e in find_entries() if e.name == "x"] == [("lab", "1.0")]


def test_the_built_in_topologies_register_like_anybody_elses() -> None:
    names = {entry.name for entry in of("zoo-core") if entry.kind == "topology"}
    assert {"densenet121", "resnet50", "vgg16"} <= names


def test_a_source_file_is_found_without_importing_its_package(site: Any) -> None:
    package = site.folder / "lab_pack"
    (package / "inner").mkdir(parents=True)
    for path in ("__init__.py", "inner/__init__.py", "inner/net.py"):
        (package / path).write_text(RAISES)
    entry = Entry("task", "x", "lab", "1.0", "v1", "lab_pack.inner.net:plugin")
    assert source_file(entry) == package / "inner" / "net.py"
    folder = Entry("task", "x", "lab", "1.0", "v1", "lab_pack.inner:plugin")
    assert source_file(folder) == package / "inner" / "__init__.py"
    assert "lab_pack" not in sys.modules


def test_a_source_file_of_a_single_module_is_found(site: Any) -> None:
    site.install_topology("lab-net", "tiny")
    assert source_file(of("lab-net")[0]) == site.folder / "lab_net.py"


@pytest.mark.parametrize("value", ["no_such_package.net:plugin", "zoo_core.no_such_module:plugin", ":plugin"])
def test_a_source_file_that_is_not_there_is_none(value: str) -> None:
    assert source_file(Entry("task", "x", "lab", "1.0", "v1", value)) is None
