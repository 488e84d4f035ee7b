"""A converted model of classes, or of values, against the one it was made from."""

import dataclasses
import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from zoo_core.contract import Label
from zoo_core.evaluation.comparison import compare
from zoo_core.evaluation.conversion import WORST, compare_conversion, worst_margin
from zoo_core.evaluation.draws import Draws
from zoo_core.evaluation.gate import FEW, PASSED, REFUSED, Limits
from zoo_core.evaluation.predictions import Origin, Predictions

CLASSES = ("blight", "healthy", "rust")
LABELS = (*(Label(name, class_of="disease") for name in CLASSES), Label("area", "value", unit="mm2"))
METRICS = ("macro_f1", "r2")
WHERE = {"task": "leaves", "dataset": "drawn", "drawn": True, "model_hash": "m", "split_name": "s", "split_hash": "h"}
DRAWS = Draws(200, 0)
N = 240
ROUND_OFF = 1e-9
"""Of sums over draws, whose order depends on what is summed beside them."""


@pytest.fixture
def reference() -> Predictions:
    """Leaves of three classes with 80 each, two leaves a plant, and an area; most are told, none without doubt."""
    random = np.random.default_rng(0)
    number, area = np.arange(N) // 2 % 3, random.normal(50, 10, N)
    table = pd.DataFrame(
        {
            "example_id": [f"e{i}" for i in range(N)],
            "group_id": [f"p{i // 2}" for i in range(N)],
            "split": "validation",
            "status": "ok",
            "truth.area": area,
            "prediction.area": area + random.normal(0, 3, N),
        }
    )
    for i, name in enumerate(CLASSES):
        table[f"truth.{name}"] = (number == i).astype(float)
        table[f"prediction.{name}"] = 0.5 * (number == i) + 0.6 * random.random(N)
    return Predictions(table, Origin(labels=LABELS, reported_metrics=METRICS, **WHERE))


def changed(predictions: Predictions, **columns: Any) -> Predictions:
    return dataclasses.replace(predictions, table=predictions.table.assign(**columns))


def spoiled(predictions: Predictions, name: str, share: float) -> Predictions:
    """The predictions of other examples in the place of a share of one label's."""
    column = predictions.table[f"prediction.{name}"].to_numpy()
    mixed = (1 - share) * column + share * np.random.default_rng(1).permutation(column)
    return changed(predictions, **{f"prediction.{name}": mixed})


def compared(reference: Predictions, converted: Predictions, metric: str) -> dict[str, Any]:
    return compare_conversion(reference, converted, "validation", Limits(metric), DRAWS)


def margin(reference: Predictions, converted: Predictions, metric: str) -> float:
    return worst_margin(reference, converted, "validation", Limits(metric), DRAWS)


@pytest.mark.parametrize(("metric", "unit", "n"), [("macro_f1", "disease", N), ("r2", "area", N)])
def test_a_model_that_changes_nothing_passes(reference, metric, unit, n):
    found = compared(reference, reference, metric)
    assert (found["verdict"], found["largest_change"]) == (PASSED, 0.0)
    assert found["mean"]["difference"] == pytest.approx([0, 0, 0], abs=ROUND_OFF)
    assert list(found["labels"]) == [unit]
    one = found["labels"][unit]
    assert (one["verdict"], one["reason"], one["n"], one["n_positive"]) == (PASSED, None, n, None)
    assert 0.5 < one["reference"][0] < 1
    assert margin(reference, reference, metric) == pytest.approx(Limits(metric).mean, abs=ROUND_OFF)


@pytest.mark.parametrize(("metric", "unit", "name"), [("macro_f1", "disease", "rust"), ("r2", "area", "area")])
def test_a_class_or_value_that_is_spoiled_is_refused(reference, metric, unit, name):
    found = compared(reference, spoiled(reference, name, 1.0), metric)
    assert found["verdict"] == REFUSED
    assert found["reasons"][0].startswith(f"mean {metric.upper()} -")
    assert found["reasons"][1].startswith(f"{unit}: {metric.upper()} -")
    assert found["labels"][unit]["difference"][2] < 0


def test_each_metric_looks_at_its_own_labels_alone(reference):
    assert compared(reference, spoiled(reference, "area", 1.0), "macro_f1")["verdict"] == PASSED
    assert compared(reference, spoiled(reference, "rust", 1.0), "r2")["verdict"] == PASSED


