"""`zoo list` shows what metadata proves and what was found before."""

import json
import sys
from typing import Any

import pytest

from zoo_core.contract import KINDS
from zoo_core.plugins import find_entries, remember
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
