"""What a model's folder says of its predictions is fitted on its validation rows, and used on other data as it is."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from zoo_core.contract import DataError, Label
from zoo_core.evaluation.metrics import evaluate
from zoo_core.evaluation.predictions import Origin, Predictions, read_predictions, write_predictions
from zoo_core.runtime.readout import with_readout, write_readout

ORIGIN = Origin("t", "d", True, (Label("Mass"), Label("Hernia")), "m", "s", "h", ("auroc",))


def predictions(splits: dict[str, int], seed: int) -> Predictions:
    """Of a finding that is in three of ten, and of one that nobody has."""
    rng, n = np.random.default_rng(seed), sum(splits.values())
    truth = (rng.random(n) < 0.3).astype(float)
    table = pd.DataFrame(
        {"example_id": [f"e{i}" for i in range(n)], "group_id": [f"{seed}-{i // 2}" for i in range(n)]}
    )
    table["split"], table["status"] = np.repeat(list(splits), list(splits.values())), "ok"
    score = expit(rng.normal(2 * truth - 1)).astype(np.float32)
    columns = {"truth.Mass": truth, "truth.Hernia": 0.0, "prediction.Mass": score, "prediction.Hernia": score}
    return Predictions(table.assign(**columns), ORIGIN)


@pytest.fixture
def own() -> Predictions:
    return predictions({"validation": 200, "test": 200}, seed=0)


@pytest.fixture
def other() -> Predictions:
    return predictions({"validation": 100}, seed=1)


def read(path: Path) -> dict:
    return json.loads(path.read_text())


def test_the_folder_says_what_was_fitted_on_what_and_why_not(own, tmp_path):
    write_readout(tmp_path, own)
    lines = read(tmp_path / "calibration.json")
    assert (lines["method"], lines["fitted_on"]) == ("platt", "validation")
    assert set(lines["labels"]["Mass"]) == {"slope", "intercept", "n", "n_positive"}
    assert lines["labels"]["Mass"]["n"] == 200
    assert (lines["labels"]["Hernia"]["slope"], lines["labels"]["Hernia"]["intercept"]) == (1, 0)
    assert "no positive" in lines["labels"]["Hernia"]["reason"]


def test_the_folders_thresholds_are_those_of_the_metrics(own, tmp_path):
    metrics = evaluate(write_readout(tmp_path, own), 0)
    stored = read(tmp_path / "operating_points.json")["labels"]
    for label, rules in stored.items():
        for rule, point in rules.items():
            assert metrics["test"]["labels"][label]["operating_points"][rule].items() >= point.items()
    assert "threshold" in stored["Mass"]["youden"]
    assert "threshold" not in stored["Hernia"]["youden"]


def test_a_run_gets_its_columns_and_its_numbers_follow_from_its_file_alone(own, tmp_path):
    calibrated = write_readout(tmp_path, own)
    assert {"calibrated.Mass", "calibrated.Hernia"} <= set(calibrated.table.columns)
    write_predictions(calibrated, tmp_path / "p.parquet")
    again = evaluate(read_predictions(tmp_path / "p.parquet"), 20)
    assert again == json.loads(json.dumps(evaluate(calibrated, 20), allow_nan=False))
    assert list(again["test"]["labels"]["Mass"]["calibration"]) == ["raw", "calibrated"]


def test_other_data_are_read_with_the_models_line_and_thresholds(own, other, tmp_path):
    mine = write_readout(tmp_path, own)
    theirs = with_readout(tmp_path, other)
    row = mine.table.iloc[[0]]
    same = with_readout(tmp_path, dataclasses.replace(own, table=row[own.table.columns]))
    assert same.table["calibrated.Mass"].iloc[0] == row["calibrated.Mass"].iloc[0]
    point = evaluate(theirs, 0)["validation"]["labels"]["Mass"]["operating_points"]["youden"]
    stored = read(tmp_path / "operating_points.json")["labels"]["Mass"]["youden"]
    assert point["threshold"] == stored["threshold"]
    assert point["sensitivity"][0] != stored["chosen_on"]["sensitivity"]


def test_their_validation_is_not_taken_for_the_models(own, other, tmp_path):
    write_readout(tmp_path, own)
    point = evaluate(with_readout(tmp_path, other), 0)["validation"]["labels"]["Mass"]["operating_points"]["youden"]
    assert point["chosen_on"]["split"] == "the model's own validation"


def test_nothing_is_fitted_or_chosen_on_other_data(own, other, tmp_path):
    write_readout(tmp_path, own)
    swapped = dataclasses.replace(other, table=other.table.assign(**{"truth.Mass": 1 - other.table["truth.Mass"]}))
    one, two = with_readout(tmp_path, other), with_readout(tmp_path, swapped)
    assert one.origin == two.origin
    assert (one.table["calibrated.Mass"] == two.table["calibrated.Mass"]).all()


def test_thresholds_of_other_data_survive_their_file(own, other, tmp_path):
    write_readout(tmp_path, own)
    read_there = with_readout(tmp_path, other)
    write_predictions(read_there, tmp_path / "p.parquet")
    assert evaluate(read_predictions(tmp_path / "p.parquet"), 20) == evaluate(read_there, 20)


def test_a_folder_of_an_older_zoo_has_neither_and_says_so(other, tmp_path):
    bare = with_readout(tmp_path, other)
    assert "calibrated.Mass" not in bare.table
    point = evaluate(bare, 0)["validation"]["labels"]["Mass"]["operating_points"]["youden"]
    assert point == {"reason": "the model's folder has no operating_points.json: an older zoo wrote it"}


@pytest.mark.parametrize("name", ["calibration.json", "operating_points.json"])
def test_a_damaged_file_is_refused_by_name(own, other, tmp_path, name):
    write_readout(tmp_path, own)
    (tmp_path / name).write_text('{"schema')
    with pytest.raises(DataError, match=name):
        with_readout(tmp_path, other)
