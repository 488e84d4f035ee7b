"""`zoo list` shows what metadata proves and what was found before."""

import json
import sys
from typing import Any

import pytest

from zoo_core.cli.list import as_table
from zoo_core.contract import KINDS
from zoo_core.plugins import Entry, find_entries, remember
from zoo_core.plugins.verdicts import Verdict

RAISES = "raise RuntimeError('imported')"
PROMISED_KEYS = {"kind", "name", "summary", "distribution", "version", "health", "reason"}


def listed(zoo: Any, distribution: str) -> list[dict[str, Any]]:
    records = json.loads(zoo("list", "--json").out)
    return [record for record in records if record["distribution"] == distribution]


def test_each_record_has_the_promised_keys_and_values(zoo: Any, site: Any) -> None:
    site.install_topology("lab-net", "tiny")
    records = json.loads(zoo("list", "--json").out)
    assert all(record.keys() >= PROMISED_KEYS for record in records)
    assert {record["kind"] for record in records} <= set(KINDS)
    assert {record["health"] for record in records} <= {"ok", "not tried", "unhealthy"}
    assert listed(zoo, "lab-net") == [
        {
            "kind": "topology",
            "name": "tiny",
            "summary": None,
            "distribution": "lab-net",
            "version": "1.0",
            "health": "not tried",
            "reason": None,
            "contract_version": "v1",
            "entry_point": "lab_net:plugin",
            "file": str(site.folder / "lab_net.py"),
        }
    ]


def test_listing_imports_no_plugin(zoo: Any, site: Any) -> None:
    site.install_topology("lab-net", "tiny", RAISES)
    assert zoo("list").code == 0
    assert zoo("list", "--json").code == 0
    assert "lab_net" not in sys.modules


def test_a_remembered_verdict_is_shown_with_its_summary(zoo: Any, site: Any) -> None:
    site.install_topology("lab-net", "tiny", RAISES)
    remember(Verdict("ok", None, "A net.").on(entry) for entry in find_entries() if entry.name == "tiny")
    (record,) = listed(zoo, "lab-net")
    assert (record["health"], record["summary"]) == ("ok", "A net.")


def test_the_table_is_aligned_and_has_one_line_a_plugin(zoo: Any, site: Any) -> None:
    site.install_topology("lab-net", "a-topology-with-a-long-name", RAISES)
    lines = zoo("list").out.splitlines()
    assert len(lines) == 1 + len(find_entries())
    column = lines[0].index("HEALTH")
    assert all(line[column - 2 : column] == "  " and line[column] != " " for line in lines)


def test_the_table_names_distribution_version_contract_version_and_file(zoo: Any, site: Any) -> None:
    site.install_topology("lab-net", "tiny", RAISES)
    site.install("lab-next", {"zoo.tasks.v2:next": "lab_net:plugin"}, version="3.5")
    site.install("lab-gone", {"zoo.tasks.v1:gone": "no_such_module.at_all:plugin"})
    rows = [" ".join(line.split()) for line in zoo("list").out.splitlines()]
    assert "topology tiny lab-net 1.0 v1 not tried lab_net.py" in rows
    assert "task next lab-next 3.5 v2 unhealthy lab_net.py" in rows
    assert "task gone lab-gone 1.0 v1 not tried not found" in rows


@pytest.mark.parametrize(
    ("distribution", "value", "shown"),
    [
        ("lab-pack", "lab_pack.inner.net:plugin", "inner/net.py"),
        ("Lab.Pack", "lab_pack.inner:plugin", "inner/__init__.py"),
        ("lab-pack", "lab_pack:plugin", "__init__.py"),
        ("other", "lab_pack.inner.net:plugin", "lab_pack/inner/net.py"),
        ("other", "lab_pack:plugin", "lab_pack/__init__.py"),
    ],
)
def test_a_file_is_shown_as_it_lies_in_the_package_of_its_distribution(
    site: Any, distribution: str, value: str, shown: str
) -> None:
    (site.folder / "lab_pack" / "inner").mkdir(parents=True)
    for path in ("__init__.py", "inner/__init__.py", "inner/net.py"):
        (site.folder / "lab_pack" / path).write_text(RAISES)
    table = as_table([Entry("task", "x", distribution, "1.0", "v1", value)])
    assert table.splitlines()[1].split()[-1] == shown


def test_a_summary_that_is_known_stands_below_its_plugin(zoo: Any, site: Any) -> None:
    site.install_topology("lab-net", "tiny", RAISES)
    remember(Verdict("ok", None, "A net.").on(entry) for entry in find_entries() if entry.name == "tiny")
    lines = zoo("list").out.splitlines()
    (place,) = (i for i, line in enumerate(lines) if " tiny " in line)
    assert lines[place + 1] == " " * lines[0].index("NAME") + "A net."


def test_two_distributions_that_claim_one_name_are_both_named_and_neither_is_loaded(zoo: Any, site: Any) -> None:
    site.install_topology("lab-a", "tiny", RAISES)
    site.install_topology("lab-b", "tiny", RAISES)
    for own, other in (("lab-a", "lab-b"), ("lab-b", "lab-a")):
        (record,) = listed(zoo, own)
        assert record["health"] == "unhealthy"
        assert f"of {own} 1.0" in record["reason"]
        assert f"{other} 1.0" in record["reason"]
    for arguments in (["info", "tiny"], ["run", "chexnet", "--preset", "smoke", "--topology", "tiny"]):
        answer = zoo(*arguments)
        assert (answer.code, answer.out, answer.err.count("\n")) == (2, "", 1)
        assert "lab-a 1.0" in answer.err
        assert "lab-b 1.0" in answer.err
    assert {"lab_a", "lab_b"}.isdisjoint(sys.modules)


def test_reasons_stand_below_the_table(zoo: Any, site: Any) -> None:
    site.install("lab", {"zoo.tasks.v2:next": "lab:plugin"})
    table, _, reasons = zoo("list").out.partition("\n\nUnhealthy\n")
    assert "next" in table
    assert "Task 'next' of lab 1.0 is written for contract v2" in reasons


@pytest.mark.parametrize(("health", "hinted"), [("ok", False), (None, True)])
def test_who_was_not_tried_is_counted_on_stderr(zoo: Any, site: Any, health: Any, hinted: bool) -> None:
    if health:
        remember(Verdict(health).on(entry) for entry in find_entries())
    assert ("not tried: 'zoo doctor'" in zoo("list").err) is hinted
