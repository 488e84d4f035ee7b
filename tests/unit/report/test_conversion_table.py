"""What a conversion prints."""

import copy
import io
from typing import Any

import pytest
from rich.console import Console

from zoo_core.report.conversion_table import conversion_lines, conversion_table

POINT = {"threshold": 0.5, "sensitivity": [0.9, 0.8], "specificity": [0.7, 0.7], "n_changed": 3}
MASS = {
    "verdict": "passed",
    "reason": None,
    "n": 200,
    "n_positive": 40,
    "reference": [0.8124, 0.75, 0.86],
    "converted": [0.812, 0.75, 0.86],
    "difference": [-0.0004, -0.001, 0.0002],
    "largest_change": 0.0123,
    "operating_points": {"youden": POINT},
    "calibration": {"version": "raw", "ece": [0.05, 0.0512], "intercept": [0.0, 0.1], "slope": [1.0, 1.0]},
}
FEW = MASS | {
    "verdict": "not enough evidence",
    "reason": "3 positives, 30 are needed",
    "n_positive": 3,
    "operating_points": {},
    "calibration": None,
    "difference": [0.0, None, None],
}
RECORD = {
    "precision": "int8",
    "judged_on": "validation",
    "verdict": "passed",
    "control": None,
    "speed": {
        "images_per_s": {"float32": 10.0, "int8": 31.04},
        "ratio": {"float32": [1.0, 1.0, 1.0], "int8": [3.1, 2.9, 3.3]},
    },
    "bytes": {"float32": 29_700_000, "int8": 8_200_000},
    "comparison": {
        "verdict": "passed",
        "reasons": ["mean AUROC -0.0004 (-0.0010 to +0.0002), where -0.005 is allowed at the worse end"],
        "n": 200,
        "n_groups": 90,
        "limits": {"metric": "auroc", "direction": "max", "mean": 0.005, "label": 0.01},
        "mean": {"reference": [0.8124, 0.7, 0.9], "difference": [-0.0004, -0.001, 0.0002], "n_labels": 1},
        "labels": {"Mass": MASS, "Pleural_Thickening": FEW},
        "largest_change": 0.0123,
    },
}


def changed(**values: Any) -> dict[str, Any]:
    return copy.deepcopy(RECORD) | values


def lines(record: dict[str, Any]) -> str:
    return "\n".join(conversion_lines(record))


def table(record: dict[str, Any], width: int = 100) -> list[str]:
    console = Console(file=io.StringIO(), width=width)
    console.print(conversion_table(record))
    return console.file.getvalue().splitlines()  # type: ignore[attr-defined]


def row(record: dict[str, Any], name: str) -> str:
    (found,) = (line for line in table(record) if name in line)
    return " ".join(found.split())


def test_a_label_has_its_count_its_difference_with_4_digits_and_its_verdict() -> None:
    assert row(RECORD, "Mass") == "Mass 40 0.8124 -0.0004 (-0.0010 to +0.0002) 0.0123 passed"
    assert row(RECORD, "Pleural") == "Pleural_Thickening 3 0.8124 +0.0000 0.0123 not enough evidence"
    assert row(RECORD, "mean of 1") == "mean of 1 0.8124 -0.0004 (-0.0010 to +0.0002) 0.0123 passed"


def test_a_row_is_one_line_of_a_file() -> None:
    wide = changed()
    wide["comparison"]["labels"]["Pleural_Thickening"]["difference"] = [-0.0123, -0.1234, 0.1234]
    assert row(wide, "Pleural").endswith("(-0.1234 to +0.1234) 0.0123 not enough evidence")


def test_what_is_undefined_is_said_to_be() -> None:
    nothing = changed()
    nothing["comparison"]["labels"]["Mass"] |= {"difference": None, "largest_change": None}
    assert row(nothing, "Mass") == "Mass 40 0.8124 undefined undefined passed"


def test_the_verdict_comes_first_with_its_reason() -> None:
    first = next(conversion_lines(RECORD))
    assert first.startswith("int8: passed. Mean AUROC -0.0004 (-0.0010 to +0.0002), where -0.005 is allowed")


def test_what_was_not_judged_is_named() -> None:
    assert "for 1 of 2 findings: Pleural Thickening (3 positives, 30 are needed)." in lines(RECORD)


def test_calls_and_calibration_are_told() -> None:
    assert "3 of 200 calls change; the most for Mass, 3 of 200." in lines(RECORD)
    assert "it changes most for Mass, from 0.0500 to 0.0512." in lines(RECORD)


def test_where_there_is_no_threshold_and_no_calibration_nothing_is_told_of_them() -> None:
    none = changed()
    none["comparison"]["labels"] = {"Hernia": FEW}
    assert "calls" not in lines(none)
    assert "Calibration" not in lines(none)


def test_speed_and_size_are_those_of_the_record() -> None:
    assert "int8: 3.10 times float32 (2.90 to 3.30), 31.0 images/s computing alone." in lines(RECORD)
    assert "Size: 8.2 MB, in float32 29.7 MB." in lines(RECORD)


CONTROL = {"most_s": 600.0, "float_layers": ["conv1", "conv2"], "without": {"reasons": ["mean AUROC -0.2"]}}


@pytest.mark.parametrize(
    ("layers", "said"),
    [
        (["conv1", "conv2"], "Left in float32: 2 layers, conv1 and conv2."),
        ([], "Left in float32: no layer."),
        (None, "Accuracy control found no network within the limits in 10 minutes."),
    ],
)
def test_what_control_did_is_told(layers: list[str] | None, said: str) -> None:
    assert said in lines(changed(control=CONTROL | {"float_layers": layers}))


def test_of_a_refusal_there_is_no_speed() -> None:
    refused = changed(verdict="refused", speed=None)
    del refused["bytes"]
    assert "int8: refused." in lines(refused)
    assert "times" not in lines(refused)