def test_two_classes_that_change_places_are_refused(reference):
    table = reference.table
    swapped = {"prediction.blight": table["prediction.rust"], "prediction.rust": table["prediction.blight"]}
    assert compared(reference, changed(reference, **swapped), "macro_f1")["verdict"] == REFUSED


@pytest.mark.parametrize(("metric", "name"), [("macro_f1", "rust"), ("r2", "area")])
def test_a_margin_says_what_the_gate_says(reference, metric, name):
    verdicts = set()
    for share in (0.0, 0.001, 0.02, 0.1, 0.3, 1.0):
        converted = spoiled(reference, name, share)
        verdict = compared(reference, converted, metric)["verdict"]
        assert (margin(reference, converted, metric) < 0) == (verdict == REFUSED)
        verdicts.add(verdict)
    assert verdicts == {PASSED, REFUSED}


def test_too_few_of_a_class_are_said_with_its_name(reference):
    is_rust = reference.table["truth.rust"] == 1
    few = dataclasses.replace(reference, table=reference.table[~is_rust | (is_rust.cumsum() <= 12)])
    found = compared(few, spoiled(few, "rust", 1.0), "macro_f1")
    disease = found["labels"]["disease"]
    assert (found["verdict"], disease["verdict"]) == (FEW, FEW)
    assert disease["reason"] == "12 of rust, 30 are needed"
    assert disease["difference"] is not None
    assert found["mean"] == {"reference": None, "converted": None, "difference": None, "n_labels": 0}


def test_a_class_of_one_group_is_said_with_its_name(reference):
    one_plant = reference.table["group_id"].where(reference.table["truth.rust"] == 0, "p0")
    found = compared(changed(reference, group_id=one_plant), changed(reference, group_id=one_plant), "macro_f1")
    assert found["labels"]["disease"]["verdict"] == FEW
    assert "class 'rust' lies in 1 group" in found["labels"]["disease"]["reason"]


def test_too_few_values_are_said(reference):
    few = changed(reference, **{"truth.area": reference.table["truth.area"].where(reference.table.index < 29)})
    found = compared(few, few, "r2")
    assert (found["verdict"], found["labels"]["area"]["reason"]) == (FEW, "29 examples, 30 are needed")
    assert found["labels"]["area"]["n"] == 29


@pytest.mark.parametrize(("metric", "unit", "name"), [("macro_f1", "disease", "healthy"), ("r2", "area", "area")])
def test_predictions_that_are_no_numbers_are_refused_with_their_count(reference, metric, unit, name):
    column = f"prediction.{name}"
    broken = changed(reference, **{column: reference.table[column].where(reference.table.index > 4)})
    found = compared(reference, broken, metric)
    assert (found["verdict"], found["reasons"]) == (REFUSED, [f"{unit}: 5 of {N} predictions are no numbers"])
    assert found["labels"][unit]["converted"] is None
    assert margin(reference, broken, metric) == WORST
    json.dumps(found, allow_nan=False)


@pytest.mark.parametrize(("metric", "place", "unit"), [("macro_f1", "classes", "disease"), ("r2", "values", "area")])
def test_differences_are_those_of_a_comparison(reference, metric, place, unit):
    """With the same draws: two codes, one number."""
    converted = spoiled(spoiled(reference, "rust", 0.4), "area", 0.1)
    wanted = compare(converted, reference, 200, 0)["validation"][place][unit]
    found = compared(reference, converted, metric)["labels"][unit]
    against = wanted["baselines"]["against"]
    assert found["difference"] == pytest.approx(against["difference"][metric], abs=ROUND_OFF)
    assert found["converted"] == pytest.approx(wanted[metric], abs=ROUND_OFF)
    assert found["reference"] == pytest.approx(against[metric], abs=ROUND_OFF)
    assert found["difference"][0] != 0


@pytest.mark.parametrize("metric", METRICS)
def test_json_has_all_its_values_and_no_decisions_of_what_has_none(reference, metric):
    found = compared(reference, spoiled(reference, "rust", 0.1), metric)
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    (one,) = found["labels"].values()
    assert (one["operating_points"], one["calibration"]) == ({}, None)
