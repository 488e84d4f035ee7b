"""Small parts of what is said of classes and values: a row of the terminal's table, and shares of a confusion."""

from typing import Any

from rich.console import Console

from zoo_core.report.classes import Cell, confusion_rows
from zoo_core.report.table import judged_table

WIDTH = 100


def test_shares_of_confusion_are_of_the_true_class_and_of_none_where_there_is_none() -> None:
    rows = confusion_rows({"names": ["a", "b"], "confusion": [[3, 1], [0, 0]]})
    assert rows == [
        ("a", 4, [Cell(3, 0.75, True), Cell(1, 0.25, False)]),
        ("b", 0, [Cell(0, 0.0, False), Cell(0, 0.0, True)]),
    ]


def lines_of(judged: dict[str, Any], *metrics: str) -> list[str]:
    console = Console(width=WIDTH)
    with console.capture() as captured:
        console.print(judged_table(judged, metrics, "of drawn data", "value"))
    return captured.get().splitlines()


def node(**other: Any) -> dict[str, Any]:
    return {"r2": [0.5, 0.4, 0.6], "mae": [2.0, 1.0, 3.0], "n": 30, "unit": "mm", "baselines": {}, **other}


def test_a_row_has_the_first_metric_with_its_interval_and_a_baseline_that_it_lacks_as_undefined() -> None:
    with_one = {"border": {"r2": [0.1, None, None], "mae": [4.0, None, None]}}
    lines = lines_of(
        {"size": node(baselines=with_one), "width": node(r2=None, unit="1"), "n": node(unit=None)}, "r2", "mae"
    )
    rows = [[cell.strip() for cell in line.split("  ") if cell.strip()] for line in lines]
    assert ["size (mm)", "30", "0.500 (0.400-0.600)", "2.000", "0.100"] in rows
    assert ["width", "30", "undefined", "2.000", "undefined"] in rows
    assert ["n", "30", "0.500 (0.400-0.600)", "2.000", "undefined"] in rows
