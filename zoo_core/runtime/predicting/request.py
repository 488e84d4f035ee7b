"""What is to be predicted; refused here where it cannot be, before anything is computed or written."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from zoo_core.contract import DataError, ImageError
from zoo_core.data.fingerprint import fingerprint
from zoo_core.data.picture_files import FILE, READERS, PictureFiles, find_pictures, name_of
from zoo_core.data.splits import ALL, undivided
from zoo_core.report.wording import group_name
from zoo_core.runtime.config import Choice
from zoo_core.runtime.contamination import Overlap, find_overlap
from zoo_core.runtime.predicting.network import ChosenNetwork
from zoo_core.runtime.prepare import Prepared
from zoo_core.runtime.question import Subject, choose_data, config_for, prepare_for
from zoo_core.runtime.settings import Settings, as_settings, refuse_unknown
from zoo_core.runtime.trained_model import TrainedModel

FILES = "files"
"""Stands where the name of a data set does."""

NOBODY_SAID = "of picture files nobody has said whose they are"


@dataclass(frozen=True)
class Request:
    """What is to be predicted.

    Attributes:
        model: trained.
        network: of the model, that predicts.
        prepared: the examples.
        part: of their split; "all" where there is none.
        batch_size: examples of a call, at most.
        overlap: what the model has seen of them; None where that is nothing.
        inputs: files and folders as they were given; of a data set none.
        n_passed_over: files in these folders that are no pictures.
    """

    model: TrainedModel
    network: ChosenNetwork
    prepared: Prepared
    part: str
    batch_size: int
    overlap: Overlap | None
    inputs: tuple[Path, ...] = ()
    n_passed_over: int = 0

    @property
    def rows(self) -> np.ndarray:
        """(example,) row numbers."""
        return self.prepared.split.rows(self.part)

    def remarks(self) -> list[str]:
        """Lines that a reader of the results should have seen."""
        lines = [f"warning: {line}" for line in self.network.warnings()]
        if n := self.n_passed_over:
            files = "file" if n == 1 else "files"
            lines.append(f"{n} other {files} in the folders passed over, which are no pictures by their names")
        return lines

    def described(self) -> dict[str, Any]:
        """What makes predictions others than they are, as JSON has values."""
        prepared = self.prepared
        return {
            "model": self.model.description["hash"],
            "task": self.model.choice.name,
            "precision": self.network.precision,
            "conversion": self.network.hash,
            "inputs": [name_of(one.resolve()) for one in self.inputs],
            "data": None if self.inputs else as_settings(prepared.config)["data"],
            "fingerprint": prepared.fingerprint,
            "split": prepared.split.hash,
            "part": self.part,
            "n": len(self.rows),
            "batch_size": self.batch_size,
        }


def request_files(model: TrainedModel, network: ChosenNetwork, inputs: Sequence[Path], batch_size: int) -> Request:
    """Ask for picture files, and those in folders.

    Raises:
        DataError: an input is no picture, or the model was not trained on pictures.
    """
    n_channels = _n_channels(model)
    found = find_pictures(inputs)
    adapter = PictureFiles(found.files, n_channels)
    if reason := model.task.accepts(adapter.specs):
        raise DataError(
            f"Task '{model.choice.name}' on picture files: the task {reason}. Choose a data set with --data"
        )
    index, config = adapter.index(), config_for(model, Subject(Choice(FILES, {}), part=ALL))
    split = undivided(index, adapter.group_columns[0])
    prepared = Prepared(config, adapter, model.task, index, split, model.fitted, fingerprint(index))
    _refuse_unreadable_alone(prepared)
    overlap = Overlap(group_name(FILE), reason=NOBODY_SAID)
    return Request(model, network, prepared, ALL, batch_size, overlap, tuple(inputs), found.n_passed_over)


def request_data(
    model: TrainedModel, network: ChosenNetwork, layers: Iterable[Settings], part: str, batch_size: int
) -> Request:
    """Ask for a data set.

    Args:
        model: trained.
        network: of the model.
        layers: settings of the data set and of its split, the later ones win.
        part: of its split, or "all".
        batch_size: examples of a call.
    Raises:
        ZooError: a user's mistake.
    """
    layers = list(layers)
    for layer in layers:
        refuse_unknown(layer, ("data", "split"), "")
    data, split, _ = choose_data(layers)
    prepared = prepare_for(model, Subject(data, split, part=part))
    overlap = find_overlap(model.seen, prepared, prepared.split.rows(part))
    return Request(model, network, prepared, part, batch_size, overlap)


def _n_channels(model: TrainedModel) -> int:
    """Of the pictures that the model was trained on."""
    wanted = "Picture files need a model that was trained on one 'image' (y, x, c) of 1 or 3 channels an example"
    instead = "score a data set with --data instead"
    if model.specs is None:
        raise DataError(f"{wanted}. Received: '{model.folder}', whose older zoo did not write down on what: {instead}")
    for spec in model.specs:
        if len(model.specs) == 1 and (spec.name, spec.axes) == ("image", ("y", "x", "c")) and spec.shape[2] in READERS:
            return int(spec.shape[2] or 0)
    came = ", ".join(f"'{spec.name}' ({', '.join(spec.axes)}) of shape {spec.shape}" for spec in model.specs)
    raise DataError(f"{wanted}. Received: '{model.folder}', trained on {came}: {instead}")


def _refuse_unreadable_alone(prepared: Prepared) -> None:
    """Of one picture alone, see that it can be read: there would be nothing to write."""
    if len(prepared.index) > 1:
        return
    try:
        prepared.adapter.read(0)
    except ImageError as error:
        name = prepared.index["example_id"].iloc[0]
        raise DataError(f"A prediction needs a picture that can be read. Received: '{name}', which {error}") from error
