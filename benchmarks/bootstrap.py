"""Time of all intervals of 22,433 examples x 14 labels, as many as ChestX-ray14's largest published test list holds.

python benchmarks/bootstrap.py
"""

import json
import time
from collections.abc import Callable
from dataclasses import asdict

import click
import numpy as np
import pandas as pd
import sklearn
from scipy.special import expit

from zoo_core.contract import Label
from zoo_core.evaluation.bootstrap import Scores, replicate_metrics
from zoo_core.evaluation.metrics import evaluate
from zoo_core.evaluation.platt import fit_scalings, with_calibrated
from zoo_core.evaluation.predictions import Origin, Predictions
from zoo_core.runtime.machine import describe_machine

N_EXAMPLES, N_GROUPS, N_LABELS, N_REPLICATES = 22_433, 6_187, 14, 1_000
N_VALIDATION, N_VALIDATION_GROUPS = 11_219, 3_081
PREVALENCE = 0.05
METRICS = ("auroc", "auprc")
BASELINES = ("metadata", "oracle")


@click.command()
@click.option("--repeats", default=3, show_default=True, help="Measurements, of which the median counts.")
def bootstrap(repeats: int) -> None:
    """Measure the clustered bootstrap of AUROC and AUPRC on drawn scores, and all that `zoo evaluate` computes."""
    rng = np.random.default_rng(0)
    scores, predictions = drawn_scores(rng, N_EXAMPLES, N_GROUPS), drawn_predictions(rng)
    works: dict[str, Callable[[], object]] = {
        "auroc_and_auprc": lambda: draws(scores),
        "evaluate": lambda: evaluate(predictions, N_REPLICATES),
        "evaluate_validation_without_draws": lambda: evaluate(validation_of(predictions), n_replicates=0),
        "platt_scaling": lambda: fit_scalings(predictions),
    }
    times = {name: measured(work, repeats) for name, work in works.items()}
    versions = {"numpy": np.__version__, "scikit-learn": sklearn.__version__}
    size = {"n_examples": N_EXAMPLES, "n_groups": N_GROUPS, "n_labels": N_LABELS, "n_replicates": N_REPLICATES}
    click.echo(json.dumps({**times, **size, "versions": versions, "machine": asdict(describe_machine())}, indent=2))


def drawn_scores(rng: np.random.Generator, n_examples: int, n_groups: int) -> list[Scores]:
    """Scores of rare findings; patients have from 1 image to many."""
    share = rng.pareto(1.5, n_groups) + 0.2
    group = rng.choice(n_groups, size=n_examples, p=share / share.sum())
    truth = (rng.random((N_LABELS, n_examples)) < PREVALENCE).astype(np.int64)
    return [Scores(one, rng.normal(one), group) for one in truth]


def drawn_predictions(rng: np.random.Generator) -> Predictions:
    """A predictions file of validation and test with everything that a run writes into it."""
    parts = {"validation": (N_VALIDATION, N_VALIDATION_GROUPS), "test": (N_EXAMPLES, N_GROUPS)}
    tables = [drawn_table(name, drawn_scores(rng, *size), rng) for name, size in parts.items()]
    labels = tuple(Label(f"finding-{i}") for i in range(N_LABELS))
    origin = Origin("task", "drawn", True, labels, "model", "split", "hash", METRICS)
    predictions = Predictions(pd.concat(tables, ignore_index=True), origin)
    return with_calibrated(predictions, fit_scalings(predictions))


def drawn_table(split: str, scores: list[Scores], rng: np.random.Generator) -> pd.DataFrame:
    """Rows of one split, with as many baselines as a run on drawn data has."""
    n = len(scores[0].truth)
    columns = {}
    for i, one in enumerate(scores):
        columns[f"truth.finding-{i}"] = one.truth.astype(np.float64)
        columns[f"prediction.finding-{i}"] = expit(1.5 * one.score - 3).astype(np.float32)
        for kind in BASELINES:
            columns[f"baseline.{kind}.finding-{i}"] = rng.normal(one.truth)
    names = {"example_id": [f"{split}-{i}" for i in range(n)], "group_id": [f"{split}-{g}" for g in scores[0].group]}
    return pd.DataFrame({**names, "split": split, "status": "ok", **columns})


def validation_of(predictions: Predictions) -> Predictions:
    """What a run evaluates after each epoch."""
    rows = predictions.table[predictions.table["split"] == "validation"]
    kept = [c for c in rows if not c.startswith(("baseline.", "calibrated."))]
    return Predictions(rows[kept], predictions.origin)


def draws(scores: list[Scores]) -> None:
    """All draws of both metrics of all labels."""
    replicate_metrics(scores, N_GROUPS, METRICS, N_REPLICATES, np.random.default_rng(0))


def measured(work: Callable[[], object], repeats: int) -> dict[str, object]:
    """Median and each of the times that something takes, on the clock and, for a busy machine, of the processor."""
    seconds, processor = [], []
    for _ in range(repeats):
        start, worked = time.perf_counter(), time.process_time()
        work()
        seconds.append(round(time.perf_counter() - start, 2))
        processor.append(round(time.process_time() - worked, 2))
    median = {"median_s": float(np.median(seconds)), "median_processor_s": float(np.median(processor))}
    return {**median, "seconds": seconds, "processor_seconds": processor}


if __name__ == "__main__":
    bootstrap()
