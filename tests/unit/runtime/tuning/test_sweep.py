import pytest

from zoo_core.contract import MachineError
from zoo_core.runtime.tuning.candidates import Candidate
from zoo_core.runtime.tuning.sweep import LOOKED_BY, N_FINALISTS, N_ROUNDS, N_ROUNDS_OF_BATCHES, Plan, Sweep
from zoo_core.runtime.tuning.trials import OutOfTimeError, TrialFailedError

DEFAULT, *OTHERS = [Candidate(n_ranks, 0, "float32") for n_ranks in range(1, 7)]
BATCH, BUDGET_S, START_S = 8, 1000.0, 10.0


class Machine:
    """Plays trials: each call takes its time on a clock that nothing else moves.

    Args:
        speeds: images a second of each candidate; a list, one for each call.
        streams: gain of each number of streams.
        turn_s: seconds of each call.
    """

    def __init__(self, speeds, streams=None, turn_s=2.0):
        self.speeds, self.streams, self.turn_s = speeds, streams or {}, turn_s
        self.now, self.alive, self.most_alive, self.calls = 0.0, set(), 0, []

    def begin(self, candidate):
        self.now += START_S
        self.alive.add(candidate)
        self.most_alive = max(self.most_alive, len(self.alive))
        return Player(self, candidate)

    def sweep(self, *candidates, budget_s=BUDGET_S):
        plan = Plan(BATCH, 8, 0.0, budget_s, lambda: self.now)
        return Sweep(plan, self.begin, lambda what: None).run(candidates)

    def speed(self, candidate):
        speed = self.speeds[candidate]
        return speed.pop(0) if isinstance(speed, list) else speed


