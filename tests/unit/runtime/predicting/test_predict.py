"""Predictions of pictures and of data sets: the evaluator's own, in parts, whole after a stop."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from zoo_core.contract import DataError, Load, OutputError
from zoo_core.data.files import sha256_of
from zoo_core.distributed.signals import Stopped
from zoo_core.evaluation.metrics import evaluate
from zoo_core.evaluation.predictions import Predictions, read_predictions
from zoo_core.runtime.evaluating import Question, evaluate_on
from zoo_core.runtime.predicting import parts as parts_of
from zoo_core.runtime.predicting import predict as predicting
from zoo_core.runtime.predicting.network import choose_network
from zoo_core.runtime.predicting.parts import Parts
from zoo_core.runtime.predicting.predict import predict
from zoo_core.runtime.predicting.request import Request, request_files
from zoo_core.runtime.prepare import Prepared
from zoo_core.runtime.question import choose_data
from zoo_core.runtime.trained_model import TrainedModel, read_model

Ask = Callable[..., Request]

PHANTOM = {"data": {"name": "chest-phantom", "size_px": 16, "n_patients": 40}}
N_PICTURES, N_SMALL = 10, 4
"""Of the folder, and of a part."""

ROUND_OFF = 1e-5
"""What another batch changes in a probability."""


def predictions_in(folder: Path) -> Predictions:
    return read_predictions(folder / "predictions.parquet")


def table_of(folder: Path) -> pd.DataFrame:
    return predictions_in(folder).table


@pytest.fixture
def in_float32(model: TrainedModel) -> dict[str, Any]:
    return {"network": choose_network(model, None)}


@pytest.mark.parametrize("part", ["test", "all"])
def test_float32_gives_the_evaluators_own_rows(
    model: TrainedModel, ask_phantom: Ask, in_float32: dict[str, Any], tmp_path: Path, part: str
) -> None:
    predict(ask_phantom(part, batch_size=4, **in_float32), tmp_path / "ours")
    question = Question(*choose_data([PHANTOM]), part, allow_overlap=True, n_replicates=0)
    evaluate_on(model, question, tmp_path / "theirs")
    ours, theirs = predictions_in(tmp_path / "ours"), predictions_in(tmp_path / "theirs")
    assert ours.origin == theirs.origin
    pd.testing.assert_frame_equal(ours.table, theirs.table, atol=ROUND_OFF)
    assert ours.table["prediction.Mass"].std() > 0


def test_float32_predicts_what_the_model_does_of_the_same_preprocessing(
    model: TrainedModel, phantom: Prepared, ask_phantom: Ask, in_float32: dict[str, Any], tmp_path: Path
) -> None:
    predict(ask_phantom("test", batch_size=4, **in_float32), tmp_path / "out")
    table = table_of(tmp_path / "out").set_index("example_id")
    rows = phantom.rows("test")
    wanted = model.task.predict(np.asarray(model.load_network()(phantom.examples().batch(rows).images)), model.fitted)
    names = phantom.index["example_id"].iloc[rows]
    np.testing.assert_allclose(table.loc[names, "prediction.Mass"], wanted[:, 1], atol=ROUND_OFF)
    assert table["truth.Mass"].notna().all()


def test_pictures_of_a_data_set_have_the_scores_of_the_data_set(
    phantom: Prepared, ask_phantom: Ask, ask_pictures: Ask, tmp_path: Path
) -> None:
    predict(ask_pictures(), tmp_path / "of-pictures")
    predict(ask_phantom("all"), tmp_path / "of-data")
    pictures, data = (table_of(tmp_path / name).set_index("example_id") for name in ("of-pictures", "of-data"))
    wanted = data.loc[pictures.index.str.removesuffix(".png")]
    for column in ("prediction.Mass", "calibrated.Mass"):
        np.testing.assert_array_equal(pictures[column], wanted[column])
    assert pictures["prediction.Mass"].nunique() == N_PICTURES


def test_predictions_of_a_data_set_can_be_evaluated(model: TrainedModel, ask_phantom: Ask, tmp_path: Path) -> None:
    predict(ask_phantom("test"), tmp_path / "out")
    predictions = predictions_in(tmp_path / "out")
    assert evaluate(predictions, n_replicates=0)["test"]["n"] == len(predictions.table)
    assert predictions.origin.model_hash == model.description["hash"]


def test_of_pictures_neither_truth_nor_patient_is_known_and_they_can_be_evaluated_all_the_same(
    ask_pictures: Ask, tmp_path: Path
) -> None:
    predict(ask_pictures(), tmp_path / "out")
    predictions = predictions_in(tmp_path / "out")
    assert predictions.table[["group_id", "truth.Mass"]].isna().all(axis=None)
    assert set(predictions.table["split"]) == {"all"}
    assert evaluate(predictions, n_replicates=3)["all"]["labels"]["Mass"]["auroc"] is None
    assert predictions.origin.overlap is not None
    assert "nobody has said" in predictions.origin.overlap["reason"]


def test_examples_that_the_model_has_seen_are_counted(ask_phantom: Ask, tmp_path: Path) -> None:
    predict(ask_phantom("train"), tmp_path / "out")
    predictions = predictions_in(tmp_path / "out")
    assert predictions.origin.overlap is not None
    assert predictions.origin.overlap["n_examples_trained_on"] == len(predictions.table)


@pytest.mark.parametrize("bad", [(1, 8), (4, 5, 6, 7), (0, 1, 2, 3), tuple(range(N_PICTURES))])
def test_every_picture_has_a_row_in_its_place_and_a_bad_one_its_reason(
    ask_pictures: Ask, pictures: Path, tmp_path: Path, bad: tuple[int, ...]
) -> None:
    names = sorted(path.name for path in pictures.iterdir())
    for row in bad:
        (pictures / names[row]).write_bytes(b"")
    came = predict(ask_pictures(), tmp_path / "out")
    table = table_of(tmp_path / "out")
    assert table["example_id"].tolist() == names
    is_bad = table.index.isin(bad)
    assert table.loc[is_bad, ["status", "reason"]].to_numpy().tolist() == [["failed", "is empty (0 bytes)"]] * len(bad)
    assert set(table.loc[~is_bad, "status"]) <= {"ok"}
    for column in ("prediction.Mass", "calibrated.Mass"):
        assert (table[column].isna() == is_bad).all()
    assert table["prediction.Mass"].dtype == np.float32
    assert (came["n_ok"], came["n_failed"]) == (N_PICTURES - len(bad), len(bad))
    wanted = [{"example_id": names[row], "reason": "is empty (0 bytes)"} for row in bad[: parts_of.N_SHOWN]]
    assert came["failures"] == wanted


def test_what_was_asked_and_what_came_is_kept_and_no_part_is_left(ask_pictures: Ask, tmp_path: Path) -> None:
    request = ask_pictures()
    came = predict(request, tmp_path / "out")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["predict.json", "predictions.parquet"]
    kept = json.loads((tmp_path / "out" / "predict.json").read_text())
    assert kept == {"schema_version": 1, "asked": request.described(), "came": came}
    assert kept["asked"]["inputs"] == [str(tmp_path / "pictures")]
    assert came["n_now"] == N_PICTURES
    assert came["end_to_end"]["seconds"] >= came["compute"]["seconds"] > 0
    assert came["compute"]["images_per_s"] == pytest.approx(N_PICTURES / came["compute"]["seconds"])
    assert came["first_result_s"] > 0


def test_parts_and_batches_change_no_prediction(
    ask_pictures: Ask, in_float32: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    predict(ask_pictures(**in_float32), tmp_path / "some")
    monkeypatch.setattr(predicting, "PART_SIZE", 100)
    predict(ask_pictures(batch_size=3, **in_float32), tmp_path / "all")
    pd.testing.assert_frame_equal(table_of(tmp_path / "some"), table_of(tmp_path / "all"), atol=ROUND_OFF)


@pytest.mark.parametrize("batch_size", [1, 3, 5])
def test_no_batch_is_filled_up_but_the_last(ask_pictures: Ask, backend: Any, tmp_path: Path, batch_size: int) -> None:
    predict(ask_pictures(batch_size=batch_size), tmp_path / "out")
    assert backend.uses[0].batch_size == batch_size
    assert backend.n_calls == -(-N_PICTURES // batch_size)


def send(number: int) -> Callable[[int], None]:
    """Sends this process a signal in the third call."""

    def kill(call: int) -> None:
        if call == 3:
            os.kill(os.getpid(), number)

    return kill


@pytest.mark.usefixtures("heeded_signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_what_is_left_of_a_stopped_prediction_is_done_later(
    ask_pictures: Ask, backend: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    monkeypatch.setattr("zoo_core.runtime.predicting.network.os.sched_getaffinity", lambda _: {0})
    predict(ask_pictures(), tmp_path / "whole")
    backend.n_calls, backend.before_call, out = 0, send(number), tmp_path / "out"
    with pytest.raises(Stopped) as stopped:
        predict(ask_pictures(), out)
    assert stopped.value.exit_code == 128 + number
    assert sorted(path.name for path in out.iterdir()) == ["parts", "predict.json"]
    backend.n_calls, backend.before_call = 0, lambda call: None
    came = predict(ask_pictures(), out, resume=True)
    assert (came["n_now"], backend.n_calls) == (N_PICTURES - N_SMALL, 3)  # the first part stayed
    assert came["n_ok"] == N_PICTURES
    pd.testing.assert_frame_equal(table_of(out), table_of(tmp_path / "whole"))
    assert sorted(path.name for path in out.iterdir()) == ["predict.json", "predictions.parquet"]


@pytest.mark.parametrize("when", ["join_predictions", "_counts", "_write_record"])
def test_a_kill_at_the_end_leaves_the_end_to_be_done(
    ask_pictures: Ask, backend: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    out, as_it_was = tmp_path / "out", getattr(parts_of, when)

    def kill(*arguments: Any) -> Any:
        if when == "_write_record" and arguments[2] is None:
            return as_it_was(*arguments)
        raise Stopped(signal.SIGTERM)

    with monkeypatch.context() as patch:
        patch.setattr(parts_of, when, kill)
        with pytest.raises(Stopped):
            predict(ask_pictures(), out)
    n_calls = backend.n_calls
    came = predict(ask_pictures(), out, resume=True)
    assert (came["n_now"], came["n_ok"], backend.n_calls) == (0, N_PICTURES, n_calls)
    assert (came["end_to_end"], came["compute"]) == (None, None)
    assert len(table_of(out)) == N_PICTURES
    assert not (out / "parts").exists()


def test_a_finished_prediction_is_shown_again_and_nothing_is_computed(
    ask_pictures: Ask, backend: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    came, n_calls = predict(ask_pictures(), tmp_path / "out"), backend.n_calls
    (tmp_path / "out" / "parts").mkdir()  # as a kill leaves it while parts are removed
    assert predict(ask_pictures(), tmp_path / "out", resume=True) == came
    assert backend.n_calls == n_calls
    assert "is finished" in capsys.readouterr().err
    assert not (tmp_path / "out" / "parts").exists()


def test_nothing_is_overwritten(ask_pictures: Ask, tmp_path: Path) -> None:
    predict(ask_pictures(), tmp_path / "out")
    before = (tmp_path / "out" / "predictions.parquet").read_bytes()
    with pytest.raises(OutputError, match=r"not there yet\. Received: '.*out', which holds a prediction.*--resume"):
        predict(ask_pictures(), tmp_path / "out")
    (tmp_path / "other").mkdir()
    with pytest.raises(OutputError, match=r"not there yet\. Received: '.*other', which exists"):
        predict(ask_pictures(), tmp_path / "other")
    assert (tmp_path / "out" / "predictions.parquet").read_bytes() == before
    assert list((tmp_path / "other").iterdir()) == []


def test_another_question_is_not_gone_on_with(ask_pictures: Ask, pictures: Path, tmp_path: Path) -> None:
    predict(ask_pictures(), tmp_path / "out")
    (pictures / "more.png").write_bytes(next(pictures.iterdir()).read_bytes())
    with pytest.raises(DataError, match=r"begun with\. Received: '.*out', where fingerprint, n, split are another"):
        predict(ask_pictures(), tmp_path / "out", resume=True)
    with pytest.raises(DataError, match=r"a prediction that was begun\. Received: '.*nothing', which has no"):
        predict(ask_pictures(), tmp_path / "nothing", resume=True)
    assert not (tmp_path / "nothing").exists()


def test_a_network_that_does_not_load_leaves_nothing(ask_pictures: Ask, backend: Any, tmp_path: Path) -> None:
    def fail(folder: Path, use: Load) -> None:
        raise DataError("damaged")

    backend.load = fail
    with pytest.raises(DataError, match="damaged"):
        predict(ask_pictures(), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_two_processes_do_not_write_into_one_folder(ask_pictures: Ask, tmp_path: Path) -> None:
    predict(ask_pictures(), tmp_path / "out")
    with Parts(tmp_path / "out").held(), pytest.raises(OutputError, match=r"one process at work\. Received: a second"):
        predict(ask_pictures(), tmp_path / "out", resume=True)


def test_a_run_without_a_model_is_refused(tmp_path: Path, model_folder: Path) -> None:
    shutil.rmtree(model_folder)
    with pytest.raises(DataError, match=r"with a model\.json was wanted"):
        read_model(tmp_path / "run")


@pytest.fixture(scope="module")
def converted(written_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with its model in int8 beside: read only."""
    from zoo_core.runtime.precisions import usable_backend

    run = tmp_path_factory.mktemp("converted")
    folder = Path(shutil.copytree(written_model, run / "model"))
    other = run / "model-int8"
    other.mkdir()
    backend: Any = usable_backend("int8")
    network = read_model(folder).load_network()
    backend.convert(network, np.random.default_rng(0).random((8, *network.input_shape[1:]), np.float32), other)
    said: dict[str, Any] = {"schema_version": 1, "precision": "int8", "verdict": "not enough evidence"}
    said["network_files"] = {path.name: sha256_of(path) for path in other.iterdir()}
    said["model_hash"] = read_model(folder).description["hash"]
    (other / "conversion.json").write_text(json.dumps(said))
    return run


