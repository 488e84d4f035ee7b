"""A run with every kind of finding: a good one, one that metadata explain, a rare one and one without positives."""

import copy
import dataclasses
from collections.abc import Mapping
from typing import Any

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
    {
        "event": "EpochCovered",
        "epoch": 1,
        "n_examples": 1500,
        "n_distinct": 1124,
        "n_repeated": 376,
        "n_never": 375,
        "expected_distinct": 1125.0,
        "expected_repeated": 375.0,
        "expected_never": 375.04,
    },
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


def of_older_run(metrics: dict[str, Any]) -> dict[str, Any]:
    """Metrics with rankings alone, as the first runs had them."""
    for part in metrics.values():
        for label in part["labels"].values():
            del label["calibration"], label["operating_points"]
    return metrics


@pytest.fixture(scope="session")
def evidence(predictions: Predictions) -> Evidence:
    return Evidence(
        run=RUN,
        metrics=of_older_run(evaluate(predictions, n_replicates=100)),
        strata=evaluate_strata(predictions, n_replicates=100),
        curves=draw_curves(predictions),
        events=EVENTS,
        origin=dataclasses.asdict(predictions.origin),
    )


OVERLAP = {
    "group": "patient",
    "n_groups": 150,
    "trained_on": 12,
    "chosen_on": 3,
    "n_examples_in_all": N,
    "n_examples": 30,
    "n_examples_trained_on": 24,
    "n_examples_chosen_on": 6,
    "reason": None,
}
PICTURE = "data:image/webp;base64,UklGRg=="
RULE, NO_THRESHOLD = "youden", "no positive among 100 of validation"


def interval(number: float, width: float = 0.1) -> list[float]:
    return [number, number - width, number + width]


def calibration(slope: float, intercept: float) -> dict[str, Any]:
    return {"ece": interval(0.21), "slope": interval(slope), "intercept": interval(intercept)}


def operating_point(prevalence: float) -> dict[str, Any]:
    there = {"n": 100, "n_positive": 4, "prevalence": 0.04, "sensitivity": 0.9, "specificity": 0.5, "ppv": 0.2}
    rates = {name: interval(0.7) for name in ("sensitivity", "specificity", "npv")}
    ppv = {"ppv": interval(2 * prevalence, 0.01), "ppv_at_chosen_prevalence": interval(0.08, 0.01)}
    thresholds = {"threshold": 0.412, "calibrated_threshold": 0.0312}
    return {**thresholds, **rates, **ppv, "prevalence": prevalence, "chosen_on": {"split": "validation", **there}}


def pointing(n_images: int, hits: float, prior: float) -> dict[str, Any]:
    counts = {"n_images": n_images, "n_maps": n_images, "n_boxes": n_images + 2, "n_zero_maps": 3}
    shares = {"ceiling": 0.9, "chance": 0.07, "prior": prior, "iou_above_0.1": 0.6, "iou_above_0.5": 0.12}
    return (
        counts
        | shares
        | {
            "pointing": interval(hits),
            "difference_to_prior": interval(hits - prior, 0.15),
            "iou": interval(0.2),
        }
    )


NO_BOX = {
    "n_images": 0,
    "n_maps": 0,
    "n_boxes": 0,
    "n_zero_maps": 0,
    **dict.fromkeys(
        ("pointing", "ceiling", "chance", "prior", "difference_to_prior", "iou", "iou_above_0.1", "iou_above_0.5")
    ),
    "reason": "no image of the split has a box of it",
}
SECOND_TRUTH = {
    "source": f"Three radiologists. {HOSTILE}",
    "labels": {
        RARE: {
            "of": [RARE],
            "n": 90,
            "n_positive": 5,
            "auroc": interval(0.81),
            "auroc_first_truth": interval(0.7),
            "difference": interval(0.11, 0.05),
            "first_truth": {"sensitivity": interval(0.8), "specificity": interval(0.95), "ppv": interval(0.458)},
        },
        "Opacity": {
            "of": [GOOD, GUESSED],
            "n": 90,
            "n_positive": 40,
            "auroc": interval(0.7),
            "auroc_first_truth": interval(0.71),
            "difference": interval(-0.01),
            "first_truth": {"sensitivity": interval(0.8), "specificity": interval(0.75), "ppv": [1.0, None, None]},
            "reason": "no interval of the first truth's ppv",
        },
    },
}
LOCALIZATION = {
    "split": "test",
    "layer": "features",
    "map_shape": [7, 5],
    "threshold": 0.5,
    "labels": {GOOD: pointing(11, 0.6, 0.3), GUESSED: pointing(13, 0.3, 0.4), RARE: NO_BOX, ABSENT: NO_BOX},
    "pooled": pointing(24, 0.45, 0.4),
}


