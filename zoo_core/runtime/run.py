"""One run on one rank, from the network to the numbers."""

import dataclasses
import time
from pathlib import Path
from typing import Any

import keras

from zoo_core import plugins
from zoo_core.contract import Communicator, Topology
from zoo_core.data.fetching import cache_folder, fetch_file
from zoo_core.data.splits import PARTS
from zoo_core.distributed.beats import NO_BEATS, Beats
from zoo_core.distributed.signals import StopRequests
from zoo_core.evaluation.metrics import evaluate, metric_at
from zoo_core.evaluation.predictions import Predictions, write_predictions
from zoo_core.models.assembly import build_backbone, build_model
from zoo_core.models.batch_norm import set_momentum
from zoo_core.models.weights import LoadedWeights, load_weights
from zoo_core.runtime.checkpoint import TrainingState
from zoo_core.runtime.config import RunConfig
from zoo_core.runtime.events import EventLog, ImageLeftOut, RunFinished, RunStarted
from zoo_core.runtime.features import write_features
from zoo_core.runtime.image_baselines import image_baselines, with_image_baselines
from zoo_core.runtime.localization import boxes_of
from zoo_core.runtime.machine import describe_machine
from zoo_core.runtime.maps import write_maps
from zoo_core.runtime.metadata import metadata_baselines, with_metadata_baselines
from zoo_core.runtime.model_folder import weights_hash, write_model_folder
from zoo_core.runtime.montage import write_montage
from zoo_core.runtime.precisions import training_policy
from zoo_core.runtime.prediction import Batching, Predictor
from zoo_core.runtime.prepare import Prepared
from zoo_core.runtime.progress import Shown, Silent
from zoo_core.runtime.readout import write_readout
from zoo_core.runtime.record import RunFolder
from zoo_core.runtime.reporting import write_report
from zoo_core.runtime.schedule import Progress
from zoo_core.runtime.scoring import PREDICTED_PARTS, predict_parts
from zoo_core.runtime.screening import write_screen
from zoo_core.runtime.sharing import sharing_of
from zoo_core.runtime.step import TrainStep, make_optimizer
from zoo_core.runtime.trained_model import Baselines
from zoo_core.runtime.trainer import Trainer
from zoo_core.runtime.traits import write_traits
from zoo_core.runtime.wishes import Wishes


def execute(
    folder: RunFolder,
    prepared: Prepared,
    communicator: Communicator,
    requests: StopRequests,
    beats: Beats = NO_BEATS,
) -> None:
    """Train, keep the best checkpoint, predict validation and test, and write it all; every rank calls it.

    Where the folder holds a checkpoint, training goes on from it.

    Args:
        folder: made by `RunFolder.create`.
        prepared: the same on every rank.
        communicator: the ranks.
        requests: signals to this process.
        beats: hear what this rank does.
    Raises:
        ZooError: weights that cannot be loaded, a loss that is no number, or a folder that cannot be written to.
        Stopped: by a signal.
    """
    with folder.errors_named():
        _execute(folder, prepared, communicator, requests, beats)


def _execute(
    folder: RunFolder, prepared: Prepared, communicator: Communicator, requests: StopRequests, beats: Beats
) -> None:
    start = time.monotonic()
    beats.begins("building the network")
    # Before the first collective: the root writes none until every rank has looked.
    resumed = folder.last_checkpoint.exists()
    model, weights = build_network(prepared, communicator)
    wishes = Wishes(communicator, requests, prepared.config.trainer.checkpoint_every_s, beats)
    trainer = make_trainer(folder, prepared, make_step(model, prepared, communicator), communicator, wishes)
    log = trainer.log
    if log:
        boxes_of(prepared)  # refused before training, if they are not what the contract says
        folder.extend({"weights": dataclasses.asdict(weights), "n_ranks": communicator.rank.size})
    trainer.start()
    state = trainer.restore(folder.last_checkpoint) if resumed else new_state(prepared.config, prepared.split.hash)
    if log:
        n_steps = trainer.order.n_steps(prepared.config.trainer.n_epochs)
        log.write(RunStarted(state.step, n_steps, communicator.rank.size, describe_machine()))
        for bad in () if resumed else prepared.unreadable:
            log.write(ImageLeftOut(**dataclasses.asdict(bad)))
    trainer.train(state)
    communicator.barrier()  # the root has written the checkpoint that all now read
    requests.all_is_saved()
    beats.begins("predicting")
    predictions = predict_with_best(trainer, PREDICTED_PARTS)
    beats.begins("writing the results")
    if log:
        baselines = Baselines(metadata_baselines(prepared), image_baselines(prepared, trainer.progress))
        write_model_folder(folder.model, model, prepared, weights, baselines)
        write_maps(folder, prepared, model, predictions.of_split("test"), trainer.progress)
        predictions = with_metadata_baselines(prepared, predictions, baselines.metadata)
        predictions = with_image_baselines(prepared, predictions, baselines.images, trainer.progress)
        write_screen(folder, prepared, predictions, PREDICTED_PARTS[-1])
        write_features(folder, prepared, model, PREDICTED_PARTS[-1], trainer.progress)
        write_traits(folder, prepared, trainer.progress)
        write_montage(folder, prepared, PARTS, trainer.progress)
        values = _write_results(folder, prepared, predictions)
        log.write(RunFinished(time.monotonic() - start, *values))
        write_report(folder)


