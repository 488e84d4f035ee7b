import pytest

from zoo_core.contract import ConfigError
from zoo_core.distributed.channel import LOST
from zoo_core.distributed.job import Outcome
from zoo_core.distributed.signals import Stopped
from zoo_core.distributed.slots import place_ranks
from zoo_core.runtime import launching
from zoo_core.runtime.config import LaunchConfig
from zoo_core.runtime.launching import LaunchedRanks, RanksFailedError
from zoo_core.runtime.record import RunFolder

HERE = "localhost"


@pytest.fixture
def jobs(monkeypatch):
    """Has jobs end as told, and keeps where their ranks were."""

    class Jobs(list):
        outcomes: list[Outcome]

    started = Jobs()

    def run_job(job):
        started.append([slot.host for slot in job.slots])
        return started.outcomes[len(started) - 1]

    monkeypatch.setattr(launching, "run_job", run_job)
    return started


def execute(tmp_path, launch: LaunchConfig) -> None:
    (tmp_path / "checkpoints").mkdir()
    LaunchedRanks(launch, ("rank",)).execute(RunFolder(tmp_path), None)


def lost(host: str, whole_host: bool = False) -> Outcome:
    return Outcome(LOST, "a rank was lost", place_ranks([host])[0], whole_host)


FOUR = LaunchConfig(n_ranks=4, n_threads=3, hosts=f"{HERE}:2,b.invalid:2", n_restarts=2)


@pytest.fixture(autouse=True)
def addresses(monkeypatch):
    """A host that resolves nowhere is as near as any."""
    monkeypatch.setattr(launching, "common_interface", lambda found, wished: "lo")
    monkeypatch.setattr(launching, "address_towards", lambda host: "192.0.2.1")


def test_the_slot_of_a_lost_rank_is_not_used_again_nor_any_of_a_host_that_is_gone(tmp_path, jobs, capfd):
    jobs.outcomes = [lost(HERE), lost("b.invalid", whole_host=True), Outcome(0)]
    execute(tmp_path, FOUR)
    assert jobs == [[HERE] * 2 + ["b.invalid"] * 2, [HERE] + ["b.invalid"] * 2, [HERE]]
    said = capfd.readouterr().err.splitlines()
    assert said == [
        "a rank was lost: the run goes on from its start with 3 ranks (1 restarts left)",
        "a rank was lost: the run goes on from its start with 1 rank (0 restarts left)",
    ]


def test_a_run_is_not_started_more_often_than_was_asked_for(tmp_path, jobs):
    jobs.outcomes = [lost(HERE)] * 3
    with pytest.raises(RanksFailedError) as caught:
        execute(tmp_path, FOUR)
    assert (len(jobs), caught.value.exit_code) == (3, LOST)


def test_a_run_without_slots_is_over(tmp_path, jobs):
    jobs.outcomes = [lost(HERE), lost(HERE)]
    with pytest.raises(RanksFailedError):
        execute(tmp_path, LaunchConfig(n_ranks=2, n_restarts=9))
    assert jobs == [[HERE] * 2, [HERE]]


@pytest.mark.parametrize("code", [1, 2])
def test_a_fault_that_is_no_loss_is_not_tried_again(tmp_path, jobs, code):
    jobs.outcomes = [Outcome(code)]
    with pytest.raises(RanksFailedError) as caught:
        execute(tmp_path, FOUR)
    assert (caught.value.exit_code, caught.value.is_shown) == (code, True)


def test_a_run_that_was_asked_to_stop_is_not_started_again(tmp_path, jobs):
    jobs.outcomes = [Outcome(128 + 15)]
    with pytest.raises(Stopped):
        execute(tmp_path, FOUR)


def test_this_machine_under_two_names_is_a_mistake():
    with pytest.raises(ConfigError, match=r"localhost and 127\.0\.0\.1, which are this one"):
        LaunchedRanks(LaunchConfig(n_ranks=2, hosts="localhost:1,127.0.0.1:1"), ("rank",))
