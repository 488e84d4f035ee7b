import pytest

from zoo_core.distributed.beats import Beat, Pulse
from zoo_core.distributed.channel import LOST, SILENCE_S
from zoo_core.distributed.watch import HANG_S, HELD_S, START_S, STEPS_OF_HANG, Watch, first_lost

STEPPING = {"is_stepping": True}


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def looked(beats: list[Beat | None], now: float = 1.0, alive: list[int] | None = None):
    watch = Watch(["here"] * len(beats), 0.0)
    for rank, beat in enumerate(beats):
        if beat:
            watch.heard(rank, beat, now)
    return watch.look(list(range(len(beats))) if alive is None else alive, now)


def every_second(watch: Watch, until: int, ranks: list[int], start: int = 0):
    losses = []
    for now in range(start, until):
        for rank in ranks:
            watch.heard(rank, Beat("step"), float(now))
        losses.append(watch.look([0, 1], float(now)))
    return losses


def test_the_rank_that_falls_silent_is_the_lost_one_and_its_host_where_all_ranks_of_it_do():
    for hosts, unreachable in ((["a", "a"], False), (["a", "b"], True)):
        watch = Watch(hosts, 0.0)
        assert not any(every_second(watch, 10, [0, 1]))
        losses = every_second(watch, 10 + int(SILENCE_S) + 1, [0], start=10)
        assert not any(losses[: int(SILENCE_S) - 1])
        assert (losses[-1].rank, losses[-1].unreachable) == (1, unreachable)


def test_a_rank_that_has_not_yet_spoken_gets_longer_and_one_that_has_ended_is_not_missed():
    watch = Watch(["a", "a"], 0.0)
    assert not any(every_second(watch, int(START_S), [0]))
    assert every_second(watch, int(START_S) + 3, [0], start=int(START_S))[-1].rank == 1
    watch = Watch(["a", "a"], 0.0)
    watch.heard(0, Beat("step"), 200.0)
    assert watch.look([0], 200.0) is None


def test_a_launcher_that_was_held_blames_nobody():
    watch = Watch(["a", "a"], 0.0)
    assert not any(every_second(watch, 10, [0, 1]))
    assert watch.look([0, 1], 10 + HELD_S + 10 * SILENCE_S) is None


@pytest.mark.parametrize(
    ("step_s", "idle_s", "hangs"),
    [
        (0.1, HANG_S - 1, False),
        (0.1, HANG_S + 1, True),
        (60.0, HANG_S + 1, False),
        (60.0, STEPS_OF_HANG * 60.0 + 1, True),
    ],
)
def test_steps_hang_where_none_is_done_for_half_a_minute_and_for_ten_steps(step_s, idle_s, hangs):
    beats = [Beat("step", 8, idle_s=idle_s, step_s=step_s, **STEPPING)] * 2
    loss = looked(beats)
    assert (loss is not None) == hangs


def test_of_ranks_that_hang_the_one_that_is_behind_is_lost():
    far, behind = (Beat("step", n, idle_s=HANG_S + 1, **STEPPING) for n in (9, 8))
    assert looked([far, behind]).rank == 1
    assert looked([behind, far]).rank == 0


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(Beat("saving", 9, idle_s=900), id="one writes while the others wait for it"),
        pytest.param(Beat("step", 9, idle_s=1, **STEPPING), id="one goes on"),
        pytest.param(None, id="one has not yet said anything"),
    ],
)
def test_nothing_hangs_while_one_rank_has_reason_to_be_waited_for(other):
    assert looked([Beat("step", 8, idle_s=900, **STEPPING), other]) is None


def test_a_pulse_watches_from_the_first_step_on_until_other_work_begins():
    clock = Clock()
    pulse = Pulse(pid=7, clock=clock)
    clock.now = 50.0
    pulse.begins("compiling")
    pulse.has_batch("step 1 begun")
    assert (pulse.beat().is_stepping, pulse.beat().event) == (False, "step 1 begun")
    for now in (60.0, 62.0, 65.0, 67.0):
        clock.now = now
        pulse.done("a step")
    clock.now = 70.0
    beat = pulse.beat()
    assert (beat.is_stepping, beat.step_s, beat.idle_s, beat.pid) == (True, 2.0, 3.0, 7)
    pulse.has_batch("the next")
    assert pulse.beat().n_done == beat.n_done + 1
    pulse.begins("saving")
    assert (pulse.beat().is_stepping, pulse.beat().step_s) == (False, 0.0)


@pytest.mark.parametrize(
    ("codes", "remote", "rank", "words"),
    [
        ({1: 137}, [], 1, "was killed (SIGKILL)"),
        ({0: LOST, 1: 137}, [], 1, "was killed (SIGKILL)"),
        ({0: 2, 1: 3}, [], 0, "exit code 2"),
        ({1: 3, 0: 2}, [], 0, "exit code 2"),
        ({0: LOST, 2: 1, 1: LOST}, [], 2, "exit code 1"),
        ({1: 139, 0: LOST}, [], 1, "ended by SIGSEGV"),
        ({0: LOST, 1: 255}, [1], 1, "cannot be reached"),
        ({1: LOST, 0: LOST}, [], 1, "lost the others"),
    ],
)
def test_the_rank_that_the_others_failed_for_is_named(codes, remote, rank, words):
    loss = first_lost(codes, remote)
    assert loss.rank == rank
    assert words in loss.how


def test_where_none_failed_none_is_lost():
    assert first_lost({}) is None
