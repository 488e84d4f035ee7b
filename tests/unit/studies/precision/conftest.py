"""A run whose precisions are told how fast they are and what they predict; workers that answer without a network."""

import json
import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from zoo_core.contract import DatasetCard, Label, PrimaryMetric
from zoo_core.evaluation.gate import Limits
from zoo_core.evaluation.predictions import Origin, Predictions, label_columns, write_predictions
from zoo_core.studies.precision import study
from zoo_core.studies.precision.plan import Plan
from zoo_core.studies.precision.subject import Candidate
from zoo_core.studies.precision.workers import Workers

N, N_TRAIN = 240, 9
LABELS = (Label("Mass"), Label("Pleural_Thickening"))
MADE = "made"
"""Folder of the run with what each precision predicts, and how fast it is."""

STAND_IN = """
import json, pathlib, shutil, sys
job = json.loads(sys.argv[1])
name, made = job["precision"], pathlib.Path(job["run"]) / "made"
for line in sys.stdin:
    command = json.loads(line)
    with (made / "asked.txt").open("a") as asked:
        asked.write(f"{name} {command['do']}\\n")
    values = {}
    if command["do"] == "convert":
        (pathlib.Path(job["network"]) / "network.bin").write_bytes(bytes(1000))
        values = {"how": {"bits": 8}}
    if command["do"] == "predict":
        shutil.copyfile(made / f"{name}.parquet", command["to"])
        print(json.dumps({"done": 240}), flush=True)
    if command["do"] == "load":
        values = {"before_bytes": 10**8, "peak_bytes": 3 * 10**8, "n_streams": 2}
    if command["do"] == "time":
        rate = json.loads((made / "rates.json").read_text())[name]
        values = {"latency_ms": [1000 / rate] * (job["n_calls"] - 1) + [9000 / rate], "images_per_s": rate}
    print(json.dumps({"values": values}), flush=True)
"""


@dataclass
class Trained:
    """A precision that loads the trained model."""

    instructions: tuple[str, ...] = ()
    promise: str = "as it was trained"

    def unavailable(self):
        return None

    def load(self, folder, use):
        raise NotImplementedError


class Converting(Trained):
    """A precision with files of its own."""

    def convert(self, model, calibration, folder):
        raise NotImplementedError


def predictions(noise: float = 0.0) -> Predictions:
    """Of 120 patients; half have a mass, three examples a thickening, and `noise` hides what is known of both."""
    rng, number = np.random.default_rng(0), np.arange(N)
    truth = np.stack([number % 2, number < 3], axis=1).astype(float)
    score = truth + rng.normal(0, 0.6, (N, 2)) + noise * np.random.default_rng(1).normal(0, 1, (N, 2))
    table = pd.DataFrame({"example_id": [f"e{i}" for i in number], "group_id": [f"p{i // 2}" for i in number]})
    table = table.assign(split="test", status="ok", reason=None)
    table = table.assign(
        **label_columns("truth", LABELS, truth), **label_columns("prediction", LABELS, 1 / (1 + np.exp(-score)))
    )
    where = {"task": "t", "dataset": "d", "drawn": True, "split_name": "patient-hash", "split_hash": "5" * 64}
    return Predictions(table, Origin(labels=LABELS, model_hash="m", reported_metrics=("auroc",), **where))


@pytest.fixture
def subject(tmp_path):
    """A run that has a model of 4,000 bytes."""
    run = tmp_path / "run"
    (run / MADE).mkdir(parents=True)
    (run / "model").mkdir()
    (run / "model" / "model.keras").write_bytes(bytes(4000))
    rows = {"train": np.arange(N, N + N_TRAIN), "test": np.arange(N), "validation": np.arange(0)}
    task = SimpleNamespace(
        primary_metric=PrimaryMetric("mean.auroc"), labels=(Label("Mass"),), input_shape=lambda fitted: (8, 8, 1)
    )
    prepared = SimpleNamespace(
        task=task,
        split=SimpleNamespace(hash="5" * 64),
        rows=lambda part: rows[part],
        index=pd.DataFrame({"example_id": [f"e{i}" for i in range(N + N_TRAIN)]}),
        examples=lambda: SimpleNamespace(truth=lambda those: (those % 2)[:, None].astype(float)),
        adapter=SimpleNamespace(card=DatasetCard("A <lab>", "", "", "", "", drawn=True)),
        fitted={},
    )
    model = SimpleNamespace(folder=run / "model", description={"hash": "m" * 64}, task=task)
    return SimpleNamespace(run=run, model=model, prepared=prepared)


@pytest.fixture
def make_plan(subject):
    """A study of float32 and of int8, which is to be converted: what each does a second, and what int8 predicts."""

    def make(rates=(10.0, 30.0), noise=0.001, int8=None, drawn=True, n_turns=2, **changes):
        made = subject.run / MADE
        subject.prepared.adapter.card = DatasetCard("A <lab>", "", "", "", "", drawn=drawn)
        (made / "rates.json").write_text(json.dumps(dict(zip(("float32", "int8"), rates, strict=True))))
        write_predictions(predictions(), made / "float32.parquet")
        write_predictions(predictions(noise), made / "int8.parquet")
        candidates = (
            Candidate("float32", Trained(), subject.model.folder),
            Candidate("int8", int8 or Converting(), None),
        )
        values = {
            "candidates": candidates,
            "limits": Limits("auroc"),
            "unusable": {},
            "part": "test",
            "n_turns": n_turns,
            "batch_size": 4,
            "n_images": 16,
            "n_calls": 3,
        }
        return Plan(subject, **{**values, **changes})

    return make


@pytest.fixture
def asked(subject, tmp_path, monkeypatch):
    """Lets workers stand in, and says what they were asked since it was last called."""
    script = tmp_path / "stand_in.py"
    script.write_text(STAND_IN)
    monkeypatch.setattr(study, "Workers", partial(Workers, command=(sys.executable, str(script))))
    log: Path = subject.run / MADE / "asked.txt"

    def since():
        lines = log.read_text().splitlines() if log.exists() else []
        log.unlink(missing_ok=True)
        return lines

    return since
