import json
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from zoo_core.contract import ConfigError, MachineError
from zoo_core.distributed import meeting
from zoo_core.distributed.meeting import RootOfMeeting, await_plan, meeting_folder
from zoo_core.distributed.outside import Outside


def rank_of(rank: int, size: int = 3) -> Outside:
    return Outside("mpirun", "mpirun-7/8", rank, size)


@pytest.fixture
def folder(tmp_path):
    return meeting_folder(tmp_path / "runs", rank_of(0))


@pytest.fixture
def others(folder):
    """Starts the other ranks; gives what each of them is told."""
    with ThreadPoolExecutor(2) as pool:
        yield lambda: [pool.submit(await_plan, folder, rank_of(rank), {"name": f"r{rank}"}) for rank in (1, 2)]


def test_the_root_hears_of_all_ranks_and_all_hear_its_plan_and_nothing_is_left(folder, others):
    told = others()
    with RootOfMeeting(folder, rank_of(0)) as root:
        assert [record["name"] for record in root.records()] == ["r1", "r2"]
        root.publish({"folder": "there"})
        assert [plan.result()["folder"] for plan in told] == ["there"] * 2
    assert not folder.exists()
    assert folder.parent.is_dir()


def test_what_a_job_before_has_left_is_not_taken_for_this_one(folder, others):
    folder.mkdir(parents=True)
    stale = {"exit_code": None, "folder": "elsewhere", "words": {"1": "old", "2": "old"}}
    (folder / "plan.json").write_text(json.dumps(stale))
    (folder / "rank-1.json").write_text(json.dumps({"word": "old", "record": {"name": "old"}}))
    told = others()
    with RootOfMeeting(folder, rank_of(0)) as root:
        assert [record["name"] for record in root.records()] == ["r1", "r2"]
        root.publish({"folder": "there"})
        assert [plan.result()["folder"] for plan in told] == ["there"] * 2


@pytest.mark.parametrize(("error", "code"), [(ConfigError("a mistake"), 2), (RuntimeError("a fault"), 1), (None, 0)])
def test_where_the_root_ends_without_a_plan_the_others_end_as_it_does(folder, others, error, code):
    told = others()
    if error:
        with pytest.raises(type(error)), RootOfMeeting(folder, rank_of(0)):
            raise error
    else:
        with RootOfMeeting(folder, rank_of(0)):
            pass
    assert [plan.result()["exit_code"] for plan in told] == [code] * 2


def test_ranks_that_do_not_come_are_named(folder, monkeypatch):
    monkeypatch.setattr(meeting, "MEETING_S", 0.5)
    monkeypatch.setattr(meeting, "ROOT_WRITES_S", 0.2)
    with ThreadPoolExecutor(1) as pool:
        told = pool.submit(await_plan, folder, rank_of(1), {})
        with pytest.raises(MachineError, match="no word of rank 2: "), RootOfMeeting(folder, rank_of(0)) as root:
            root.records()
        assert told.result()["exit_code"] == 2


def test_a_root_that_does_not_come_or_is_gone_is_not_waited_for(folder, monkeypatch):
    monkeypatch.setattr(meeting, "MEETING_S", 0.3)
    with pytest.raises(MachineError, match=r"needs to hear of rank 0. Received: nothing for 0 s"):
        await_plan(folder, rank_of(1), {})
    monkeypatch.setattr(meeting, "MEETING_S", 60.0)
    monkeypatch.setattr(meeting, "ROOT_GONE_S", 0.3)
    (folder / "root.json").write_text('{"n_signs": 4}')  # of a root that was killed
    with pytest.raises(MachineError, match="nothing for 0 s"):
        await_plan(folder, rank_of(1), {})


def test_a_root_that_prepares_for_long_is_waited_for(folder, monkeypatch):
    monkeypatch.setattr(meeting, "MEETING_S", 5.0)
    monkeypatch.setattr(meeting, "ROOT_GONE_S", 1.0)
    monkeypatch.setattr(meeting, "ROOT_WRITES_S", 0.1)
    with ThreadPoolExecutor(1) as pool, RootOfMeeting(folder, rank_of(0, size=2)) as root:
        told = pool.submit(await_plan, folder, rank_of(1, size=2), {})
        root.records()
        threading.Event().wait(2.5)
        assert not told.done()
        root.publish({})
        assert told.result()["exit_code"] is None
