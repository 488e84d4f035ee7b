"""A converted model against the one it was made from."""

import dataclasses
import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from zoo_core.contract import DataError, Label
from zoo_core.evaluation.comparison import compare
from zoo_core.evaluation.conversion import WORST, compare_conversion, worst_margin
from zoo_core.evaluation.draws import Draws
from zoo_core.evaluation.gate import FEW, PASSED, REFUSED, Limits
from zoo_core.evaluation.platt import PlattScaling, with_calibrated
from zoo_core.evaluation.predictions import Origin, Predictions

LABELS = (Label("Mass"), Label("Hernia"), Label("Edema"))
ORIGIN = Origin("chexnet", "drawn", True, LABELS, "m", "patient-hash", "s", ("auroc", "auprc"))
LIMITS, DRAWS = Limits("auroc"), Draws(200, 0)
N = 400


@pytest.fixture
def reference() -> Predictions:
    """Mass and Edema are judged; Hernia has 12 positives."""
    rng = np.random.default_rng(0)
    positive = {"Mass": rng.random(N) < 0.3, "Hernia": np.arange(N) % 33 == 0, "Edema": rng.random(N) < 0.5}
    table = pd.DataFrame(
        {
            "example_id": [f"e{i}" for i in range(N)],
            "group_id": [f"p{i // 2}" for i in range(N)],
            "split": ["validation"] * (N - 10) + ["test"] * 10,
            "status": "ok",
        }
    )
    for name, truth in positive.items():
        table[f"truth.{name}"] = truth.astype(float)
        table[f"prediction.{name}"] = (0.3 * truth + 0.7 * rng.random(N)).astype(np.float32)
    return Predictions(table, ORIGIN)


def changed(predictions: Predictions, **columns: Any) -> Predictions:
    return dataclasses.replace(predictions, table=predictions.table.assign(**columns))


def noisy(predictions: Predictions, share: float, *names: str) -> Predictions:
    """Noise in the place of a share of each prediction."""
    rng = np.random.default_rng(1)
    return changed(
        predictions,
        **{
            f"prediction.{name}": (1 - share) * predictions.table[f"prediction.{name}"] + share * rng.random(N)
            for name in names
        },
    )


def compared(reference: Predictions, converted: Predictions) -> dict[str, Any]:
    return compare_conversion(reference, converted, "validation", LIMITS, DRAWS)


def margin(reference: Predictions, converted: Predictions) -> float:
    return worst_margin(reference, converted, "validation", LIMITS, DRAWS)


