"""What tests of several folders share."""

import dataclasses
import importlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from zoo_core.distributed.signals import STOP_SIGNALS

SOUND_TOPOLOGY = '''
from dataclasses import dataclass
from zoo_core.contract import InputScaling, Plugin

@dataclass(frozen=True)
class Config:
    """What can be set.

    Attributes:
        width: of the
            layer.
    """

    width: int = 8

class Net:
    scaling = InputScaling()
    weights = {}

    def __init__(self, config):
        self.config = config

    def build(self, input_shape):
        return self.config.width, input_shape

plugin = Plugin(config=Config, create=Net, summary="A net of one layer.")
'''


class Site:
    """A folder of installed packages that stands first on the path, of this process and of those it starts."""

    sound_topology = SOUND_TOPOLOGY

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def install(self, distribution: str, entry_points: Mapping[str, str], version: str = "1.0", **modules: str) -> None:
        """Write a distribution as an installer leaves it.

        Args:
            distribution: its name.
            entry_points: `group:name` to value.
            version: of the distribution.
            modules: source text by module name.
        """
        info = self.folder / f"{distribution.replace('-', '_')}-{version}.dist-info"
        info.mkdir(exist_ok=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n")
        lines = [f"[{key.partition(':')[0]}]\n{key.partition(':')[2]} = {value}" for key, value in entry_points.items()]
        (info / "entry_points.txt").write_text("\n".join(lines) + "\n")
        for name, source in modules.items():
            (self.folder / f"{name}.py").write_text(source)
        importlib.invalidate_caches()

    def install_topology(self, distribution: str, name: str, source: str = SOUND_TOPOLOGY) -> None:
        """A distribution of one module, named after it, and one topology."""
        module = distribution.replace("-", "_")
        self.install(distribution, {f"zoo.topologies.v1:{name}": f"{module}:plugin"}, **{module: source})


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """An empty folder of packages, and a cache folder of its own."""
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(folder)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")]).rstrip(":"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    yield Site(folder)
    for name, module in list(sys.modules.items()):
        if str(getattr(module, "__file__", None) or "").startswith(str(folder)):
            del sys.modules[name]


FINISHED_RUN = {
    "schema_version": 1,
    "config": {
        "seed": 0,
        "topology": {"name": "resnet50"},
        "precision": {"name": "float32"},
        "trainer": {"n_epochs": 1},
    },
    "seed": 0,
    "versions": {"zoo-core": "0.1.0"},
    "machine": {"cpu_model": "a CPU"},
    "data": {
        "name": "a-set",
        "card": {
            **dict.fromkeys(("title", "summary", "licence", "citation", "label_source"), "said"),
            "drawn": False,
            "notes": [],
        },
        "fingerprint": "f" * 64,
        "n_examples": 90,
        "unreadable": [],
    },
    "split": {"name": "plant-hash", "hash": "5" * 64, "group": "meta.plant_id", "n_examples": {"test": 60}},
    "weights": {"source": "random", "trained_on": "nothing", "licence": "none"},
    "n_ranks": 1,
}


EPOCH_DONE = {"event": "EpochDone", "step": 1, "loss": 0.5, "learning_rate": 0.1, "validation": None, "best": False}
FINISHED_RUN_EVENTS = [
    {"event": "RunStarted"},
    *({**EPOCH_DONE, "epoch": i + 1, "images_per_s": rate} for i, rate in enumerate((8.0, 0.0, 10.0))),
    {"event": "RunFinished", "wall_s": 90.0},
]
"""One epoch had no step: a resumed run's may have none."""


def _predictions_of_60_plants(seed: int, skill: float, labels: tuple[str, ...], origin: dict[str, Any]) -> Any:
    """Scores of the test split that hold `skill` of the truth; the truth is the same for every seed."""
    import numpy as np
    import pandas as pd

    from zoo_core.contract import Label
    from zoo_core.evaluation.predictions import Origin, Predictions, label_columns

    names = [f"e{i}" for i in range(60)]
    kinds = tuple(map(Label, labels))
    truth, noise = np.random.default_rng(0).integers(0, 2, (60, 2)), np.random.default_rng(seed).random((60, 2))
    table = pd.DataFrame({"example_id": names, "group_id": names, "split": "test", "status": "ok", "reason": None})
    scores = label_columns("prediction", kinds, skill * truth + (1 - skill) * noise)
    table = table.assign(**label_columns("truth", kinds, truth.astype(float)), **scores)
    where = {"task": "t", "dataset": "a-set", "drawn": False, "split_name": "plant-hash", "split_hash": "5" * 64}
    what = {"labels": kinds, "model_hash": "m", "reported_metrics": ("auroc", "auprc")}
    return Predictions(table, Origin(**{**where, **what, **origin}))


@pytest.fixture
def finished_run(tmp_path: Path) -> Callable[..., Path]:
    """Writes the files of a finished run of 60 plants: its name, how much its scores tell, and what else it is like."""
    from zoo_core.evaluation.metrics import evaluate
    from zoo_core.evaluation.predictions import write_predictions

    def write(
        name: str, skill: float, rows: slice = slice(None), labels: tuple[str, str] = ("Mass", "Hernia"), **origin: Any
    ) -> Path:
        every = _predictions_of_60_plants(len(name), skill, labels, origin)
        predictions = dataclasses.replace(every, table=every.table.iloc[rows])
        folder = tmp_path / name
        folder.mkdir(parents=True)
        write_predictions(predictions, folder / "predictions.parquet")
        (folder / "run.json").write_text(json.dumps(FINISHED_RUN))
        (folder / "metrics.json").write_text(json.dumps(evaluate(predictions, n_replicates=20)))
        (folder / "events.jsonl").write_text("".join(json.dumps(event) + "\n" for event in FINISHED_RUN_EVENTS))
        return folder

    return write


RunZoo = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="session")
def run_zoo() -> RunZoo:
    """Runs `zoo` in a process of its own, as a user does: TensorFlow can be set up once a process."""

    def run(*arguments: str | Path, cwd: Path | None = None) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-m", "zoo_core.cli", *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, check=False, cwd=cwd)

    return run


