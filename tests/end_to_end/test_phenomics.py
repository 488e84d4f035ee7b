"""Plates, leaves and rosettes from the command line to the report, in processes of their own."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from tests.conftest import RunZoo
from zoo_core.cli import main
from zoo_core.distributed import horovod
from zoo_core.evaluation.predictions import read_predictions

N_RANKS = 1 if horovod.unavailable() else 2


def ran(run_zoo: RunZoo, out: Path, *chosen: str, n_ranks: int = N_RANKS) -> Path:
    done = run_zoo("run", *chosen, "--preset", "smoke", "-np", str(n_ranks), "--out", out)
    assert done.returncode == 0, done.stderr
    assert json.loads((out / "run.json").read_text())["n_ranks"] == n_ranks
    return out


@pytest.fixture(scope="module")
def screened(tmp_path_factory: pytest.TempPathFactory, run_zoo: RunZoo) -> Path:
    """A run on drawn plates that leaves the second one out: read only."""
    chosen = ("plate-response", "--set", "split.name=leave-plate-out:tray-02")
    return ran(run_zoo, tmp_path_factory.mktemp("runs") / "screen", *chosen)


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


@pytest.fixture(scope="module")
def leaves(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Noise around a colour, 20 pictures of each of three classes."""
    folder, random = tmp_path_factory.mktemp("leaves"), np.random.default_rng(0)
    for name, colour in {"blight": (120, 80, 40), "healthy": (40, 140, 50), "rust": (180, 90, 30)}.items():
        (folder / name).mkdir()
        for number in range(20):
            picture = np.clip(random.normal(colour, 25, (48, 40, 3)), 0, 255).astype(np.uint8)
            Image.fromarray(picture).save(folder / name / f"{number:02}.png")
    return folder


@pytest.fixture(scope="module")
def told(leaves: Path, tmp_path_factory: pytest.TempPathFactory, run_zoo: RunZoo) -> Path:
    """A run on those leaves: read only."""
    return ran(run_zoo, tmp_path_factory.mktemp("runs") / "leaves", "leaf-disease", "--data", f"leaf-folder={leaves}")


@pytest.fixture(scope="module")
def grown(tmp_path_factory: pytest.TempPathFactory, run_zoo: RunZoo) -> Path:
    """A run on drawn rosettes, of one rank: read only, but for what others put beside it."""
    return ran(run_zoo, tmp_path_factory.mktemp("runs") / "rosettes", "rosette-growth", n_ranks=1)


def test_leaves_of_a_folder_are_told_by_class(told: Path, leaves: Path, tmp_path: Path, run_zoo: RunZoo) -> None:
    metrics = json.loads((told / "metrics.json").read_text())["test"]
    assert metrics["classes"]["disease"]["names"] == ["blight", "healthy", "rust"]
    assert np.sum(metrics["classes"]["disease"]["confusion"]) == metrics["n"]
    assert metrics["classes"]["disease"]["baselines"]["border"]["macro_f1"][0] > 0.9
    assert "the border of the picture alone" in (told / "report.html").read_text()
    settings = json.loads((told / "run.json").read_text())["config"]["task"]
    assert settings["class_names"] == ["blight", "healthy", "rust"]
    scored = run_zoo("predict", told, leaves / "rust", "--out", tmp_path / "scored")
    assert scored.returncode == 0, scored.stderr
    probabilities = read_predictions(tmp_path / "scored" / "predictions.parquet").table.filter(like="prediction.")
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-5)


def test_traits_of_rosettes_are_predicted_and_measured_in_their_units(grown: Path) -> None:
    values = json.loads((grown / "metrics.json").read_text())["test"]["values"]
    assert values["leaf_area_mm2"]["unit"] == "mm2"
    assert values["leaf_area_mm2"]["baselines"]["segmentation"]["r2"][0] > 0.9
    traits = pd.read_parquet(grown / "traits.parquet")
    assert np.corrcoef(traits["trait.area_mm2"], traits["label.leaf_area_mm2"])[0, 1] > 0.95
    assert set(traits["split"]) == {"train", "validation", "test"}


