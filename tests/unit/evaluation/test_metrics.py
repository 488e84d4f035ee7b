import json

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from zoo_core.contract import DataError, Label, OutputError
from zoo_core.data import files
from zoo_core.evaluation.metrics import evaluate, metric_at
from zoo_core.evaluation.predictions import Origin, Predictions, read_predictions, write_predictions

LABELS = (Label("Mass"), Label("Hernia"))
ORIGIN = Origin(
    task="chexnet",
    dataset="drawn",
    drawn=True,
    labels=LABELS,
    model_hash="m",
    split_name="patient-hash",
    split_hash="s",
    reported_metrics=("auroc", "auprc"),
)


def predictions_of(truth: np.ndarray, score: np.ndarray, **columns: object) -> Predictions:
    names = [label.name for label in LABELS]
    ids, groups = [f"e{i}" for i in range(len(truth))], [f"p{i // 2}" for i in range(len(truth))]
    table = pd.DataFrame({"example_id": ids, "group_id": groups, "split": "test", "status": "ok"})
    for i, name in enumerate(names):
        table[f"truth.{name}"], table[f"prediction.{name}"] = truth[:, i], score[:, i]
    return Predictions(table.assign(**columns), ORIGIN)


@pytest.fixture
def some() -> Predictions:
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 2, (40, 2)).astype(float)
    return predictions_of(truth, rng.random((40, 2)))


def test_point_values_are_those_of_scikit_learn(some):
    result = evaluate(some)["test"]["labels"]["Mass"]
    truth, score = some.table["truth.Mass"], some.table["prediction.Mass"]
    assert result["auroc"][0] == pytest.approx(roc_auc_score(truth, score), abs=1e-9)
    assert result["auprc"][0] == pytest.approx(average_precision_score(truth, score), abs=1e-9)
    assert (result["n"], result["n_positive"]) == (40, truth.sum())


def test_label_without_positives_is_undefined_with_a_reason_and_not_in_the_mean(some):
    some.table["truth.Hernia"] = 0.0
    result = evaluate(some)["test"]
    assert result["labels"]["Hernia"]["auroc"] is None
    assert result["labels"]["Hernia"]["reason"] == "no positive among 40"
    assert result["mean"]["auroc"][0] == result["labels"]["Mass"]["auroc"][0]
    assert result["mean"]["n_labels"] == 1


def test_label_without_negatives_and_label_without_truth_are_undefined(some):
    some.table["truth.Mass"], some.table["truth.Hernia"] = 1.0, np.nan
    result = evaluate(some)["test"]
    assert result["labels"]["Mass"]["reason"] == "no negative among 40"
    assert result["labels"]["Hernia"]["reason"] == "no example has this label known"
    assert result["mean"]["auroc"] is None
    assert metric_at({"test": result}, "test", "mean.auroc") is None


def test_examples_with_unknown_truth_do_not_count(some):
    some.table.loc[:9, "truth.Mass"] = np.nan
    result = evaluate(some)["test"]["labels"]["Mass"]
    known = some.table[10:]
    assert result["n"] == 30
    assert result["auroc"][0] == pytest.approx(roc_auc_score(known["truth.Mass"], known["prediction.Mass"]))


def test_failed_rows_are_counted_and_not_scored(some):
    some.table.loc[:3, "status"] = "failed"
    some.table.loc[:3, "prediction.Mass"] = np.nan
    result = evaluate(some)["test"]
    assert (result["n"], result["n_failed"]) == (36, 4)
    assert result["labels"]["Mass"]["auroc"] is not None


def test_splits_are_scored_apart(some):
    some.table.loc[:19, "split"] = "validation"
    result = evaluate(some)
    assert (result["validation"]["n"], result["test"]["n"]) == (20, 20)


def test_baseline_is_scored_beside_the_model_where_it_has_a_column(some):
    some.table["baseline.oracle.Mass"] = some.table["truth.Mass"]
    result = evaluate(some)["test"]
    assert result["labels"]["Mass"]["baselines"]["oracle"]["auroc"][0] == 1
    assert result["labels"]["Hernia"]["baselines"] == {}
    assert result["mean"]["baselines"]["oracle"]["auroc"][0] == 1


def test_every_number_has_an_interval_around_it(some):
    some.table["baseline.oracle.Mass"] = some.table["truth.Mass"] + some.table["prediction.Mass"]
    result = evaluate(some)["test"]
    nodes = [*result["labels"].values(), result["mean"], result["labels"]["Mass"]["baselines"]["oracle"]["difference"]]
    for node in nodes:
        for name in ("auroc", "auprc"):
            value, low, high = node[name]
            assert low <= value <= high
            assert low < high
    assert result["bootstrap"] == {"n_replicates": 1000, "seed": 0, "unit": "group_id", "n_groups": 20}


