"""What is to be converted, and how; refused here where it cannot be, before anything is computed or written."""

import dataclasses
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from zoo_core.contract import ConfigError, DataError, OutputError, PrecisionBackend, SupportsConversion
from zoo_core.evaluation.draws import Draws
from zoo_core.evaluation.families import units_of
from zoo_core.evaluation.gate import LABEL_LIMIT, Limits, limits_of, refuse_unjudgeable
from zoo_core.runtime.networks import CONVERSION, converted_folder
from zoo_core.runtime.precisions import usable_backend
from zoo_core.runtime.prepare import Prepared
from zoo_core.runtime.record import RunFolder
from zoo_core.runtime.resume import prepared_in
from zoo_core.runtime.trained_model import NETWORK, TrainedModel, read_model

CALIBRATED_ON, JUDGED_ON = "train", "validation"
"""Splits: the test split stays for the study that comes after."""


@dataclass(frozen=True)
class Wish:
    """What a user asks for.

    Attributes:
        precision: name of the plugin.
        n_examples: training examples that ranges of values are taken from.
        mean_limit: that the mean of the primary metric may lose; None for the task's tolerance.
        label_limit: that a label may lose.
        control_s: seconds that accuracy control may take; None to do without.
        draws: behind each interval; its seed is that of the training examples too.
    """

    precision: str = "int8"
    n_examples: int = 300
    mean_limit: float | None = None
    label_limit: float = LABEL_LIMIT
    control_s: float | None = 600.0
    draws: Draws = dataclasses.field(default_factory=Draws)


@dataclass(frozen=True)
class Job:
    """A wish that can be tried.

    Attributes:
        wish: of the user.
        run: that the model is of.
        model: trained.
        prepared: the run's data and split, as they were, with what the model learned from them.
        backend: of the precision.
        limits: of the task.
    """

    wish: Wish
    run: RunFolder
    model: TrainedModel
    prepared: Prepared
    backend: PrecisionBackend
    limits: Limits

    @property
    def folder(self) -> Path:
        """Of the converted model, nothing yet."""
        return converted_folder(self.model, self.wish.precision)


def plan(path: Path, wish: Wish) -> Job:
    """See that a run's model can be converted and judged.

    Args:
        path: of the run, or of its model.
        wish: what is asked for.
    Raises:
        DataError: there is no model of a run that came to its end, its data are not as they were, or have no label
            with positives to calibrate and to judge with.
        ConfigError: models are not converted to this precision, or the task's metric cannot be judged.
        MachineError: the precision cannot be used here.
        OutputError: the model is converted already, or the run's folder cannot be written to.
        PluginError: a plugin is not installed.
    """
    model = read_model(path)
    run = _finished_run(model, path)
    backend = usable_backend(wish.precision)
    if not isinstance(backend, SupportsConversion):
        raise ConfigError(
            f"--precision of a conversion needs one that models are converted to, such as int8. Received: "
            f"'{wish.precision}', in which a model is used as it was trained: 'zoo predict' takes it at once"
        )
    _refuse_converted(converted_folder(model, wish.precision))
    limits = limits_of(model.task.primary_metric, wish.mean_limit, wish.label_limit)
    return Job(wish, run, model, _prepared(run, model, limits.metric), backend, limits)


def _finished_run(model: TrainedModel, path: Path) -> RunFolder:
    """The run that a model lies in."""
    if (model.folder / CONVERSION).exists():
        raise DataError(
            f"A model as it was trained was wanted. Received: '{path}', which is converted already: give the folder of "
            "its run"
        )
    run = RunFolder(model.folder.parent)
    if not (model.folder / NETWORK).is_file() or not run.run_json.is_file() or not run.is_finished:
        raise DataError(
            f"The model of a run that came to its end was wanted, with the run around it, whose data calibrate and "
            f"judge. Received: '{path}': give the folder that 'zoo run' wrote"
        )
    return run


def _refuse_converted(folder: Path) -> None:
    if folder.exists():
        raise OutputError(
            f"A model that is not quantized yet was wanted. Received: '{folder}', which exists: remove it to quantize "
            "again"
        )
    if not os.access(folder.parent, os.W_OK):
        raise OutputError(
            f"The converted model lies beside the trained one. Received: '{folder.parent}', which cannot be written "
            "to: give permission there"
        )


def _prepared(run: RunFolder, model: TrainedModel, metric: str) -> Prepared:
    prepared = prepared_in(run)
    pairs = {
        "task": (model.choice.name, prepared.config.task.name),
        "data": (model.description["data"]["fingerprint"], prepared.fingerprint),
        "split": (model.description["split"]["hash"], prepared.split.hash),
    }
    for what, (wanted, received) in pairs.items():
        if wanted != received:
            raise DataError(
                f"A run with the {what} that its model was trained on was wanted, '{wanted}'. Received: '{received}' "
                f"in '{run.path}': take run and model from one folder"
            )
    for part in (CALIBRATED_ON, JUDGED_ON):
        _refuse_without_labels(prepared, part, metric)
    return dataclasses.replace(prepared, task=model.task, fitted=model.fitted)


def _refuse_without_labels(prepared: Prepared, part: str, metric: str) -> None:
    rows = prepared.rows(part)
    if not len(rows):
        raise DataError(
            f"A conversion needs examples of {part} that can be read and have a label known. Received: none of "
            f"{len(prepared.split.rows(part))}: see 'unreadable' in run.json, and the labels of the data set"
        )
    truth = prepared.examples().truth(rows)
    judged = {name for labels in units_of(prepared.task.labels, metric).values() for name in labels}
    known = {
        label.name: values[~np.isnan(values)]
        for label, values in zip(prepared.task.labels, truth.T, strict=True)
        if label.name in judged
    }
    refuse_unjudgeable(known, part, metric)