@pytest.fixture
def signalling_lab(site: Site) -> list[str]:
    """Arguments of a run of few seconds, on a data set that can send a signal: tests/signalling_lab.py."""
    source = Path(__file__).with_name("signalling_lab.py").read_text()
    plugins = {
        "zoo.datasets.v1:signalling": "signalling_lab:dataset",
        "zoo.topologies.v1:one-layer": "signalling_lab:topology",
    }
    site.install("signalling-lab", plugins, signalling_lab=source)
    settings = ("global_batch_size=4", "n_epochs=2", "checkpoint_every_s=0.001")
    choices = ["chexnet", "--data", "signalling", "--topology", "one-layer", "--precision", "float32"]
    # Reads are counted: none may be made to see whether packing pays.
    choices += ["--set", "store.when=never"]
    return [*choices, *(word for setting in settings for word in ("--set", f"trainer.{setting}"))]


@pytest.fixture
def heeded_signals() -> Iterator[None]:
    """Signals as a terminal gives them to a program, whatever was inherited: a script's background job ignores some."""
    before = {number: signal.signal(number, signal.default_int_handler) for number in STOP_SIGNALS}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


SSH = """#!/bin/sh
echo "$@" > {folder}/ssh-was-called-with
for word; do command=$word; done
exec /bin/sh -c "$command"
"""


@pytest.fixture
def ssh(tmp_path: Path) -> str:
    """A program that does as ssh, but that the host is this one."""
    program = tmp_path / "ssh"
    program.write_text(SSH.format(folder=tmp_path))
    program.chmod(0o755)
    return str(program)