def test_the_difference_to_a_baseline_is_the_models_value_minus_the_baselines(some):
    some.table["baseline.age.Mass"] = some.table["prediction.Hernia"]
    some.table["baseline.same.Mass"] = some.table["prediction.Mass"]
    result = evaluate(some, n_replicates=50)["test"]
    mass, mean = result["labels"]["Mass"], result["mean"]
    expected = mass["auroc"][0] - mass["baselines"]["age"]["auroc"][0]
    assert mass["baselines"]["age"]["difference"]["auroc"][0] == expected
    # Over the labels that have the baseline: the mean of the model is over more.
    assert mean["baselines"]["age"]["difference"]["auroc"] == mass["baselines"]["age"]["difference"]["auroc"]
    assert mean["baselines"]["age"]["difference"]["n_labels"] == 1
    assert mass["baselines"]["same"]["difference"]["auroc"] == [0, 0, 0]


def test_without_draws_there_are_the_same_values_and_no_interval(some):
    quick, whole = evaluate(some, n_replicates=0)["test"], evaluate(some, n_replicates=50)["test"]
    assert quick["labels"]["Mass"]["auroc"] == [whole["labels"]["Mass"]["auroc"][0], None, None]
    assert quick["mean"]["auprc"] == [whole["mean"]["auprc"][0], None, None]
    assert "reason" not in quick["labels"]["Mass"]


def test_positives_of_one_group_have_a_value_and_no_interval_with_a_reason(some):
    some.table["truth.Hernia"] = [1.0, 1.0] + 38 * [0.0]
    result = evaluate(some, n_replicates=50)["test"]
    value, *interval = result["labels"]["Hernia"]["auroc"]
    assert 0 <= value <= 1
    assert interval == [None, None]
    assert result["labels"]["Hernia"]["reason"] == "no interval: the positives are of 1 group, 2 are needed"
    assert result["mean"]["auroc"][1:] == [None, None]
    assert "defined in 0 of 50 draws" in result["mean"]["reason"]


def test_positives_of_few_groups_have_a_value_and_no_interval_with_a_count(some):
    some.table["truth.Hernia"] = [1.0, 0.0, 1.0] + 37 * [0.0]
    result = evaluate(some)["test"]["labels"]["Hernia"]
    assert result["auroc"][1:] == [None, None]
    n_defined = int(result["reason"].split("defined in ")[1].split(" of 1000")[0])
    # One of 2 among 20 groups is drawn with probability 1 - (18/20)**20.
    assert n_defined / 1000 == pytest.approx(1 - 0.9**20, abs=0.04)


def test_intervals_follow_the_seed_and_not_the_order_of_rows(some):
    shuffled = Predictions(some.table.sample(frac=1, random_state=0), some.origin)
    assert evaluate(shuffled, 50) == evaluate(some, 50)
    assert evaluate(some, 50, seed=1)["test"]["labels"] != evaluate(some, 50)["test"]["labels"]


def test_groups_and_not_examples_are_drawn(some):
    alone = some.table.assign(group_id=some.table["example_id"])
    assert evaluate(Predictions(alone, ORIGIN), 50)["test"]["labels"] != evaluate(some, 50)["test"]["labels"]


def test_metrics_are_plain_json_without_nan(some):
    some.table["truth.Hernia"] = 0.0
    assert json.loads(json.dumps(evaluate(some), allow_nan=False)) == evaluate(some)


def test_metrics_follow_from_the_file_alone(some, tmp_path):
    write_predictions(some, tmp_path / "predictions.parquet")
    again = read_predictions(tmp_path / "predictions.parquet")
    assert again.origin == ORIGIN
    assert evaluate(again) == evaluate(some)


def test_file_that_is_no_predictions_is_refused_by_name(tmp_path):
    (tmp_path / "text.parquet").write_text("no parquet")
    pd.DataFrame({"a": [1]}).to_parquet(tmp_path / "other.parquet")
    for name, reason in [("text.parquet", "damaged"), ("other.parquet", "no 'zoo'"), ("absent.parquet", "not there")]:
        with pytest.raises(DataError, match=f"{name}.*{reason}"):
            read_predictions(tmp_path / name)


def test_a_label_has_its_calibration_and_its_operating_points(some):
    some.table["calibrated.Mass"] = some.table["prediction.Mass"] / 2
    some.table.loc[:29, "split"] = "validation"
    result = evaluate(some, 20)
    for split in ("validation", "test"):
        mass, hernia = (result[split]["labels"][name] for name in ("Mass", "Hernia"))
        assert list(mass["calibration"]) == ["raw", "calibrated"]
        assert list(hernia["calibration"]) == ["raw"]
        assert mass["operating_points"]["youden"]["chosen_on"]["split"] == "validation"
        assert set(mass["operating_points"]) == {"youden", "sensitivity_90"}


def test_a_file_that_cannot_be_written_leaves_the_one_before_it_whole(some, tmp_path, monkeypatch):
    path = tmp_path / "predictions.parquet"
    write_predictions(some, path)
    monkeypatch.setattr(files.os, "fsync", lambda _: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(OutputError, match=r"predictions\.parquet.*No space left"):
        write_predictions(Predictions(some.table[:5], ORIGIN), path)
    monkeypatch.undo()
    assert len(read_predictions(path).table) == 40
    assert [file.name for file in tmp_path.iterdir()] == ["predictions.parquet"]
