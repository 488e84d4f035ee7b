"""A model folder as a run leaves it."""

import shutil
from pathlib import Path
from typing import Any

import keras
import pytest

from zoo_core.contract import InputScaling
from zoo_core.models.assembly import build_backbone, build_model
from zoo_core.models.weights import load_weights
from zoo_core.runtime.metadata import metadata_baselines
from zoo_core.runtime.model_folder import write_model_folder
from zoo_core.runtime.prepare import Prepared, prepare
from zoo_core.runtime.settings import configure
from zoo_core.runtime.trained_model import Baselines

SIZE_PX = 16
PHANTOM = {
    "data": {"name": "chest-phantom", "size_px": SIZE_PX, "n_patients": 40},
    "topology": {"name": "resnet50"},
    "precision": {"name": "float32"},
    "task": {"label_names": ["Effusion", "Mass", "Hernia"]},
}


class OneLayer:
    """A network in the place of a large one."""

    scaling = InputScaling()
    weights: dict[str, Any] = {}  # noqa: RUF012 - as a topology has it

    def build(self, input_shape: tuple[int, int, int]) -> Any:
        image = keras.Input(input_shape)
        return keras.Model(image, keras.layers.Conv2D(5, 3, strides=2, activation="relu")(image))


@pytest.fixture(scope="session")
def phantom() -> Prepared:
    """Forty drawn patients."""
    return prepare(configure("chexnet", "default", [PHANTOM]))


@pytest.fixture(scope="session")
def written_model(phantom: Prepared, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of the forty patients, with the weights it would start from: read only, as every test shares it."""
    topology = OneLayer()
    backbone = build_backbone(topology, phantom.task.input_shape(phantom.fitted), "float32")
    weights = load_weights(backbone, topology, "random")
    model = build_model(backbone, phantom.task, weights.scaling, "float32")
    folder = tmp_path_factory.mktemp("trained") / "model"
    write_model_folder(folder, model, phantom, weights, Baselines(metadata_baselines(phantom)))
    return folder


@pytest.fixture
def model_folder(written_model: Path, tmp_path: Path) -> Path:
    """A copy of it, in the folder of its run, to be changed."""
    return shutil.copytree(written_model, tmp_path / "run" / "model")