class Player:
    def __init__(self, machine, candidate):
        self.machine, self.candidate = machine, candidate

    def train(self, global_batch_size, n_steps, until):
        gain = {BATCH // 2: 0.5, BATCH: 1.0, BATCH * 2: 1.5}[global_batch_size]
        return gain * self._call(("train", global_batch_size), until, self.machine.speed(self.candidate))

    def predict(self, n_streams, n_batches, until):
        return self._call(("predict", n_streams), until, 100 * self.machine.streams.get(n_streams, 1.0))

    def _call(self, what, until, speed):
        assert self.candidate in self.machine.alive
        self.machine.calls.append((self.candidate, *what))
        self.machine.now += self.machine.turn_s
        if self.machine.now > until:
            self.machine.now = max(until, self.machine.now - self.machine.turn_s)
            raise OutOfTimeError("time was up")
        if speed is None:
            raise TrialFailedError("out of memory")
        return speed

    def end(self):
        self.machine.alive.remove(self.candidate)


def test_the_fastest_is_chosen_with_its_gain():
    machine = Machine({DEFAULT: 10.0, OTHERS[0]: 12.0, OTHERS[1]: 15.0})
    findings = machine.sweep(DEFAULT, *OTHERS[:2])
    assert findings.chosen == OTHERS[1]
    assert findings.ratio(findings.chosen) == pytest.approx(1.5)
    assert findings.speed == 15.0


def test_a_better_first_look_alone_does_not_beat_the_default():
    looks = [30.0, 30.0]
    machine = Machine({DEFAULT: 10.0, OTHERS[0]: looks + [10.0] * N_ROUNDS})
    findings = machine.sweep(DEFAULT, OTHERS[0])
    assert findings.chosen == DEFAULT
    assert findings.ratio(findings.chosen) == 1.0


def test_finalists_take_turns_with_the_default_in_every_round():
    machine = Machine({DEFAULT: 10.0, OTHERS[0]: 12.0})
    findings = machine.sweep(DEFAULT, OTHERS[0])
    assert {candidate: len(speeds) for candidate, speeds in findings.rounds.items()} == {DEFAULT: 6, OTHERS[0]: 6}
    first = machine.calls.index((DEFAULT, "predict", 2)) - 2
    turns = [candidate for candidate, what, _ in machine.calls[first:] if what == "train"][: 2 * N_ROUNDS]
    assert turns == [DEFAULT, OTHERS[0]] * N_ROUNDS


def test_what_is_clearly_slower_is_dropped_after_the_first_look_and_only_the_best_stay_in_memory():
    speeds = dict(zip(OTHERS, [8.0, 11.0, 12.0, 13.0, 14.0], strict=True))
    machine = Machine({DEFAULT: 10.0, **speeds})
    findings = machine.sweep(DEFAULT, *OTHERS)
    assert set(findings.rounds) == {DEFAULT, OTHERS[3], OTHERS[4]}
    assert set(findings.looks) == {DEFAULT, *OTHERS}
    assert machine.most_alive == N_FINALISTS + 2


def test_a_candidate_that_fails_is_out_with_its_reason_whenever_that_is():
    machine = Machine({DEFAULT: 10.0, OTHERS[0]: None, OTHERS[1]: [99.0, 99.0, 99.0, 99.0, 99.0, 99.0, None]})
    findings = machine.sweep(DEFAULT, *OTHERS[:2])
    assert findings.failures == {OTHERS[0]: "out of memory", OTHERS[1]: "out of memory"}
    assert findings.chosen == DEFAULT


@pytest.mark.parametrize("speed", [None, [10.0, 10.0, 10.0, None]], ids=["at once", "in a round"])
def test_without_the_default_there_is_nothing_to_compare_with(speed):
    machine = Machine({DEFAULT: speed, OTHERS[0]: 12.0})
    with pytest.raises(MachineError, match=r"1 rank x 8 threads, float32.*--budget 1000\. Received: out of memory"):
        machine.sweep(DEFAULT, OTHERS[0])


@pytest.mark.parametrize("speeds", [{DEFAULT: 10.0, OTHERS[0]: 12.0}, {DEFAULT: None}])
def test_nothing_is_left_running(speeds):
    machine = Machine(speeds)
    try:
        machine.sweep(*speeds)
    except MachineError:
        assert None in speeds.values()
    assert machine.alive == set()


@pytest.mark.parametrize("turn_s", [1.0, 7.0, 40.0, 90.0])
def test_the_budget_is_kept_however_long_a_turn_takes(turn_s):
    machine = Machine({DEFAULT: 10.0, **dict.fromkeys(OTHERS, 12.0)}, turn_s=turn_s)
    machine.sweep(DEFAULT, *OTHERS)
    assert machine.now <= BUDGET_S


def test_what_there_is_no_time_for_is_said():
    machine = Machine({DEFAULT: 10.0, **dict.fromkeys(OTHERS, 12.0)}, turn_s=90.0)
    findings = machine.sweep(DEFAULT, *OTHERS)
    assert "time was up" in findings.failures.values()
    assert set(findings.looks) | set(findings.failures) == {DEFAULT, *OTHERS}


def test_what_was_measured_before_time_is_up_counts():
    machine = Machine({DEFAULT: 10.0, OTHERS[0]: 12.0}, turn_s=60.0)
    findings = machine.sweep(DEFAULT, OTHERS[0], budget_s=700.0)
    assert 0 < len(findings.rounds[DEFAULT]) < 3
    assert findings.chosen == DEFAULT
    assert findings.failures == {}


def test_a_budget_in_which_the_default_is_not_measured_is_too_small():
    machine = Machine({DEFAULT: 10.0}, turn_s=LOOKED_BY * 100.0)
    with pytest.raises(MachineError, match="time was up"):
        machine.sweep(DEFAULT, budget_s=100.0)


def test_streams_are_chosen_for_the_chosen_candidate_and_one_is_kept_unless_it_is_beaten():
    for gain, n_streams in ((1.0, 1), (1.3, 4)):
        assert Machine({DEFAULT: 10.0}, {4: gain}).sweep(DEFAULT).n_streams == n_streams


def test_half_and_twice_the_global_batch_are_measured_beside_the_runs_own_and_choose_nothing():
    machine = Machine({DEFAULT: 10.0, OTHERS[0]: 12.0})
    findings = machine.sweep(DEFAULT, OTHERS[0])
    assert findings.batches == {BATCH * 2: [1.5] * N_ROUNDS_OF_BATCHES, BATCH // 2: [0.5] * N_ROUNDS_OF_BATCHES}
    assert findings.speed == 12.0
