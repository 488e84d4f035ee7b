"""What the contract promises, name by name, and whether a change keeps it.

.venv/bin/python tools/contract_snapshot.py

adds to contract_v1.json what is new in `zoo_core.contract` and `zoo_core.api`, and refuses what breaks a promise that
stands there.
"""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import json
import sys
from collections.abc import Callable, Container, Iterable, Iterator
from pathlib import Path
from typing import Any

SNAPSHOT = Path(__file__).resolve().parent / "contract_v1.json"
MODULES = ("zoo_core.contract", "zoo_core.api")

Record = dict[str, Any]
"""Of a name: its `kind`, and what can be said of a name of that kind."""


def describe() -> dict[str, Record]:
    """Every public name of the contract, as JSON has values."""
    return {
        f"{module}.{name}": describe_one(getattr(importlib.import_module(module), name))
        for module in MODULES
        for name in importlib.import_module(module).__all__
    }


def describe_one(found: Any) -> Record:
    """What a plugin can rely on of one name."""
    if not isinstance(found, type):
        described = _function(found) if inspect.isfunction(found) else {"value": repr(found)}
        return {"kind": "function" if inspect.isfunction(found) else "constant", **described}
    if issubclass(found, Exception):
        return {"kind": "error", "bases": [base.__name__ for base in found.__mro__[1:-1]]}
    if dataclasses.is_dataclass(found):
        fields = {field.name: _field(field) for field in dataclasses.fields(found)}
        return {"kind": "record", "fields": fields, "methods": dict(_members(found, set(fields)))}
    return {"kind": "protocol", "members": dict(_members(found, set()))}


def broken_promises(frozen: dict[str, Record], present: dict[str, Record]) -> list[str]:
    """What a plugin that was written for `frozen` cannot rely on any more, a sentence each.

    Version 1 may grow: by names, by fields and parameters that have a default, and by methods of records. It may not
    grow by members of a protocol, which plugins written before do not have: those go into a protocol of their own.
    """
    return [sentence for name, record in frozen.items() for sentence in _broken(name, record, present.get(name))]


def _broken(name: str, frozen: Record, present: Record | None) -> Iterator[str]:
    if present is None or present["kind"] != frozen["kind"]:
        yield f"{name} was a {frozen['kind']} and is {'gone' if present is None else 'a ' + present['kind']}"
        return
    yield from _KEPT[frozen["kind"]](name, frozen, present)


def _kept_record(name: str, frozen: Record, present: Record) -> Iterator[str]:
    yield from _kept_in_order(name, frozen["fields"], present["fields"])
    yield from _kept_alike(name, frozen["methods"], present["methods"], frozen["methods"])


def _kept_function(name: str, frozen: Record, present: Record) -> Iterator[str]:
    yield from _kept_in_order(name, frozen["parameters"], present["parameters"])
    if frozen["returns"] != present["returns"]:
        yield f"{name} returned {frozen['returns']} and returns {present['returns']}"


def _kept_protocol(name: str, frozen: Record, present: Record) -> Iterator[str]:
    every = {**frozen["members"], **present["members"]}
    yield from _kept_alike(name, frozen["members"], present["members"], every)


def _kept_error(name: str, frozen: Record, present: Record) -> Iterator[str]:
    yield from (f"{name} is no {base} any more" for base in frozen["bases"] if base not in present["bases"])


def _kept_constant(name: str, frozen: Record, present: Record) -> Iterator[str]:
    if frozen != present:
        yield f"{name} was {frozen['value']} and is {present['value']}"


_KEPT: dict[str, Callable[[str, Record, Record], Iterator[str]]] = {
    "record": _kept_record,
    "function": _kept_function,
    "protocol": _kept_protocol,
    "error": _kept_error,
    "constant": _kept_constant,
}


def _kept_alike(name: str, frozen: Record, present: Record, members: Iterable[str]) -> Iterator[str]:
    for one in members:
        if frozen.get(one) != present.get(one):
            yield f"{name}.{one} was {frozen.get(one, 'not there')} and is {present.get(one, 'gone')}"


def _kept_in_order(name: str, frozen: Record, present: Record) -> Iterator[str]:
    """Fields or parameters: the old ones first, as they were, and of the new ones each with a default."""
    if list(present)[: len(frozen)] != list(frozen):
        yield f"{name} began with {', '.join(frozen)} and begins with {', '.join(list(present)[: len(frozen)])}"
        return
    yield from _kept_alike(name, frozen, present, frozen)
    new = list(present)[len(frozen) :]
    yield from (f"{name}.{one} is new and has no default" for one in new if " = " not in present[one])


def _field(field: dataclasses.Field[Any]) -> str:
    if field.default is not dataclasses.MISSING:
        return f"{_text(field.type)} = {field.default!r}"
    if field.default_factory is not dataclasses.MISSING:
        return f"{_text(field.type)} = {field.default_factory()!r}"
    return _text(field.type)


def _members(found: type, passed_over: Container[str]) -> Iterator[tuple[str, str]]:
    for name, member in vars(found).items():
        if name.startswith("_") or name in passed_over:
            continue
        if isinstance(member, property):
            yield name, _text(inspect.signature(member.fget).return_annotation) if member.fget else "a property"
        elif inspect.isfunction(member):
            described = _function(member)
            parameters = ", ".join(f"{one}: {text}" for one, text in described["parameters"].items())
            yield name, f"({parameters}) -> {described['returns']}"


def _function(function: Callable[..., Any]) -> Record:
    signature = inspect.signature(function)
    described = {
        one.name: _text(one.annotation) + ("" if one.default is one.empty else f" = {one.default!r}")
        for one in signature.parameters.values()
        if one.name != "self"
    }
    return {"parameters": described, "returns": _text(signature.return_annotation)}


def _text(annotation: Any) -> str:
    return annotation if isinstance(annotation, str) else inspect.formatannotation(annotation)


def main() -> int:
    """Adds what is new; 1 where a promise is broken."""
    frozen = json.loads(SNAPSHOT.read_text()) if SNAPSHOT.is_file() else {}
    present = describe()
    broken = broken_promises(frozen, present)
    if broken:
        print("Contract version 1 only grows:", *broken, sep="\n- ", file=sys.stderr)
        return 1
    SNAPSHOT.write_text(json.dumps(present, indent=2, sort_keys=False) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
