"""What the study is to measure, checked before anything is written."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from zoo_core.contract import ConfigError, DataError
from zoo_core.evaluation.gate import Limits
from zoo_core.runtime.machine import describe_machine
from zoo_core.studies.precision.subject import Candidate, Subject, fingerprint_of

FEWEST_BATCHES = 8
"""Of a turn, where nobody says how many images are timed."""

Cell = dict[str, Any]


@dataclass(frozen=True)
class Plan:
    """A run, precisions, and how often and how long each is timed.

    Attributes:
        subject: the run.
        candidates: precisions, float32 first.
        limits: of the task, that the gate holds them against.
        unusable: by name, why a precision is not among them.
        part: of the run's split, that is predicted and timed.
        n_turns: in each of which every precision is timed once.
        batch_size: images of a call where throughput is measured.
        n_images: that throughput is measured with in a turn.
        n_calls: of single images in a turn.
    """

    subject: Subject
    candidates: tuple[Candidate, ...]
    limits: Limits
    unusable: Mapping[str, str]
    part: str
    n_turns: int
    batch_size: int
    n_images: int
    n_calls: int

    def __post_init__(self) -> None:
        for option, value in (("--turns", self.n_turns), ("--batch", self.batch_size), ("--images", self.n_images)):
            if value < 1:
                raise ConfigError(f"{option} needs a number from 1 on. Received: {value}")
        if len(self.subject.prepared.rows(self.part)) == 0:
            raise DataError(
                f"--part needs a part of the split that holds examples. Received: '{self.part}', which holds none: "
                "choose another"
            )

    @property
    def names(self) -> list[str]:
        """Of the precisions, float32 first."""
        return [one.name for one in self.candidates]

    def settings(self) -> dict[str, Any]:
        """What makes numbers of one cell mean something else."""
        machine = asdict(describe_machine())
        # The environment may bound other libraries' threads from call to call; what is measured here sets its own.
        del machine["thread_limits"]
        described = self.subject.model.description
        return {
            "model": described["hash"],
            "split": self.subject.prepared.split.hash,
            "part": self.part,
            "networks": {one.name: fingerprint_of(one) for one in self.candidates},
            "batch_size": self.batch_size,
            "n_images": self.n_images,
            "n_calls": self.n_calls,
            "machine": machine,
        }

    def turns(self) -> Iterator[Cell]:
        """Cells of the turns. A turn is one cell: what it compares was measured within minutes."""
        return ({"turn": turn} for turn in range(self.n_turns))

    def order(self, turn: int) -> list[str]:
        """Precisions as a turn takes them: each is the first of as many turns as any other."""
        first = turn % len(self.candidates)
        return self.names[first:] + self.names[:first]


def enough_images(batch_size: int) -> int:
    """Images of a turn of which every core has two batches."""
    return batch_size * max(FEWEST_BATCHES, 2 * len(os.sched_getaffinity(0)))
