"""Evidence of classes, of values and of a screen, for tests of what is shown of them."""

import dataclasses
from typing import Any

import numpy as np
import pandas as pd

from tests.unit.report.conftest import EVENTS, RUN
from zoo_core.contract import Label
from zoo_core.evaluation.curves import draw_curves
from zoo_core.evaluation.metrics import evaluate
from zoo_core.evaluation.predictions import Origin, Predictions
from zoo_core.evaluation.screen.screen import Screen, evaluate_screen
from zoo_core.evaluation.screen.wells import ScoreColumn
from zoo_core.evaluation.strata import evaluate_strata
from zoo_core.report.evidence import Evidence

N = 120
WIDTH = 100
DISEASE, SIZE, LENGTH = "<u>disease & co", "<i>leaf_area & more", "length"
CLASSES = ("blight", "<b onclick=x>healthy & well", "rust")
AREA_UNIT = "mm<2>"
LABELS = tuple(Label(name, class_of=DISEASE) for name in CLASSES)
VALUES = (Label(SIZE, "value", AREA_UNIT), Label(LENGTH, "value", "mm"))
NOISE = 0.6
N_REPLICATES = 60


def predictions_of(labels: tuple[Label, ...], metrics: tuple[str, ...], noun: str) -> Predictions:
    """Two leaves a plant; of a baseline on the border of the picture, which tells nothing."""
    random = np.random.default_rng(0)
    table = pd.DataFrame({"example_id": [f"e{i}" for i in range(N)], "group_id": [f"p{i // 2}" for i in range(N)]})
    number = np.arange(N) // 2 % len(CLASSES)
    for label in labels:
        is_value = label.kind == "value"
        truth = random.normal(50, 10, N) if is_value else (number == CLASSES.index(label.name)).astype(float)
        table[f"truth.{label.name}"] = truth
        table[f"prediction.{label.name}"] = truth + random.normal(0, 3, N) if is_value else truth / 2 + random.random(N)
        table[f"baseline.border.{label.name}"] = 50 + random.normal(0, 1, N) if is_value else random.random(N)
    origin = Origin(
        task="leaves",
        dataset="greenhouse",
        drawn=True,
        labels=labels,
        model_hash="0" * 64,
        split_name="plant-hash",
        split_hash="5" * 64,
        reported_metrics=metrics,
        baseline_words={"border": "the border <alone>"},
        noun=noun,
    )
    return Predictions(table.assign(split="test", status="ok", reason=None), origin)


def evidence_of(predictions: Predictions, **other: Any) -> Evidence:
    return Evidence(
        run=RUN,
        metrics=evaluate(predictions, N_REPLICATES),
        strata=evaluate_strata(predictions, N_REPLICATES),
        curves=draw_curves(predictions),
        events=EVENTS,
        origin=dataclasses.asdict(predictions.origin),
        **other,
    )


COLUMNS = (ScoreColumn("model", "score.response"), ScoreColumn("position", "baseline.position.response", True))


def screen_evidence(rows: pd.DataFrame) -> tuple[Evidence, Screen]:
    origin = dataclasses.replace(
        predictions_of((), ("auroc", "auprc"), "label").origin,
        labels=(Label("response"),),
        baseline_words={"position": "row and column alone"},
    )
    screen = evaluate_screen(rows, COLUMNS, N_REPLICATES)
    found = {"screen": screen.record, "wells": screen.wells, "doses": screen.curves}
    return evidence_of(Predictions(rows, origin), **found), screen
