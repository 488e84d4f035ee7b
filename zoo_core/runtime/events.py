"""`events.jsonl`: what happened in a run, one typed event a line, and the same as TensorBoard scalars."""

import contextlib
import dataclasses
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from zoo_core.contract import OutputError
from zoo_core.data.coverage import Coverage
from zoo_core.runtime.machine import Machine


@dataclass(frozen=True)
class RunStarted:
    """A run, or the rest of one, begins.

    Attributes:
        step: steps done before.
        n_steps: steps in all.
        n_ranks: processes.
        machine: where the root is.
    """

    step: int
    n_steps: int
    n_ranks: int
    machine: Machine


@dataclass(frozen=True)
class EpochDone:
    """Every example was seen once more.

    Attributes:
        epoch: counted from 1.
        step: steps done.
        loss: mean over the epoch's steps, of a resumed run over those after it went on; None where none was left.
        learning_rate: of the epoch's last step.
        images_per_s: of training alone, over all ranks; 0 where no step was left.
        validation: the primary metric; None where it is undefined.
        best: whether it is the best so far.
    """

    epoch: int
    step: int
    loss: float | None
    learning_rate: float
    images_per_s: float
    validation: float | None = None
    best: bool = False


@dataclass(frozen=True)
class EpochCovered:
    """Which training examples an epoch's steps have seen, over all ranks.

    Attributes:
        epoch: counted from 1.
        n_examples: of the training split.
        n_distinct: seen in the epoch at least once.
        n_repeated: seen in it at least twice.
        n_never: seen neither in it nor in any epoch before.
        expected_distinct: what the sharding lets expect of as many ranks; likewise the others.
        expected_repeated: of `n_repeated`.
        expected_never: of `n_never`, as though there had been as many ranks from the first step on.
    """

    epoch: int
    n_examples: int
    n_distinct: int
    n_repeated: int
    n_never: int
    expected_distinct: float
    expected_repeated: float
    expected_never: float

    @classmethod
    def of(cls, epoch: int, n_examples: int, found: Coverage, expected: Coverage) -> "EpochCovered":
        """Of what was counted and what was expected."""
        return cls(
            epoch,
            n_examples,
            n_distinct=int(found.n_distinct),
            n_repeated=int(found.n_repeated),
            n_never=int(found.n_never),
            expected_distinct=expected.n_distinct,
            expected_repeated=expected.n_repeated,
            expected_never=expected.n_never,
        )


@dataclass(frozen=True)
class ImageLeftOut:
    """An image cannot be read.

    Attributes:
        row: of the index.
        example_id: its name.
        reason: why.
    """

    row: int
    example_id: str
    reason: str


@dataclass(frozen=True)
class RunFinished:
    """Predictions, metrics and model are written.

    Attributes:
        wall_s: seconds since `RunStarted`.
        validation: the primary metric of the model that was kept.
        test: the same on the test split.
    """

    wall_s: float
    validation: float | None
    test: float | None


Event = RunStarted | EpochDone | EpochCovered | ImageLeftOut | RunFinished


class EventLog:
    """Appends events to a run folder.

    Args:
        folder: the run folder.
    Raises:
        OutputError: TensorBoard's file cannot be written.
    """

    def __init__(self, folder: Path) -> None:
        import tensorflow as tf

        self._path = folder / "events.jsonl"
        self._folder = folder / "tensorboard"
        with self._errors_named():
            self._tensorboard = tf.summary.create_file_writer(str(self._folder))

    def write(self, event: Event) -> None:
        """Append an event; an epoch's numbers go to TensorBoard too."""
        line = {"event": type(event).__name__, "time": time.time(), **dataclasses.asdict(event)}
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
        if isinstance(event, EpochDone):
            scalars = {"learning_rate": event.learning_rate, "images_per_s": event.images_per_s}
            if event.validation is not None:
                scalars["validation"] = event.validation
            self.scalars(event.step, scalars)

    def scalars(self, step: int, values: dict[str, float]) -> None:
        """Write TensorBoard scalars."""
        import tensorflow as tf

        with self._errors_named(), self._tensorboard.as_default(step=step):
            for name, value in values.items():
                tf.summary.scalar(name, value)
            self._tensorboard.flush()

    @contextlib.contextmanager
    def _errors_named(self) -> Iterator[None]:
        import tensorflow as tf

        try:
            yield
        except tf.errors.OpError as error:
            reason = error.message.partition("\n")[0]
            raise OutputError(
                f"'{self._folder}' needs to be written to, which failed ({reason}): make room or give permission there"
            ) from error
