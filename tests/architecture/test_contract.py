"""Contract version 1 only grows: what a plugin was promised once stays as it was."""

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from contract_snapshot import SNAPSHOT, broken_promises, describe

FROZEN: dict[str, dict[str, Any]] = json.loads(SNAPSHOT.read_text())
SPEC, TASK, READ_GREY = "zoo_core.contract.ArraySpec", "zoo_core.contract.Task", "zoo_core.api.read_grey"
DATA_ERROR, VERSION = "zoo_core.contract.DataError", "zoo_core.contract.CONTRACT_VERSION"

Change = Callable[[dict[str, Any]], Any]


def changed(change: Change) -> dict[str, Any]:
    present = copy.deepcopy(FROZEN)
    change(present)
    return present


def test_what_was_promised_is_kept() -> None:
    assert broken_promises(FROZEN, describe()) == []


def test_the_snapshot_holds_every_public_name() -> None:
    assert describe() == FROZEN, "write what is new with: .venv/bin/python tools/contract_snapshot.py"


@pytest.mark.parametrize(
    "change",
    [
        lambda it: it.pop(SPEC),
        lambda it: it[SPEC].update(kind="protocol"),
        lambda it: it[SPEC]["fields"].pop("dtype"),
        lambda it: it[SPEC]["fields"].update(dtype="type"),
        lambda it: it[SPEC]["fields"].update(unit="str"),
        lambda it: it[SPEC].update(fields=dict(reversed(it[SPEC]["fields"].items()))),
        lambda it: it[SPEC]["methods"].pop("length"),
        lambda it: it[TASK]["members"].pop("loss"),
        lambda it: it[TASK]["members"].update(loss="(targets: Any) -> Any"),
        lambda it: it[TASK]["members"].update(explain="() -> str"),
        lambda it: it[READ_GREY]["parameters"].update(path="str"),
        lambda it: it[READ_GREY]["parameters"].update(size_px="int"),
        lambda it: it[READ_GREY].update(returns="None"),
        lambda it: it[DATA_ERROR]["bases"].remove("ValueError"),
        lambda it: it[VERSION].update(value="'v2'"),
    ],
    ids=[
        "a name is gone",
        "a name is of another kind",
        "a field is gone",
        "a field has another type",
        "a new field without a default",
        "fields in another order",
        "a record's method is gone",
        "a protocol's member is gone",
        "a method takes something else",
        "a new member that old plugins do not have",
        "a parameter of another type",
        "a new parameter without a default",
        "a function returns something else",
        "an error is no longer the builtin that was caught",
        "another version",
    ],
)
def test_a_change_that_a_plugin_would_notice_is_caught(change: Change) -> None:
    assert len(broken_promises(FROZEN, changed(change))) == 1


@pytest.mark.parametrize(
    "change",
    [
        lambda it: it.update(
            {"zoo_core.contract.SupportsMore": {"kind": "protocol", "members": {"more": "() -> str"}}}
        ),
        lambda it: it[SPEC]["fields"].update(unit="str = ''"),
        lambda it: it[SPEC]["methods"].update(area="() -> int"),
        lambda it: it[READ_GREY]["parameters"].update(size_px="int = 0"),
    ],
    ids=["a new name", "a new field with a default", "a new method of a record", "a new parameter with a default"],
)
def test_growth_is_no_broken_promise(change: Change) -> None:
    assert broken_promises(FROZEN, changed(change)) == []
