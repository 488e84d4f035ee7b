"""Every check of the kit catches at least one liar, and what is sound passes them all."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from tests.unit.testing import lying_data, lying_precisions, lying_tasks, lying_topologies
from tests.unit.testing.judging import SOUND, Judged, Liar, judged
from zoo_core.testing import DatasetAdapterTests, PrecisionBackendTests, TaskTests, TopologyTests
from zoo_core.testing.checks import Checks, laws_of


@dataclass(frozen=True)
class Kind:
    """Checks, the fixture that an author overrides, and what they are run on."""

    checks: type[Checks]
    fixture: str
    sound: Callable[[], Any]
    liars: list[Liar]


KINDS = {
    "dataset": Kind(DatasetAdapterTests, "adapter", lying_data.Sound, lying_data.LIARS),
    "task": Kind(TaskTests, "task", lying_tasks.sound, lying_tasks.LIARS),
    "topology": Kind(TopologyTests, "topology", lying_topologies.Sound, lying_topologies.LIARS),
    "precision": Kind(PrecisionBackendTests, "backend", lying_precisions.Sound, lying_precisions.LIARS),
}
LAWS = [(kind, law) for kind, one in KINDS.items() for law in laws_of(one.checks)]
LIARS = [(kind, number) for kind, one in KINDS.items() for number in range(len(one.liars))]

SKIPPED = {"test_its_presets_make_a_configuration"}
"""The sound task is not installed."""


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Judged]:
    """Gives what became of the checks of a kind, all of which are run once."""
    known: dict[str, Judged] = {}

    def of(kind: str) -> Judged:
        if kind not in known:
            one = KINDS[kind]
            known[kind] = judged(one.checks, one.fixture, one.sound, one.liars, tmp_path_factory.mktemp(kind))
        return known[kind]

    return of


@pytest.mark.parametrize(("kind", "law"), LAWS)
def test_what_is_sound_passes(kind: str, law: str, verdicts: Callable[[str], Judged]) -> None:
    outcome, reason = verdicts(kind).outcomes[law, SOUND]
    assert outcome == ("skipped" if law in SKIPPED else "passed"), reason


@pytest.mark.parametrize(("kind", "number"), LIARS)
def test_a_liar_is_caught_by_name_and_reason(kind: str, number: int, verdicts: Callable[[str], Judged]) -> None:
    liar = KINDS[kind].liars[number]
    outcome, reason = verdicts(kind).outcomes[liar.law, str(number)]
    assert outcome == "failed", liar
    assert liar.words in reason


@pytest.mark.parametrize("kind", KINDS)
def test_every_check_has_a_liar(kind: str) -> None:
    assert {liar.law for liar in KINDS[kind].liars} == set(laws_of(KINDS[kind].checks))
