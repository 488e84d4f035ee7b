"""What a sweep saw, and what follows from it."""

import statistics
from dataclasses import dataclass, field

from zoo_core.runtime.tuning.candidates import Candidate
from zoo_core.runtime.tuning.choosing import choose, ratios


@dataclass
class Findings:
    """Speeds, all in images a second over all ranks.

    Attributes:
        default: what a run does where nothing is set.
        looks: of the first look.
        rounds: of the finalists, in each round.
        predictions: of the finalists by number of streams, in each round.
        batches: of the chosen candidate with another global batch size, to its speed with the run's own, in each round.
        failures: why a candidate was not measured, or no further.
    """

    default: Candidate
    looks: dict[Candidate, float] = field(default_factory=dict)
    rounds: dict[Candidate, list[float]] = field(default_factory=dict)
    predictions: dict[Candidate, dict[int, list[float]]] = field(default_factory=dict)
    batches: dict[int, list[float]] = field(default_factory=dict)
    failures: dict[Candidate, str] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        """Whether other candidates were to be tried and none was measured: nothing is known then."""
        return bool(self.failures) and set(self.looks) == {self.default}

    @property
    def chosen(self) -> Candidate:
        """The fastest, or the default."""
        return choose(self.rounds, self.default)

    @property
    def n_streams(self) -> int:
        """The fastest way of the chosen candidate to predict, or one stream."""
        return choose(self.predictions[self.chosen], 1)

    @property
    def speed(self) -> float:
        """Of the chosen candidate."""
        return statistics.median(self.speeds(self.chosen))

    def speeds(self, candidate: Candidate) -> list[float]:
        """Of the rounds, or else of the first look; empty where there was none."""
        if rounds := self.rounds.get(candidate):
            return rounds
        return [self.looks[candidate]] if candidate in self.looks else []

    def ratio(self, candidate: Candidate) -> float:
        """Of a candidate that was measured, to the default in the same rounds."""
        if rounds := self.rounds.get(candidate):
            return statistics.median(ratios(rounds, self.rounds[self.default]))
        return self.looks[candidate] / self.looks[self.default]