def test_traits_are_predicted_in_8_bits_and_judged_by_their_own_metric(grown: Path, run_zoo: RunZoo) -> None:
    done = run_zoo("quantize", grown)
    assert done.returncode == 0, done.stderr
    assert "leaf_area_mm2" in done.stdout
    assert "R2" in done.stdout
    assert "No label has 30 examples and an interval." in done.stdout
    assert (grown / "model-int8" / "conversion.json").exists()


@pytest.mark.skipif(N_RANKS == 1, reason="Horovod is not installed: 'make setup' builds it")
def test_two_ranks_say_the_same_of_the_same_examples_as_one(grown: Path, tmp_path: Path, run_zoo: RunZoo) -> None:
    """Other numbers, as sums are taken in another order; the same rows, columns and names of numbers."""
    together = ran(run_zoo, tmp_path / "run", "rosette-growth")
    first, second = (read_predictions(run / "predictions.parquet").table for run in (grown, together))
    assert list(first) == list(second)
    pd.testing.assert_frame_equal(first[told_by_the_data(first)], second[told_by_the_data(first)])
    ours, theirs = (json.loads((run / "metrics.json").read_text()) for run in (grown, together))
    assert set(keys(ours)) == set(keys(theirs))
    pd.testing.assert_frame_equal(*(pd.read_parquet(run / "traits.parquet") for run in (grown, together)))


def told_by_the_data(table: pd.DataFrame) -> list[str]:
    """Columns that no network has a say in."""
    return [c for c in table if c.split(".")[0] in ("example_id", "group_id", "split", "status", "truth", "meta")]


def keys(value: Any, path: str = "") -> Iterator[str]:
    """Path of every number of a record; reasons come and go with what they are the reasons of."""
    if not isinstance(value, dict):
        yield path
        return
    for key, inner in value.items():
        if key not in ("reason", "reasons"):
            yield from keys(inner, f"{path}/{key}")


WELLS = [f"{row}{column}" for row in "ABCD" for column in range(1, 7)]
PLATES = {
    "sound": (("negative", "positive", ""), 255),
    "one-control": (("negative", ""), 255),
    "one-value": (("negative", "positive", ""), 1),
}
"""Roles of wells, in turn, and the number of grey values that their pictures hold."""


def import_plate(folder: Path, name: str) -> None:
    """Make a plate of noise."""
    roles, n_values = PLATES[name]
    random, lines = np.random.default_rng(0), ["well,treatment,control_role"]
    (folder / name).mkdir()
    for number, well in enumerate(WELLS):
        lines.append(f"{well},drug,{roles[number % len(roles)]}")
        for channel in ("DNA", "GFP"):
            picture = random.integers(0, n_values, (33, 35), np.uint8)
            Image.fromarray(picture).save(folder / name / f"{well}-{channel}.png")
    (folder / f"{name}.csv").write_text("\n".join(lines))
    places = (folder / name, folder / "plates" / f"{name}.zarr")
    given = ("--pattern", "{well}-{channel}.png", "--wells", folder / f"{name}.csv", "--drawn")
    assert main([str(one) for one in ("plate", "import", *places, *given)]) == 0


def test_a_screen_says_why_a_plate_of_one_control_or_of_one_value_shows_nothing(
    tmp_path: Path, run_zoo: RunZoo
) -> None:
    for name in PLATES:
        import_plate(tmp_path, name)
    chosen = ["--data", f"ome-plate={tmp_path / 'plates'}", "--set", "split.name=leave-half-out:A-B"]
    run = ran(run_zoo, tmp_path / "run", "plate-response", *chosen, n_ranks=1)
    separation = {
        name: one["separation"] for name, one in json.loads((run / "screen.json").read_text())["plates"].items()
    }
    assert separation["sound"]["z_prime"] is not None
    reasons = {name: separation[name]["reasons"]["z_prime"] for name in ("one-control", "one-value")}
    assert reasons == {
        "one-control": "no positive control well: one control alone cannot be told apart from anything",
        "one-value": "all 8 control wells have the same score",
    }
    page = (run / "report.html").read_text()
    for name, reason in reasons.items():
        assert separation[name]["z_prime"] is None
        assert reason in page
    assert json.loads((run / "run.json").read_text())["data"]["card"]["drawn"] is True
