"""Every check of a task catches a liar, and a sound task passes them all."""

import pytest

from tests.unit.testing.judging import SOUND, Judged, judged
from tests.unit.testing.lying_tasks import LIARS, sound
from zoo_core.testing import TaskTests
from zoo_core.testing.checks import laws_of

LAWS = list(laws_of(TaskTests))
SKIPPED = {"test_its_presets_make_a_configuration": "skipped"}
"""The sound one is not installed."""


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> Judged:
    return judged(TaskTests, "task", sound, LIARS, tmp_path_factory.mktemp("task"))


@pytest.mark.parametrize("law", LAWS)
def test_a_sound_task_passes(law: str, verdicts: Judged) -> None:
    assert verdicts.outcomes[law, SOUND][0] == SKIPPED.get(law, "passed")


@pytest.mark.parametrize("number", range(len(LIARS)), ids=[f"{liar.law[5:]}: {liar.words}" for liar in LIARS])
def test_a_liar_is_caught(number: int, verdicts: Judged) -> None:
    outcome, reason = verdicts.outcomes[LIARS[number].law, str(number)]
    assert outcome == "failed"
    assert LIARS[number].words in reason


def test_every_check_has_a_liar() -> None:
    assert {liar.law for liar in LIARS} == set(LAWS)
