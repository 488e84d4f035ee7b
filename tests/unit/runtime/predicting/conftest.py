"""Requests of drawn patients and of pictures, and a network in the place of a converted one."""

import dataclasses
import hashlib
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from zoo_core.contract import Load
from zoo_core.runtime import evaluating
from zoo_core.runtime.json_files import write_json
from zoo_core.runtime.predicting import predict as predicting
from zoo_core.runtime.predicting.network import ChosenNetwork
from zoo_core.runtime.predicting.request import Request, request_data, request_files
from zoo_core.runtime.prepare import Prepared
from zoo_core.runtime.trained_model import TrainedModel, read_model

N_OUTPUTS = 3
NETWORK_TEXT = "the mean"


class Brightness:
    """A backend that converts, and its network: all outputs are the mean of the image.

    Attributes:
        uses: what it was loaded for.
        n_calls: calls of the network.
        before_call: called with the number of each call.
    """

    instructions: tuple[str, ...] = ()
    promise = ""

    def __init__(self) -> None:
        self.uses: list[Load] = []
        self.n_calls = 0
        self.before_call: Callable[[int], None] = lambda number: None

    def unavailable(self) -> None:
        return None

    def convert(self, model: Any, calibration: np.ndarray, folder: Path) -> Mapping[str, Any]:
        raise NotImplementedError

    def load(self, folder: Path, use: Load) -> "Brightness":
        self.uses.append(use)
        return self

    def outputs(self, images: np.ndarray) -> np.ndarray:
        self.n_calls += 1
        self.before_call(self.n_calls)
        return np.repeat(images.mean(axis=(1, 2, 3))[:, np.newaxis], N_OUTPUTS, axis=1)


@pytest.fixture(scope="module")
def model(written_model: Path, tmp_path_factory: pytest.TempPathFactory) -> TrainedModel:
    """With a calibration of one label: read only."""
    folder = Path(shutil.copytree(written_model, tmp_path_factory.mktemp("calibrated") / "model"))
    line = {"slope": 2.0, "intercept": 1.0, "n": 90, "n_positive": 30}
    write_json(folder / "calibration.json", {"schema_version": 1, "labels": {"Mass": line}})
    return read_model(folder)


@pytest.fixture
def backend() -> Brightness:
    return Brightness()


@pytest.fixture
def network(backend: Brightness, tmp_path: Path) -> ChosenNetwork:
    """Converted, as its `conversion.json` says."""
    folder = tmp_path / "model-brightness"
    folder.mkdir()
    (folder / "conversion.json").write_text("{}")
    (folder / "network.txt").write_text(NETWORK_TEXT)
    files = {"network.txt": hashlib.sha256(NETWORK_TEXT.encode()).hexdigest()}
    return ChosenNetwork("brightness", backend, folder, {"verdict": "passed", "network_files": files})


@pytest.fixture(autouse=True)
def small_parts() -> Iterator[None]:
    """Parts of four examples; and TensorFlow can be set up once a process, and was."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(predicting, "PART_SIZE", 4)
        for module in (predicting, evaluating):
            patch.setattr(module, "prepare_process", lambda rank: [])
        yield


@pytest.fixture
def pictures(tmp_path: Path, phantom: Prepared) -> Path:
    """Ten drawn radiographs as files that bear their names."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    for row in range(10):
        image = phantom.adapter.read(row)["image"]
        Image.fromarray(image[:, :, 0]).save(folder / f"{phantom.index['example_id'].iloc[row]}.png")
    return folder


@pytest.fixture
def ask_pictures(model: TrainedModel, network: ChosenNetwork, pictures: Path) -> Callable[..., Request]:
    """Asks for the ten pictures, or for others."""

    def ask(*inputs: Path, batch_size: int = 2, **other: Any) -> Request:
        return dataclasses.replace(request_files(model, network, inputs or (pictures,), batch_size), **other)

    return ask


@pytest.fixture
def ask_phantom(model: TrainedModel, network: ChosenNetwork) -> Callable[..., Request]:
    """Asks for drawn patients; those of seed 0 are the model's own."""

    def ask(part: str, seed: int = 0, batch_size: int = 2, more: Any = (), **other: Any) -> Request:
        layers = [{"data": {"name": "chest-phantom", "size_px": 16, "n_patients": 40, "seed": seed}}, *more]
        return dataclasses.replace(request_data(model, network, layers, part, batch_size), **other)

    return ask
