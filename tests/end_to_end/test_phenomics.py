"""Plates, leaves and rosettes from the command line to the report, in processes of their own."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from tests.conftest import RunZoo
from zoo_core.evaluation.predictions import read_predictions


@pytest.fixture(scope="module")
def screened(tmp_path_factory: pytest.TempPathFactory, run_zoo: RunZoo) -> Path:
    """A run on drawn plates that leaves the second one out: read only."""
    out = tmp_path_factory.mktemp("runs") / "screen"
    done = run_zoo("run", "plate-response", "--preset", "smoke", "--set", "split.fold=1", "--out", out)
    assert done.returncode == 0, done.stderr
    return out


def test_the_wells_of_the_plate_that_was_left_out_are_judged_and_no_others(screened: Path) -> None:
    record, screen = (json.loads((screened / f"{name}.json").read_text()) for name in ("run", "screen"))
    assert record["split"]["name"] == "leave-plate-out:tray-02"
    assert list(screen["plates"]) == ["tray-02"]
    wells = pd.read_parquet(screened / "wells.parquet")
    assert set(wells.loc[wells["is_judged"], "meta.plate"]) == {"tray-02"}
    separation = screen["pooled"]["separation"]
    assert separation["n_negative"] > 1
    assert separation["n_positive"] > 1
    assert set(screen["pooled"]["baselines"]) == {"oracle", "position", "correlation", "intensity"}


def test_wells_that_are_no_controls_teach_nothing_and_are_scored(screened: Path) -> None:
    table = read_predictions(screened / "predictions.parquet").table
    samples = table[table["meta.control_role"].isna()]
    assert samples["truth.response"].isna().all()
    assert np.isfinite(samples["score.response"]).all()
    epochs = [json.loads(line) for line in (screened / "events.jsonl").read_text().splitlines()]
    covered = next(one for one in epochs if one["event"] == "EpochCovered")
    n_controls = json.loads((screened / "run.json").read_text())["split"]["n_examples"]["train"]
    assert covered["n_examples"] < n_controls


def test_the_page_shows_the_plate_and_its_profiles_can_be_made(screened: Path, run_zoo: RunZoo) -> None:
    page = (screened / "report.html").read_text()
    assert all(word in page for word in ("Controls", "Dose and response", "tray-02", "the correlation of the channels"))
    assert page.count('class="well"') == len(pd.read_parquet(screened / "wells.parquet").query("is_judged"))
    done = run_zoo("plate", "profile", screened)
    assert done.returncode == 0, done.stderr
    assert "perturbations are active" in done.stdout


def test_leaves_of_a_folder_are_told_by_class(tmp_path: Path, run_zoo: RunZoo) -> None:
    random = np.random.default_rng(0)
    for name, colour in {"blight": (120, 80, 40), "healthy": (40, 140, 50), "rust": (180, 90, 30)}.items():
        (tmp_path / "leaves" / name).mkdir(parents=True)
        for number in range(20):
            picture = np.clip(random.normal(colour, 25, (48, 40, 3)), 0, 255).astype(np.uint8)
            Image.fromarray(picture).save(tmp_path / "leaves" / name / f"{number:02}.png")
    chosen = ["--data", f"leaf-folder={tmp_path / 'leaves'}", "--preset", "smoke"]
    done = run_zoo("run", "leaf-disease", *chosen, "--out", tmp_path / "run")
    assert done.returncode == 0, done.stderr
    metrics = json.loads((tmp_path / "run" / "metrics.json").read_text())["test"]
    assert metrics["classes"]["disease"]["names"] == ["blight", "healthy", "rust"]
    assert np.sum(metrics["classes"]["disease"]["confusion"]) == metrics["n"]
    assert metrics["classes"]["disease"]["baselines"]["border"]["macro_f1"][0] > 0.9
    assert "the border of the picture alone" in (tmp_path / "run" / "report.html").read_text()
    settings = json.loads((tmp_path / "run" / "run.json").read_text())["config"]["task"]
    assert settings["class_names"] == ["blight", "healthy", "rust"]
    scored = run_zoo("predict", tmp_path / "run", tmp_path / "leaves" / "rust", "--out", tmp_path / "scored")
    assert scored.returncode == 0, scored.stderr
    probabilities = read_predictions(tmp_path / "scored" / "predictions.parquet").table.filter(like="prediction.")
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-5)


def test_traits_of_rosettes_are_predicted_and_measured_in_their_units(tmp_path: Path, run_zoo: RunZoo) -> None:
    done = run_zoo("run", "rosette-growth", "--preset", "smoke", "--out", tmp_path / "run")
    assert done.returncode == 0, done.stderr
    values = json.loads((tmp_path / "run" / "metrics.json").read_text())["test"]["values"]
    assert values["leaf_area_mm2"]["unit"] == "mm2"
    assert values["leaf_area_mm2"]["baselines"]["segmentation"]["r2"][0] > 0.9
    traits = pd.read_parquet(tmp_path / "run" / "traits.parquet")
    assert np.corrcoef(traits["trait.area_mm2"], traits["label.leaf_area_mm2"])[0, 1] > 0.95
    assert set(traits["split"]) == {"train", "validation", "test"}
