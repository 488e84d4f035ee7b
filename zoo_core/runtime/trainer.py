"""The training loop, from top to bottom; one rank and many run the same lines."""

import dataclasses
import math
import time
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from zoo_core.contract import Communicator, ConfigError, DataError
from zoo_core.data.order import Order
from zoo_core.distributed.beats import Beats
from zoo_core.runtime.checkpoint import (
    TrainingState,
    read_checkpoint,
    read_state,
    variables_by_name,
    write_checkpoint,
)
from zoo_core.runtime.events import EpochCovered, EpochDone, EventLog
from zoo_core.runtime.ledger import Ledger
from zoo_core.runtime.prediction import Predictor
from zoo_core.runtime.prepare import Prepared
from zoo_core.runtime.progress import Meter, Shown, Silent
from zoo_core.runtime.record import RunFolder
from zoo_core.runtime.replicas import make_equal, refuse_difference
from zoo_core.runtime.schedule import learning_rate
from zoo_core.runtime.scoring import primary_metric
from zoo_core.runtime.step import TrainStep
from zoo_core.runtime.stream import TrainingStream
from zoo_core.runtime.wishes import Wishes

STEPS_BETWEEN_SCALARS = 10

STATISTICS = "ranks/statistics"
"""Name, in a checkpoint within an epoch, of what each rank keeps for itself."""