def test_int8_is_near_float32_and_no_copy_of_it(
    converted: Path, pictures: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = read_model(converted)
    for precision in ("int8", "float32"):
        predict(request_files(model, choose_network(model, precision), [pictures], 2), tmp_path / precision)
    int8, float32 = (table_of(tmp_path / name)["prediction.Mass"] for name in ("int8", "float32"))
    assert 0 < np.abs(int8 - float32).max() < 0.05
    assert "not enough evidence" in capsys.readouterr().err


PROGRAM = """
import sys
from zoo_core.cli import main
code = main(sys.argv[1:])
print(code, *sorted({name.partition(".")[0] for name in sys.modules}))
"""


def test_int8_in_a_process_of_its_own_imports_neither_tensorflow_nor_what_else_takes_long(
    converted: Path, tmp_path: Path
) -> None:
    Image.fromarray(np.full((20, 16), 90, np.uint8)).save(tmp_path / "a.png")
    arguments = ["predict", converted, tmp_path / "a.png", "--precision", "int8", "--out", tmp_path / "out"]
    command = [sys.executable, "-c", PROGRAM, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    code, *modules = done.stdout.splitlines()[-1].split()
    assert (code, len(table_of(tmp_path / "out"))) == ("0", 1)
    assert {"openvino", "pandas"} <= set(modules)
    assert {"tensorflow", "keras", "sklearn", "scipy", "matplotlib", "jinja2"}.isdisjoint(modules)
