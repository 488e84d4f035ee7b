"""Labels and classes of small files of MedMNIST's form, from the command line to the report and to 8 bits."""

import json
from pathlib import Path

import numpy as np

from tests.conftest import RunZoo
from zoo_core.evaluation.predictions import read_predictions

COUNTS = {"train": 64, "val": 24, "test": 32}


def write(path: Path, n_kinds: int, colours: np.ndarray) -> Path:
    """Noise around a colour of each kind, 28 x 28 px."""
    random, arrays = np.random.default_rng(0), {}
    for part, n in COUNTS.items():
        kinds = np.arange(n) % n_kinds
        pictures = random.normal(colours[kinds][:, None, None], 20, (n, 28, 28, colours.shape[1]))
        arrays[f"{part}_images"] = np.clip(pictures, 0, 255).astype(np.uint8).squeeze()
        arrays[f"{part}_labels"] = kinds[:, None].astype(np.uint8)
    np.savez_compressed(path, **arrays)  # type: ignore[arg-type] # numpy's stub sees its option allow_pickle
    return path


def test_a_label_of_grey_pictures_is_learned_reported_and_kept_in_8_bits(tmp_path: Path, run_zoo: RunZoo) -> None:
    file = write(tmp_path / "pneumoniamnist.npz", 2, np.array([[60.0], [190.0]]))
    chosen = ["--data", f"medmnist={file}", "--topology", "mobilenetv2", "--preset", "smoke"]
    done = run_zoo("run", "image-labels", *chosen, "--out", tmp_path / "run")
    assert done.returncode == 0, done.stderr
    test = json.loads((tmp_path / "run" / "metrics.json").read_text())["test"]
    assert test["labels"]["pneumonia"]["n"] == COUNTS["test"]
    assert test["labels"]["pneumonia"]["baselines"]["intensity"]["auroc"][0] == 1
    page = (tmp_path / "run" / "report.html").read_text()
    assert all(
        words in page for words in ("PneumoniaMNIST", "mean and spread of the channels alone", "names no patients")
    )
    done = run_zoo("quantize", tmp_path / "run")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "run" / "model-int8" / "conversion.json").is_file()


def test_classes_of_coloured_pictures_are_told_apart(tmp_path: Path, run_zoo: RunZoo) -> None:
    file = write(tmp_path / "bloodmnist.npz", 8, np.random.default_rng(1).uniform(20, 230, (8, 3)))
    chosen = ["--data", f"medmnist={file}", "--topology", "mobilenetv2", "--preset", "smoke"]
    done = run_zoo("run", "image-labels", *chosen, "--set", "task.balanced=true", "--out", tmp_path / "run")
    assert done.returncode == 0, done.stderr
    cells = json.loads((tmp_path / "run" / "metrics.json").read_text())["test"]["classes"]["cell"]
    assert np.sum(cells["confusion"]) == COUNTS["test"]
    assert cells["names"][0] == "basophil"
    assert cells["baselines"]["intensity"]["macro_f1"][0] > 0.7
    kept = json.loads((tmp_path / "run" / "run.json").read_text())["config"]["task"]
    assert (kept["class_label"], kept["label_names"]) == ("cell", cells["names"])
    table = read_predictions(tmp_path / "run" / "predictions.parquet").table
    np.testing.assert_allclose(table.filter(like="prediction.").sum(axis=1), 1, atol=1e-5)
