"""What cannot be converted is refused in one line, before anything is computed."""

import dataclasses
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from zoo_core.contract import ConfigError, DataError, MachineError, OutputError, PluginError, PrimaryMetric, ZooError
from zoo_core.data.soundness import Unreadable
from zoo_core.evaluation.gate import Limits
from zoo_core.runtime.converting import wish
from zoo_core.runtime.converting.wish import Wish, plan
from zoo_core.runtime.networks import CONVERSION
from zoo_core.runtime.prepare import Prepared
from zoo_core.runtime.record import describe_prepared


@pytest.fixture
def run(model_folder: Path, phantom: Prepared) -> Path:
    """The run of forty drawn patients, as far as a conversion looks at it."""
    path = model_folder.parent
    (path / "run.json").write_text(json.dumps(describe_prepared(phantom)))
    (path / "metrics.json").write_text("{}")
    return path


@pytest.fixture(autouse=True)
def usable(monkeypatch: pytest.MonkeyPatch, told: Any) -> None:
    real = wish.usable_backend
    backend = told(lambda outputs: outputs)
    monkeypatch.setattr(wish, "usable_backend", lambda name: backend if name == "int8" else real(name))


def refused(run: Path, error: type[ZooError], words: str, **wished: Any) -> None:
    before = sorted(run.rglob("*")) if run.is_dir() else []
    with pytest.raises(error, match=words) as raised:
        plan(run, dataclasses.replace(Wish(), **wished))
    assert "\n" not in str(raised.value)
    assert "Received" in str(raised.value) or error is PluginError or error is MachineError
    assert (sorted(run.rglob("*")) if run.is_dir() else []) == before


def edited(path: Path, change: Callable[[dict[str, Any]], Any]) -> None:
    values = json.loads(path.read_text())
    change(values)
    path.write_text(json.dumps(values))


@pytest.mark.parametrize("path", [".", "model"])
def test_a_run_or_its_model_can_be_given(run: Path, phantom: Prepared, path: str) -> None:
    job = plan(run / path, Wish())
    assert job.folder.resolve() == (run / "model-int8").resolve()
    assert job.prepared.fingerprint == phantom.fingerprint
    assert job.limits == Limits("auroc", "max", 0.005, 0.01)


def test_limits_of_the_wish_stand_before_those_of_the_task(run: Path) -> None:
    assert plan(run, Wish(mean_limit=0.02, label_limit=0.03)).limits == Limits("auroc", "max", 0.02, 0.03)


def test_examples_are_preprocessed_with_what_the_model_learned(run: Path) -> None:
    job = plan(run, Wish())
    assert job.prepared.fitted is job.model.fitted


def test_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    refused(tmp_path, DataError, r"model\.json was wanted")


@pytest.mark.parametrize("missing", ["run.json", "metrics.json", "model/model.keras"])
def test_a_run_that_did_not_come_to_its_end_is_refused(run: Path, missing: str) -> None:
    (run / missing).unlink()
    refused(run, DataError, "run that came to its end was wanted")


def test_a_converted_model_is_not_converted_again(run: Path) -> None:
    folder = shutil.copytree(run / "model", run / "model-int8")
    (folder / CONVERSION).write_text("{}")
    refused(folder, DataError, "which is converted already")


def test_a_run_that_is_quantized_already_is_refused(run: Path) -> None:
    (run / "model-int8").mkdir()
    refused(run, OutputError, r"model-int8', which exists: remove it to quantize again")


def test_a_precision_that_does_not_convert_is_refused(run: Path) -> None:
    refused(run, ConfigError, "'float32', in which a model is used as it was trained", precision="float32")


def test_a_precision_that_is_not_installed_is_refused(run: Path) -> None:
    refused(run, PluginError, "There is no precision 'int7'", precision="int7")


def test_a_precision_that_cannot_be_used_here_says_why(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unusable(name: str) -> Any:
        raise MachineError(f"Precision '{name}' cannot be used here: no library")

    monkeypatch.setattr(wish, "usable_backend", unusable)
    refused(run, MachineError, "cannot be used here: no library")


def test_a_model_of_another_task_than_its_run_is_refused(run: Path) -> None:
    def rename(values: dict[str, Any]) -> None:
        values["config"]["task"] = {"name": "leaves"}

    edited(run / "run.json", rename)
    refused(run, PluginError, "There is no task 'leaves'")


@pytest.mark.parametrize(("what", "key"), [("data", "fingerprint"), ("split", "hash")])
def test_a_model_of_other_data_than_its_runs_is_refused(run: Path, what: str, key: str) -> None:
    edited(run / "model" / "model.json", lambda values: values[what].update({key: "f" * 64}))
    refused(run, DataError, f"A run with the {what} that its model was trained on was wanted, 'ffff")


def test_data_that_changed_since_are_refused(run: Path) -> None:
    edited(run / "run.json", lambda values: values["data"].update(fingerprint="f" * 64))
    with pytest.raises(DataError, match="its index has changed since"):
        plan(run, Wish())


def with_prepared(monkeypatch: pytest.MonkeyPatch, prepared: Prepared) -> None:
    monkeypatch.setattr(wish, "prepared_in", lambda folder: prepared)


@pytest.mark.parametrize("part", ["train", "validation"])
def test_labels_without_positives_are_refused(
    run: Path, phantom: Prepared, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    index = phantom.index.copy()
    columns = [f"label.{label.name}" for label in phantom.task.labels]
    index.loc[index.index[phantom.rows(part)], columns] = 0
    with_prepared(monkeypatch, dataclasses.replace(phantom, index=index))
    refused(run, DataError, rf"positives and negatives in {part}\. Received: Effusion: no positive")


@pytest.mark.parametrize("part", ["train", "validation"])
def test_a_part_of_which_nothing_can_be_read_is_refused(
    run: Path, phantom: Prepared, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    bad = [Unreadable(int(row), "e", "is empty") for row in phantom.split.rows(part)]
    with_prepared(monkeypatch, dataclasses.replace(phantom, unreadable=bad))
    said = f"needs examples of {part} that can be read and have a label known. Received: none of {len(bad)}"
    refused(run, DataError, said)


def test_a_task_whose_metric_cannot_be_judged_is_refused(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(wish.read_model(run).task), "primary_metric", PrimaryMetric("mean.rmse", "min"))
    refused(run, ConfigError, r"'mean\.rmse'")


def test_a_run_that_cannot_be_written_to_is_refused(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wish.os, "access", lambda path, mode: False)
    refused(run, OutputError, "cannot be written to")


@pytest.mark.parametrize(
    ("part", "said"),
    [("validation", "no example has this label known"), ("train", "read and have a label known. Received: none of")],
)
def test_unknown_labels_are_neither_positive_nor_negative(
    run: Path, phantom: Prepared, monkeypatch: pytest.MonkeyPatch, part: str, said: str
) -> None:
    index = phantom.index.copy()
    columns = [f"label.{label.name}" for label in phantom.task.labels]
    index.loc[phantom.split.rows(part), columns] = np.nan
    with_prepared(monkeypatch, dataclasses.replace(phantom, index=index))
    refused(run, DataError, said)
