import dataclasses

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import precision_recall_curve, roc_auc_score, roc_curve

from zoo_core.contract import Label
from zoo_core.evaluation.curves import MOST_POINTS, draw_curves, pr_points, reliability_bins, roc_points, thin
from zoo_core.evaluation.predictions import Origin, Predictions

AREA_TOLERANCE = 1e-3
ORIGIN = Origin(
    task="t",
    dataset="d",
    drawn=True,
    labels=(Label("Mass"), Label("Hernia")),
    model_hash="m",
    split_name="s",
    split_hash="h",
    reported_metrics=("auroc",),
)


def scores(n: int, ties: bool = False) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(n)
    truth = (rng.random(n) < 0.2).astype(int)
    truth[:2] = 0, 1
    score = np.clip(0.2 * truth + rng.random(n) * 0.8, 0, 1)
    return truth, np.round(score, 1) if ties else score


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("n", [2, 30, 20_000])
def test_a_roc_curve_keeps_its_ends_and_its_area(n, ties):
    truth, score = scores(n, ties)
    points = roc_points(truth, score)
    assert points[0].tolist() == [0, 0]
    assert points[-1].tolist() == [1, 1]
    assert len(points) <= MOST_POINTS
    assert np.trapezoid(points[:, 1], points[:, 0]) == pytest.approx(roc_auc_score(truth, score), abs=AREA_TOLERANCE)


def test_every_point_of_a_thinned_curve_is_one_of_the_curve():
    truth, score = scores(5000)
    whole = set(map(tuple, np.column_stack(roc_curve(truth, score, drop_intermediate=False)[:2])))
    assert set(map(tuple, roc_points(truth, score))) <= whole


def test_a_precision_recall_curve_runs_from_no_recall_to_all():
    truth, score = scores(3000)
    points = pr_points(truth, score)
    precision, recall, _ = precision_recall_curve(truth, score)
    assert points[0].tolist() == [0, 1]
    assert points[-1].tolist() == [recall[0], precision[0]]
    assert (np.diff(points[:, 0]) >= 0).all()
    assert len(points) <= MOST_POINTS


def test_a_straight_line_is_thinned_to_its_ends():
    line = np.column_stack([np.linspace(0, 1, 50)] * 2)
    assert thin(line).tolist() == [[0, 0], [1, 1]]


def test_no_point_that_is_left_out_was_farther_from_the_line_than_allowed():
    angle = np.linspace(0, np.pi / 2, 1000)
    arc = np.column_stack([1 - np.cos(angle), np.sin(angle)])
    kept = thin(arc, most=1000, deviation=1e-3)
    drawn = np.interp(arc[:, 0], kept[:, 0], kept[:, 1])
    assert len(kept) < 50
    # The distance to a chord is never more than that along y, and here the steepest chord is the first.
    assert np.abs(drawn - arc[:, 1])[arc[:, 0] > 0.1].max() < 3e-3


@given(
    st.lists(st.tuples(st.booleans(), st.floats(0, 1)), min_size=1, max_size=120),
)
def test_reliability_bins_count_every_example_once(examples):
    truth = np.array([known for known, _ in examples], int)
    score = np.array([value for _, value in examples])
    bins = reliability_bins(truth, score)
    assert bins["n"].sum() == len(truth)
    assert (bins["x"] * bins["n"]).sum() == pytest.approx(score.sum())
    assert (bins["y"] * bins["n"]).sum() == pytest.approx(truth.sum())
    assert bins["x"].is_monotonic_increasing


def test_equal_scores_are_never_in_two_bins():
    bins = reliability_bins(np.tile([0, 1], 100), np.repeat([0.1, 0.9], 100))
    assert bins["n"].tolist() == [100, 100]


def predictions() -> Predictions:
    truth, score = scores(60)
    table = pd.DataFrame({"split": ["validation"] * 20 + ["test"] * 40, "status": "ok"})
    table = table.assign(**{"truth.Mass": truth.astype(float), "prediction.Mass": score, "baseline.oracle.Mass": truth})
    return Predictions(table.assign(**{"truth.Hernia": 0.0, "prediction.Hernia": score}), ORIGIN)


def test_a_label_of_one_class_has_bins_and_no_curve():
    drawn = draw_curves(predictions())
    assert set(drawn[drawn["label"] == "Hernia"]["curve"]) == {"reliability"}
    assert set(drawn[drawn["label"] == "Mass"]["curve"]) == {"reliability", "roc", "pr"}


def test_calibrated_predictions_have_bins_beside_the_models_and_no_other_curve():
    some = predictions()
    table = some.table.assign(**{"calibrated.Mass": some.table["prediction.Mass"] ** 2})
    drawn = draw_curves(dataclasses.replace(some, table=table))
    bins = drawn[(drawn["label"] == "Mass") & (drawn["curve"] == "reliability")]
    assert set(drawn[drawn["predictor"] == "calibrated"]["curve"]) == {"reliability"}
    assert set(drawn[drawn["predictor"] == "calibrated"]["label"]) == {"Mass"}
    for _, both in bins.groupby("split"):
        model, calibrated = (both[both["predictor"] == kind] for kind in ("model", "calibrated"))
        # The order stays, and so the bins hold the same examples.
        assert calibrated["y"].tolist() == model["y"].tolist()
        assert (calibrated["x"].to_numpy() < model["x"].to_numpy()).all()


def test_a_baseline_has_a_roc_curve_beside_the_models():
    drawn = draw_curves(predictions())
    assert set(drawn[drawn["predictor"] == "oracle"]["curve"]) == {"roc"}
    assert drawn["split"].unique().tolist() == ["validation", "test"]


def test_unknown_truth_and_failed_images_are_not_drawn():
    some = predictions()
    table = some.table.copy()
    table.loc[20:24, "truth.Mass"] = np.nan
    table.loc[25:29, "status"] = "failed"
    drawn = draw_curves(dataclasses.replace(some, table=table))
    bins = drawn[(drawn["curve"] == "reliability") & (drawn["split"] == "test")]
    assert bins.groupby("label")["n"].sum().to_dict() == {"Mass": 30, "Hernia": 35}


def test_curves_survive_their_file(tmp_path):
    drawn = draw_curves(predictions())
    drawn.to_parquet(tmp_path / "curves.parquet")
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "curves.parquet"), drawn)
