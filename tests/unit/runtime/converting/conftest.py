"""A small model that reads brightness, the run it is of, and precisions that do as they are told."""

import dataclasses
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pandas as pd
import pytest

from zoo_core.contract import ArraySpec, Control, DatasetCard, InputScaling, Label, Load
from zoo_core.data.fingerprint import fingerprint
from zoo_core.data.splits import Split
from zoo_core.evaluation.draws import Draws
from zoo_core.evaluation.gate import Limits
from zoo_core.models.assembly import build_model
from zoo_core.models.weights import LoadedWeights
from zoo_core.runtime.converting import convert
from zoo_core.runtime.converting.wish import Job, Wish
from zoo_core.runtime.model_folder import write_model_folder
from zoo_core.runtime.prepare import Prepared
from zoo_core.runtime.record import RunFolder, describe_prepared
from zoo_core.runtime.trained_model import Baselines, read_model

N_PATIENTS, SIZE_PX, SPIKE = 240, 16, 1000.0


class BrightLab:
    """Radiographs whose brightness tells Mass, not always."""

    card = DatasetCard("Bright lab", "", "", "", "", drawn=True)
    specs = (ArraySpec("image", ("y", "x", "c"), (SIZE_PX, SIZE_PX, 1), "uint8", (0, 255)),)
    labels = (Label("Mass"),)
    group_columns = ("meta.patient_id",)
    split_name = None

    def index(self) -> pd.DataFrame:
        number = np.arange(N_PATIENTS)
        columns = {"example_id": [f"i{i}" for i in number], "label.Mass": number % 2.0, "meta.patient_id": number}
        return pd.DataFrame(columns)

    def read(self, i: int) -> dict[str, np.ndarray]:
        rng = np.random.default_rng(i)
        brightness = 100 + 20 * (i % 2) + 15 * rng.standard_normal()
        return {"image": np.clip(brightness + rng.integers(-5, 5, (SIZE_PX, SIZE_PX, 1)), 0, 255).astype(np.uint8)}


def bright_model(task: Any, spike: float) -> Any:
    """Logits that rise with brightness; one channel of the first layer is `spike`, of which nothing takes notice."""
    image = keras.Input((SIZE_PX, SIZE_PX, 3))
    features = keras.layers.Conv2D(4, 1, activation="relu", name="first")(image)
    backbone = keras.Model(image, keras.layers.Conv2D(4, 1, activation="relu", name="second")(features))
    first, second = np.zeros((1, 1, 3, 4), np.float32), np.zeros((1, 1, 4, 4), np.float32)
    first[..., 1:], second[:, :, 1:, 1:] = 1 / 3, np.eye(3)
    backbone.get_layer("first").set_weights([first, np.array([spike, 0, 0, 0], np.float32)])
    backbone.get_layer("second").set_weights([second, np.zeros(4, np.float32)])
    model = build_model(backbone, task, InputScaling(), "float32")
    *_, kernel, bias = model.weights
    kernel.assign(np.ones(kernel.shape) * np.array([0, 5, 5, 5])[:, None])
    bias.assign(np.full(bias.shape, -6.0))
    return model


@dataclass
class Told:
    """A precision that spoils outputs as it is told, and keeps no network but in memory."""

    spoil: Callable[[np.ndarray], np.ndarray]
    writes: bool = True
    lies: bool = False
    instructions: tuple[str, ...] = ()
    promise: str = ""
    uses: list[tuple[str, Load]] = field(default_factory=list)
    calibration: Any = None
    model: Any = None

    def unavailable(self) -> str | None:
        return None

    def convert(self, model: Any, calibration: np.ndarray, folder: Path) -> Mapping[str, Any]:
        self.model, self.calibration = model, calibration
        if self.writes:
            (folder / "network.txt").write_text("plain")
        return {"bits": 8}

    def load(self, folder: Path, use: Load) -> Any:
        self.uses.append((folder.name, use))
        spoilt = self.lies or (folder / "network.txt").read_text() == "plain"
        return _Net(self.model, self.spoil if spoilt else lambda outputs: outputs)


@dataclass
class ToldWithControl(Told):
    """One that can control its accuracy: what it leaves in float32 spoils nothing."""

    finds: bool = True
    margins: list[float] = field(default_factory=list)

    def convert_within(
        self, model: Any, calibration: np.ndarray, control: Control, folder: Path
    ) -> Mapping[str, Any] | None:
        outputs = np.asarray(model(control.images, training=False))
        self.margins = [control.margin(outputs), control.margin(self.spoil(outputs))]
        if not self.finds:
            return None
        (folder / "network.txt").write_text("controlled")
        return {"bits": 8, "float_layers": ["second"]}


@dataclass
class _Net:
    model: Any
    spoil: Callable[[np.ndarray], np.ndarray]

    def outputs(self, images: np.ndarray) -> np.ndarray:
        return self.spoil(np.asarray(self.model(images, training=False)))


@pytest.fixture(autouse=True)
def in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """TensorFlow can be set up once a process, and was."""
    monkeypatch.setattr(convert, "prepare_process", lambda rank: [])


@pytest.fixture
def told() -> type[Told]:
    return Told


@pytest.fixture
def told_with_control() -> type[ToldWithControl]:
    return ToldWithControl


def written_run(path: Path, prepared: Prepared, model: Any) -> RunFolder:
    """The files of a run that came to its end, as far as a conversion looks at them."""
    folder = RunFolder(path)
    path.mkdir()
    (path / "run.json").write_text(json.dumps(describe_prepared(prepared)))
    (path / "metrics.json").write_text("{}")
    weights = LoadedWeights("random", "random", None, "none", "nothing", InputScaling())
    write_model_folder(folder.model, model, prepared, weights, Baselines())
    return folder


@pytest.fixture(scope="session")
def bright(phantom: Prepared) -> Prepared:
    """Two thirds of the lab are validation: a verdict needs examples."""
    adapter = BrightLab()
    index = adapter.index()
    part = np.where(np.arange(N_PATIENTS) % 6 < 2, "train", "validation")
    split = Split("patient-hash", "meta.patient_id", part, "s" * 64)
    fitted = phantom.task.fit(index.iloc[split.rows("train")], adapter.specs)
    return Prepared(phantom.config, adapter, phantom.task, index, split, fitted, fingerprint(index))


MakeJob = Callable[..., Job]


@pytest.fixture
def make_job(bright: Prepared, tmp_path: Path) -> MakeJob:
    """A conversion of the bright lab's model: its precision, whether a channel spikes, and what is wished."""

    def make(backend: Any, spike: float = 0.0, **wish: Any) -> Job:
        run = written_run(tmp_path / "run", bright, bright_model(bright.task, spike))
        asked = dataclasses.replace(Wish(n_examples=20, draws=Draws(200, 0)), **wish)
        return Job(asked, run, read_model(run.path), bright, backend, Limits("auroc"))

    return make
