"""A second truth judges the model and the labels it learned from, on the examples that both truths know."""

import dataclasses
import json

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import confusion_matrix, roc_auc_score

from zoo_core.contract import Label
from zoo_core.evaluation.metrics import evaluate
from zoo_core.evaluation.predictions import Origin, Predictions, read_predictions, write_predictions

LABELS = (Label("Nodule"), Label("Mass"), Label("Pneumothorax"))
FINDINGS = {"Pneumothorax": ["Pneumothorax"], "Nodule or mass": ["Nodule", "Mass"]}
ORIGIN = Origin(
    task="chexnet",
    dataset="lab",
    drawn=False,
    labels=LABELS,
    model_hash="m",
    split_name="official",
    split_hash="s",
    reported_metrics=("auprc",),
    second_truth={"source": "Radiologists", "findings": FINDINGS},
)
N_EXAMPLES = 60
PPV_OF_PNEUMOTHORAX = 0.458
PLACES = 5e-4


@pytest.fixture
def some() -> Predictions:
    """Examples of 20 patients; the first truth is the second with one answer in five turned round."""
    rng = np.random.default_rng(0)
    number = np.arange(N_EXAMPLES)
    second = {name: (rng.random(N_EXAMPLES) < 0.4).astype(float) for name in FINDINGS}
    table = pd.DataFrame({"example_id": [f"e{i}" for i in number], "group_id": [f"p{i // 3}" for i in number]})
    table["split"], table["status"] = "test", "ok"
    for label, finding in zip(LABELS, ("Nodule or mass", "Nodule or mass", "Pneumothorax"), strict=True):
        table[f"truth.{label.name}"] = np.abs(second[finding] - (rng.random(N_EXAMPLES) < 0.2))
        table[f"prediction.{label.name}"] = rng.normal(second[finding])
    return Predictions(table.assign(**{f"second_truth.{name}": values for name, values in second.items()}), ORIGIN)


def labels_of(predictions: Predictions, n_replicates: int = 200) -> dict:
    return evaluate(predictions, n_replicates)["test"]["second_truth"]["labels"]


def test_the_model_is_judged_by_either_truth_on_the_same_examples(some):
    some.table.loc[:9, "second_truth.Pneumothorax"] = np.nan
    some.table.loc[10:14, "truth.Pneumothorax"] = np.nan
    result, both = labels_of(some)["Pneumothorax"], some.table[15:]
    score = both["prediction.Pneumothorax"]
    assert (result["n"], result["n_positive"]) == (45, both["second_truth.Pneumothorax"].sum())
    assert result["auroc"][0] == pytest.approx(roc_auc_score(both["second_truth.Pneumothorax"], score), abs=1e-9)
    assert result["auroc_first_truth"][0] == pytest.approx(roc_auc_score(both["truth.Pneumothorax"], score), abs=1e-9)
    assert result["difference"][0] == result["auroc"][0] - result["auroc_first_truth"][0]


def test_a_union_has_the_highest_prediction_of_its_labels_and_any_of_their_truths(some):
    result, table = labels_of(some)["Nodule or mass"], some.table
    score = table[["prediction.Nodule", "prediction.Mass"]].max(axis=1)
    any_of = table[["truth.Nodule", "truth.Mass"]].max(axis=1)
    assert result["of"] == ["Nodule", "Mass"]
    assert result["auroc"][0] == pytest.approx(roc_auc_score(table["second_truth.Nodule or mass"], score), abs=1e-9)
    assert result["auroc_first_truth"][0] == pytest.approx(roc_auc_score(any_of, score), abs=1e-9)


@pytest.mark.parametrize(("nodule", "known"), [(1.0, True), (0.0, False)])
def test_a_union_with_an_unknown_label_is_known_where_the_other_is_there(some, nodule, known):
    some.table.loc[0, ["truth.Nodule", "truth.Mass"]] = [nodule, np.nan]
    assert labels_of(some)["Nodule or mass"]["n"] == N_EXAMPLES - (not known)


def test_the_first_truth_is_judged_by_the_second(some):
    first = labels_of(some)["Pneumothorax"]["first_truth"]
    (tn, fp), (fn, tp) = confusion_matrix(some.table["second_truth.Pneumothorax"], some.table["truth.Pneumothorax"])
    values = {name: interval[0] for name, interval in first.items()}
    assert values == pytest.approx(
        {"sensitivity": tp / (tp + fn), "specificity": tn / (tn + fp), "ppv": tp / (tp + fp)}
    )


def test_every_number_has_an_interval_around_it(some):
    result = labels_of(some)["Pneumothorax"]
    for name in ("auroc", "auroc_first_truth", "difference"):
        value, low, high = result[name]
        assert low < value < high
    for value, low, high in result["first_truth"].values():
        assert low < value < high
    assert "reason" not in result


def test_the_difference_is_paired(some):
    some.table["truth.Pneumothorax"] = some.table["second_truth.Pneumothorax"]
    result = labels_of(some)["Pneumothorax"]
    assert result["difference"] == [0, 0, 0]
    assert result["auroc"] == result["auroc_first_truth"]


