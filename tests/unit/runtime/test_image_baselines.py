"""Baselines on metadata and on a few numbers of an image, from the training rows to the folder and the predictions."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.unit.runtime.conftest import OneLayer
from zoo_core.contract import Example, ImageError, Label, Reporting
from zoo_core.data.soundness import Unreadable
from zoo_core.evaluation.baselines import fit_features, fit_metadata
from zoo_core.evaluation.predictions import Predictions
from zoo_core.models.assembly import build_backbone, build_model
from zoo_core.models.weights import load_weights
from zoo_core.runtime.image_baselines import N_AT_ONCE, image_baselines, with_image_baselines
from zoo_core.runtime.metadata import metadata_baselines, with_metadata_baselines
from zoo_core.runtime.model_folder import write_model_folder
from zoo_core.runtime.prepare import Prepared
from zoo_core.runtime.progress import Silent
from zoo_core.runtime.tables import failed_table, origin_of, predicted_table
from zoo_core.runtime.trained_model import Baselines, read_model

PART = "test"


class Asks:
    """The task of the forty patients with another word in some places."""

    def __init__(self, task: Any, **other: Any) -> None:
        self._task = task
        self.__dict__.update(other)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._task, name)


class Looks(Asks):
    """It also takes numbers of an image: two of all of it, and the mean of its border."""

    image_baselines = {"brightness": "mean and spread of all pixels", "border": "the border alone"}  # noqa: RUF012 - as a task has it

    def baseline_features(self, kind: str, example: Example) -> np.ndarray:
        image = example.arrays["image"].astype(np.float64)
        return np.array([image.mean(), image.std()]) if kind == "brightness" else np.array([image[0].mean()])


def with_task(prepared: Prepared, task: Any) -> Prepared:
    return dataclasses.replace(prepared, task=task)


@pytest.fixture
def looking(phantom: Prepared) -> Prepared:
    return with_task(phantom, Looks(phantom.task))


def predictions_of(prepared: Prepared) -> Predictions:
    rows = prepared.rows(PART)
    outputs = np.zeros((len(rows), len(prepared.task.labels)), np.float32)
    return Predictions(predicted_table(prepared, PART, rows, outputs), origin_of(prepared, "m"))


def features_by_hand(prepared: Prepared, kind: str, rows: np.ndarray) -> np.ndarray:
    examples = prepared.examples()
    read = [examples.example(int(row), prepared.adapter.read(int(row))) for row in rows]
    return np.stack([prepared.task.baseline_features(kind, one) for one in read])


def test_each_kind_is_the_regression_on_its_numbers_of_the_training_rows(looking: Prepared) -> None:
    rows = looking.rows("train")
    assert len(rows) > N_AT_ONCE, "more than one request"
    truth = looking.examples().truth(rows)
    by_label = {label.name: truth[:, i] for i, label in enumerate(looking.task.labels)}
    fitted = image_baselines(looking, Silent())
    assert list(fitted) == ["brightness", "border"]
    for kind, one in fitted.items():
        assert one.labels == fit_features(features_by_hand(looking, kind, rows), by_label).labels
        assert one.labels


def test_rows_that_are_predicted_have_the_scores_of_their_own_images(looking: Prepared) -> None:
    fitted = image_baselines(looking, Silent())
    before = predictions_of(looking)
    table = before.table.sample(frac=1, random_state=0)
    after = with_image_baselines(looking, dataclasses.replace(before, table=table), fitted, Silent())
    place = looking.index.reset_index().set_index("example_id")["index"]
    rows = place.loc[table["example_id"]].to_numpy()
    for kind, one in fitted.items():
        for label, scores in one.scores(features_by_hand(looking, kind, rows)).items():
            np.testing.assert_allclose(after.table[f"baseline.{kind}.{label}"], scores)
    added = [f"baseline.{kind}.{label}" for kind, one in fitted.items() for label in one.labels]
    assert list(after.table) == [*before.table, *added]
    assert set(fitted) < set(after.baselines())
    assert not set(added) & set(table), "the table that was given is left as it is"


def test_failed_rows_have_no_scores_and_are_not_read(looking: Prepared) -> None:
    bad = int(looking.rows(PART)[1])

    class Torn(Asks):
        def read(self, i: int) -> Any:
            if i == bad:
                raise ImageError("is empty (0 bytes)")
            return self._task.read(i)

    torn = dataclasses.replace(
        looking, adapter=Torn(looking.adapter), unreadable=[Unreadable(bad, looking.index["example_id"][bad], "torn")]
    )
    table = predictions_of(torn).table
    whole = Predictions(pd.concat([failed_table(torn, (PART,)), table], ignore_index=True), origin_of(torn, "m"))
    after = with_image_baselines(torn, whole, image_baselines(torn, Silent()), Silent()).table.set_index("example_id")
    columns = [name for name in after if name.startswith(("baseline.brightness", "baseline.border"))]
    assert after.loc[looking.index["example_id"][bad], columns].isna().all()
    assert after[columns].notna().all(axis=1).sum() == len(table)


def test_a_task_that_takes_no_numbers_changes_nothing(phantom: Prepared, looking: Prepared) -> None:
    assert image_baselines(phantom, Silent()) == {}
    before = predictions_of(phantom)
    assert with_image_baselines(phantom, before, {}, Silent()) is before
    assert with_image_baselines(phantom, before, image_baselines(looking, Silent()), Silent()) is before
    assert with_image_baselines(looking, before, {}, Silent()) is before


def test_a_value_is_fitted_as_a_value(phantom: Prepared) -> None:
    """Age stands for a value that is to be predicted."""
    labels = (Label("age", "value", "year"), *phantom.task.labels)
    index = phantom.index.assign(**{"label.age": phantom.index["meta.age"]})
    aged = dataclasses.replace(phantom, task=Looks(phantom.task, labels=labels), index=index)
    fitted = image_baselines(aged, Silent())["border"]
    assert {name: one["is_value"] for name, one in fitted.labels.items()}["age"] is True
    assert not any(one["is_value"] for name, one in fitted.labels.items() if name != "age")
    by_metadata = metadata_baselines(aged)["metadata"]
    assert by_metadata.labels["age"]["is_value"] is True
    ages = by_metadata.scores(index)["age"]
    np.testing.assert_allclose(ages, index["meta.age"], atol=5)


def kinds(**baselines: tuple[str, ...]) -> Reporting:
    return Reporting(metrics=("auroc",), strata=("meta.sex",), baselines=baselines)


def test_each_kind_of_metadata_looks_at_its_own_columns(phantom: Prepared) -> None:
    asking = with_task(
        phantom, Asks(phantom.task, reporting=kinds(position=("meta.view_position", "meta.ward"), ward=("meta.ward",)))
    )
    fitted = metadata_baselines(asking)
    assert {kind: one.columns for kind, one in fitted.items()} == {
        "metadata": ["meta.sex"],
        "position": ["meta.view_position"],
        "ward": [],
    }
    train = phantom.index.iloc[phantom.rows("train")]
    names = [label.name for label in phantom.task.labels]
    assert fitted["position"].labels == fit_metadata(train, ["meta.view_position"], names).labels
    table = with_metadata_baselines(asking, predictions_of(asking), fitted).table
    added = {name.split(".")[1] for name in table if name.startswith("baseline.")} - {"oracle"}
    assert added == {"metadata", "position"}


def test_the_model_folder_keeps_both_kinds(looking: Prepared, tmp_path: Path) -> None:
    prepared = with_task(looking, Looks(looking.task._task, reporting=kinds(position=("meta.view_position",))))
    baselines = Baselines(metadata_baselines(prepared), image_baselines(prepared, Silent()))
    topology = OneLayer()
    backbone = build_backbone(topology, prepared.task.input_shape(prepared.fitted), "float32")
    weights = load_weights(backbone, topology, "random")
    model = build_model(backbone, prepared.task, weights.scaling, "float32")
    write_model_folder(tmp_path / "model", model, prepared, weights, baselines)
    kept = read_model(tmp_path / "model").baselines
    assert list(kept.metadata) == ["metadata", "position"]
    assert list(kept.images) == ["brightness", "border"]
    assert {kind: one.labels for kind, one in kept.metadata.items()} == as_read(baselines.metadata)
    assert {kind: one.labels for kind, one in kept.images.items()} == as_read(baselines.images)
    before = predictions_of(prepared)
    wanted, found = (with_image_baselines(prepared, before, own.images, Silent()) for own in (baselines, kept))
    assert found.table.equals(wanted.table)
    assert {"brightness", "border"} < set(found.baselines())


def as_read(own: Any) -> dict[str, Any]:
    return {kind: json.loads(json.dumps(one.labels)) for kind, one in own.items()}


def test_a_folder_of_before_there_were_kinds_has_metadata_alone(model_folder: Path) -> None:
    path = model_folder / "metadata_baseline.json"
    stored = json.loads(path.read_text())
    path.write_text(json.dumps({key: stored[key] for key in ("schema_version", "labels")}))
    kept = read_model(model_folder).baselines
    assert (list(kept.metadata), kept.images) == (["metadata"], {})
    assert kept.metadata["metadata"].labels == stored["labels"]