def make_step(model: Any, prepared: Prepared, communicator: Communicator) -> TrainStep:
    """The train step of a run on a model of `build_network`."""
    optimizer = make_optimizer(prepared.config.trainer)
    return TrainStep(model, prepared.task, prepared.fitted, optimizer, sharing_of(prepared.config, communicator))


def make_trainer(
    folder: RunFolder, prepared: Prepared, step: TrainStep, communicator: Communicator, wishes: Wishes
) -> Trainer:
    """The trainer of a run; the root's writes its events and shows its progress.

    Args:
        folder: of the run.
        prepared: the same on every rank.
        step: of `make_step`.
        communicator: the ranks.
        wishes: to save and to stop.
    """
    root = communicator.rank.is_root
    batching = inference_batching(prepared, communicator)
    predictor = Predictor(step.model, prepared.examples(), communicator, batching, wishes.stop_where_agreed)
    log = EventLog(folder.path) if root else None
    return Trainer(prepared, step, predictor, communicator, folder, log, Shown() if root else Silent(), wishes)


def predict_with_best(trainer: Trainer, parts: tuple[str, ...]) -> Predictions:
    """Take the weights of the best checkpoint and predict parts of the split; every rank calls it."""
    trainer.restore(trainer.folder.best_checkpoint)
    return predict_parts(trainer.prepared, trainer.predictor, trainer.progress, parts, weights_hash(trainer.step.model))


def _write_results(folder: RunFolder, prepared: Prepared, predictions: Predictions) -> list[float | None]:
    """Write predictions, and last the metrics, with which a run is done; the primary metric of each part."""
    predictions = write_readout(folder.model, predictions)
    write_predictions(predictions, folder.predictions)
    metrics = evaluate(predictions)
    folder.write_json(folder.metrics, metrics)
    return [metric_at(metrics, part, prepared.task.primary_metric.name) for part in PREDICTED_PARTS]


def build_network(prepared: Prepared, communicator: Communicator) -> tuple[Any, LoadedWeights]:
    """The model of a run before its first step, and where its weights are from; every rank calls it."""
    config = prepared.config
    keras.utils.set_random_seed(config.seed)
    topology: Topology = plugins.create("topology", config.topology.name, config.topology.options)
    policy = training_policy(config.precision)
    backbone = build_backbone(topology, prepared.task.input_shape(prepared.fitted), policy)
    weights = _load_in_turn(backbone, topology, config.topology.weights, communicator)
    model = build_model(backbone, prepared.task, weights.scaling, policy)
    set_momentum(model, config.trainer.batch_norm_momentum)
    return model, weights


def _load_in_turn(backbone: Any, topology: Topology, choice: str, communicator: Communicator) -> LoadedWeights:
    """One rank of each host loads first: published weights are then fetched once, not by all ranks at a time."""
    if communicator.rank.local_rank == 0:
        weights = load_weights(backbone, topology, choice, _fetch)
        communicator.barrier()
        return weights
    communicator.barrier()
    return load_weights(backbone, topology, choice, _fetch)


def _fetch(address: str, checksum: str | None) -> Path:
    """A published weights file in this user's cache."""
    return fetch_file(address, checksum, cache_folder() / "weights" / address.rpartition("/")[2])


def new_state(config: RunConfig, split_hash: str) -> TrainingState:
    """Where training stands before the first step."""
    return TrainingState(
        step=0,
        epoch=0,
        seed=config.seed,
        progress=Progress(),
        split_hash=split_hash,
        topology=config.topology.name,
        task=config.task.name,
    )


def inference_batching(prepared: Prepared, communicator: Communicator) -> Batching:
    """How a run predicts: as many examples at a time as it trains on."""
    trainer, n_streams = prepared.config.trainer, prepared.config.launch.n_streams
    return Batching(max(1, trainer.global_batch_size // communicator.rank.size), trainer.n_readers, n_streams)
