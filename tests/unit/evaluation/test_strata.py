import json

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from zoo_core.contract import Label
from zoo_core.evaluation.predictions import Origin, Predictions, read_predictions, write_predictions
from zoo_core.evaluation.strata import UNKNOWN, evaluate_strata, strata_of

N = 400
STRATA = ("meta.sex", "meta.age", "meta.not_there")


@pytest.fixture(scope="module")
def predictions() -> Predictions:
    rng = np.random.default_rng(1)
    age = rng.integers(0, 95, N).astype(float)
    age[:10] = np.nan
    sex = rng.choice(["F", "M"], N)
    truth = {"Mass": rng.random(N) < 0.4, "Hernia": np.arange(N) < 5, "Edema": np.zeros(N, bool)}
    table = pd.DataFrame({"group_id": [f"p{i // 2}" for i in range(N)], "split": "test", "status": "ok"})
    table = table.assign(**{"meta.sex": sex, "meta.age": age})
    for name, known in truth.items():
        # Among women the score says nothing.
        table[f"truth.{name}"] = known.astype(float)
        table[f"prediction.{name}"] = np.where(sex == "M", known * 0.5, 0) + rng.random(N) * 0.5
    origin = Origin(
        task="t",
        dataset="d",
        drawn=True,
        labels=tuple(map(Label, truth)),
        model_hash="m",
        split_name="s",
        split_hash="h",
        reported_metrics=("auroc",),
        strata=STRATA,
    )
    return Predictions(table, origin)


@pytest.fixture(scope="module")
def result(predictions):
    return evaluate_strata(predictions, n_replicates=200)["test"]


def test_counts_of_the_strata_sum_to_those_of_the_whole(predictions, result):
    assert set(result["columns"]) == {"sex", "age"}
    for column in result["columns"].values():
        strata = column["strata"].values()
        assert sum(stratum["n"] for stratum in strata) == N
        for label in ("Mass", "Hernia", "Edema"):
            n_positive = predictions.table[f"truth.{label}"].sum()
            assert sum(stratum["labels"][label]["n_positive"] for stratum in strata) == n_positive


def test_a_stratum_has_the_auroc_of_its_examples(predictions, result):
    men = predictions.table[predictions.table["meta.sex"] == "M"]
    expected = roc_auc_score(men["truth.Mass"], men["prediction.Mass"])
    value, low, high = result["columns"]["sex"]["strata"]["M"]["labels"]["Mass"]["auroc"]
    assert value == pytest.approx(expected, abs=1e-12)
    assert low <= value <= high


def test_the_planted_gap_is_the_largest_and_its_interval_is_above_zero(result):
    gap = result["largest_gap"]
    assert (gap["column"], gap["label"], gap["higher"], gap["lower"]) == ("sex", "Mass", "M", "F")
    assert gap["difference"][1] > 0.2


def test_what_is_undefined_is_null_with_its_reason(result):
    label = result["columns"]["sex"]["strata"]["F"]["labels"]["Edema"]
    assert label["auroc"] is None
    assert label["reason"].startswith("no positive among")
    assert json.loads(json.dumps(result, allow_nan=False)) == result


def test_rare_findings_are_not_compared(result):
    gap = result["columns"]["sex"]["gaps"]["Hernia"]
    assert gap["difference"] is None
    assert "30 positives" in gap["reason"]


def test_a_mean_is_over_the_labels_that_every_compared_stratum_has_enough_of(result):
    means = {name: stratum["mean"] for name, stratum in result["columns"]["sex"]["strata"].items()}
    assert {name: mean["n_labels"] for name, mean in means.items()} == {"F": 1, "M": 1}
    unknown = result["columns"]["age"]["strata"][UNKNOWN]
    assert unknown["n"] == 10
    assert unknown["mean"]["auroc"] is None


def test_children_are_apart_and_bands_are_in_the_order_of_age(result):
    assert list(result["columns"]["age"]["strata"]) == ["0-17", "18-39", "40-59", "60-79", "80 and over", UNKNOWN]


@pytest.mark.parametrize(
    ("age", "band"),
    [(0, "0-17"), (17.9, "0-17"), (18, "18-39"), (79, "60-79"), (80, "80 and over"), (412, "80 and over")],
)
def test_a_band_begins_with_its_first_year(age, band):
    assert strata_of(pd.Series([age], name="meta.age")).tolist() == [band]


def test_other_numbers_are_cut_into_quarters_and_words_stay():
    dose = strata_of(pd.Series([1.0, 2.0, 3.0, 4.0, np.nan], name="meta.dose"))
    assert dose.nunique() == 5
    assert dose.iloc[-1] == UNKNOWN
    assert strata_of(pd.Series(["PA", None, "AP"], name="meta.view")).tolist() == ["PA", UNKNOWN, "AP"]
    assert strata_of(pd.Series([np.nan, np.nan], name="meta.dose")).tolist() == [UNKNOWN, UNKNOWN]


def test_the_columns_to_report_are_in_the_predictions_file(predictions, tmp_path):
    predictions.table["example_id"] = [f"e{i}" for i in range(N)]
    write_predictions(predictions, tmp_path / "p.parquet")
    again = read_predictions(tmp_path / "p.parquet")
    assert again.origin.strata == STRATA
    assert evaluate_strata(again, n_replicates=0) == evaluate_strata(predictions, n_replicates=0)


def test_a_task_without_strata_has_none(predictions):
    import dataclasses

    none = dataclasses.replace(predictions, origin=dataclasses.replace(predictions.origin, strata=()))
    result = evaluate_strata(none, n_replicates=10)["test"]
    assert (result["columns"], result["largest_gap"], result["n_gaps"]) == ({}, None, 0)
