"""What an object lacks of the contract, in words: `isinstance` on a protocol sees neither signatures nor names."""

import dataclasses
import inspect
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from zoo_core.contract import DatasetAdapter, Plugin, PrecisionBackend, Task, Topology

PROTOCOLS: dict[str, type] = {
    "task": Task,
    "dataset": DatasetAdapter,
    "topology": Topology,
    "precision": PrecisionBackend,
}
"""What `create` gives, by kind; a command's is a `click.Command`."""

_MISSING = object()


def record_faults(found: Any) -> list[str]:
    """What keeps an entry point's object from being a sound `Plugin`; empty where nothing does."""
    if not isinstance(found, Plugin):
        return [f"it is {_described(found)}, wanted a zoo_core.contract.Plugin"]
    faults = list(_config_faults(found.config))
    if not callable(found.create):
        faults.append(f"its 'create' is {_described(found.create)}, wanted a function of the configuration")
    if not isinstance(found.summary, str) or not found.summary.strip() or "\n" in found.summary:
        faults.append("its 'summary' is not one line of text")
    presets: Any = found.presets
    if not isinstance(presets, Mapping) or not all(isinstance(p, Mapping) for p in presets.values()):
        faults.append("its 'presets' are not settings by key by preset name")
    return faults


def object_faults(kind: str, made: Any) -> list[str]:
    """What keeps an object that `create` gave from its kind's protocol; empty where nothing does."""
    if kind == "command":
        from click import Command

        return [] if isinstance(made, Command) else [f"it is {_described(made)}, wanted a click.Command"]
    members = {name: member for name, member in vars(PROTOCOLS[kind]).items() if not name.startswith("_")}
    faults = (_member_fault(made, name, wanted) for name, wanted in members.items())
    return [fault for fault in faults if fault]


def _config_faults(config: Any) -> Iterator[str]:
    if not isinstance(config, type) or not dataclasses.is_dataclass(config):
        yield f"its 'config' is {_described(config)}, wanted a frozen dataclass"
        return
    if not config.__dataclass_params__.frozen:  # type: ignore[attr-defined]
        yield f"its configuration {config.__name__} is not frozen"
    if any(f.name == "name" for f in dataclasses.fields(config)):
        yield f"its configuration {config.__name__} has a field 'name', which is the plugin's own in every section"
    bare = [f.name for f in dataclasses.fields(config) if f.init and _has_no_default(f)]
    if bare:
        yield f"its configuration {config.__name__} has no default for {', '.join(bare)}"
        return
    try:
        config()
    except Exception as error:
        yield f"its configuration {config.__name__} refuses its own defaults: {type(error).__name__}: {error}"


def _has_no_default(field: "dataclasses.Field[Any]") -> bool:
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING


def _member_fault(made: Any, name: str, wanted: Any) -> str | None:
    # Looked up statically: asking a property for its value would run the plugin's code.
    member = inspect.getattr_static(made, name, _MISSING)
    if member is _MISSING and not hasattr(made, name):
        return f"it lacks '{name}'"
    if isinstance(wanted, property):
        # Not isroutine: to it a cached property is a method too.
        is_method = inspect.isfunction(member) or isinstance(member, (staticmethod, classmethod))
        return f"its '{name}' is a method, wanted a value or a property" if is_method else None
    method = getattr(made, name)
    return _signature_fault(name, wanted, method) if callable(method) else f"its '{name}' is not a method"


def _signature_fault(name: str, wanted: Callable[..., Any], method: Callable[..., Any]) -> str | None:
    parameters = list(inspect.signature(wanted).parameters)[1:]
    try:
        received = inspect.signature(method)
    except ValueError:
        return None  # compiled code may hide its signature
    try:
        received.bind(*parameters)
        received.bind(**dict.fromkeys(parameters))
    except TypeError:
        return f"its '{name}' takes {_without_annotations(received)}, wanted ({', '.join(parameters)})"
    return None


def _without_annotations(signature: inspect.Signature) -> inspect.Signature:
    nothing = inspect.Parameter.empty
    bare = [parameter.replace(annotation=nothing) for parameter in signature.parameters.values()]
    return signature.replace(parameters=bare, return_annotation=nothing)


def _described(value: Any) -> str:
    if isinstance(value, type):
        return f"the class {value.__name__}"
    return f"a value of type {type(value).__name__}"
