"""`zoo predict` before anything is computed: what is given together, what is refused, and what is said of it."""

import json
import signal
from pathlib import Path
from typing import Any

import pytest

from zoo_core.cli.predict import PARTS, as_text
from zoo_core.data import splits
from zoo_core.distributed.signals import Stopped
from zoo_core.runtime import trained_model
from zoo_core.runtime.predicting import network, predict, request

SPEED = {"seconds": 2.0, "images_per_s": 4.0}
CAME = {
    "n_ok": 7,
    "n_failed": 1,
    "failures": [{"example_id": "a.png", "reason": "is empty (0 bytes)"}],
    "n_now": 8,
    "end_to_end": SPEED,
    "compute": SPEED,
    "first_result_s": 1.5,
    "machine": {},
}


def test_the_parts_are_those_of_a_split_and_all_by_default() -> None:
    assert set(PARTS) == {*splits.PARTS, splits.ALL}
    assert PARTS[0] == splits.ALL


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["RUN"], "A prediction needs pictures or folders as INPUT, or a data set as --data"),
        (["RUN"], "Received: neither"),
        (["RUN", "a.png", "--data", "chest-phantom"], "Received: both"),
        (["RUN", "a.png"], "A run folder or a model folder with a model.json was wanted"),
        (["RUN", "--data", "chest-phantom"], "A run folder or a model folder with a model.json was wanted"),
        (["RUN", "a.png", "--resume"], "--resume needs the folder of the prediction: --out DIR"),
        (["RUN", "a.png", "--batch", "0"], "--batch"),
        (["RUN", "a.png", "--part", "all"], "--part needs --data NAME[=ROOT]"),
        (["RUN", "a.png", "--set", "data.seed=1"], "--set needs --data NAME[=ROOT]"),
        (["RUN", "--data", "chest-phantom", "--part", "training"], "'training' is not one of"),
    ],
)
def test_a_mistake_is_one_line(
    zoo: Any, arguments: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    answer = zoo("predict", *arguments)
    assert (answer.code, answer.out, answer.err.count("\n")) == (2, "", 1)
    assert said in answer.err
    assert list(tmp_path.iterdir()) == []


def test_the_summary_names_failures_speeds_and_the_file() -> None:
    assert as_text(CAME, Path("out")).splitlines() == [
        "7 images predicted, 1 that cannot be read",
        "cannot be read: 'a.png' is empty (0 bytes)",
        "end to end, with reading: 4.0 images/s, 2.00 s",
        "compute alone: 4.0 images/s, 2.00 s",
        "first result 1.50 s after the start",
        "predictions: out/predictions.parquet",
    ]


def test_of_many_failures_the_first_are_named() -> None:
    assert "and 6 more: see 'reason' in the predictions" in as_text({**CAME, "n_failed": 7}, Path("out")).splitlines()


def test_where_nothing_was_left_to_predict_there_is_no_speed() -> None:
    nothing = {**CAME, "n_now": 0, "end_to_end": None, "compute": None, "first_result_s": None}
    assert "images/s" not in as_text(nothing, Path("out"))


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the command line asks for, in place of a model that answers it."""
    given: dict[str, Any] = {}

    class Asked:
        def described(self) -> dict[str, Any]:
            return {"n": 8}

    def files(_model: object, _network: object, inputs: Any, batch_size: int) -> Asked:
        given.update(inputs=inputs, batch_size=batch_size)
        return Asked()

    def data(_model: object, _network: object, layers: Any, part: str, batch_size: int) -> Asked:
        given.update(layers=layers, part=part, batch_size=batch_size)
        return Asked()

    def chosen(_model: object, precision: str | None) -> None:
        given.update(precision=precision)

    def came(_request: object, folder: Path, resume: bool) -> dict[str, Any]:
        given.update(folder=folder, resume=resume)
        return CAME

    monkeypatch.setattr(trained_model, "read_model", lambda path: None)
    monkeypatch.setattr(network, "choose_network", chosen)
    monkeypatch.setattr(request, "request_files", files)
    monkeypatch.setattr(request, "request_data", data)
    monkeypatch.setattr(predict, "predict", came)
    return given


def test_pictures_are_asked_for_as_they_are_given(zoo: Any, asked: dict[str, Any]) -> None:
    answer = zoo("predict", "RUN", "a.png", "b", "--precision", "int8", "--batch", "4", "--out", "x", "--resume")
    assert (answer.code, "predictions: x/predictions.parquet" in answer.out) == (0, True)
    assert asked == {
        "precision": "int8",
        "inputs": (Path("a.png"), Path("b")),
        "batch_size": 4,
        "folder": Path("x"),
        "resume": True,
    }


def test_a_data_set_is_asked_for_with_its_settings_and_all_of_it(zoo: Any, asked: dict[str, Any]) -> None:
    assert zoo("predict", "RUN", "--data", "lab=DIR", "--set", "data.seed=1").code == 0
    assert asked["layers"] == [{"data": {"name": "lab", "root": "DIR"}}, {"data": {"seed": 1}}]
    assert (asked["part"], asked["precision"], asked["batch_size"]) == ("all", None, 32)
    assert asked["folder"].parent == Path("runs")
    assert asked["folder"].name.startswith("predictions-")


def test_the_record_is_what_was_asked_and_what_came(zoo: Any, asked: dict[str, Any]) -> None:
    assert json.loads(zoo("predict", "RUN", "a.png", "--json").out) == {"asked": {"n": 8}, "came": CAME}


@pytest.mark.parametrize("is_begun", [False, True])
def test_a_prediction_that_a_signal_ends_says_how_it_goes_on_and_has_the_exit_code_of_the_signal(
    zoo: Any, asked: dict[str, Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, is_begun: bool
) -> None:
    def stop(_request: object, folder: Path, _resume: bool) -> None:
        if is_begun:
            folder.mkdir()
        raise Stopped(signal.SIGTERM)

    monkeypatch.setattr(predict, "predict", stop)
    answer = zoo("predict", "RUN", "a.png", "--out", str(tmp_path / "out"))
    assert (answer.code, answer.out) == (128 + signal.SIGTERM, "")
    how = f"the same with --out {tmp_path / 'out'} --resume goes on" if is_begun else "nothing was written"
    assert answer.err == f"zoo: stopped by SIGTERM: {how}\n"
