"""`zoo run chexnet --data chestxray14=ROOT` on real radiographs."""

import json

import pandas as pd
import pytest

from zoo_core.evaluation.predictions import read_predictions


@pytest.fixture(scope="module")
def finished(run_zoo, nih_root, tmp_path_factory):
    out = tmp_path_factory.mktemp("runs") / "nih"
    # A map of an image of 32 px, as the preset has it, is one cell.
    options = ["--preset", "smoke", "--set", "task.image_size_px=64", "--data", f"chestxray14={nih_root}"]
    done = run_zoo("run", "chexnet", *options, "--out", out)
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


def test_the_few_radiographs_that_radiologists_read_again_judge_the_run_without_false_certainty(finished):
    predictions = read_predictions(finished / "predictions.parquet")
    metrics = json.loads((finished / "metrics.json").read_text())
    second = metrics["test"]["second_truth"]
    assert "Majkowska" in second["source"]
    assert second["source"] == predictions.origin.second_truth["source"]
    pneumothorax = second["labels"]["Pneumothorax"]
    assert pneumothorax["n"] == predictions.of_split("test")["second_truth.Pneumothorax"].notna().sum() == 4
    assert second["labels"]["Nodule or mass"]["of"] == ["Nodule", "Mass"]
    assert all("reason" in label for label in second["labels"].values())


def test_the_maps_of_the_twelve_boxed_test_images_are_scored(finished):
    localization = json.loads((finished / "localization.json").read_text())
    scored = pd.read_parquet(finished / "boxes.parquet")
    assert localization["map_shape"] == [2, 2]
    assert localization["pooled"]["n_images"] == scored["example_id"].nunique() == 12
    assert localization["labels"]["Infiltration"]["n_boxes"] == 1  # "Infiltrate" in NIH's list
    assert "1 group" in localization["labels"]["Infiltration"]["reason"]
    assert ((scored["area_share"] > 0.001) & (scored["area_share"] < 0.5)).all()


def test_no_radiograph_of_a_person_is_written_unasked(finished):
    maps = json.loads((finished / "maps.json").read_text())
    assert maps["shown"] is False
    assert {one["image"] for one in maps["maps"]} == {None}
    assert not [path for path in finished.rglob("*") if path.suffix in (".png", ".webp", ".jpg")]
    assert "data:image/" not in (finished / "report.html").read_text()
