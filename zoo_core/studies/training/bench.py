"""One process that trains cell after cell and keeps what is costly: the data set, and the compiled train step."""

import dataclasses
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from zoo_core.distributed.signals import StopRequests
from zoo_core.distributed.single import SingleRank
from zoo_core.evaluation.predictions import Predictions
from zoo_core.runtime.config import RunConfig
from zoo_core.runtime.prediction import Predictor
from zoo_core.runtime.prepare import Prepared, prepare
from zoo_core.runtime.progress import Silent
from zoo_core.runtime.record import RunFolder
from zoo_core.runtime.reporting import read_events
from zoo_core.runtime.run import build_network, make_step, make_trainer, new_state, predict_with_best
from zoo_core.runtime.settings import Settings, run_config
from zoo_core.runtime.step import TrainStep
from zoo_core.runtime.trainer import Trainer
from zoo_core.runtime.wishes import Wishes

PARTS = ("test",)
"""Of the split, that are predicted with the best checkpoint."""


@dataclass(frozen=True)
class Trained:
    """What a training led to.

    Attributes:
        predictions: of `PARTS`, by the best checkpoint.
        values: to be kept of it: epochs, coverage, time.
    """

    predictions: Predictions
    values: dict[str, Any]


class Bench:
    """Trains one cell after the other as a run does, without maps, report and model folder.

    What a train step was compiled for is used again by cells that differ in nothing it was compiled for, such as
    those of other seeds: the numbers are the same, bit for bit, as those of a process of its own.
    """

    def __init__(self) -> None:
        self._data: tuple[Any, Prepared] | None = None
        self._compiled: tuple[Any, TrainStep, Predictor] | None = None

    def train(self, settings: Settings) -> Trained:
        """Train and predict.

        Args:
            settings: of a whole run.
        Raises:
            ZooError: as of a run.
        """
        start = time.monotonic()
        prepared = self._prepared(run_config(settings))
        with tempfile.TemporaryDirectory(prefix="zoo-study-") as folder:
            trainer = self._trainer(RunFolder.create(Path(folder) / "run", prepared), prepared)
            trainer.start()
            trainer.train(new_state(prepared.config, prepared.split.hash))
            predictions = predict_with_best(trainer, PARTS)
            events = [event for event in read_events(trainer.folder) if event]
        seconds = time.monotonic() - start
        return Trained(predictions, {**_epochs(events), "wall_s": seconds, "n_train": len(prepared.rows("train"))})

    def _prepared(self, config: RunConfig) -> Prepared:
        # The same data, split and task are the same rows: only what is done with them differs.
        key = (config.task, config.data, config.split)
        if self._data is None or self._data[0] != key:
            self._data = key, prepare(config)
        return dataclasses.replace(self._data[1], config=config)

    def _trainer(self, folder: RunFolder, prepared: Prepared) -> Trainer:
        alone = SingleRank()
        wishes = Wishes(alone, StopRequests(), prepared.config.trainer.checkpoint_every_s)
        model, _ = build_network(prepared, alone)
        key = _compiled_for(prepared)
        if self._compiled and self._compiled[0] == key:
            _, step, predictor = self._compiled
            begin_anew(step, model)
            trainer = make_trainer(folder, prepared, step, alone, wishes)
            return dataclasses.replace(trainer, predictor=predictor, progress=Silent())
        self._compiled = None  # its memory first
        step = make_step(model, prepared, alone)
        trainer = make_trainer(folder, prepared, step, alone, wishes)
        self._compiled = key, step, trainer.predictor
        return dataclasses.replace(trainer, progress=Silent())


def begin_anew(step: TrainStep, model: Any) -> None:
    """Bring a step that has trained to where it was before its first batch, with the weights of another model.

    Args:
        step: of the same network.
        model: not trained.
    """
    for own, fresh in zip(step.model.variables, model.variables, strict=True):
        own.assign(fresh.numpy())
    for variable in step.optimizer.variables:
        variable.assign(np.zeros(variable.shape, variable.dtype))
    step.statistics.begin_anew()
    step.parameters.gather()


def _compiled_for(prepared: Prepared) -> tuple[Any, ...]:
    """All of a run that its train step and its predictor hold on to; seed, order and learning rate are given anew."""
    config, trainer = prepared.config, prepared.config.trainer
    held = dataclasses.replace(
        trainer,
        learning_rate=1.0,
        learning_rate_rule="none",
        base_batch_size=1,
        warmup_epochs=0.0,
        sharding="partition",
    )
    return config.task, config.data, config.split, config.topology, config.precision, config.launch, held


def _epochs(events: list[dict[str, Any]]) -> dict[str, Any]:
    """Validation, loss and measured coverage of each epoch."""
    done = [event for event in events if event["event"] == "EpochDone"]
    covered = [event for event in events if event["event"] == "EpochCovered"]
    return {
        "validation": [event["validation"] for event in done],
        "loss": [event["loss"] for event in done],
        "n_steps": done[-1]["step"],
        "seen": [event["n_distinct"] / event["n_examples"] for event in covered],
        "never_seen": covered[-1]["n_never"] / covered[-1]["n_examples"],
    }
