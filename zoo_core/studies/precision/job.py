"""What a worker is told when it is started, as one JSON text."""

import json
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Job:
    """One precision of one run.

    Attributes:
        run: folder of the run.
        precision: its name.
        network: folder that the precision loads from, or converts into.
        part: of the run's split, whose images are predicted and timed.
        batch_size: images of a call where throughput is measured.
        n_images: that throughput is measured with in a turn.
        n_calls: of single images in a turn.
    """

    run: str
    precision: str
    network: str
    part: str
    batch_size: int
    n_images: int
    n_calls: int

    def to_json(self) -> str:
        """To be read by `from_json`."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "Job":
        """What `to_json` wrote."""
        return cls(**json.loads(text))
