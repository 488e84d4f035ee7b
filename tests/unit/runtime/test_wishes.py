import signal

import numpy as np
import pytest

from zoo_core.contract import Rank
from zoo_core.distributed.signals import Stopped, StopRequests
from zoo_core.distributed.single import SingleRank
from zoo_core.runtime.wishes import Agreed, Wishes


class Clock:
    now_s = 0.0

    def __call__(self):
        return self.now_s


class WithOther(SingleRank):
    """This rank's wish averaged with that of one other."""

    def __init__(self, rank: int, other: list[float]) -> None:
        self.rank = Rank(rank, 2)
        self._other = np.array(other, np.float32)

    def all_reduce_mean(self, array):
        return (array + self._other) / 2


def received(number: signal.Signals | None) -> StopRequests:
    requests = StopRequests()
    requests.received = number
    return requests


def test_a_checkpoint_is_due_each_time_the_seconds_have_passed_since_the_last():
    clock = Clock()
    wishes = Wishes(SingleRank(), received(None), every_s=10, clock=clock)
    agreed = []
    for clock.now_s in (9, 10, 19, 20):
        agreed.append(wishes.agree().save)
        if agreed[-1]:
            wishes.saved()
    assert agreed == [False, True, False, True]


def test_the_clock_of_another_rank_than_the_root_counts_for_nothing():
    clock = Clock()
    wishes = Wishes(WithOther(1, [0, 0, 0, 0]), received(None), every_s=10, clock=clock)
    clock.now_s = 100
    assert wishes.agree() == Agreed(save=False, stop=None)


def test_what_the_root_finds_due_every_rank_saves():
    assert Wishes(WithOther(1, [1, 0, 0, 0]), received(None), every_s=10).agree() == Agreed(save=True, stop=None)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_to_any_rank_makes_every_rank_save_and_stop(number):
    told = Wishes(WithOther(0, [0, 0, 0, 0]), received(number), every_s=10)
    untold = Wishes(WithOther(1, [0, number == signal.SIGINT, number == signal.SIGTERM, 0]), received(None), every_s=10)
    assert told.agree() == untold.agree() == Agreed(save=True, stop=number)


class Counted(SingleRank):
    """Counts those who wait for everybody."""

    n_barriers = 0

    def barrier(self):
        self.n_barriers += 1


def test_all_ranks_wait_for_each_other_before_they_stop_and_go_on_where_nobody_asked():
    ranks = Counted()
    Wishes(ranks, received(None), every_s=10).stop_where_agreed()
    assert ranks.n_barriers == 0
    with pytest.raises(Stopped) as stopped:
        Wishes(ranks, received(signal.SIGHUP), every_s=10).stop_where_agreed()
    assert stopped.value.exit_code == 128 + signal.SIGHUP
    assert ranks.n_barriers == 1
