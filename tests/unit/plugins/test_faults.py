"""What an object lacks of the contract is said in words."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any

import click
import pytest

from zoo_core.contract import GROUPS, InputScaling, Plugin
from zoo_core.plugins.faults import PROTOCOLS, object_faults, record_faults


@dataclass(frozen=True)
class Named:
    name: str = ""


@dataclass(frozen=True)
class Config:
    size: int = 2
    names: tuple[str, ...] = field(default_factory=tuple)


@dataclass
class Thawed:
    size: int = 2


@dataclass(frozen=True)
class Bare:
    size: int
    edge: int
    depth: int = 3


@dataclass(frozen=True)
class Contradictory:
    size: int = -1

    def __post_init__(self) -> None:
        raise ValueError("size needs a number above 0")


class Net:
    def __init__(self) -> None:
        self.weights: Mapping[str, Any] = {}

    @property
    def scaling(self) -> InputScaling:
        raise AssertionError("a check must not run the plugin's code")

    def build(self, input_shape: tuple[int, int, int]) -> Any:
        return input_shape


def record(**changes: Any) -> Plugin:
    values: dict[str, Any] = {"config": Config, "create": Net, "summary": "A net."}
    return Plugin(**{**values, **changes})


def test_a_sound_record_has_no_faults() -> None:
    assert record_faults(record(presets={"smoke": {"size": 1}})) == []


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (Net, "it is the class Net, wanted a zoo_core.contract.Plugin"),
        (None, "it is a value of type NoneType, wanted"),
        (record(config=Net), "its 'config' is the class Net, wanted a frozen dataclass"),
        (record(config=Config()), "its 'config' is a value of type Config, wanted a frozen dataclass"),
        (record(config=Thawed), "Thawed is not frozen"),
        (record(config=Named), "Named has a field 'name', which is the plugin's own"),
        (record(config=Bare), "Bare has no default for size, edge"),
        (record(config=Contradictory), "refuses its own defaults: ValueError: size needs"),
        (record(create=3), "its 'create' is a value of type int"),
        (record(summary=""), "its 'summary' is not one line"),
        (record(summary="two\nlines"), "its 'summary' is not one line"),
        (record(summary=None), "its 'summary' is not one line"),
        (record(presets=["smoke"]), "its 'presets'"),
        (record(presets={"smoke": 3}), "its 'presets'"),
    ],
)
def test_each_fault_of_a_record_is_said(found: Any, said: str) -> None:
    assert [fault for fault in record_faults(found) if said in fault]


def test_all_faults_of_a_record_are_said_at_once() -> None:
    assert len(record_faults(record(config=Thawed, create=3, summary=""))) == 3


def test_a_sound_object_has_no_faults_and_none_of_its_code_runs() -> None:
    assert object_faults("topology", Net()) == []


class LacksWeights:
    scaling = InputScaling()

    def build(self, input_shape: Any) -> Any: ...


class ScalingIsMethod(Net):
    def scaling(self) -> InputScaling:  # type: ignore[override]
        return InputScaling()


class ScalingIsStatic(Net):
    @staticmethod
    def scaling() -> InputScaling:  # type: ignore[override]
        return InputScaling()


class BuildIsValue(Net):
    build = 3  # type: ignore[assignment]


class BuildLacksParameter(Net):
    def build(self) -> Any: ...  # type: ignore[override]


class BuildWantsMore(Net):
    def build(self, input_shape: Any, n_classes: int) -> Any: ...  # type: ignore[override]


class BuildRenames(Net):
    def build(self, shape: Any) -> Any: ...  # type: ignore[override]


class BuildByKeywordOnly(Net):
    def build(self, *, input_shape: Any) -> Any: ...  # type: ignore[override]


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (LacksWeights(), "it lacks 'weights'"),
        (ScalingIsMethod(), "its 'scaling' is a method, wanted a value or a property"),
        (ScalingIsStatic(), "its 'scaling' is a method"),
        (BuildIsValue(), "its 'build' is not a method"),
        (BuildLacksParameter(), "its 'build' takes (), wanted (input_shape)"),
        (BuildWantsMore(), "its 'build' takes (input_shape, n_classes), wanted (input_shape)"),
        (BuildRenames(), "its 'build' takes (shape), wanted (input_shape)"),
        (BuildByKeywordOnly(), "its 'build' takes (*, input_shape), wanted (input_shape)"),
    ],
)
def test_each_fault_of_an_object_is_said(made: Any, said: str) -> None:
    (fault,) = object_faults("topology", made)
    assert said in fault


def test_everything_that_an_object_lacks_is_said_at_once() -> None:
    assert object_faults("topology", object()) == ["it lacks 'weights'", "it lacks 'scaling'", "it lacks 'build'"]


class Computed(Net):
    @cached_property
    def scaling(self) -> InputScaling:  # type: ignore[override]
        raise AssertionError("a check must not run the plugin's code")


class TakesMore(Net):
    def build(self, input_shape: Any, n_filters: int = 8, **others: Any) -> Any: ...


class TakesAnything(Net):
    def build(self, *positional: Any, **named: Any) -> Any: ...


class Compiled(Net):
    build = staticmethod(getattr)  # type: ignore[assignment]


class Forwards:
    def __init__(self) -> None:
        self._net = BuildWantsMore()

    def __getattr__(self, name: str) -> Any:
        if name == "build":
            return partial(self._net.build, n_classes=3)
        if name in ("weights", "scaling"):
            return InputScaling()
        raise AttributeError(name)


@pytest.mark.parametrize("made", [Computed(), TakesMore(), TakesAnything(), Compiled(), Forwards()])
def test_what_can_be_used_as_the_contract_says_is_sound_however_it_is_made(made: Any) -> None:
    assert object_faults("topology", made) == []


def test_a_command_is_a_click_command() -> None:
    assert object_faults("command", click.Command("x")) == []
    assert object_faults("command", print) != []


def test_every_kind_is_checked() -> None:
    assert {*PROTOCOLS, "command"} == set(GROUPS)
    assert all(object_faults(kind, object()) for kind in GROUPS)
