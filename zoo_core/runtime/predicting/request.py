"""What is to be predicted, and by what; refused here where it cannot be, before anything is computed or written."""

import dataclasses
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from zoo_core.contract import ConfigError, DataError, Load, PrecisionBackend, SupportsConversion
from zoo_core.data.fingerprint import fingerprint
from zoo_core.data.picture_files import READERS, PictureFiles, find_pictures
from zoo_core.data.splits import ALL, undivided
from zoo_core.runtime.config import Choice, RunConfig, TopologyChoice
from zoo_core.runtime.networks import network_folder
from zoo_core.runtime.precisions import REFERENCE, usable_backend
from zoo_core.runtime.prepare import Prepared, refuse_misfit
from zoo_core.runtime.trained_model import TrainedModel

FILES = "files"
"""Stands where the name of a data set does."""


@dataclass(frozen=True)
class Request:
    """What is to be predicted.

    Attributes:
        model: trained.
        precision: name of the backend.
        backend: that predicts.
        folder: that it loads from.
        prepared: the examples.
        part: of their split; "all" where there is none.
        batch_size: examples of a call.
    """

    model: TrainedModel
    precision: str
    backend: PrecisionBackend
    folder: Path
    prepared: Prepared
    part: str
    batch_size: int

    @property
    def rows(self) -> np.ndarray:
        """(example,) row numbers."""
        return self.prepared.split.rows(self.part)

    @property
    def needs_tensorflow(self) -> bool:
        """False where the backend loads what it has converted."""
        return not isinstance(self.backend, SupportsConversion)

    @property
    def use(self) -> Load:
        """What the network is loaded for: converted ones have a core for each of several calls."""
        size = min(self.batch_size, len(self.rows))
        n_batches = -(-len(self.rows) // size)
        return Load(size, 1 if self.needs_tensorflow else min(n_batches, len(os.sched_getaffinity(0))))

    def described(self) -> dict[str, Any]:
        """What makes predictions mean something else."""
        return {
            "model": self.model.description["hash"],
            "task": self.model.choice.name,
            "precision": self.precision,
            "data": self.prepared.config.data.name,
            "part": self.part,
            "n": len(self.rows),
            "fingerprint": self.prepared.fingerprint,
            "batch_size": self.batch_size,
        }


def request_files(
    model: TrainedModel, inputs: Sequence[Path], precision: str = REFERENCE, batch_size: int = 32
) -> Request:
    """Ask for picture files, and those in folders.

    Raises:
        DataError: an input is no picture, or the model was not trained on pictures.
        ConfigError, MachineError, PluginError: of the precision.
    """
    backend, folder = _backend(model, precision)
    adapter = PictureFiles(find_pictures(inputs), _n_channels(model))
    index, config = adapter.index(), _config(model, Choice(FILES, {}))
    if reason := model.task.accepts(adapter.specs):
        raise DataError(f"Task '{model.choice.name}' on picture files: the task {reason}")
    split = undivided(index, adapter.group_columns[0])
    prepared = Prepared(config, adapter, model.task, index, split, model.fitted, fingerprint(index))
    return Request(model, precision, backend, folder, _first_is_readable(prepared), ALL, batch_size)


def request_data(
    model: TrainedModel, layers: Iterable[dict[str, Any]], part: str, precision: str = REFERENCE, batch_size: int = 32
) -> Request:
    """Ask for a data set.

    Args:
        model: trained.
        layers: settings of the data set and of its split, the later ones win.
        part: of its split, or "all".
        precision: of the backend.
        batch_size: examples of a call.
    Raises:
        ZooError: a user's mistake.
    """
    from zoo_core.runtime.evaluating import Question, choose_data, prepare_for

    backend, folder = _backend(model, precision)
    prepared = prepare_for(model, Question(*choose_data(layers), part))
    refuse_misfit(prepared.config, prepared.adapter, model.task)
    return Request(model, precision, backend, folder, prepared, part, batch_size)


def _backend(model: TrainedModel, precision: str) -> tuple[PrecisionBackend, Path]:
    backend = usable_backend(precision)
    return backend, network_folder(model, precision, backend)


def _n_channels(model: TrainedModel) -> int:
    """Of the pictures that the model was trained on."""
    specs = model.description.get("specs")
    wanted = "Picture files need a model that was trained on pictures of 1 or 3 channels"
    if specs is None:
        raise DataError(f"{wanted}, which an older zoo did not write down. Received: '{model.folder}': use --data")
    channels = [
        spec["shape"][-1] for spec in specs if spec["name"] == "image" and list(spec["axes"]) == ["y", "x", "c"]
    ]
    if len(specs) != 1 or not channels or channels[0] not in READERS:
        raise DataError(f"{wanted}. Received: one that was trained on {specs}: use --data NAME=ROOT")
    return int(channels[0])


def _config(model: TrainedModel, data: Choice) -> RunConfig:
    topology, precision = (model.description[section]["name"] for section in ("topology", "precision"))
    return RunConfig(
        task=model.choice, data=data, topology=TopologyChoice(topology, {}), precision=Choice(precision, {})
    )


def _first_is_readable(prepared: Prepared) -> Prepared:
    """Of one picture alone, see that it can be read: there would be nothing to write."""
    if len(prepared.index) == 1:
        try:
            prepared.examples().read(np.array([0]))
        except DataError as error:
            raise DataError(f"{error}: give a picture that can be read") from error
    return prepared


def refuse_both(has_inputs: bool, has_data: bool) -> None:
    """See that there is one kind of input.

    Raises:
        ConfigError: there are both, or none.
    """
    if has_inputs == has_data:
        came = "both" if has_inputs else "neither"
        raise ConfigError(
            f"A prediction needs pictures or folders as INPUT, or a data set as --data NAME[=ROOT]. Received: {came}"
        )


def with_overlap(request: Request) -> dict[str, Any] | None:
    """What of the examples the model has seen, as an origin keeps it; None where that is nothing, or of files."""
    from zoo_core.runtime.contamination import find_overlap

    if request.prepared.config.data.name == FILES:
        return None
    overlap = find_overlap(request.model.seen, request.prepared, request.rows)
    return dataclasses.asdict(overlap) if overlap else None
