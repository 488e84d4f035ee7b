"""A model folder as it is read for prediction: what was learned, and the network when it is needed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.numpy import load_file

from zoo_core import plugins
from zoo_core.contract import Arrays, ArraySpec, DataError, Task
from zoo_core.evaluation.baselines import FeatureBaseline, MetadataBaseline
from zoo_core.runtime.config import Choice
from zoo_core.runtime.contamination import SeenGroups, read_groups
from zoo_core.runtime.json_files import read_json
from zoo_core.runtime.metadata import METADATA
from zoo_core.runtime.settings import plugin_choice

SCHEMA_VERSION = 1

DESCRIPTION = "model.json"
NETWORK = "model.keras"
FITTED = "fitted.safetensors"
GROUPS = "groups.json"
BASELINE = "metadata_baseline.json"


@dataclass(frozen=True)
class Baselines:
    """What a model has to beat, by kind.

    Attributes:
        metadata: those that look at no image.
        images: those that look at a few numbers of it.
    """

    metadata: Mapping[str, MetadataBaseline] = field(default_factory=dict)
    images: Mapping[str, FeatureBaseline] = field(default_factory=dict)


@dataclass(frozen=True)
class TrainedModel:
    """A trained model, its network still on the disk.

    Attributes:
        folder: the model folder.
        description: what `model.json` holds.
        choice: the task by name, with the options it was trained with.
        task: with the options it was trained with.
        fitted: what the task learned from the training rows.
        seen: the groups it was trained and chosen on; None where an older zoo did not write them.
        baselines: that it has to beat; of no label where an older zoo did not write them.
    """

    folder: Path
    description: dict[str, Any]
    choice: Choice
    task: Task
    fitted: Arrays
    seen: SeenGroups | None
    baselines: Baselines

    @property
    def specs(self) -> tuple[ArraySpec, ...] | None:
        """The arrays of the data set that it was trained on; None where an older zoo did not write them."""
        stored = self.description.get("specs")
        return None if stored is None else tuple(map(_spec, stored))

    def load_network(self) -> Any:
        """The Keras model; imports TensorFlow.

        Raises:
            DataError: it is missing or damaged, or not the one that `model.json` speaks of.
        """
        from zoo_core.models.assembly import load_model
        from zoo_core.runtime.model_folder import weights_hash

        network = load_model(self.folder / NETWORK)
        if (received := weights_hash(network)) != self.description["hash"]:
            raise DataError(
                f"'{self.folder / NETWORK}' needs the weights with hash {self.description['hash']}, as {DESCRIPTION} "
                f"beside it says. Received: {received}: take both files from one model folder"
            )
        return network


def read_model(path: Path) -> TrainedModel:
    """Read a model, given its folder or that of its run; neither TensorFlow nor the network is loaded.

    Raises:
        DataError: there is no model, a file of it is damaged, or the task no longer predicts its labels.
        PluginError: its task is not installed.
        ConfigError: its task no longer has the options that it was trained with.
    """
    folder = _model_folder(path)
    description = read_json(folder / DESCRIPTION, SCHEMA_VERSION)
    choice = plugin_choice("task", description["task"])
    return TrainedModel(
        folder,
        description,
        choice,
        task=_task(choice, description, folder / DESCRIPTION),
        fitted=_fitted(folder / FITTED),
        seen=read_groups(folder / GROUPS),
        baselines=_baselines(folder / BASELINE),
    )


def _model_folder(path: Path) -> Path:
    for folder in (path, path / "model"):
        if (folder / DESCRIPTION).is_file():
            return folder
    raise DataError(
        f"A run folder or a model folder with a {DESCRIPTION} was wanted. Received: '{path}': "
        "give the folder of a run that came to its end"
    )


def _task(choice: Choice, description: dict[str, Any], path: Path) -> Task:
    task: Task = plugins.create("task", choice.name, choice.options)
    names, trained = [label.name for label in task.labels], [label["name"] for label in description["labels"]]
    if names != trained:
        raise DataError(
            f"Task '{choice.name}' needs to predict the labels of the model, {', '.join(trained)}, as '{path}' says. "
            f"Received: {', '.join(names)}: install the version of the task that the model was trained with"
        )
    return task


def _fitted(path: Path) -> Arrays:
    try:
        fitted: Arrays = load_file(path)
    except (OSError, SafetensorError) as error:
        raise DataError(f"A whole {path.name} was wanted. Received: '{path}' ({error})") from error
    return fitted


def _baselines(path: Path) -> Baselines:
    stored = read_json(path, SCHEMA_VERSION) if path.exists() else {"labels": {}}
    metadata = {METADATA: stored["labels"], **stored.get("kinds", {})}
    images = stored.get("images", {})
    return Baselines(
        {kind: MetadataBaseline(labels) for kind, labels in metadata.items()},
        {kind: FeatureBaseline(labels) for kind, labels in images.items()},
    )


def _spec(values: dict[str, Any]) -> ArraySpec:
    plain: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in values.items()}
    return ArraySpec(**plain)
