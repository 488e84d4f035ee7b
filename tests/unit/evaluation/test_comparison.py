"""Two files of predictions are compared on the examples that both hold, or not at all."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from zoo_core.contract import DataError, Label
from zoo_core.evaluation.comparison import compare
from zoo_core.evaluation.metrics import evaluate
from zoo_core.evaluation.predictions import Origin, Predictions

LABELS = (Label("Mass"), Label("Hernia"))
ORIGIN = Origin("chexnet", "drawn", True, LABELS, "m", "patient-hash", "s", ("auroc", "auprc"))


@pytest.fixture
def first() -> Predictions:
    rng = np.random.default_rng(0)
    names, groups = [f"e{i}" for i in range(60)], [f"p{i // 3}" for i in range(60)]
    split = ["validation"] * 15 + ["test"] * 45
    table = pd.DataFrame({"example_id": names, "group_id": groups, "split": split, "status": "ok"})
    for label in LABELS:
        table[f"truth.{label.name}"] = rng.integers(0, 2, 60).astype(float)
        table[f"prediction.{label.name}"] = rng.random(60)
    return Predictions(table.assign(**{"baseline.age.Mass": rng.random(60)}), ORIGIN)


@pytest.fixture
def second(first) -> Predictions:
    better = {f"prediction.{name.name}": first.table[f"truth.{name.name}"] for name in LABELS}
    return changed(first, **better)


def changed(predictions: Predictions, **columns: object) -> Predictions:
    return dataclasses.replace(predictions, table=predictions.table.assign(**columns))


def rows(predictions: Predictions, kept: slice) -> Predictions:
    return dataclasses.replace(predictions, table=predictions.table.iloc[kept])


def test_a_difference_is_of_the_first_minus_the_second(first, second):
    for split in ("validation", "test"):
        node = compare(first, second, 50)[split]["labels"]["Mass"]
        alone = evaluate(first, 50)[split]["labels"]["Mass"]
        assert node["auroc"] == alone["auroc"]
        assert list(node["baselines"]) == ["against"]
        assert node["baselines"]["against"]["auroc"][0] == 1
        assert node["baselines"]["against"]["difference"]["auroc"][0] == alone["auroc"][0] - 1


def test_the_other_way_round_is_the_other_sign(first, second):
    there, back = compare(first, second, 50)["test"], compare(second, first, 50)["test"]
    value, low, high = there["mean"]["baselines"]["against"]["difference"]["auprc"]
    assert back["mean"]["baselines"]["against"]["difference"]["auprc"] == pytest.approx([-value, -high, -low])


def test_predictions_do_not_differ_from_themselves(first):
    result = compare(first, first, 50)["test"]
    assert result["labels"]["Hernia"]["baselines"]["against"]["difference"]["auroc"] == [0, 0, 0]


def test_only_shared_examples_count_and_the_others_are_counted(first, second):
    result = compare(rows(first, slice(0, 50)), rows(second, slice(18, 60)), 50)
    alone = compare(rows(first, slice(18, 50)), second, 50)
    assert list(result) == ["test"]
    assert result["test"]["shared"] == {"n": 32, "n_only_first": 3, "n_only_second": 10}
    assert result["test"]["mean"] == alone["test"]["mean"]
    assert result["test"]["labels"]["Mass"]["calibration"] == alone["test"]["labels"]["Mass"]["calibration"]


def test_thresholds_are_those_of_the_first_whichever_examples_are_shared(first, second):
    first = changed(first, split=["validation"] * 30 + ["test"] * 30)
    second = rows(changed(second, split=first.table["split"]), slice(30, 60))
    own = evaluate(first, 50)["test"]["labels"]["Mass"]["operating_points"]
    assert "threshold" in own["youden"]
    assert compare(first, second, 50)["test"]["labels"]["Mass"]["operating_points"] == own


def test_the_order_of_rows_in_the_second_file_changes_nothing(first, second):
    shuffled = dataclasses.replace(second, table=second.table.sample(frac=1, random_state=0))
    assert compare(first, shuffled, 50) == compare(first, second, 50)


def test_an_example_that_failed_in_one_is_not_shared(first, second):
    failed = changed(second, status=["ok"] * 59 + ["failed"])
    assert compare(first, failed, 50)["test"]["shared"] == {"n": 44, "n_only_first": 1, "n_only_second": 0}


def test_an_example_of_another_split_is_not_shared(first, second):
    moved = changed(second, split=["validation"] * 16 + ["test"] * 44)
    assert compare(first, moved, 50)["test"]["shared"]["n_only_first"] == 1


def test_unknown_truth_in_both_agrees(first):
    unknown = changed(first, **{"truth.Mass": [np.nan] * 20 + [0.0, 1.0] * 20})
    assert compare(unknown, unknown, 50)["test"]["labels"]["Mass"]["n"] == 40


REFUSED = {
    "another truth": (lambda p: changed(p, **{"truth.Mass": 1 - p.table["truth.Mass"]}), "truth.Mass.*60 of 60.*'e0'"),
    "a truth forgotten": (
        lambda p: changed(p, **{"truth.Mass": p.table["truth.Mass"].where(p.table.index != 7)}),
        "truth.Mass.*1 of 60.*'e7'",
    ),
    "another group": (lambda p: changed(p, group_id=p.table["example_id"]), "group_id.*60 of 60.*'e0'"),
    "other examples": (lambda p: changed(p, example_id="x" + p.table["example_id"]), "none, of 60 and 60 examples"),
    "other labels": (
        lambda p: dataclasses.replace(p, origin=dataclasses.replace(ORIGIN, labels=(LABELS[0], Label("Edema")))),
        "first alone Hernia; in the second alone Edema",
    ),
    "an example twice": (
        lambda p: dataclasses.replace(p, table=pd.concat([p.table, p.table[3:5]], ignore_index=True)),
        "2 rows that are there again, the first 'e3'",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_compared_is_refused_in_one_line(first, case):
    change, said = REFUSED[case]
    with pytest.raises(DataError, match=said) as raised:
        compare(first, change(first), 50)
    assert "\n" not in str(raised.value)
