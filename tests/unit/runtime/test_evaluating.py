"""A trained model on a data set: refused where it has seen the patients, and written whole or not at all."""

import dataclasses
import json
import os
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logit

from zoo_core.contract import ArraySpec, ConfigError, DataError, DatasetCard, ImageError, Label, OutputError, SplitError
from zoo_core.distributed.signals import Stopped
from zoo_core.evaluation.predictions import read_predictions
from zoo_core.runtime import evaluating, question
from zoo_core.runtime.config import Choice, SplitConfig
from zoo_core.runtime.evaluating import Question, evaluate_on
from zoo_core.runtime.json_files import write_json
from zoo_core.runtime.prepare import Prepared
from zoo_core.runtime.question import choose_data
from zoo_core.runtime.record import RunFolder
from zoo_core.runtime.reporting import write_report
from zoo_core.runtime.resume import resumed_config
from zoo_core.runtime.trained_model import TrainedModel, read_model

N_PATIENTS = 240
ROUND_OFF = 1e-6
"""What another batch changes in a probability."""

pytestmark = pytest.mark.usefixtures("in_this_process")


@pytest.fixture(scope="module")
def in_this_process() -> Iterator[None]:
    """TensorFlow can be set up once a process, and was."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(evaluating, "prepare_process", lambda rank: [])
        yield


@pytest.fixture(scope="module")
def model(written_model: Path) -> TrainedModel:
    return read_model(written_model)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "runs" / "out"


def phantom_of(seed: int, **how: Any) -> Question:
    """Forty drawn patients; those of seed 0 are the model's own."""
    layers = [{"data": {"name": "chest-phantom", "size_px": 16, "n_patients": 40, "seed": seed}}]
    return Question(*choose_data([*layers, how.pop("more", {})]), n_replicates=20, **how)


class Lab:
    """A lab's radiographs: one finding of the 14, no metadata, some images that cannot be read."""

    card = DatasetCard("Lab", "", "", "", "", drawn=False)
    specs = (ArraySpec("image", ("y", "x", "c"), (None, None, 1), "uint8", (0, 255)),)
    labels: tuple[Label, ...] = (Label("Mass"), Label("Fracture"))
    group_columns = ("meta.patient_id",)
    split_name = None

    def __init__(self, *bad: int) -> None:
        self.bad = bad

    def index(self) -> pd.DataFrame:
        number = np.arange(N_PATIENTS)
        columns = {"example_id": [f"i{i}" for i in number], "label.Mass": number % 2, "meta.patient_id": number}
        return pd.DataFrame(columns)

    def read(self, i: int) -> dict[str, np.ndarray]:
        if i in self.bad:
            raise ImageError("is empty (0 bytes)")
        return {"image": np.full((4, 5, 1), i, np.uint8)}


@pytest.fixture
def ask_lab(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Question]:
    def ask(lab: Lab, part: str = "all") -> Question:
        monkeypatch.setattr(question.plugins, "create", lambda kind, *rest: lab)
        return Question(Choice("lab", {}), part=part, n_replicates=0)

    return ask


