"""A run with every kind of finding: a good one, one that metadata explain, a rare one and one without positives."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from zoo_core.contract import Label
from zoo_core.evaluation.curves import draw_curves
from zoo_core.evaluation.metrics import evaluate
from zoo_core.evaluation.predictions import Origin, Predictions
from zoo_core.evaluation.strata import evaluate_strata
from zoo_core.report.evidence import Evidence

HOSTILE = "<script>alert('x')</script><img src=https://evil.example/x.png>"
GOOD, GUESSED, RARE, ABSENT = "Effusion", "Pleural_Thickening", "Nodule", "Hernia"
N = 300

CARD = {
    "title": "Chest phantom",
    "summary": f"Drawn. {HOSTILE}",
    "licence": "Apache-2.0",
    "citation": "none",
    "label_source": "A simulated reader.",
    "drawn": True,
    "notes": ["A note.", HOSTILE],
}
RUN = {
    "config": {
        "seed": 0,
        "topology": {"name": "densenet121", "weights": "random"},
        "precision": {"name": "float32"},
        "task": {"note": HOSTILE},
    },
    "seed": 0,
    "versions": {"zoo-core": "0.1.0", "horovod": None},
    "machine": {"cpu_model": "a CPU", "flags": ["avx2"], "thread_limits": {}},
    "data": {"name": "chest-phantom", "card": CARD, "fingerprint": "f" * 64, "n_examples": 900, "unreadable": []},
    "split": {
        "name": "patient-hash",
        "hash": "5" * 64,
        "group": "meta.patient_id",
        "n_examples": {"train": 500, "validation": 100, "test": N},
    },
    "weights": {"source": "random", "trained_on": "nothing", "licence": "none"},
    "n_ranks": 2,
}
EVENTS = [
    {"event": "RunStarted", "time": 0.0},
    *(
        {
            "event": "EpochDone",
            "epoch": epoch,
            "step": 10 * epoch,
            "loss": 1 / epoch,
            "learning_rate": 0.1,
            "images_per_s": 50.0,
            "validation": 0.5 + epoch / 10,
            "best": True,
        }
        for epoch in (1, 2, 3)
    ),
    {"event": "RunFinished", "time": 9.0, "wall_s": 90.0, "validation": 0.8, "test": 0.8},
]


@pytest.fixture(scope="session")
def predictions() -> Predictions:
    rng = np.random.default_rng(3)
    sex = rng.choice(["F", "M", HOSTILE], N)
    truth = {
        GOOD: rng.random(N) < 0.4,
        GUESSED: (sex == "M") ^ (rng.random(N) < 0.05),
        RARE: np.arange(N) < 7,
        ABSENT: np.zeros(N, bool),
    }
    table = pd.DataFrame({"example_id": [f"e{i}" for i in range(N)], "group_id": [f"p{i // 2}" for i in range(N)]})
    table = table.assign(split="test", status="ok", reason=None, **{"meta.sex": sex})
    for name, known in truth.items():
        table[f"truth.{name}"] = known.astype(float)
        table[f"prediction.{name}"] = np.clip(0.6 * (known & (name != GUESSED)) + 0.4 * rng.random(N), 0, 1)
        table[f"baseline.metadata.{name}"] = (sex == "M") * 0.9
        table[f"baseline.oracle.{name}"] = known * 0.9
    origin = Origin(
        task="chexnet",
        dataset="chest-phantom",
        drawn=True,
        labels=tuple(Label(name) for name in truth),
        model_hash="0" * 64,
        split_name="patient-hash",
        split_hash="5" * 64,
        reported_metrics=("auroc", "auprc"),
        strata=("meta.sex",),
    )
    return Predictions(table, origin)


@pytest.fixture(scope="session")
def evidence(predictions: Predictions) -> Evidence:
    return Evidence(
        run=RUN,
        metrics=evaluate(predictions, n_replicates=100),
        strata=evaluate_strata(predictions, n_replicates=100),
        curves=draw_curves(predictions),
        events=EVENTS,
        origin=dataclasses.asdict(predictions.origin),
    )
