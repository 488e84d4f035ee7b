"""The sweep: a first look at every candidate, then rounds of the default and the best, turn by turn."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from zoo_core.contract import MachineError
from zoo_core.runtime.tuning.candidates import Candidate, streams_of
from zoo_core.runtime.tuning.findings import Findings
from zoo_core.runtime.tuning.trials import OutOfTimeError, TrialFailedError

N_FINALISTS = 2
"""Beside the default: each keeps its network in memory."""

CLEARLY_SLOWER = 0.9
N_ROUNDS = 6
N_ROUNDS_OF_BATCHES = 3
FEWEST_STEPS, MOST_STEPS = 2, 100
"""Of one turn."""

N_TURNS_IN_BUDGET = 90
LOOKED_BY, DECIDED_BY = 0.65, 0.9
"""Shares of the budget in which the first looks and the rounds are done; what is left is for other batches."""


class Contestant(Protocol):
    """A `Trial`, or what plays one in a test."""

    def train(self, global_batch_size: int, n_steps: int, until: float) -> float:
        """Images a second."""
        ...

    def predict(self, n_streams: int, n_batches: int, until: float) -> float:
        """Images a second."""
        ...

    def end(self) -> None:
        """Leave nothing behind."""
        ...


@dataclass(frozen=True)
class Plan:
    """What a sweep may take.

    Attributes:
        global_batch_size: of the run.
        n_cores: that can be used.
        start: of the budget, on the clock.
        budget_s: seconds.
        clock: seconds that only grow.
    """

    global_batch_size: int
    n_cores: int
    start: float
    budget_s: float
    clock: Callable[[], float] = time.monotonic

    def at(self, share: float) -> float:
        """When so much of the budget is used."""
        return self.start + share * self.budget_s

    def n_steps(self, images_per_s: float, global_batch_size: int) -> int:
        """Steps of one turn."""
        turn_s = self.budget_s / N_TURNS_IN_BUDGET
        return min(max(round(turn_s * images_per_s / global_batch_size), FEWEST_STEPS), MOST_STEPS)


class Sweep:
    """Trials that take turns.

    Args:
        plan: what it may take.
        begin: starts the trial of a candidate.
        tell: called with what is being done, for a person.
    """

    def __init__(self, plan: Plan, begin: Callable[[Candidate], Contestant], tell: Callable[[str], None]) -> None:
        self._plan = plan
        self._begin = begin
        self._tell = tell
        self._alive: dict[Candidate, Contestant] = {}

    def run(self, candidates: Sequence[Candidate]) -> Findings:
        """Measure candidates, the first of which is the default.

        Raises:
            MachineError: the default cannot be measured.
        """
        findings = Findings(candidates[0])
        try:
            for candidate in candidates:
                self._look_at(candidate, findings)
            self._take_turns(findings)
            self._try_batches(findings)
        finally:
            for contestant in self._alive.values():
                contestant.end()
        return findings

    def _look_at(self, candidate: Candidate, findings: Findings) -> None:
        until, size, default = self._plan.at(LOOKED_BY), self._plan.global_batch_size, findings.default
        if candidate != default and self._plan.clock() >= until:
            findings.failures[candidate] = "time was up"
            return
        self._say(candidate, "first look")

        def look(contestant: Contestant) -> None:
            # The first steps compile, and those of the default say how long a step is.
            speed = contestant.train(size, FEWEST_STEPS, until)
            n_steps = self._plan.n_steps(findings.looks.get(default, speed), size)
            findings.looks[candidate] = contestant.train(size, n_steps, until)

        self._alive[candidate] = self._begin(candidate)
        self._take_turn(candidate, look, findings)
        self._keep_the_best(findings)

    def _keep_the_best(self, findings: Findings) -> None:
        looks, default = findings.looks, findings.default
        others = sorted(self._alive.keys() - {default}, key=lambda candidate: -looks[candidate])
        for place, candidate in enumerate(others):
            if place >= N_FINALISTS or looks[candidate] < CLEARLY_SLOWER * looks[default]:
                self._alive.pop(candidate).end()

    def _take_turns(self, findings: Findings) -> None:
        """Rounds of the finalists; what was measured before time is up counts."""
        findings.rounds = {candidate: [] for candidate in self._alive}
        findings.predictions = {c: {n: [] for n in streams_of(c, self._plan.n_cores)} for c in self._alive}
        try:
            self._go_round(findings)
        except OutOfTimeError as error:
            self._tell(f"no further round: {error}")

    def _go_round(self, findings: Findings) -> None:
        """Give every finalist one turn in each round."""
        for candidate in list(self._alive):
            self._say(candidate, "first prediction")
            self._take_turn(candidate, lambda contestant: contestant.predict(1, 1, self._plan.at(1)), findings)
        for number in range(1, N_ROUNDS + 1):
            start = self._plan.clock()
            for candidate in list(self._alive):
                self._say(candidate, f"round {number} of {N_ROUNDS}")
                self._take_turn(candidate, self._round_of(candidate, findings), findings)
            now = self._plan.clock()
            if now + (now - start) > self._plan.at(DECIDED_BY):
                return

    def _round_of(self, candidate: Candidate, findings: Findings) -> Callable[[Contestant], None]:
        size, until = self._plan.global_batch_size, self._plan.at(1)
        n_steps = self._plan.n_steps(findings.looks[findings.default], size)

        def measure(contestant: Contestant) -> None:
            findings.rounds[candidate].append(contestant.train(size, n_steps, until))
            for n_streams, speeds in findings.predictions[candidate].items():
                # As many batches as steps take about a third of their time.
                speeds.append(contestant.predict(n_streams, n_steps, until))

        return measure

    def _try_batches(self, findings: Findings) -> None:
        """What twice and half the global batch would do: for a person, who alone may change what is learned."""
        candidate, own = findings.chosen, self._plan.global_batch_size
        for size in (own * 2, own // 2):
            if size < candidate.n_ranks:
                continue
            self._say(candidate, f"global batch of {size}")
            try:
                findings.batches[size] = self._gains(self._alive[candidate], size, findings.looks[candidate])
            except TrialFailedError as error:
                self._tell(f"other global batches were not measured: {error}")
                return

    def _gains(self, contestant: Contestant, size: int, images_per_s: float) -> list[float]:
        """Speed with another global batch to that with the run's own, turn by turn."""
        own, until = self._plan.global_batch_size, self._plan.at(1)
        contestant.train(size, 1, until)  # another shape is compiled anew
        gains = []
        for _ in range(N_ROUNDS_OF_BATCHES):
            speeds = [contestant.train(n, self._plan.n_steps(images_per_s, n), until) for n in (own, size)]
            gains.append(speeds[1] / speeds[0])
        return gains

    def _take_turn(self, candidate: Candidate, turn: Callable[[Contestant], object], findings: Findings) -> None:
        """Let a candidate work; one that fails is out.

        Raises:
            MachineError: it is the default.
            OutOfTimeError: time is up after the first look, which costs no candidate its place.
        """
        try:
            turn(self._alive[candidate])
        except OutOfTimeError as error:
            if candidate in findings.rounds:
                raise
            self._drop(candidate, error, findings)
        except TrialFailedError as error:
            self._drop(candidate, error, findings)

    def _drop(self, candidate: Candidate, error: TrialFailedError, findings: Findings) -> None:
        self._alive.pop(candidate).end()
        findings.looks.pop(candidate, None)
        findings.rounds.pop(candidate, None)
        findings.failures[candidate] = str(error)
        if candidate == findings.default:
            raise MachineError(
                f"Tuning needs the default, {candidate.describe(self._plan.n_cores)}, to be measured within "
                f"--budget {self._plan.budget_s:g}. Received: {error}"
            ) from error

    def _say(self, candidate: Candidate, what: str) -> None:
        self._tell(f"{candidate.describe(self._plan.n_cores)}: {what}")
