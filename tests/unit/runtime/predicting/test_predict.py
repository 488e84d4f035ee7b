"""Predictions of pictures and of data sets: the evaluator's own, in parts, whole after a stop."""

import dataclasses
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from zoo_core.contract import ConfigError, DataError, Load, MachineError, OutputError, PluginError
from zoo_core.distributed.signals import Stopped
from zoo_core.evaluation.metrics import evaluate
from zoo_core.evaluation.predictions import read_predictions
from zoo_core.runtime.predicting import predict as predicting
from zoo_core.runtime.predicting.predict import predict
from zoo_core.runtime.predicting.request import Request, refuse_both, request_data, request_files
from zoo_core.runtime.prepare import Prepared
from zoo_core.runtime.trained_model import TrainedModel, read_model

PHANTOM = {"data": {"name": "chest-phantom", "size_px": 16, "n_patients": 40}}
N_PICTURES = 7


@pytest.fixture(autouse=True)
def in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """TensorFlow can be set up once a process, and was; parts are small."""
    monkeypatch.setattr(predicting, "prepare_process", lambda rank: [])
    monkeypatch.setattr(predicting, "PART_SIZE", 3)


@pytest.fixture(scope="module")
def model(written_model: Path) -> TrainedModel:
    return read_model(written_model)


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """A folder of seven pictures, the fourth of which is empty."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    rng = np.random.default_rng(0)
    for i in range(N_PICTURES):
        Image.fromarray(rng.integers(0, 256, (20, 16), dtype=np.uint8)).save(folder / f"{i}.png")
    (folder / "3.png").write_bytes(b"")
    return folder


@pytest.fixture
def request_pictures(model: TrainedModel, pictures: Path) -> Request:
    return request_files(model, [pictures], batch_size=2)


def table_of(folder: Path) -> Any:
    return read_predictions(folder / "predictions.parquet").table


def test_float32_predicts_what_the_model_does_of_the_same_preprocessing(
    model: TrainedModel, phantom: Prepared, tmp_path: Path
) -> None:
    predict(request_data(model, [PHANTOM], "test", batch_size=4), tmp_path / "out", resume=False)
    table = table_of(tmp_path / "out").set_index("example_id")
    rows = phantom.rows("test")
    wanted = model.task.predict(np.asarray(model.load_network()(phantom.examples().batch(rows).images)))
    names = phantom.index["example_id"].iloc[rows]
    np.testing.assert_allclose(table.loc[names, "prediction.Mass"], wanted[:, 1], atol=1e-5)
    assert table["prediction.Mass"].std() > 0
    assert table["truth.Mass"].notna().all()


def test_predictions_of_a_data_set_can_be_evaluated(model: TrainedModel, tmp_path: Path) -> None:
    predict(request_data(model, [PHANTOM], "test"), tmp_path / "out", resume=False)
    predictions = read_predictions(tmp_path / "out" / "predictions.parquet")
    assert evaluate(predictions, n_replicates=0)["test"]["n"] == len(predictions.table)
    assert predictions.origin.model_hash == model.description["hash"]


def test_examples_that_the_model_has_seen_are_counted(model: TrainedModel, tmp_path: Path) -> None:
    predict(request_data(model, [PHANTOM], "train"), tmp_path / "out", resume=False)
    overlap = read_predictions(tmp_path / "out" / "predictions.parquet").origin.overlap
    assert overlap is not None
    assert overlap["n_examples_trained_on"] == len(table_of(tmp_path / "out"))


def test_every_picture_has_a_row_and_a_bad_one_its_reason(request_pictures: Request, tmp_path: Path) -> None:
    answer = predict(request_pictures, tmp_path / "out", resume=False)
    table = table_of(tmp_path / "out").set_index("example_id")
    assert set(table.index) == {f"{i}.png" for i in range(N_PICTURES)}
    assert table.loc["3.png", ["status", "reason"]].tolist() == ["failed", "is empty (0 bytes)"]
    assert table["prediction.Mass"].isna().sum() == 1
    assert table["truth.Mass"].isna().all()
    assert (answer["n"], answer["n_failed"], answer["compute"]["images_per_s"] > 0) == (N_PICTURES, 1, True)
    assert answer["failures"] == [{"example_id": "3.png", "reason": "is empty (0 bytes)"}]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "predict.json",
        "predicted.json",
        "predictions.parquet",
    ]


def test_a_part_of_which_nothing_can_be_read_has_rows_too(model: TrainedModel, pictures: Path, tmp_path: Path) -> None:
    for name in ("4.png", "5.png"):
        (pictures / name).write_bytes(b"no picture")
    answer = predict(request_files(model, [pictures]), tmp_path / "out", resume=False)
    assert (answer["n_failed"], len(table_of(tmp_path / "out"))) == (3, N_PICTURES)


def test_parts_and_batches_change_no_prediction(
    model: TrainedModel, pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    predict(request_files(model, [pictures], batch_size=2), tmp_path / "some", resume=False)
    monkeypatch.setattr(predicting, "PART_SIZE", 100)
    predict(request_files(model, [pictures], batch_size=5), tmp_path / "all", resume=False)
    some, whole = (table_of(tmp_path / name).set_index("example_id").sort_index() for name in ("some", "all"))
    np.testing.assert_allclose(some["prediction.Mass"], whole["prediction.Mass"], atol=1e-6)


class StopsAfter:
    """A backend whose network is stopped after some calls, as a signal does it."""

    def __init__(self, backend: Any, n_calls: int) -> None:
        self.backend, self.n_calls, self.seen = backend, n_calls, 0

    def load(self, folder: Path, use: Load) -> Any:
        self.network = self.backend.load(folder, use)
        return self

    def outputs(self, images: np.ndarray) -> np.ndarray:
        self.seen += 1
        if self.seen > self.n_calls:
            raise Stopped(__import__("signal").SIGTERM)
        outputs: np.ndarray = self.network.outputs(images)
        return outputs


def test_what_is_left_of_a_stopped_prediction_is_done_later(request_pictures: Request, tmp_path: Path) -> None:
    whole, out = tmp_path / "whole", tmp_path / "out"
    predict(request_pictures, whole, resume=False)
    liar = StopsAfter(request_pictures.backend, 2)
    with pytest.raises(Stopped):
        predict(dataclasses.replace(request_pictures, backend=liar), out, resume=False)
    assert not (out / "predictions.parquet").exists()
    answer = predict(request_pictures, out, resume=True)
    assert answer["n_now"] == N_PICTURES - 3  # the first part stayed
    np.testing.assert_allclose(table_of(out)["prediction.Mass"], table_of(whole)["prediction.Mass"], atol=1e-6)
    assert predict(request_pictures, out, resume=True) == json.loads((out / "predicted.json").read_text())


def test_nothing_is_overwritten(request_pictures: Request, tmp_path: Path) -> None:
    predict(request_pictures, tmp_path / "out", resume=False)
    before = (tmp_path / "out" / "predictions.parquet").read_bytes()
    with pytest.raises(OutputError, match="--out needs a folder that is not there yet"):
        predict(request_pictures, tmp_path / "out", resume=False)
    assert (tmp_path / "out" / "predictions.parquet").read_bytes() == before


def test_another_question_is_not_gone_on_with(
    request_pictures: Request, model: TrainedModel, pictures: Path, tmp_path: Path
) -> None:
    predict(request_pictures, tmp_path / "out", resume=False)
    (pictures / "more.png").write_bytes((pictures / "0.png").read_bytes())
    with pytest.raises(DataError, match=r"where it differs: n 7 there, 8 now"):
        predict(request_files(model, [pictures], batch_size=2), tmp_path / "out", resume=True)
    with pytest.raises(DataError, match="which holds none"):
        predict(request_pictures, tmp_path / "nothing", resume=True)


def test_a_converted_model_loads_from_beside_and_keeps_the_cores_busy(
    model_folder: Path, pictures: Path, tmp_path: Path, make_int8: Callable[[Path], None]
) -> None:
    make_int8(model_folder)
    request = request_files(read_model(model_folder), [pictures], "int8", batch_size=2)
    assert not request.needs_tensorflow
    assert request.folder == model_folder.with_name("model-int8")
    predict(request, tmp_path / "out", resume=False)
    predict(request_files(read_model(model_folder), [pictures]), tmp_path / "float32", resume=False)
    int8, float32 = (table_of(tmp_path / name)["prediction.Mass"].dropna() for name in ("out", "float32"))
    assert 0 < np.abs(int8 - float32).max() < 0.05


@pytest.fixture
def make_int8() -> Callable[[Path], None]:
    def make(folder: Path) -> None:
        from zoo_core.runtime.precisions import usable_backend

        other = folder.with_name("model-int8")
        other.mkdir()
        backend: Any = usable_backend("int8")
        network = read_model(folder).load_network()
        backend.convert(network, np.random.default_rng(0).random((8, *network.input_shape[1:]), np.float32), other)

    return make


@pytest.mark.parametrize(
    ("precision", "error", "match"),
    [
        ("int8", DataError, "needs the model converted to it.*'zoo quantize"),
        ("nope", PluginError, "There is no precision 'nope'"),
    ],
)
def test_a_precision_that_is_not_to_be_had_is_said(
    model: TrainedModel, pictures: Path, precision: str, error: type[Exception], match: str
) -> None:
    with pytest.raises(error, match=match):
        request_files(model, [pictures], precision)


def test_an_unavailable_precision_says_why(
    model: TrainedModel, pictures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("zoo_core.precision.int8.Int8.unavailable", lambda self: "needs a library")
    with pytest.raises(MachineError, match="Precision 'int8' cannot be used here: needs a library"):
        request_files(model, [pictures], "int8")


def test_a_single_bad_picture_is_refused(model: TrainedModel, pictures: Path) -> None:
    with pytest.raises(DataError, match=r"3\.png' \(row 0\) is empty \(0 bytes\): give a picture"):
        request_files(model, [pictures / "3.png"])


@pytest.mark.parametrize("specs", [None, [{"name": "image", "axes": ["z", "y", "x", "c"], "shape": [1, 2, 3, 1]}]])
def test_pictures_need_a_model_of_pictures(model: TrainedModel, pictures: Path, specs: Any) -> None:
    other = dataclasses.replace(model, description={**model.description, "specs": specs})
    with pytest.raises(DataError, match=r"trained on pictures of 1 or 3 channels.*--data"):
        request_files(other, [pictures])


@pytest.mark.parametrize(("has_inputs", "has_data"), [(True, True), (False, False)])
def test_one_kind_of_input_is_needed(has_inputs: bool, has_data: bool) -> None:
    with pytest.raises(ConfigError, match=r"Received: (both|neither)"):
        refuse_both(has_inputs, has_data)


def test_a_run_without_a_model_is_refused(tmp_path: Path, model_folder: Path) -> None:
    shutil.rmtree(model_folder)
    with pytest.raises(DataError, match=r"with a model\.json was wanted"):
        read_model(tmp_path / "run")