@dataclass(frozen=True)
class Trainer:
    """Trains one model in one run folder.

    Attributes:
        prepared: data, task and configuration.
        step: updates the model.
        predictor: the model in inference.
        communicator: the ranks.
        folder: takes checkpoints.
        log: takes events; None on every rank but the root.
        progress: what a person sees.
        wishes: say after each step whether to save and whether to stop.
    """

    prepared: Prepared
    step: TrainStep
    predictor: Predictor
    communicator: Communicator
    folder: RunFolder
    log: EventLog | None
    progress: Shown | Silent
    wishes: Wishes

    @cached_property
    def stream(self) -> TrainingStream:
        """The batches of this process."""
        return TrainingStream(self.prepared, self.communicator.rank)

    @cached_property
    def ledger(self) -> Ledger:
        """What the ranks have trained on."""
        return Ledger(self.stream, self.communicator)

    @property
    def beats(self) -> Beats:
        """Hear what this rank does."""
        return self.wishes.beats

    @property
    def order(self) -> Order:
        """Which training example is seen when."""
        return self.stream.order

    def train(self, state: TrainingState) -> TrainingState:
        """Train from `state` to the last epoch, with a checkpoint after each, and within one where the ranks agree to.

        Stopped at any place and resumed on as many ranks, it computes what it would have computed at one go, bit for
        bit: nothing that computes is changed by a checkpoint, and all that it depends on is in one. On another number
        of ranks it sees the same examples in the same steps; sums are then made in another order, and batch norm's
        moving statistics begin as the mean of those of the ranks there were.

        Args:
            state: of a new run, or of the checkpoint that was restored.
        Raises:
            ConfigError: the loss or a weight is no longer a number.
            MachineError: a rank holds other weights than the root.
            OutputError: a checkpoint cannot be written.
            Stopped: a signal asked for it; all but what was validated is in a checkpoint.
        """
        for _ in range(state.epoch, self.prepared.config.trainer.n_epochs):
            state = self._end_epoch(state, self._train_epoch(state))
            self.wishes.saved()
            self.wishes.stop(self.wishes.agree())
        return state

    def start(self) -> None:
        """Let every rank start from the root's weights.

        Raises:
            MachineError: a rank did not get them.
        """
        make_equal(self.step, self.communicator)

    def restore(self, checkpoint: Path) -> TrainingState:
        """Take weights and optimizer state of a checkpoint, and return where it stands.

        Raises:
            DataError: it is not whole, or is that of another network or optimizer.
        """
        arrays, state = read_checkpoint(checkpoint)
        variables = self._variables()
        _refuse_misfit(checkpoint, {**variables, **self.ledger.arrays()}, arrays)
        for name, variable in variables.items():
            variable.assign(arrays[name])
        if STATISTICS in arrays:
            self.step.statistics.take(arrays[STATISTICS])
        self.ledger.take(arrays)
        self.step.parameters.gather()
        refuse_difference(self.step, self.communicator, state.step)
        return state

    def _train_epoch(self, state: TrainingState) -> EpochDone:
        """The steps that are left of an epoch; none where a run stopped between them and the validation."""
        config = self.prepared.config.trainer
        epoch, n_steps = state.epoch + 1, self.order.n_steps(config.n_epochs)
        epoch_end = self.order.n_steps(epoch)
        self.beats.begins(f"beginning epoch {epoch}")
        losses: list[float] = []
        start = time.monotonic()
        note = "" if self.step.is_compiled else "compiling"
        with self.progress.meter(f"epoch {epoch}/{config.n_epochs}", epoch_end - state.step, note) as meter:
            for step, shares in self.stream.batches(state.step, epoch_end):
                self.beats.has_batch(f"step {step + 1} of {n_steps} begun")
                rate = learning_rate(config, step, n_steps, state.progress.n_plateaus)
                losses.append(self.step([share.batch for share in shares], rate))
                self.ledger.add(shares)
                self.beats.done(f"step {step + 1} of {n_steps} done")
                self._show(meter, step, losses, start)
                self._refuse_divergence(losses[-1], step)
                self._heed(dataclasses.replace(state, step=step + 1), epoch_end)
        rate = learning_rate(config, epoch_end - 1, n_steps, state.progress.n_plateaus)
        images_per_s = len(losses) * config.global_batch_size / (time.monotonic() - start)
        return EpochDone(epoch, epoch_end, float(np.mean(losses)) if losses else None, rate, images_per_s)

    def _heed(self, state: TrainingState, epoch_end: int) -> None:
        """Do what the ranks agree on; before the validation a checkpoint is always written, which may take long."""
        agreed = self.wishes.agree()
        if not agreed.save and state.step < epoch_end:
            return
        self.beats.begins(f"saving after step {state.step}")
        self._refuse_unsound(state.step)
        # Each rank's own statistics, not their mean: a checkpoint must not change what is computed after it.
        arrays = {**self._arrays(), STATISTICS: self.step.statistics.gathered()}
        if self.log:
            write_checkpoint(self.folder.last_checkpoint, arrays, state)
        self.wishes.saved()
        self.wishes.stop(agreed)

    def _end_epoch(self, state: TrainingState, done: EpochDone) -> TrainingState:
        self.beats.begins(f"validating after step {done.step}")
        self._refuse_unsound(done.step)
        self.step.statistics.average()
        self._log_coverage(done.epoch)
        task, config = self.prepared.task, self.prepared.config.trainer
        value = primary_metric(self.prepared, self.predictor, self.progress)
        self.beats.begins(f"validated after step {done.step}")
        metric = task.primary_metric
        progress = state.progress.after(value, done.step, metric.direction, config.plateau_patience)
        state = dataclasses.replace(state, step=done.step, epoch=done.epoch, progress=progress)
        done = dataclasses.replace(done, validation=value, best=progress.best_step == done.step)
        arrays = self._arrays()
        if self.log:
            self._save(arrays, state, done.best)
            self.log.write(done)
            shown = "undefined" if value is None else f"{value:.3f}"
            trained = "" if done.loss is None else f"loss {done.loss:.4f}, {done.images_per_s:.1f} images/s, "
            self.progress.say(
                f"epoch {done.epoch}/{config.n_epochs}: {trained}"
                f"validation {metric.name} {shown}{' (best)' if done.best else ''}"
            )
        return state

    def _log_coverage(self, epoch: int) -> None:
        start, end = self.order.n_steps(epoch - 1), self.order.n_steps(epoch)
        found, expected = self.ledger.end_epoch(start, end)
        if self.log:
            self.log.write(EpochCovered.of(epoch, len(self.stream.rows), found, expected))

    def _save(self, arrays: dict[str, np.ndarray], state: TrainingState, best: bool) -> None:
        # The best first: were the last there alone, a run killed between the two would go on with an older best.
        # A run whose metric is never defined still keeps a model: its last.
        if best or state.progress.best is None:
            write_checkpoint(self.folder.best_checkpoint, arrays, state)
        write_checkpoint(self.folder.last_checkpoint, arrays, state)

    def _arrays(self) -> dict[str, np.ndarray]:
        """What every checkpoint holds; every rank calls it."""
        return {**{name: np.asarray(v) for name, v in self._variables().items()}, **self.ledger.arrays()}

    def _variables(self) -> dict[str, Any]:
        return {
            **variables_by_name(self.step.model.variables, "model"),
            **variables_by_name(self.step.optimizer.variables, "optimizer"),
        }

    def _show(self, meter: Meter, step: int, losses: list[float], start: float) -> None:
        n_images = len(losses) * self.prepared.config.trainer.global_batch_size
        loss = float(np.mean(losses[-STEPS_BETWEEN_SCALARS:]))
        meter.advance(note=f"loss {loss:.4f}, {n_images / (time.monotonic() - start):.1f} images/s")
        if self.log and (step + 1) % STEPS_BETWEEN_SCALARS == 0:
            self.log.scalars(step + 1, {"loss": loss})

    def _refuse_unsound(self, n_steps: int) -> None:
        """Nothing that is no number, or that the ranks do not share, ever takes the place of a good checkpoint."""
        weights = (np.asarray(variable) for variable in self.step.model.trainable_variables)
        if not all(np.isfinite(weight).all() for weight in weights):
            self._refuse_divergence(math.nan, n_steps - 1)
        refuse_difference(self.step, self.communicator, n_steps)

    def _refuse_divergence(self, loss: float, step: int) -> None:
        if math.isfinite(loss):
            return
        last = self.folder.last_checkpoint
        kept = f"'{last}' is of step {read_state(last).step}" if last.exists() else "there is none yet"
        raise ConfigError(
            f"The loss needs to stay a number; it became {loss} in step {step + 1} (last good checkpoint: {kept}): "
            "lower trainer.learning_rate or lengthen trainer.warmup_epochs"
        )


def _refuse_misfit(checkpoint: Path, expected: dict[str, Any], arrays: dict[str, np.ndarray]) -> None:
    wanted = {name: tuple(variable.shape) for name, variable in expected.items()}
    received = {name: array.shape for name, array in arrays.items() if name != STATISTICS}
    if wanted != received:
        differing = min(name for name in {*wanted, *received} if wanted.get(name) != received.get(name))
        raise DataError(
            f"A checkpoint of this run's network and optimizer was wanted. Received: '{checkpoint}', which differs in "
            f"'{differing}': {received.get(differing, 'absent')} where {wanted.get(differing, 'nothing')} was wanted"
        )
