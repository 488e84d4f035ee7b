"""`zoo evaluate`: tables, options and mistakes."""

import dataclasses
import json
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from zoo_core.cli.evaluate import DEFAULT_REPLICATES, DEFAULT_SEED, PARTS
from zoo_core.contract import Label
from zoo_core.data import splits
from zoo_core.distributed.signals import Stopped
from zoo_core.evaluation.draws import N_REPLICATES, SEED
from zoo_core.evaluation.predictions import Origin, Predictions, read_predictions, write_predictions
from zoo_core.runtime import evaluating, trained_model

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
    assert set(PARTS) == {*splits.PARTS, splits.ALL}


def test_a_table_has_intervals_and_is_no_wider_than_a_line(zoo: Any, run: Path) -> None:
    answer = zoo("evaluate", str(run), "--replicates", "50")
    (row,) = (line for line in answer.out.splitlines() if "Pleural_Thickening" in line)
    assert row.count("(0.") == 2  # AUROC and AUPRC
    assert "95 % intervals from 50 draws of 40 groups" in answer.out
    assert "DRAWN" in answer.out
    assert max(map(len, answer.out.splitlines())) <= WIDTH


def test_predictions_with_a_validation_split_have_a_table_of_decisions_no_wider_than_a_line(
    zoo: Any, run: Path
) -> None:
    predictions = read_predictions(run / "predictions.parquet")
    halves = {f"prediction.{label.name}": predictions.table[f"prediction.{label.name}"] / 4 for label in LABELS}
    table = predictions.table.assign(split=["validation"] * 40 + ["test"] * 40, **halves)
    table.loc[:39, "truth.Hernia"] = 0.0
    write_predictions(dataclasses.replace(predictions, table=table), run / "predictions.parquet")
    answer = zoo("evaluate", str(run), "--replicates", "0")
    first, second = (line for line in answer.out.splitlines() if "Pleural_Thickening" in line)
    assert "undefined" not in first
    assert len(second.split()) == 7  # sensitivity, specificity, PPV, slope, ECE raw and scaled
    assert answer.out.splitlines()[-1] == "No threshold for 1 of 2 findings: --json says why."
    assert max(map(len, answer.out.splitlines())) <= WIDTH


def test_predictions_that_are_no_probabilities_without_a_validation_split_have_one_table(zoo: Any, run: Path) -> None:
    assert "threshold" not in zoo("evaluate", str(run), "--replicates", "0").out


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


COUNTS = {
    "group": "patient",
    "n_groups": 40,
    "trained_on": 5,
    "chosen_on": 1,
    "n_examples_in_all": 80,
    "n_examples": 12,
    "n_examples_trained_on": 10,
    "n_examples_chosen_on": 2,
    "reason": None,
}
UNKNOWN = {**dict.fromkeys(COUNTS), "group": "patient", "reason": "its model folder has no groups.json"}


def stamp(path: Path, overlap: dict[str, Any]) -> None:
    predictions = read_predictions(path)
    origin = dataclasses.replace(predictions.origin, overlap=overlap)
    write_predictions(dataclasses.replace(predictions, origin=origin), path)


@pytest.mark.parametrize(
    ("overlap", "words"),
    [
        (
            COUNTS,
            "NOT INDEPENDENT. 10 of 80 examples are of patients the model was trained on, 2 of those it was chosen",
        ),
        (UNKNOWN, "PERHAPS NOT INDEPENDENT. Whether the model has seen these patients is not known"),
    ],
    ids=["counted", "unknown"],
)
def test_what_the_model_has_seen_is_said_below_every_table(
    zoo: Any, run: Path, other: Path, overlap: dict[str, Any], words: str
) -> None:
    assert "INDEPENDENT" not in zoo("evaluate", str(run), "--replicates", "0").out
    stamp(run / "predictions.parquet", overlap)
    assert words in zoo("evaluate", str(run), "--replicates", "0").out
    assert words in zoo("evaluate", str(other), "--against", str(run), "--replicates", "0").out


@pytest.mark.parametrize(
    "option", [["--out", "x"], ["--part", "all"], ["--set", "data.seed=1"], ["--allow-overlap"]], ids=lambda o: o[0]
)
def test_what_only_concerns_a_data_set_needs_one(zoo: Any, run: Path, option: list[str]) -> None:
    answer = zoo("evaluate", str(run), *option)
    assert (answer.code, answer.out, answer.err.count("\n")) == (2, "", 1)
    assert f"{option[0]} needs --data" in answer.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--data", "chest-phantom"], "with a model.json was wanted"),
        (["--data", "chest-fantom"], "did you mean 'chest-phantom'"),
        (["--data", "chest-phantom", "--against", "other.parquet"], "--against compares predictions"),
        (["--data", "chest-phantom", "--set", "trainer.n_epochs=1"], "known here: data, split, report"),
        (["--data", "chest-phantom", "--part", "training"], "'training' is not one of"),
        (["--data", "chest-phantom", "--part", "all", "--set", "split.name=patient-hash"], "--part all takes every"),
    ],
)
def test_a_mistake_with_a_data_set_is_one_line(zoo: Any, run: Path, arguments: list[str], words: str) -> None:
    answer = zoo("evaluate", str(run), *arguments)
    assert (answer.code, answer.out, answer.err.count("\n")) == (2, "", 1)
    assert words in answer.err


def test_an_evaluation_that_a_signal_ends_says_so_and_has_the_exit_code_of_the_signal(
    zoo: Any, run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: object) -> None:
        raise Stopped(signal.SIGTERM)

    monkeypatch.setattr(evaluating, "evaluate_on", stop)
    monkeypatch.setattr(trained_model, "read_model", lambda path: None)
    answer = zoo("evaluate", str(run), "--data", "chest-phantom")
    assert (answer.code, answer.out) == (128 + signal.SIGTERM, "")
    assert answer.err == "zoo: stopped by SIGTERM: nothing was written\n"