@pytest.fixture(scope="module")
def own_test(model: TrainedModel, in_this_process: None, tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """The model on the test part of its own split: read only, as every test shares it."""
    return evaluate_on(model, phantom_of(0), tmp_path_factory.mktemp("runs") / "own")


@pytest.fixture(scope="module")
def others(model: TrainedModel, in_this_process: None, tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """The model on all examples of patients it cannot have seen: likewise."""
    return evaluate_on(model, phantom_of(1, part="all"), tmp_path_factory.mktemp("runs") / "others")


def left_behind(out: Path) -> list[Path]:
    return list(out.parent.iterdir()) if out.parent.exists() else []


def test_the_models_own_test_patients_are_predicted_and_have_the_files_of_a_run(
    own_test: RunFolder, model: TrainedModel, phantom: Prepared
) -> None:
    predictions = read_predictions(own_test.predictions)
    assert set(predictions.table["example_id"]) == set(phantom.index["example_id"].iloc[phantom.rows("test")])
    assert set(predictions.table["split"]) == {"test"}
    assert (predictions.origin.overlap, predictions.origin.model_hash) == (None, model.description["hash"])
    names = {path.name for path in own_test.path.iterdir()}
    assert {"run.json", "metrics.json", "strata.json", "curves.parquet", "report.html"} <= names
    assert not {"model_card.md", "model", "checkpoints", "events.jsonl"} & names
    assert left_behind(own_test.path) == [own_test.path]


def test_predictions_are_those_of_the_network_and_its_preprocessing(
    own_test: RunFolder, model: TrainedModel, phantom: Prepared
) -> None:
    table = read_predictions(own_test.predictions).table
    images = phantom.examples().batch(phantom.rows("test")).images
    wanted = model.task.predict(np.asarray(model.load_network()(images)), model.fitted)
    np.testing.assert_allclose(table["prediction.Hernia"], wanted[:, -1], atol=ROUND_OFF)
    assert table["prediction.Hernia"].std() > 0


def test_seen_patients_are_refused_before_anything_is_written(model: TrainedModel, out: Path) -> None:
    other_split = {"split": {"seed": 3}}
    with pytest.raises(SplitError, match=r"examples are of patients the model was trained on.*--allow-overlap"):
        evaluate_on(model, phantom_of(0, more=other_split), out)
    assert left_behind(out) == []


def test_an_allowed_overlap_is_counted_in_every_file_that_speaks_of_it(model: TrainedModel, out: Path) -> None:
    folder = evaluate_on(model, phantom_of(0, part="train", allow_overlap=True), out)
    predictions = read_predictions(folder.predictions)
    overlap = predictions.origin.overlap
    assert overlap is not None
    assert overlap["n_examples"] == overlap["n_examples_trained_on"] == len(predictions.table)
    assert overlap["chosen_on"] == 0
    assert folder.describe()["evaluation"]["overlap"] == overlap
    assert f"{len(predictions.table)} of {len(predictions.table)} examples are of patients" in folder.report.read_text()


def test_patients_of_another_seed_are_others(others: RunFolder) -> None:
    predictions = read_predictions(others.predictions)
    assert predictions.origin.overlap is None
    assert (predictions.origin.split_name, set(predictions.table["split"])) == ("all", {"all"})
    assert others.read_metrics()["all"]["n"] == others.describe()["split"]["n_examples"]["all"]


@pytest.mark.parametrize("allowed", [False, True])
def test_a_model_that_does_not_know_whom_it_saw_is_not_taken_for_clean(
    model: TrainedModel, out: Path, allowed: bool
) -> None:
    older = dataclasses.replace(model, seen=None)
    if not allowed:
        with pytest.raises(SplitError, match=r"not known: its model folder has no groups\.json"):
            evaluate_on(older, phantom_of(1), out)
        return
    folder = evaluate_on(older, phantom_of(1, allow_overlap=True), out)
    overlap = read_predictions(folder.predictions).origin.overlap
    assert overlap is not None
    assert (overlap["n_examples"], "groups.json" in overlap["reason"]) == (None, True)
    assert "no groups.json" in folder.report.read_text()


def test_run_json_says_which_model_on_which_data(others: RunFolder, model: TrainedModel, phantom: Prepared) -> None:
    described = others.describe()
    assert described["evaluation"]["model"]["hash"] == model.description["hash"]
    assert described["evaluation"]["model"]["data"]["fingerprint"] == phantom.fingerprint
    assert described["data"]["fingerprint"] != phantom.fingerprint
    assert described["config"]["data"]["seed"] == 1
    assert described["config"]["topology"] == model.description["topology"]
    assert {"trainer", "launch"}.isdisjoint(described["config"])
    assert (described["seed"], described["weights"]["source"]) == (0, "random")


def test_the_baseline_is_the_one_that_was_fitted_on_the_models_training_patients(
    others: RunFolder, model: TrainedModel
) -> None:
    table = read_predictions(others.predictions).table
    wanted = model.baselines.metadata["metadata"].scores(table)
    assert wanted
    for label, scores in wanted.items():
        np.testing.assert_allclose(table[f"baseline.metadata.{label}"], scores, atol=ROUND_OFF)


def test_calibration_and_thresholds_are_the_models_own(model_folder: Path, out: Path) -> None:
    line = {"slope": 2.0, "intercept": 1.0, "n": 90, "n_positive": 30}
    chosen_on = {"split": "validation", "n": 90, "n_positive": 30, "prevalence": 1 / 3}
    chosen_on |= {"sensitivity": 0.9, "specificity": 0.5, "ppv": 0.5}
    point = {"threshold": 0.4, "calibrated_threshold": 0.6, "chosen_on": chosen_on}
    write_json(model_folder / "calibration.json", {"schema_version": 1, "labels": {"Mass": line}})
    points = {label: {"youden": point} for label in ("Effusion", "Mass", "Hernia")}
    write_json(model_folder / "operating_points.json", {"schema_version": 1, "labels": points})
    folder = evaluate_on(read_model(model_folder), phantom_of(1), out)
    table = read_predictions(folder.predictions).table
    wanted = expit(1 + 2 * logit(table["prediction.Mass"].astype(float)))
    np.testing.assert_allclose(table["calibrated.Mass"], wanted, atol=ROUND_OFF)
    labels = folder.read_metrics()["test"]["labels"]
    assert {label["operating_points"]["youden"]["threshold"] for label in labels.values()} == {0.4}


def test_a_lab_with_one_of_the_findings_has_no_truth_of_the_others_and_no_metadata_baseline(
    model: TrainedModel, out: Path, ask_lab: Callable[..., Question]
) -> None:
    folder = evaluate_on(model, ask_lab(Lab()), out)
    table = read_predictions(folder.predictions).table
    assert table["truth.Mass"].notna().all()
    assert table["truth.Hernia"].isna().all()
    assert not [column for column in table if column.startswith("baseline.")]
    labels = folder.read_metrics()["all"]["labels"]
    assert labels["Mass"]["auroc"] is not None
    assert (labels["Hernia"]["auroc"], labels["Hernia"]["n"]) == (None, 0)


def test_an_image_that_cannot_be_read_is_a_failed_row(
    model: TrainedModel, out: Path, ask_lab: Callable[..., Question]
) -> None:
    folder = evaluate_on(model, ask_lab(Lab(5, 7)), out)
    table = read_predictions(folder.predictions).table.set_index("example_id")
    assert table.loc["i5", "status"] == "failed"
    assert "is empty" in table.loc["i5", "reason"]
    assert len(table) == N_PATIENTS
    metrics = folder.read_metrics()["all"]
    assert (metrics["n"], metrics["n_failed"]) == (N_PATIENTS - 2, 2)
    assert [bad["example_id"] for bad in folder.describe()["data"]["unreadable"]] == ["i5", "i7"]


def test_too_many_unreadable_images_leave_nothing_behind(
    model: TrainedModel, out: Path, ask_lab: Callable[..., Question]
) -> None:
    with pytest.raises(DataError, match="in all 3 of 240 are"):
        evaluate_on(model, ask_lab(Lab(5, 7, 9)), out)
    assert left_behind(out) == []


def test_maps_are_made_as_a_run_makes_them(
    others: RunFolder, model: TrainedModel, out: Path, ask_lab: Callable[..., Question]
) -> None:
    assert json.loads((others.path / "localization.json").read_text())["split"] == "all"
    assert json.loads((others.path / "maps.json").read_text())["shown"] is True
    lab = evaluate_on(model, ask_lab(Lab()), out)
    assert json.loads((lab.path / "maps.json").read_text())["shown"] is False
    assert not list(lab.path.rglob("*.png"))


def test_data_that_do_not_fit_the_task_are_refused(
    model: TrainedModel, out: Path, ask_lab: Callable[..., Question]
) -> None:
    leaves = Lab()
    leaves.labels = (Label("Blight"),)
    with pytest.raises(DataError, match=r"at least one of its labels.*Received: Blight"):
        evaluate_on(model, ask_lab(leaves), out)


@pytest.mark.parametrize("failure", [OutputError("full"), Stopped(signal.SIGINT), ValueError("a fault of ours")])
def test_whatever_ends_it_nothing_half_written_is_left(
    model: TrainedModel, out: Path, monkeypatch: pytest.MonkeyPatch, failure: BaseException
) -> None:
    def fail(*_: object) -> None:
        raise failure

    monkeypatch.setattr(evaluating, "write_report", fail)
    with pytest.raises(type(failure)):
        evaluate_on(model, phantom_of(1), out)
    assert left_behind(out) == []


@pytest.mark.usefixtures("heeded_signals")
def test_a_signal_in_the_middle_of_it_ends_it_at_once(
    model: TrainedModel, out: Path, ask_lab: Callable[..., Question]
) -> None:
    class Preempted(Lab):
        def read(self, i: int) -> dict[str, np.ndarray]:
            if i == N_PATIENTS // 2:
                os.kill(os.getpid(), signal.SIGTERM)
            return super().read(i)

    with pytest.raises(Stopped):
        evaluate_on(model, ask_lab(Preempted()), out)
    assert left_behind(out) == []


def test_a_folder_that_exists_is_not_touched(model: TrainedModel, out: Path) -> None:
    out.mkdir(parents=True)
    with pytest.raises(OutputError, match="which exists"):
        evaluate_on(model, phantom_of(1), out)
    assert list(out.iterdir()) == []


def test_a_report_that_is_made_again_is_the_same(others: RunFolder, tmp_path: Path) -> None:
    folder = RunFolder(shutil.copytree(others.path, tmp_path / "copy"))
    first = folder.report.read_bytes()
    for path in (folder.report, folder.curves, folder.strata):
        path.unlink()
    write_report(folder)
    assert folder.report.read_bytes() == first
    assert not folder.model_card.exists()


def test_what_was_only_evaluated_cannot_be_resumed_nor_evaluated_elsewhere(others: RunFolder) -> None:
    with pytest.raises(DataError, match="where nothing was trained"):
        resumed_config(others, "chexnet", {})
    with pytest.raises(DataError, match=r"with a model\.json was wanted"):
        read_model(others.path)


def test_settings_of_data_and_split_are_laid_over_the_data_sets_defaults() -> None:
    data, split, _ = choose_data(
        [{"data": {"name": "chest-phantom", "seed": 5}}, {"data": {"seed": 6}}, {"split": {"name": "patient-hash"}}]
    )
    assert (data.options.seed, data.options.n_patients) == (6, 1600)
    assert split == SplitConfig(name="patient-hash")


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"trainer": {"n_epochs": 1}}, "'trainer'"),
        ({"data": {"sed": 1}}, r"did you mean 'data\.seed'"),
        ({"split": {"train_list": "x"}}, "A split of lists needs"),
        ({"report": {"licence": "cc-by-4.0"}}, "known here: thumbnails"),
    ],
)
def test_other_settings_are_refused(more: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        choose_data([{"data": {"name": "chest-phantom"}}, more])


def test_all_examples_have_no_split_that_could_be_named() -> None:
    with pytest.raises(ConfigError, match=r"Received: split\.name 'patient-hash'"):
        phantom_of(0, more={"split": {"name": "patient-hash"}}, part="all")
