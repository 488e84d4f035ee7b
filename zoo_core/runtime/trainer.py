"""The training loop, from top to bottom; one rank and many run the same lines."""

import dataclasses
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from zoo_core.contract import Communicator, ConfigError
from zoo_core.data.order import Order
from zoo_core.data.reader import Batch, read_ahead
from zoo_core.runtime.checkpoint import TrainingState, read_checkpoint, variables_by_name, write_checkpoint
from zoo_core.runtime.events import EpochDone, EventLog
from zoo_core.runtime.prediction import Predictor
from zoo_core.runtime.prepare import Prepared
from zoo_core.runtime.progress import Meter, Shown, Silent
from zoo_core.runtime.record import RunFolder
from zoo_core.runtime.schedule import learning_rate
from zoo_core.runtime.scoring import primary_metric
from zoo_core.runtime.step import TrainStep, broadcast_state, synchronise

STEPS_BETWEEN_SCALARS = 10


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
    """

    prepared: Prepared
    step: TrainStep
    predictor: Predictor
    communicator: Communicator
    folder: RunFolder
    log: EventLog | None
    progress: Shown | Silent

    @cached_property
    def rows(self) -> np.ndarray:
        """(example,) int64, rows of the training split."""
        return self.prepared.rows("train")

    @cached_property
    def order(self) -> Order:
        """Which training example is seen when."""
        config = self.prepared.config
        return Order(len(self.rows), config.trainer.global_batch_size, config.seed)

    def train(self, state: TrainingState) -> TrainingState:
        """Train from `state` to the last epoch, with a checkpoint after each.

        Args:
            state: of a new run, or of the checkpoint that was restored.
        Raises:
            ConfigError: the loss is no longer a number.
        """
        config = self.prepared.config.trainer
        n_steps = self.order.n_steps(config.n_epochs)
        broadcast_state(self.step, self.communicator)
        for epoch in range(state.epoch, config.n_epochs):
            epoch_end = self.order.n_steps(epoch + 1)
            title = f"epoch {epoch + 1}/{config.n_epochs}"
            losses, start = [], time.monotonic()
            with self.progress.meter(title, epoch_end - state.step) as meter:
                for step, batch in self._batches(state.step, epoch_end):
                    rate = learning_rate(config, step, n_steps, state.progress.n_plateaus)
                    losses.append(self.step(batch, rate))
                    self._show(meter, step, losses, start)
                    _refuse_divergence(losses[-1], step)
            images_per_s = len(losses) * config.global_batch_size / (time.monotonic() - start)
            state = self._end_epoch(state, EpochDone(epoch + 1, epoch_end, float(np.mean(losses)), rate, images_per_s))
        return state

    def restore(self, checkpoint: Path) -> TrainingState:
        """Take weights and optimizer state of a checkpoint, and return where it stands."""
        arrays, state = read_checkpoint(checkpoint)
        for name, variable in self._variables().items():
            variable.assign(arrays[name])
        self.step.parameters.gather()
        return state

    def _batches(self, start: int, end: int) -> Iterator[tuple[int, Batch]]:
        config = self.prepared.config.trainer
        steps = range(start, end)
        return zip(steps, read_ahead(self._batch, steps, config.n_readers), strict=True)

    def _batch(self, step: int) -> Batch:
        prepared, rank = self.prepared, self.communicator.rank
        batch = prepared.examples().batch(self.rows[self.order.share(step, rank)])
        if not prepared.config.trainer.augment:
            return batch
        rng = np.random.default_rng([prepared.config.seed, step, rank.rank])
        return dataclasses.replace(batch, images=prepared.task.augment(batch.images, rng))

    def _end_epoch(self, state: TrainingState, done: EpochDone) -> TrainingState:
        synchronise(self.step.model, self.communicator)
        task, config = self.prepared.task, self.prepared.config.trainer
        value = primary_metric(self.prepared, self.predictor, self.progress)
        metric = task.primary_metric
        progress = state.progress.after(value, done.step, metric.direction, config.plateau_patience)
        state = dataclasses.replace(state, step=done.step, epoch=done.epoch, progress=progress)
        done = dataclasses.replace(done, validation=value, best=progress.best_step == done.step)
        if self.log:
            self._save(state, done.best)
            self.log.write(done)
            shown = "undefined" if value is None else f"{value:.3f}"
            self.progress.say(
                f"epoch {done.epoch}/{config.n_epochs}: loss {done.loss:.4f}, {done.images_per_s:.1f} images/s, "
                f"validation {metric.name} {shown}{' (best)' if done.best else ''}"
            )
        return state

    def _save(self, state: TrainingState, best: bool) -> None:
        arrays = {name: np.asarray(variable) for name, variable in self._variables().items()}
        write_checkpoint(self.folder.last_checkpoint, arrays, state)
        # A run whose metric is never defined still keeps a model: its last.
        if best or state.progress.best is None:
            write_checkpoint(self.folder.best_checkpoint, arrays, state)

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


def _refuse_divergence(loss: float, step: int) -> None:
    if not math.isfinite(loss):
        raise ConfigError(
            f"The loss needs to stay a number; it became {loss} in step {step + 1}: lower trainer.learning_rate "
            "or lengthen trainer.warmup_epochs"
        )