def test_a_model_that_changes_nothing_passes(reference: Predictions) -> None:
    found = compared(reference, reference)
    assert (found["verdict"], found["largest_change"]) == (PASSED, 0.0)
    assert found["mean"]["difference"] == [0, 0, 0]
    assert found["labels"]["Mass"]["verdict"] == PASSED
    assert (found["n"], found["n_groups"]) == (N - 10, N // 2 - 5)
    assert margin(reference, reference) == LIMITS.mean


def test_a_label_with_few_positives_is_said_to_be_so_and_does_not_count(reference: Predictions) -> None:
    found = compared(reference, noisy(reference, 1.0, "Hernia"))
    hernia = found["labels"]["Hernia"]
    assert (hernia["verdict"], hernia["reason"]) == (FEW, "12 positives, 30 are needed")
    assert hernia["difference"][0] < -0.1
    assert (found["verdict"], found["mean"]["n_labels"], found["mean"]["difference"]) == (PASSED, 2, [0, 0, 0])


def test_where_no_label_can_be_judged_nothing_passes(reference: Predictions) -> None:
    few = changed(reference, **{f"truth.{name}": reference.table["truth.Hernia"] for name in ("Mass", "Edema")})
    found = compared(few, few)
    assert found["verdict"] == FEW
    assert found["mean"] == {"reference": None, "converted": None, "difference": None, "n_labels": 0}
    assert margin(few, few) == LIMITS.mean
    assert margin(few, noisy(few, 1.0, "Mass")) < 0


def test_noise_is_refused(reference: Predictions) -> None:
    found = compared(reference, noisy(reference, 1.0, "Mass", "Hernia", "Edema"))
    assert found["verdict"] == REFUSED
    assert found["reasons"][0].startswith("mean AUROC -0.")
    assert {reason.partition(":")[0] for reason in found["reasons"][1:]} == {"Mass", "Edema"}


def test_one_label_that_loses_its_signal_is_enough(reference: Predictions) -> None:
    found = compared(reference, noisy(reference, 1.0, "Edema"))
    assert [found["labels"][name]["verdict"] for name in ("Mass", "Edema")] == [PASSED, REFUSED]
    assert found["verdict"] == REFUSED


def test_a_backend_that_swaps_examples_is_refused(reference: Predictions) -> None:
    swapped = {f"prediction.{one.name}": reference.table[f"prediction.{one.name}"].to_numpy()[::-1] for one in LABELS}
    assert compared(reference, changed(reference, **swapped))["verdict"] == REFUSED


@pytest.mark.parametrize("nothing", [np.nan, np.inf])
def test_predictions_that_are_no_numbers_are_refused_with_their_count(reference: Predictions, nothing: float) -> None:
    broken = changed(
        reference, **{"prediction.Hernia": reference.table["prediction.Hernia"].where(lambda s: s.index > 2, nothing)}
    )
    found = compared(reference, broken)
    assert found["verdict"] == REFUSED
    assert found["reasons"] == [f"Hernia: 3 of {N - 10} predictions are no numbers"]
    hernia = found["labels"]["Hernia"]
    assert (hernia["converted"], hernia["difference"], hernia["largest_change"]) == (None, None, None)
    assert found["largest_change"] is None
    assert margin(reference, broken) == WORST


def test_all_predictions_that_are_no_numbers_are_refused(reference: Predictions) -> None:
    found = compared(reference, changed(reference, **{f"prediction.{one.name}": np.nan for one in LABELS}))
    assert found["verdict"] == REFUSED
    json.dumps(found, allow_nan=False)


def test_float32_without_numbers_judges_nothing(reference: Predictions) -> None:
    with pytest.raises(DataError, match="390 that are not, the most of 'Edema'"):
        compared(changed(reference, **{"prediction.Edema": np.nan}), reference)


def test_differences_are_those_of_a_comparison(reference: Predictions) -> None:
    """With the same draws: two codes, one number."""
    converted = noisy(reference, 0.1, "Mass", "Edema")
    wanted = compare(converted, reference, 200, 0)["validation"]["labels"]["Mass"]
    found = compared(reference, converted)["labels"]["Mass"]
    assert found["difference"] == wanted["baselines"]["against"]["difference"]["auroc"]
    assert found["converted"] == wanted["auroc"]
    assert found["reference"] == wanted["baselines"]["against"]["auroc"]


def test_the_order_of_rows_changes_nothing(reference: Predictions) -> None:
    converted = noisy(reference, 0.1, "Mass")
    shuffled = dataclasses.replace(converted, table=converted.table.sample(frac=1, random_state=0))
    assert compared(reference, shuffled) == compared(reference, converted)


def test_a_margin_says_what_the_gate_says(reference: Predictions) -> None:
    for share in (0.0, 0.01, 0.05, 0.1, 0.2, 0.5):
        converted = noisy(reference, share, "Mass", "Edema")
        refused = compared(reference, converted)["verdict"] == REFUSED
        assert (margin(reference, converted) < 0) == refused


def test_the_largest_change_is_of_every_example_also_where_the_truth_is_unknown(reference: Predictions) -> None:
    unknown = changed(reference, **{"truth.Mass": reference.table["truth.Mass"].where(lambda s: s.index > 0)})
    moved = changed(unknown, **{"prediction.Mass": unknown.table["prediction.Mass"].where(lambda s: s.index > 0, 5.0)})
    found = compared(unknown, moved)
    first = float(reference.table["prediction.Mass"].iloc[0])
    assert found["labels"]["Mass"]["largest_change"] == pytest.approx(5 - first)
    assert found["largest_change"] == pytest.approx(5 - first)


def test_calls_that_change_at_the_stored_thresholds_are_counted(reference: Predictions) -> None:
    chosen_on = {"split": "validation", "n": 9, "n_positive": 3, "prevalence": 1 / 3}
    points = {one.name: {"youden": {"threshold": 0.5, "chosen_on": chosen_on}} for one in LABELS}
    points["Hernia"] = {"youden": {"reason": "few"}}
    stored = dataclasses.replace(reference, origin=dataclasses.replace(ORIGIN, operating_points=points))
    score = reference.table["prediction.Mass"]
    lower = changed(stored, **{"prediction.Mass": score - np.float32(0.1)})
    labels = compared(stored, lower)["labels"]
    point = labels["Mass"]["operating_points"]["youden"]
    assert point["n_changed"] == int(((score >= 0.5) & (score < 0.6))[: N - 10].sum()) > 0
    assert point["sensitivity"][0] > point["sensitivity"][1]
    assert point["specificity"][0] < point["specificity"][1]
    assert labels["Edema"]["operating_points"]["youden"]["n_changed"] == 0
    assert labels["Hernia"]["operating_points"] == {}


def test_calibration_is_that_of_the_stored_line_on_both(reference: Predictions) -> None:
    line = PlattScaling(2.0, 0.5, 90, 30)
    both = [
        with_calibrated(one, {"Mass": line})
        for one in (reference, changed(reference, **{"prediction.Mass": 0.5 * reference.table["prediction.Mass"]}))
    ]
    labels = compared(*both)["labels"]
    assert labels["Mass"]["calibration"]["version"] == "calibrated"
    before, after = labels["Mass"]["calibration"]["intercept"]
    assert after > before
    assert labels["Edema"]["calibration"]["version"] == "raw"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            lambda p: dataclasses.replace(p, table=p.table.iloc[5:]),
            "390 of float32 and 385 of the converted.*385 shared",
        ),
        (lambda p: changed(p, example_id="x" + p.table["example_id"]), "0 shared"),
        (lambda p: changed(p, example_id="e1"), "same examples, each of them once"),
        (lambda p: changed(p, **{"truth.Mass": 1 - p.table["truth.Mass"]}), "'truth.Mass'.*390 of 390"),
        (lambda p: changed(p, group_id="g"), "'group_id'"),
    ],
)
def test_other_examples_are_refused_in_one_line(reference: Predictions, change: Any, said: str) -> None:
    with pytest.raises(DataError, match=said) as raised:
        compared(reference, change(reference))
    assert "\n" not in str(raised.value)


def test_json_has_all_its_values(reference: Predictions) -> None:
    json.dumps(compared(reference, noisy(reference, 0.1, "Mass")), allow_nan=False)
