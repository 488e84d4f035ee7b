"""Every check of a topology catches a liar, and a sound topology passes them all."""

import pytest

from tests.unit.testing.judging import SOUND, Judged, judged
from tests.unit.testing.lying_topologies import LIARS, Sound
from zoo_core.testing import TopologyTests
from zoo_core.testing.checks import laws_of

LAWS = list(laws_of(TopologyTests))


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> Judged:
    return judged(TopologyTests, "topology", Sound, LIARS, tmp_path_factory.mktemp("topology"))


@pytest.mark.parametrize("law", LAWS)
def test_a_sound_topology_passes(law: str, verdicts: Judged) -> None:
    assert verdicts.outcomes[law, SOUND] == ("passed", "")


@pytest.mark.parametrize("number", range(len(LIARS)), ids=[f"{liar.law[5:]}: {liar.words}" for liar in LIARS])
def test_a_liar_is_caught(number: int, verdicts: Judged) -> None:
    outcome, reason = verdicts.outcomes[LIARS[number].law, str(number)]
    assert outcome == "failed"
    assert LIARS[number].words in reason


def test_every_check_has_a_liar() -> None:
    assert {liar.law for liar in LIARS} == set(LAWS)
