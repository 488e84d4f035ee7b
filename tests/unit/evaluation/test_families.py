"""Metrics of classes and of values: scikit-learn's, with draws of whole groups, undefined where they are."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import f1_score, mean_absolute_error, r2_score, root_mean_squared_error

from zoo_core.contract import Label
from zoo_core.evaluation.draws import Draws
from zoo_core.evaluation.families import (
    ClassSet,
    confusion,
    estimate_units,
    judge_classes,
    judge_values,
    units_of,
    why_no_classes,
    why_no_values,
    why_unvaried_classes,
)
from zoo_core.evaluation.metrics import evaluate, metric_at
from zoo_core.evaluation.predictions import Origin, Predictions
from zoo_core.evaluation.split_rows import SplitRows

N, CLASSES = 60, ("blight", "healthy", "rust")
DISEASE = ClassSet("disease", CLASSES)
DRAWS = Draws(200, 0)


def leaves(seed: int = 0, noise: float = 1.0, truth: Sequence[int] | None = None) -> pd.DataFrame:
    """Leaves of one class each, and a size; two leaves a plant."""
    random = np.random.default_rng(seed)
    number = np.arange(N) % 3 if truth is None else np.asarray(truth)
    size = random.normal(10, 3, len(number))
    columns: dict[str, object] = {"group_id": [f"p{i // 2:03}" for i in range(len(number))], "truth.size": size}
    for i, name in enumerate(CLASSES):
        columns[f"truth.{name}"] = (number == i).astype(float)
        columns[f"prediction.{name}"] = (number == i) + noise * random.random(len(number))
    columns["prediction.size"] = size + random.normal(0, noise, len(number))
    table = pd.DataFrame(columns)
    return table.assign(example_id=[f"e{i}" for i in range(len(table))], split="test", status="ok", reason=None)


def rows_of(table: pd.DataFrame) -> SplitRows:
    group, groups = pd.factorize(table["group_id"], sort=True)
    return SplitRows(table, group, len(groups))


def classes_of(table: pd.DataFrame, kind: str) -> np.ndarray:
    return table[[f"{kind}.{name}" for name in CLASSES]].to_numpy().argmax(axis=1)


def test_macro_f1_is_scikit_learns() -> None:
    table = leaves(noise=2.0)
    found = judge_classes(rows_of(table), [DISEASE], {"model": "prediction"}, ["macro_f1"], DRAWS)
    wanted = f1_score(classes_of(table, "truth"), classes_of(table, "prediction"), average="macro")
    estimate = found["disease"]["model"]["macro_f1"]
    assert estimate is not None
    assert 0.4 < wanted < 1
    value, low, high = estimate.interval()
    assert value == pytest.approx(wanted)
    assert low is not None
    assert high is not None
    assert low < wanted < high


def test_errors_of_values_are_scikit_learns() -> None:
    table = leaves()
    found = judge_values(rows_of(table), ["size"], {"model": "prediction"}, ["r2", "mae", "rmse"], DRAWS)
    truth, predicted = table["truth.size"], table["prediction.size"]
    wanted = {"r2": r2_score, "mae": mean_absolute_error, "rmse": root_mean_squared_error}
    for name, metric in wanted.items():
        estimate = found["size"]["model"][name]
        assert estimate is not None
        assert estimate.value == pytest.approx(metric(truth, predicted))
        assert np.isfinite(estimate.interval()[1] or np.nan)


def test_every_draw_is_the_metric_of_the_groups_that_were_drawn() -> None:
    table = leaves(noise=2.0)
    both = {"model": "prediction", "truth": "truth"}
    found = judge_classes(rows_of(table), [DISEASE], both, ["macro_f1"], DRAWS)["disease"]
    perfect = found["truth"]["macro_f1"]
    assert perfect is not None
    assert (perfect.value, np.nanmin(perfect.replicates)) == (1.0, 1.0)
    drawn = found["model"]["macro_f1"]
    assert drawn is not None
    assert np.nanstd(drawn.replicates) > 0.01


def test_examples_of_unknown_truth_change_nothing() -> None:
    table, more = leaves(noise=2.0), leaves(seed=1, noise=2.0)
    more[[f"truth.{name}" for name in (*CLASSES, "size")]] = np.nan
    more["group_id"] = table["group_id"]
    both = rows_of(pd.concat([table, more], ignore_index=True))
    for judge, units, name in ((judge_classes, [DISEASE], "macro_f1"), (judge_values, ["size"], "r2")):
        alone = judge(rows_of(table), units, {"m": "prediction"}, [name], DRAWS)  # type: ignore[operator] # both take these
        mixed = judge(both, units, {"m": "prediction"}, [name], DRAWS)  # type: ignore[operator] # likewise
        (mine,), (theirs,) = alone.values(), mixed.values()
        assert mine["m"][name].interval() == pytest.approx(theirs["m"][name].interval())


@pytest.mark.parametrize(
    ("truth", "said"),
    [
        ([0, 1] * 6, "no example of class 'rust' among 12"),
        ([], "no example has its class known"),
        ([0, 1, 2] * 4, None),
    ],
)
def test_a_class_without_examples_leaves_the_mean_undefined(truth: list[int], said: str | None) -> None:
    rows = rows_of(leaves(truth=truth))
    assert why_no_classes(rows, DISEASE) == said
    found = judge_classes(rows, [DISEASE], {"m": "prediction"}, ["macro_f1"], DRAWS)
    assert (found["disease"]["m"]["macro_f1"] is None) == (said is not None)


def test_a_class_of_one_group_has_no_interval() -> None:
    rows = rows_of(leaves(truth=[2, 2, *[0, 1] * 10]))
    assert why_unvaried_classes(rows, DISEASE) == "no interval: class 'rust' lies in 1 group, 2 are needed"
    found = judge_classes(rows, [DISEASE], {"m": "prediction"}, ["macro_f1"], DRAWS)["disease"]["m"]["macro_f1"]
    assert found is not None
    assert found.interval()[1:] == [None, None]


@pytest.mark.parametrize(
    ("sizes", "said"),
    [([1.0, 2.0], "2 examples have"), ([3.0] * 5, "all values are the same"), ([1.0, 2.0, 3.0], None)],
)
def test_values_that_tell_nothing_are_named(sizes: list[float], said: str | None) -> None:
    table = leaves(truth=[0] * len(sizes)).assign(**{"truth.size": sizes})
    reason = why_no_values(rows_of(table), "size")
    assert (reason or "").startswith(said or "")
    assert (reason is None) == (said is None)


def test_the_confusion_matrix_has_the_truth_in_its_rows() -> None:
    table = leaves(noise=0.0).assign(**{"prediction.blight": 9.0})
    assert confusion(rows_of(table), DISEASE, "prediction").tolist() == [[20, 0, 0], [20, 0, 0], [20, 0, 0]]


LABELS = (*(Label(name, class_of="disease") for name in CLASSES), Label("size", "value", unit="mm"))


def predictions_of(table: pd.DataFrame, metrics: tuple[str, ...]) -> Predictions:
    where = {"task": "t", "dataset": "d", "drawn": True, "split_name": "s", "split_hash": "h", "model_hash": "m"}
    return Predictions(table, Origin(labels=LABELS, reported_metrics=metrics, **where))  # type: ignore[arg-type] # as named


def test_each_metric_judges_what_it_is_of() -> None:
    assert units_of(LABELS, "macro_f1") == {"disease": CLASSES}
    assert units_of(LABELS, "r2") == {"size": ("size",)}
    assert units_of(LABELS, "auroc") == {name: (name,) for name in CLASSES}
    table = leaves()
    for metric in ("macro_f1", "r2", "auroc"):
        units = units_of(LABELS, metric)
        assert list(estimate_units(rows_of(table), units, {"m": "prediction"}, metric, DRAWS)) == list(units)


def test_metrics_hold_labels_classes_and_values_beside_each_other_with_their_baselines() -> None:
    table = leaves()
    for name in CLASSES:
        table[f"baseline.border.{name}"] = np.random.default_rng(3).random(N)
    table["baseline.border.size"] = 10.0
    found = evaluate(predictions_of(table, ("macro_f1", "auroc", "r2", "mae")), n_replicates=100)["test"]
    assert list(found["labels"]) == list(CLASSES)
    assert set(found["labels"]["rust"]) >= {"auroc", "n_positive", "calibration"}
    disease, size = found["classes"]["disease"], found["values"]["size"]
    assert (disease["n"], size["n"], size["unit"]) == (N, N, "mm")
    assert np.sum(disease["confusion"]) == N
    assert disease["baselines"]["border"]["difference"]["macro_f1"][0] > 0.2
    assert size["baselines"]["border"]["r2"][0] == pytest.approx(0, abs=0.1)
    mean = found["mean"]
    assert mean["macro_f1"] == disease["macro_f1"]
    assert mean["r2"] == size["r2"]
    assert mean["n_labels"] == 1
    assert set(mean["baselines"]["border"]) >= {"macro_f1", "auroc", "r2", "mae", "difference"}
    assert metric_at({"test": found}, "test", "mean.r2") == size["r2"][0]


def test_a_task_of_values_alone_has_no_labels_and_a_mean() -> None:
    whole = predictions_of(leaves(), ("r2",))
    values = Predictions(whole.table, Origin(**{**vars(whole.origin), "labels": LABELS[-1:]}))
    found = evaluate(values, n_replicates=0)["test"]
    assert (found["labels"], "classes" in found) == ({}, False)
    assert found["mean"]["r2"] == found["values"]["size"]["r2"]
