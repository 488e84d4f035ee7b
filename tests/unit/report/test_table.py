from typing import Any

import pytest
from rich.console import Console
from rich.table import Table

from zoo_core.report.table import decisions_table, differences_table, findings_table

WIDTH = 100


def node(value: float, low: float | None = None, high: float | None = None) -> dict[str, Any]:
    metrics = {name: [value, low, high] for name in ("auroc", "auprc")}
    baseline = {name: [0.95, 0.9, 1.0] for name in ("auroc", "auprc")}
    difference = {name: [value - 0.95, low and low - 0.95, high and high - 0.95] for name in ("auroc", "auprc")}
    return {**metrics, "n": 30, "n_positive": 4, "baselines": {"oracle": {**baseline, "difference": difference}}}


UNDEFINED = {"auroc": None, "auprc": None, "n": 30, "n_positive": 0, "reason": "no positive", "baselines": {}}
RESULT = {
    "labels": {"Mass": node(0.8124, 0.7804, 0.8433), "Fibrosis": node(0.6), "Hernia": UNDEFINED},
    "mean": node(0.7062, 0.7, 0.72) | {"n_labels": 2},
}


def lines(table: Table, width: int = WIDTH) -> list[str]:
    console = Console(width=width)
    with console.capture() as captured:
        console.print(table)
    return captured.get().splitlines()


def row(name: str, table: Table, width: int = WIDTH) -> list[str]:
    (line,) = (line for line in lines(table, width) if name in line)
    return [cell.strip() for cell in line.split("  ") if cell.strip()]


def findings(*names: str, width: int = WIDTH) -> Table:
    return findings_table(RESULT, names or ["auroc"], "of drawn data", width)


def test_a_label_has_its_counts_its_metric_with_interval_and_its_baseline():
    assert row("Mass", findings()) == ["Mass", "4/30", "0.812 (0.780-0.843)", "0.950"]


def test_a_value_without_interval_stands_alone():
    assert row("Fibrosis", findings()) == ["Fibrosis", "4/30", "0.600", "0.950"]


def test_what_is_undefined_is_said_and_not_shown_as_a_number():
    assert row("Hernia", findings())[2:] == ["undefined", "undefined"]


def test_the_mean_says_over_how_many_labels_it_is():
    assert row("mean of 2", findings()) == ["mean of 2", "0.706 (0.700-0.720)", "0.950"]


def test_the_title_is_shown():
    assert "of drawn data" in lines(findings())[0]


@pytest.mark.parametrize(("width", "auprc"), [(WIDTH, "0.812 (0.780-0.843)"), (75, "0.812")])
def test_the_second_metric_has_its_interval_where_there_is_room(width, auprc):
    table = findings("auroc", "auprc", width=width)
    assert row("Mass", table, width) == ["Mass", "4/30", "0.812 (0.780-0.843)", auprc, "0.950"]
    assert max(map(len, lines(table, width))) <= width


def differences(width: int) -> Table:
    result = {**RESULT, "labels": {name: RESULT["labels"][name] for name in ("Mass", "Fibrosis")}}
    return differences_table(result, ["auroc", "auprc"], "oracle", width)


def test_a_difference_has_its_sign_and_its_interval():
    cells = row("Mass", differences(80), 80)
    assert cells == ["Mass", "4/30", "0.812", "0.950", "-0.138 (-0.170 to -0.107)"]
    assert row("Fibrosis", differences(80), 80)[-1] == "-0.350"


def test_the_second_difference_is_shown_where_there_is_room():
    assert len(row("Mass", differences(WIDTH))) == 6


POINT = {
    "threshold": 0.2,
    "chosen_on": {"split": "validation"},
    "sensitivity": [0.8124, 0.7, 0.9],
    "specificity": [0.7, None, None],
    "ppv": None,
}
VERSION = {"slope": [1.2, 1.1, 1.3], "ece": [0.0312, 0.01, 0.05]}
UNCHOSEN = {"calibration": {"raw": dict.fromkeys(VERSION)}, "operating_points": {"youden": {"reason": "no positive"}}}
DECIDED = {
    "labels": {
        "Pleural_Thickening": {
            "calibration": {"raw": VERSION, "calibrated": {**VERSION, "ece": [0.011, 0.0, 0.02]}},
            "operating_points": {"youden": POINT},
        },
        "Hernia": UNCHOSEN,
    }
}


def decisions(width: int = WIDTH) -> Table:
    return decisions_table(DECIDED, "youden", width)


def test_a_label_has_its_numbers_at_the_threshold_and_its_calibration():
    cells = ["Pleural_Thickening", "0.812", "0.700", "undefined", "1.200", "0.031", "0.011"]
    assert row("Pleural_Thickening", decisions()) == cells
    assert row("Hernia", decisions())[1:] == ["undefined"] * 6
    assert "at thresholds of validation (youden)" in lines(decisions())[0]


def test_decisions_go_before_calibration_where_there_is_no_room_for_both():
    assert len(row("Pleural_Thickening", decisions(60), 60)) == 4
    assert max(map(len, lines(decisions(60), 60))) <= 60


def test_without_thresholds_there_is_calibration_alone_and_without_either_no_table():
    label = {**UNCHOSEN, "calibration": {"raw": VERSION}}
    table = decisions_table({"labels": {"Mass": label}}, "youden", WIDTH)
    assert row("Mass", table) == ["Mass", "1.200", "0.031", "undefined"]
    assert "threshold" not in lines(table)[0]
    assert decisions_table({"labels": {"Mass": UNCHOSEN}}, "youden", WIDTH) is None