def test_whole_groups_are_drawn(some):
    """Each patient copied three times tells nothing new, and intervals must not grow narrower by it."""
    width = {}
    for unit in ("group_id", "example_id"):
        copies = pd.concat([some.table] * 3, ignore_index=True).assign(example_id=np.arange(3 * N_EXAMPLES))
        copied = Predictions(copies.assign(group_id=copies[unit]), ORIGIN)
        _, low, high = labels_of(copied)["Pneumothorax"]["first_truth"]["ppv"]
        width[unit] = high - low
    _, low, high = labels_of(some)["Pneumothorax"]["first_truth"]["ppv"]
    assert width["group_id"] == pytest.approx(high - low, rel=1e-9)
    assert width["example_id"] < 0.8 * width["group_id"]


def test_a_split_that_nobody_looked_at_again_has_no_second_truth(some):
    some.table.loc[:29, "split"] = "validation"
    some.table.loc[:29, ["second_truth.Pneumothorax", "second_truth.Nodule or mass"]] = np.nan
    result = evaluate(some, n_replicates=0)
    assert "second_truth" not in result["validation"]
    assert result["test"]["second_truth"]["labels"]["Pneumothorax"]["n"] == 30


def test_predictions_without_a_second_truth_have_the_metrics_they_had(some):
    columns = [column for column in some.table if column.startswith("second_truth.")]
    without = Predictions(some.table.drop(columns=columns), dataclasses.replace(ORIGIN, second_truth=None))
    with_it = evaluate(some, 50)["test"]
    del with_it["second_truth"]
    assert evaluate(without, 50)["test"] == with_it


@pytest.mark.parametrize(
    ("column", "values", "reason"),
    [
        ("second_truth.Pneumothorax", 0.0, "second truth: no positive among 60"),
        ("truth.Pneumothorax", 1.0, "first truth: no negative among 60"),
        ("second_truth.Pneumothorax", np.nan, "second truth: no example has this label known"),
    ],
)
def test_what_is_undefined_is_null_with_a_reason(some, column, values, reason):
    some.table[column] = values
    result = labels_of(some)["Pneumothorax"]
    assert result["reason"] == reason
    assert result["difference"] is None


def test_positives_of_one_patient_have_no_interval_and_a_reason(some):
    some.table["second_truth.Pneumothorax"] = [1.0, 1.0] + 58 * [0.0]
    result = labels_of(some)["Pneumothorax"]
    assert result["auroc"][1:] == result["difference"][1:] == [None, None]
    assert result["reason"] == "second truth: no interval: the positives are of 1 group, 2 are needed"


def test_a_share_of_one_that_no_draw_changes_feigns_no_interval(some):
    some.table["truth.Pneumothorax"] = np.maximum(
        some.table["truth.Pneumothorax"], some.table["second_truth.Pneumothorax"]
    )
    result = labels_of(some)["Pneumothorax"]
    assert result["first_truth"]["sensitivity"] == [1, None, None]
    assert None not in result["first_truth"]["specificity"]
    assert result["reason"] == "no interval of sensitivity of the first truth: it is 1 in every draw of groups"


def test_the_numbers_follow_from_the_file_alone_and_are_plain_json(some, tmp_path):
    write_predictions(some, tmp_path / "predictions.parquet")
    again = read_predictions(tmp_path / "predictions.parquet")
    assert again.origin == ORIGIN
    assert labels_of(again) == json.loads(json.dumps(labels_of(some), allow_nan=False))


def test_nihs_pneumothorax_has_the_positive_predictive_value_that_its_card_says(shared_data):
    from zoo_data_chestxray14.chestxray14 import ChestXray14, ChestXray14Config
    from zoo_data_chestxray14.nih_tables import read_labels
    from zoo_data_chestxray14.radiologists import RADIOLOGISTS_FINDINGS, read_radiologists

    tables = shared_data("nih_metadata")
    first = read_labels(tables / "Data_Entry_2017_v2020.csv.gz").rows.set_index("example_id")
    second = read_radiologists(tables / "google2019_nih-chest-xray-labels.csv.gz").set_index("example_id")
    of = {name: first.loc[second.index, f"label.{name}"] for name in ("Pneumothorax", "Nodule", "Mass")}
    table = pd.DataFrame(
        {
            "example_id": second.index,
            "group_id": first.loc[second.index, "meta.patient_id"],
            "split": "test",
            "status": "ok",
            **{f"truth.{name}": values for name, values in of.items()},
            **{f"prediction.{name}": values for name, values in of.items()},
            **{f"second_truth.{name}": second[name] for name in RADIOLOGISTS_FINDINGS},
        }
    )
    result = labels_of(Predictions(table, ORIGIN), n_replicates=100)["Pneumothorax"]
    value, low, high = result["first_truth"]["ppv"]
    assert (result["n"], result["n_positive"]) == (4376, 238)
    assert value == pytest.approx(PPV_OF_PNEUMOTHORAX, abs=PLACES)
    assert low < value < high
    assert f"{PPV_OF_PNEUMOTHORAX:.3f}".lstrip("0") in ChestXray14(ChestXray14Config()).card.label_source
