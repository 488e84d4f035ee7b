"""Predictions whose truth is planted, and a topology of one layer, so that trainings take seconds."""

import numpy as np
import pandas as pd
import pytest

from zoo_core.contract import Label
from zoo_core.evaluation.predictions import Origin, Predictions, label_columns, write_predictions
from zoo_core.studies.cells import Cells
from zoo_core.studies.training.grid import PREDICTIONS, predictions_of

LABELS = (Label("Mass"), Label("Hernia"), Label("Edema"))
KEPT = {"n_steps": 12, "seen": [0.6, 0.7], "never_seen": 0.1, "validation": [0.6], "loss": [0.5], "wall_s": 3.0}
N_PATIENTS = 80


def planted(skill: float, seed: int = 0, group_of: int = 2, noise: float = 1.0) -> Predictions:
    """Predictions that know `skill` of the truth of two findings; Edema has no positive at all."""
    n = N_PATIENTS * group_of
    rng = np.random.default_rng(1)
    truth = (rng.random((n, 3)) < 0.4).astype(float)
    truth[:, 2] = 0
    shared = rng.normal(0, noise, (n, 3))
    own = np.random.default_rng([seed, round(1000 * skill)]).normal(0, 0.2, (n, 3))
    score = 1 / (1 + np.exp(-(skill * (truth - 0.5) + shared + own)))
    names = [f"e{i}" for i in range(n)]
    table = pd.DataFrame({"example_id": names, "group_id": [f"p{i // group_of}" for i in range(n)]})
    table = table.assign(split="test", status="ok", reason=None)
    table = table.assign(**label_columns("truth", LABELS, truth), **label_columns("prediction", LABELS, score))
    where = {"task": "t", "dataset": "d", "drawn": True, "split_name": "patient-hash", "split_hash": "5" * 64}
    return Predictions(table, Origin(labels=LABELS, model_hash="m", reported_metrics=("auroc",), **where))


@pytest.fixture
def trained(tmp_path):
    """Makes the folder of a study: skill by scheme, three seeds each."""

    def make(skills, n_seeds=3, **kept):
        cells = Cells(tmp_path / "study", "accuracy", {})
        (cells.folder / PREDICTIONS).mkdir()
        for scheme, skill in skills.items():
            for seed in range(n_seeds):
                cell = scheme.cell(seed)
                write_predictions(planted(skill, seed), predictions_of(cells.folder, cell))
                cells.add(cell, {**KEPT, **kept})
        return cells

    return make
