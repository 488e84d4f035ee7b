"""`zoo run chexnet --data chestxray14=ROOT` on real radiographs."""

import json

import pytest

from zoo_core.evaluation.predictions import read_predictions


@pytest.fixture(scope="module")
def finished(run_zoo, nih_root, tmp_path_factory):
    out = tmp_path_factory.mktemp("runs") / "nih"
    done = run_zoo("run", "chexnet", "--preset", "smoke", "--data", f"chestxray14={nih_root}", "--out", out)
    assert done.returncode == 0, done.stderr
    return out


def test_run_on_a_partial_download_goes_to_the_end_and_says_how_much_is_there(finished):
    record = json.loads((finished / "run.json").read_text())
    assert any("621 of 112,120" in note for note in record["data"]["card"]["notes"])
    assert record["split"]["name"] == "official"
    assert sum(record["split"]["n_examples"].values()) == 621
    assert json.loads((finished / "metrics.json").read_text())["test"]["n"] == 75


def test_official_test_images_are_tested_and_no_patient_is_in_two_parts(finished, nih_root):
    table = read_predictions(finished / "predictions.parquet").table
    official = set((nih_root / "test_list.txt").read_text().split())
    assert set(table.loc[table["split"] == "test", "example_id"]) <= official
    assert not set(table.loc[table["split"] == "validation", "example_id"]) & official
    assert (table.groupby("group_id")["split"].nunique() == 1).all()
