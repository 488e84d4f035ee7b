"""The page of several runs."""

import copy
import re
from typing import Any

import pytest

from zoo_core.report.comparison import comparison_verdicts, render_comparison
from zoo_core.report.drawing import difference_rows


def text_of(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page.partition("</style>")[2]).split())


def heads(comparison: dict[str, Any]) -> dict[str, str]:
    return {verdict.head: verdict.text for verdict in comparison_verdicts(comparison)}


def changed(comparison: dict[str, Any], *path: Any, value: Any) -> dict[str, Any]:
    """The same comparison with another value deep in it."""
    root = copy.deepcopy(comparison)
    node: Any = root
    for key in path[:-1]:
        node = node[key]
    node[path[-1]] = value
    return root


def test_each_run_has_a_line_that_says_how_its_mean_stands_to_the_first(comparison: dict[str, Any]) -> None:
    text = heads(comparison)["second: mean AUROC not told apart from that of first."]
    assert text == (
        "Difference +0.020 (-0.080 to +0.120). Higher for Effusion; lower for Pleural Thickening. "
        "One finding in twenty seems to differ by chance, of 2 findings here."
    )


@pytest.mark.parametrize(("difference", "said"), [([0.2, 0.1, 0.3], "higher than"), ([-0.2, -0.3, -0.1], "lower than")])
def test_the_interval_decides_what_is_said(comparison: dict[str, Any], difference: list[float], said: str) -> None:
    told = changed(comparison, "comparisons", 0, "mean", "auroc", "difference", value=difference)
    assert f"second: mean AUROC {said} that of first." in heads(told)


def test_a_mean_that_is_undefined_is_said_to_be(comparison: dict[str, Any]) -> None:
    none = changed(comparison, "comparisons", 0, "mean", "auroc", "difference", value=None)
    assert "second: no mean AUROC to compare." in heads(none)
    assert "undefined" in text_of(render_comparison(none))


@pytest.mark.parametrize(
    ("path", "value", "head"),
    [
        (("runs", 1, "data", "fingerprint"), "other", "The data are not the same."),
        (("runs", 1, "split", "hash"), "other", "The splits are not the same."),
        (("runs", 1, "drawn"), True, "Drawn data."),
        (("comparisons", 0, "shared"), {"n": 3, "n_only_first": 0, "n_only_second": 2}, "Not every example is shared."),
    ],
)
def test_what_makes_runs_hard_to_compare_is_a_warning_above_the_numbers(
    comparison: dict[str, Any], path: tuple[Any, ...], value: Any, head: str
) -> None:
    assert head not in heads(comparison)
    (warning, *_) = comparison_verdicts(changed(comparison, *path, value=value))
    assert (warning.level, warning.head) == ("warning", head)
    text = text_of(render_comparison(changed(comparison, *path, value=value)))
    assert text.index(head) < text.index("Means, paired")


def test_the_reference_stands_once_where_all_its_examples_are_shared(comparison: dict[str, Any]) -> None:
    partly = changed(comparison, "comparisons", 0, "shared", "n_only_second", value=2)
    columns = [render_comparison(one).count('<td data-name="first">') for one in (comparison, partly)]
    assert columns == [4, 8]  # three findings and the mean, beside two runs


def test_a_setting_that_a_run_does_not_have_is_not_there(comparison: dict[str, Any]) -> None:
    assert "task.note" in (text := text_of(render_comparison(comparison)))
    assert "none not there" in text


def test_runs_that_differ_in_nothing_are_said_to(comparison: dict[str, Any]) -> None:
    same = changed(comparison, "differing", "settings", value=[])
    assert "Nothing: settings, data, machine and versions are the same" in text_of(render_comparison(same))


def test_a_resumed_run_is_not_said_to_have_been_that_quick(comparison: dict[str, Any]) -> None:
    assert "started" not in text_of(render_comparison(comparison))
    resumed = changed(comparison, "runs", 1, "speed", "n_starts", value=3)
    assert "1.5 min started 3 times" in text_of(render_comparison(resumed))


def test_zero_is_in_the_middle_and_the_axis_holds_every_interval() -> None:
    reach, ((low, high), (none, zero)) = difference_rows(
        [[[-0.3, -0.4, -0.2], [0.1, 0.05, 0.31]], [None, [0.0, None, None]]], ["run-1", "run-2"]
    )
    assert reach == pytest.approx(0.4)
    assert (low.whisker, low.dot) == ((0.0, 25.0), 12.5)
    assert high.dot == 62.5
    assert (none.dot, zero.whisker, zero.dot) == (None, None, 50.0)


def test_more_runs_than_colours_are_drawn_all(comparison: dict[str, Any]) -> None:
    many = copy.deepcopy(comparison)
    many["runs"] += [{**many["runs"][1], "name": f"run-{i}"} for i in range(8)]
    many["comparisons"] += [{**many["comparisons"][0], "run": f"run-{i}"} for i in range(8)]
    page = render_comparison(many)
    # Two findings and the mean are defined, for ten runs.
    assert page.count(' dot" d=') == 30