def maps_of(label: str) -> list[dict[str, Any]]:
    return [
        {
            "label": label,
            "kind": kind,
            "example_id": HOSTILE,
            "prediction": 0.987,
            "truth": 1,
            "image": f"maps/{kind}.png",
            "map": f"maps/{kind}-map.png",
            "boxes": [[0.25, 0.5, 0.125, 0.2]] if kind == "highest" else [],
        }
        for kind in ("highest", "most wrong")
    ]


MAPS = {"shown": True, "reason": None, "maps": maps_of(GOOD)}


def with_all(metrics: Mapping[str, Any]) -> dict[str, Any]:
    """Metrics with what a run of today has beside the rankings."""
    metrics = copy.deepcopy(dict(metrics))
    labels = metrics["test"]["labels"]
    raw = {GOOD: calibration(0.5, 0.05), GUESSED: calibration(1.05, -0.9), RARE: calibration(0.95, 0.05)}
    for name, label in labels.items():
        undefined = {"ece": None, "slope": None, "intercept": None, "reason": "no positive among 300"}
        scaled = calibration(1.0, 0.0) if name in raw else undefined
        label["calibration"] = {"raw": raw.get(name, undefined), "calibrated": scaled}
        label["operating_points"] = {RULE: operating_point(0.1 if name == RARE else 0.05)}
    labels[ABSENT]["operating_points"] = {RULE: {"reason": NO_THRESHOLD}}
    metrics["test"]["second_truth"] = SECOND_TRUTH
    return metrics


@pytest.fixture(scope="session")
def full(evidence: Evidence) -> Evidence:
    """The same run with all that a report can be about, made by hand."""
    reliability = evidence.curves[evidence.curves["curve"] == "reliability"]
    return dataclasses.replace(
        evidence,
        metrics=with_all(evidence.metrics),
        curves=pd.concat([evidence.curves, reliability.assign(predictor="calibrated", x=reliability["y"])]),
        origin={**evidence.origin, "overlap": OVERLAP},
        localization=LOCALIZATION,
        maps=MAPS,
        pictures={one[which]: PICTURE for one in MAPS["maps"] for which in ("image", "map")},
    )


def run_of(name: str, **other: Any) -> dict[str, Any]:
    """A run of a comparison."""
    return {
        "name": name,
        "topology": "densenet121",
        "precision": "float32",
        "data": {"name": "chest-phantom", "fingerprint": "f" * 64},
        "split": {"name": "patient-hash", "hash": "5" * 64},
        "drawn": False,
        "overlap": None,
        "n": 300,
        "mean": {"auroc": interval(0.7), "auprc": None},
        "n_ranks": 1,
        "speed": {"images_per_s": 12.0, "wall_s": 90.0, "n_starts": 1},
        **other,
    }


def paired(difference: float, width: float = 0.1) -> dict[str, Any]:
    return {"value": interval(0.6 + difference), "reference": interval(0.6), "difference": interval(difference, width)}


def held_against(name: str, **other: Any) -> dict[str, Any]:
    """A run of a comparison beside its first."""
    undefined = {"value": None, "reference": None, "difference": None}
    counts = {"n": 300, "n_positive": 40}
    return {
        "run": name,
        "shared": {"n": 300, "n_only_first": 0, "n_only_second": 0},
        "bootstrap": {"n_replicates": 1000, "seed": 0, "unit": "group_id", "n_groups": 150},
        "mean": {"auroc": paired(0.02), "auprc": paired(0.0), "n_labels": 2},
        "labels": {
            GOOD: {"auroc": paired(0.2), "auprc": paired(0.2), **counts},
            GUESSED: {"auroc": paired(-0.2), "auprc": paired(0.2), **counts},
            ABSENT: {"auroc": undefined, "auprc": undefined, **counts, "n_positive": 0, "reason": "no positive"},
        },
        **other,
    }


@pytest.fixture
def comparison() -> dict[str, Any]:
    """Two runs beside a first, with a hostile name and setting."""
    return {
        "split": "test",
        "task": "chexnet",
        "group": "meta.patient_id",
        "metrics": ["auroc", "auprc"],
        "runs": [run_of("first"), run_of("second"), run_of(HOSTILE)],
        "comparisons": [held_against("second"), held_against(HOSTILE)],
        "differing": {
            "settings": [{"key": "task.note", "values": {"first": HOSTILE, "second": None}}],
            "machine": [],
        },
    }
