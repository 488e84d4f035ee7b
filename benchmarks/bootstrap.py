"""Time of 1,000 draws of 22,433 examples x 14 labels, as many as ChestX-ray14's largest published test list holds.

python benchmarks/bootstrap.py
"""

import json
import time
from dataclasses import asdict

import click
import numpy as np
import sklearn

from zoo_core.evaluation.bootstrap import Scores, replicate_metrics
from zoo_core.runtime.machine import describe_machine

N_EXAMPLES, N_GROUPS, N_LABELS, N_REPLICATES = 22_433, 6_187, 14, 1_000
PREVALENCE = 0.05


@click.command()
@click.option("--repeats", default=3, show_default=True, help="Measurements, of which the median counts.")
def bootstrap(repeats: int) -> None:
    """Measure the clustered bootstrap of AUROC and AUPRC on drawn scores."""
    scores = drawn_scores(np.random.default_rng(0))
    seconds = [measured_s(scores) for _ in range(repeats)]
    versions = {"numpy": np.__version__, "scikit-learn": sklearn.__version__}
    median = {"median_s": round(float(np.median(seconds)), 2), "seconds": [round(s, 2) for s in seconds]}
    size = {"n_examples": N_EXAMPLES, "n_groups": N_GROUPS, "n_labels": N_LABELS, "n_replicates": N_REPLICATES}
    click.echo(json.dumps({**median, **size, "versions": versions, "machine": asdict(describe_machine())}, indent=2))


def drawn_scores(rng: np.random.Generator) -> list[Scores]:
    """Scores of rare findings; patients have from 1 image to many."""
    share = rng.pareto(1.5, N_GROUPS) + 0.2
    group = rng.choice(N_GROUPS, size=N_EXAMPLES, p=share / share.sum())
    truth = (rng.random((N_LABELS, N_EXAMPLES)) < PREVALENCE).astype(np.int64)
    return [Scores(one, rng.normal(one), group) for one in truth]


def measured_s(scores: list[Scores]) -> float:
    """Seconds of all draws of all labels."""
    start = time.perf_counter()
    replicate_metrics(scores, N_GROUPS, ["auroc", "auprc"], N_REPLICATES, np.random.default_rng(0))
    return time.perf_counter() - start


if __name__ == "__main__":
    bootstrap()
