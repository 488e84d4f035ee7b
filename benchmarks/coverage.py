"""How often the intervals of calibration hold the truth, in simulated patients whose images resemble each other.

python benchmarks/coverage.py
"""

import json
from dataclasses import asdict, dataclass

import click
import numpy as np
import pandas as pd
from scipy.special import expit, logit

from zoo_core.contract import Label
from zoo_core.evaluation.calibration import calibration_of_labels, score_bins
from zoo_core.evaluation.logistic import fit_shift
from zoo_core.evaluation.predictions import Origin, Predictions

N_IMAGES = 5
ORIGIN = Origin("task", "drawn", True, (Label("finding"),), "model", "split", "hash", ("auroc",))


@dataclass(frozen=True)
class World:
    """What is simulated.

    Attributes:
        n_patients: of five images each.
        base: log odds of a positive in the middle.
        shift: log odds that the predictions are too high by.
        sharpness: what their log odds are multiplied with.
    """

    n_patients: int
    base: float = -1.5
    shift: float = 0.0
    sharpness: float = 1.0


LIES = ((0.0, 1.0), (0.1, 1.0), (0.2, 1.0), (0.5, 1.0), (0.0, 2.0))
WORLDS = (
    *(World(n, shift=shift, sharpness=sharpness) for n in (120, 2_000) for shift, sharpness in LIES),
    World(60),
    World(2_000, base=-5.0),
)


@click.command()
@click.option("--repeats", default=400, show_default=True, help="Simulated data sets.")
@click.option("--replicates", default=300, show_default=True, help="Draws behind each interval.")
def coverage(repeats: int, replicates: int) -> None:
    """Print a line a world: the share of the intervals that hold the truth, and the mean calibration error."""
    for world in WORLDS:
        rng = np.random.default_rng(0)
        hits = pd.DataFrame([simulated(world, rng, replicates) for _ in range(repeats)]).mean()
        click.echo(json.dumps({**asdict(world), **hits.round(4).to_dict()}))


def simulated(world: World, rng: np.random.Generator, n_replicates: int) -> dict[str, float]:
    """Whether each interval of one data set holds what is true of it, and the errors, true and found."""
    group = np.repeat(np.arange(world.n_patients), N_IMAGES)
    n = len(group)
    odds = rng.normal(world.base, 1, world.n_patients)[group] + rng.normal(0, 0.3, n)
    luck = np.where(rng.random(n) < 0.5, rng.random(world.n_patients)[group], rng.random(n))
    truth, score = (luck < expit(odds)).astype(int), expit(world.shift + world.sharpness * odds)
    found = calibration_of_labels(predictions_of(truth, score, group), "test", n_replicates, seed=0)["finding"]["raw"]
    error = np.abs(np.bincount(score_bins(score), expit(odds) - score)).sum() / n
    # The intercept that the probabilities themselves would give: all there is to know of them.
    true = {"ece": error, "slope": 1 / world.sharpness, "intercept": true_intercept(score, odds)}
    held = {name: float(found[name][1] <= value <= found[name][2]) for name, value in true.items()}
    return {**held, "true_error": error, "error": found["ece"][0], "by_chance": found["ece_by_chance"]}


def true_intercept(score: np.ndarray, odds: np.ndarray) -> float:
    """What has to be added to the predictions' log odds to be right on the whole."""
    return float(fit_shift(logit(score), expit(odds)).coefficients[0])


def predictions_of(truth: np.ndarray, score: np.ndarray, group: np.ndarray) -> Predictions:
    """A table of one label and one split."""
    table = pd.DataFrame({"group_id": [f"{g:06d}" for g in group], "split": "test", "status": "ok"})
    return Predictions(table.assign(**{"truth.finding": truth * 1.0, "prediction.finding": score}), ORIGIN)


if __name__ == "__main__":
    coverage()
