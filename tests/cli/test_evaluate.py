"""`zoo evaluate`: tables, options and mistakes."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from zoo_core.cli.evaluate import DEFAULT_REPLICATES, DEFAULT_SEED
from zoo_core.contract import Label
from zoo_core.evaluation.metrics import N_REPLICATES, SEED
from zoo_core.evaluation.predictions import Origin, Predictions, read_predictions, write_predictions

LABELS = (Label("Pleural_Thickening"), Label("Hernia"))
WIDTH = 100


def written(path: Path, seed: int) -> Path:
    """Predictions of 80 examples of 40 patients; the truth is the same for every seed."""
    truth, scores = np.random.default_rng(0).integers(0, 2, (80, 2)), np.random.default_rng(seed).random((80, 2))
    names, groups = [f"e{i}" for i in range(80)], [f"p{i // 2}" for i in range(80)]
    table = pd.DataFrame({"example_id": names, "group_id": groups, "split": "test", "status": "ok"})
    for i, label in enumerate(LABELS):
        table[f"truth.{label.name}"] = truth[:, i].astype(float)
        table[f"prediction.{label.name}"] = 2 * scores[:, i] + truth[:, i]
        for kind in ("metadata", "oracle"):
            table[f"baseline.{kind}.{label.name}"] = scores[:, 1 - i]
    origin = Origin("chexnet", "drawn", True, LABELS, "m", "patient-hash", "s", ("auroc", "auprc"))
    path.parent.mkdir(exist_ok=True)
    write_predictions(Predictions(table, origin), path)
    return path


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return written(tmp_path / "run" / "predictions.parquet", seed=1).parent


@pytest.fixture
def other(tmp_path: Path) -> Path:
    return written(tmp_path / "other.parquet", seed=2)


def test_the_defaults_are_those_of_a_run() -> None:
    assert (DEFAULT_REPLICATES, DEFAULT_SEED) == (N_REPLICATES, SEED)


def test_a_table_has_intervals_and_is_no_wider_than_a_line(zoo: Any, run: Path) -> None:
    answer = zoo("evaluate", str(run), "--replicates", "50")
    (row,) = (line for line in answer.out.splitlines() if "Pleural_Thickening" in line)
    assert row.count("(0.") == 2  # AUROC and AUPRC
    assert "95 % intervals from 50 draws of 40 groups" in answer.out
    assert "DRAWN" in answer.out
    assert max(map(len, answer.out.splitlines())) <= WIDTH


def test_without_draws_there_are_values_alone(zoo: Any, run: Path) -> None:
    answer = zoo("evaluate", str(run), "--replicates", "0")
    assert "mean of 2" in answer.out
    assert "(0." not in answer.out
    assert "draws" not in answer.out


def test_what_has_no_interval_says_why_below_the_table(zoo: Any, run: Path) -> None:
    predictions = read_predictions(run / "predictions.parquet")
    table = predictions.table.assign(**{"truth.Hernia": 0.0})
    write_predictions(dataclasses.replace(predictions, table=table), run / "predictions.parquet")
    assert zoo("evaluate", str(run)).out.splitlines()[-1] == "Hernia: no positive among 80."


def test_seed_and_draws_are_in_the_numbers(zoo: Any, run: Path) -> None:
    results = [
        json.loads(zoo("evaluate", str(run), "--replicates", "50", "--seed", seed, "--json").out)["test"]
        for seed in ("7", "7", "8")
    ]
    assert results[0] == results[1] != results[2]
    assert results[0]["bootstrap"] == {"n_replicates": 50, "seed": 7, "unit": "group_id", "n_groups": 40}


def test_differences_are_shown_with_what_is_compared(zoo: Any, run: Path, other: Path) -> None:
    answer = zoo("evaluate", str(run), "--against", str(other), "--replicates", "50")
    assert "80 examples shared; not shared: 0 of the first, 0 of the second" in answer.out
    (row,) = (line for line in answer.out.splitlines() if "mean of 2" in line)
    assert " to " in row
    assert max(map(len, answer.out.splitlines())) <= WIDTH


def test_differences_are_the_same_as_json(zoo: Any, run: Path, other: Path) -> None:
    result = json.loads(zoo("evaluate", str(run), "--against", str(other), "--replicates", "50", "--json").out)
    difference = result["test"]["mean"]["baselines"]["against"]["difference"]["auroc"]
    assert difference[1] <= difference[0] <= difference[2]


def test_what_cannot_be_compared_is_one_line(zoo: Any, run: Path, other: Path) -> None:
    predictions = read_predictions(other)
    table = predictions.table.assign(**{"truth.Hernia": 1 - predictions.table["truth.Hernia"]})
    write_predictions(dataclasses.replace(predictions, table=table), other)
    answer = zoo("evaluate", str(run), "--against", str(other))
    assert (answer.code, answer.out, answer.err.count("\n")) == (2, "", 1)
    assert "80 of 80 shared examples that differ, the first 'e0'" in answer.err


@pytest.mark.parametrize("option", ["--replicates", "--seed"])
def test_a_negative_number_is_one_line(zoo: Any, run: Path, option: str) -> None:
    answer = zoo("evaluate", str(run), option, "-1")
    assert (answer.code, answer.err.count("\n")) == (2, 1)
    assert option in answer.err
