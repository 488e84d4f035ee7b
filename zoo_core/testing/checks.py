"""What the classes of the kit share: laws that cannot be left out, and expected failures that are strict."""

import inspect
import types
from collections.abc import Mapping
from typing import Any, ClassVar

import pytest

from zoo_core.contract import ConfigError
from zoo_core.plugins.faults import object_faults
from zoo_core.testing.promises import broken

LAW = "test_"
"""What the name of a check begins with."""


class Checks:
    """Laws of one kind of plugin; an author's class overrides one fixture.

    Attributes:
        kind: of plugin.
        expected_failures: why a check fails, by its name; one that passes then is a failure.
    """

    kind: ClassVar[str] = ""
    expected_failures: ClassVar[Mapping[str, str]] = {}

    def __init_subclass__(cls, **keywords: Any) -> None:
        super().__init_subclass__(**keywords)
        if cls.__module__.startswith("zoo_core.testing."):
            return
        laws = laws_of(cls)
        _refuse_left_out(cls, laws)
        for name, reason in cls.expected_failures.items():
            setattr(cls, name, pytest.mark.xfail(reason=reason, strict=True)(_copied(laws[name])))

    def keep_the_contract(self, made: object) -> None:
        """See that an object has the members of its kind's protocol, with their signatures."""
        if faults := object_faults(self.kind, made):
            broken(f"A {self.kind} keeps the contract", "; ".join(faults), "see zoo_core.contract")


def laws_of(checks: type[Checks]) -> dict[str, types.FunctionType]:
    """The kit's own checks that a class inherits, by name."""
    kit = [one for one in checks.__mro__ if one.__module__.startswith("zoo_core.testing.")]
    return {
        name: member
        for one in reversed(kit)
        for name, member in vars(one).items()
        if name.startswith(LAW) and inspect.isfunction(member)
    }


def _refuse_left_out(cls: type[Checks], laws: Mapping[str, Any]) -> None:
    """A check that is not run would look like one that passed."""
    own = [name for one in cls.__mro__ if not one.__module__.startswith("zoo_core.testing.") for name in vars(one)]
    wanted = f"'{cls.__name__}' needs to run every check of the kit"
    cure = "give the reason in expected_failures = {'test_...': 'reason'} instead"
    if not vars(cls).get("__test__", True):
        raise ConfigError(f"{wanted}. Received: __test__ = False, with which none is collected: {cure}")
    inherited = [base for base in cls.__mro__[1:] if issubclass(base, Checks)]
    expected = {name for base in inherited for name in base.expected_failures}
    if replaced := sorted({name for name in own if name in laws} - expected):
        raise ConfigError(f"{wanted}. Received: another '{replaced[0]}': {cure}")
    if unknown := sorted(set(cls.expected_failures) - set(laws)):
        raise ConfigError(
            f"'{cls.__name__}.expected_failures' needs names of checks. Received: '{unknown[0]}': there are "
            f"{', '.join(laws)}"
        )
    if bare := [name for name, reason in cls.expected_failures.items() if not str(reason or "").strip()]:
        raise ConfigError(f"'{cls.__name__}.expected_failures' needs a reason. Received: none for '{bare[0]}'")


def _copied(law: types.FunctionType) -> types.FunctionType:
    """A function of its own, as a mark would otherwise be set in every class that has the check."""
    copy = types.FunctionType(law.__code__, law.__globals__, law.__name__, law.__defaults__, law.__closure__)
    copy.__kwdefaults__, copy.__doc__, copy.__annotations__ = law.__kwdefaults__, law.__doc__, law.__annotations__
    copy.__qualname__ = law.__qualname__
    copy.__dict__.update(law.__dict__)
    return copy
