from rich.console import Console

from zoo_core.report.table import findings_table

RESULT = {
    "labels": {
        "Mass": {
            "auroc": [0.8124, None, None],
            "n": 30,
            "n_positive": 4,
            "baselines": {"oracle": {"auroc": [0.95, None, None]}},
        },
        "Hernia": {"auroc": None, "n": 30, "n_positive": 0, "reason": "no positive", "baselines": {}},
    },
    "mean": {"auroc": [0.8124, None, None], "n_labels": 1, "baselines": {"oracle": {"auroc": [0.95, None, None]}}},
}


def lines() -> list[str]:
    console = Console(width=100, record=True)
    with console.capture() as captured:
        console.print(findings_table(RESULT, ["auroc"], "of drawn data"))
    return captured.get().splitlines()


def row(name: str) -> list[str]:
    (line,) = (line for line in lines() if name in line)
    return [cell.strip() for cell in line.strip("│┃ ").split("│")]


def test_a_label_has_its_counts_its_metric_and_its_baseline():
    assert row("Mass") == ["Mass", "30", "4", "0.812", "0.950"]


def test_what_is_undefined_is_said_and_not_shown_as_a_number():
    assert row("Hernia")[3:] == ["undefined", "undefined"]


def test_the_mean_says_over_how_many_labels_it_is():
    assert row("mean of 1")[-2:] == ["0.812", "0.950"]


def test_the_title_is_shown():
    assert "of drawn data" in lines()[0]
