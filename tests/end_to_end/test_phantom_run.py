"""`zoo run chexnet --preset smoke --precision float32 -np 2`, once, and what it leaves."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from zoo_core.evaluation.metrics import evaluate
from zoo_core.evaluation.operating_points import points_of
from zoo_core.evaluation.platt import fit_scalings, with_calibrated
from zoo_core.evaluation.predictions import read_predictions
from zoo_core.runtime.checkpoint import read_checkpoint

pytest.importorskip("horovod", reason="Horovod is not installed: 'make setup' builds it")

ROUND_OFF = 1e-4
"""What another batch and another process may change in a probability."""

FINDINGS = 14


@pytest.fixture(scope="module")
def finished(run_zoo, tmp_path_factory):
    out = tmp_path_factory.mktemp("runs") / "smoke"
    options = ["--preset", "smoke", "--precision", "float32", "-np", "2"]
    done = run_zoo("run", "chexnet", *options, "--out", out)
    assert done.returncode == 0, done.stderr
    return done, out


def run_json(out: Path) -> dict:
    return json.loads((out / "run.json").read_text())


def test_run_ends_with_the_table_of_14_findings_and_the_run_folder(finished):
    done, out = finished
    predictions = read_predictions(out / "predictions.parquet")
    assert all(label.name in done.stdout for label in predictions.origin.labels)
    assert f"mean of {FINDINGS}" in done.stdout
    assert str(out) in done.stdout.splitlines()[-1]


def test_what_is_drawn_is_said_to_be_drawn_everywhere(finished):
    done, out = finished
    assert "DRAWN" in done.stdout
    assert "DRAWN" in done.stderr
    assert run_json(out)["data"]["card"]["drawn"] is True
    assert read_predictions(out / "predictions.parquet").origin.drawn is True


def test_table_names_no_accuracy(finished):
    done, out = finished
    assert "accuracy" not in (done.stdout + (out / "metrics.json").read_text()).lower()


def test_oracle_stands_beside_the_model(finished):
    done, out = finished
    metrics = json.loads((out / "metrics.json").read_text())
    assert "oracle" in done.stdout
    assert metrics["test"]["mean"]["baselines"]["oracle"]["auroc"][0] > 0.9


def test_metrics_follow_from_the_predictions_alone(finished, run_zoo):
    _, out = finished
    metrics = json.loads((out / "metrics.json").read_text())
    assert evaluate(read_predictions(out / "predictions.parquet")) == metrics
    assert json.loads(run_zoo("evaluate", out, "--json").stdout) == metrics


def test_every_validation_and_test_example_has_one_row_and_no_patient_is_in_both(finished):
    _, out = finished
    table = read_predictions(out / "predictions.parquet").table
    counts = run_json(out)["split"]["n_examples"]
    assert table["example_id"].is_unique
    assert table["split"].value_counts().to_dict() == {part: counts[part] for part in ("validation", "test")}
    assert (table.groupby("group_id")["split"].nunique() == 1).all()
    assert table.filter(like="prediction.").shape[1] == FINDINGS
    assert table.filter(like="prediction.").to_numpy().std() > 0


def test_run_json_says_how_the_run_came_to_be(finished):
    _, out = finished
    record = run_json(out)
    assert record["n_ranks"] == record["config"]["launch"]["n_ranks"] == 2
    assert record["weights"]["source"] == "random"
    assert len(record["data"]["fingerprint"]) == len(record["split"]["hash"]) == 64
    assert record["versions"]["horovod"]
    assert record["machine"]["n_usable_cores"] >= 1


def test_checkpoints_know_the_split_and_where_training_stood(finished):
    _, out = finished
    for name in ("last", "best"):
        arrays, state = read_checkpoint(out / "checkpoints" / f"{name}.safetensors")
        assert state.split_hash == run_json(out)["split"]["hash"]
        assert state.epoch == 1
        assert any(key.startswith("optimizer/") for key in arrays)


def test_events_are_typed_and_tensorboard_has_scalars(finished):
    _, out = finished
    events = [json.loads(line) for line in (out / "events.jsonl").read_text().splitlines()]
    assert [event["event"] for event in events] == ["RunStarted", "EpochCovered", "EpochDone", "RunFinished"]
    started, covered, done, _ = events
    assert started["n_ranks"] == 2
    assert covered["n_distinct"] == covered["n_examples"]
    assert np.isfinite(done["loss"])
    assert list((out / "tensorboard").glob("events.out.tfevents.*"))


def test_model_loads_in_plain_keras_and_predicts_what_the_run_predicted(finished, tmp_path):
    _, out = finished
    from zoo_core import plugins
    from zoo_core.contract import Example

    config = run_json(out)["config"]["data"]
    phantom = plugins.load("dataset", "chest-phantom")
    options = phantom.config(**{key: value for key, value in config.items() if key != "name"})
    adapter = phantom.create(options)
    task = plugins.load("task", "chexnet")
    chexnet = task.create(task.config())
    table = read_predictions(out / "predictions.parquet").table.set_index("example_id")
    index = adapter.index()
    rows = index.index[index["example_id"].isin(table.index)][:5]
    fitted = {"image_size_px": np.array(32)}
    images = [chexnet.preprocess(Example(adapter.read(i), adapter.specs, {}), fitted) for i in rows]
    np.save(tmp_path / "images.npy", np.stack(images))
    program = (
        "import keras, numpy as np, sys\n"
        "model = keras.saving.load_model(sys.argv[1])\n"
        "np.save(sys.argv[3], model.predict(np.load(sys.argv[2]), verbose=0))\n"
        "assert not [name for name in sys.modules if name.startswith('zoo_core')]\n"
    )
    paths = [str(out / "model" / "model.keras"), str(tmp_path / "images.npy"), str(tmp_path / "logits.npy")]
    subprocess.run([sys.executable, "-c", program, *paths], check=True)
    expected = table.loc[index["example_id"][rows]].filter(like="prediction.").to_numpy()
    assert np.allclose(chexnet.predict(np.load(tmp_path / "logits.npy"), {}), expected, atol=ROUND_OFF)


def test_report_and_model_card_say_that_the_data_are_drawn_and_show_the_runs_numbers(finished):
    _, out = finished
    page, card = (out / "report.html").read_text(), (out / "model_card.md").read_text()
    assert "Drawn data" in page
    assert "drawn" in card.lower()
    value, _, _ = json.loads((out / "metrics.json").read_text())["test"]["mean"]["auroc"]
    assert f"{value:.3f}" in page
    assert f"{value:.3f}" in card


def test_metadata_alone_are_scored_beside_the_model(finished):
    _, out = finished
    table = read_predictions(out / "predictions.parquet").table
    scores = table.filter(like="baseline.metadata.")
    assert scores.shape[1] == FINDINGS
    assert np.isfinite(scores).all(axis=None)


def test_nothing_is_left_of_a_part_written_file(finished):
    _, out = finished
    assert not [path for path in out.rglob("*") if "part" in path.name and path.suffix != ".parquet"]


def test_meta_columns_are_carried_into_the_predictions(finished):
    _, out = finished
    table: pd.DataFrame = read_predictions(out / "predictions.parquet").table
    assert {"meta.age", "meta.sex", "meta.view_position"} <= set(table.columns)


def test_maps_of_drawn_images_are_shown_and_maps_of_one_cell_are_not_scored(finished):
    _, out = finished
    maps = json.loads((out / "maps.json").read_text())
    assert maps["shown"] is True
    assert {one["label"] for one in maps["maps"]} == set(
        json.loads((out / "metrics.json").read_text())["test"]["labels"]
    )
    assert all((out / one[kind]).is_file() for one in maps["maps"] for kind in ("image", "map"))
    assert "is one cell" in json.loads((out / "localization.json").read_text())["reason"]


def test_calibration_and_thresholds_of_the_validation_rows_are_in_the_model_folder_and_in_the_predictions(finished):
    done, out = finished
    predictions = read_predictions(out / "predictions.parquet")
    lines = json.loads((out / "model" / "calibration.json").read_text())["labels"]
    points = json.loads((out / "model" / "operating_points.json").read_text())["labels"]
    assert lines.keys() == points.keys() == {label.name for label in predictions.origin.labels}
    assert with_calibrated(predictions, fit_scalings(predictions)).table.equals(predictions.table)
    assert points == json.loads(json.dumps(points_of(predictions)))
    assert all(line["slope"] > 0 for line in lines.values())
    assert "sensi-" in done.stdout
