import re

import pytest

from zoo_core.report.drawing import forests, line_classes, pr_panels, reliability_panels, roc_panels, training_panels


def points(path: str) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in re.findall(r"([\d.]+),([\d.]+)", path)]


def test_a_roc_curve_is_drawn_from_the_lower_left_to_the_upper_right(evidence):
    panel = roc_panels(evidence)[0]
    assert [line.kind for line in panel.lines] == ["diagonal", "metadata", "oracle", "model"]
    assert all((points(line.path)[0], points(line.path)[-1]) == ((0, 100), (100, 0)) for line in panel.lines)


def test_a_finding_without_positives_has_a_panel_that_says_why(evidence):
    for panels in (roc_panels(evidence), pr_panels(evidence)):
        assert panels[-1].note == "no positive among 300"
        assert "model" not in {line.kind for line in panels[-1].lines}


def test_reliability_has_a_dot_for_each_bin_and_axes_to_the_highest(evidence):
    panel = reliability_panels(evidence)[0]
    dots = panel.lines[-1].dots
    assert len(dots) == 10
    assert max(x for x, _ in dots) == 100 or min(y for _, y in dots) == 0
    assert panel.ends[1] == panel.ends[3]


def test_scaled_scores_are_a_line_of_their_own_on_the_same_axes(full):
    raw, scaled = reliability_panels(full)[0].lines[1:]
    assert (raw.kind, scaled.kind) == ("model", "calibrated")
    # The bins of the fixture's scaled scores lie on the diagonal, and share their heights with the raw ones.
    assert all(x + y == pytest.approx(100, abs=0.11) for x, y in scaled.dots)
    assert [y for _, y in raw.dots] == [y for _, y in scaled.dots]


def test_training_has_a_dot_for_each_epoch(evidence):
    loss, validation = training_panels(evidence)
    falling, rising = loss.lines[0].dots, validation.lines[0].dots
    assert (len(falling), len(rising)) == (3, 3)
    assert falling[0][1] < falling[-1][1]
    assert rising[0][1] > rising[-1][1]
    assert loss.ends == ("epoch 1", "epoch 3", "0.333", "1.000")


def test_the_tables_axis_holds_every_mark(evidence):
    start, drawn = forests(evidence.metrics["test"], "auroc")
    assert set(drawn) == {"Effusion", "Pleural_Thickening", "Nodule"}
    assert start <= 0.5
    places = [x for forest in drawn.values() for x in (forest.dot, *forest.whisker, *(x for _, x in forest.baselines))]
    assert min(places) >= 0
    assert max(places) <= 100


@pytest.mark.parametrize("panels", [roc_panels, pr_panels, reliability_panels])
def test_there_is_a_panel_for_each_finding(evidence, panels):
    assert [panel.title for panel in panels(evidence)] == list(evidence.metrics["test"]["labels"])


def test_no_two_baselines_of_one_page_look_alike_and_those_that_all_pages_have_always_look_the_same():
    kinds = ["position", "metadata", "correlation", "oracle", "intensity", "border", "time"]
    classes = line_classes(kinds)
    assert list(classes) == kinds
    assert len(set(classes.values())) == len(kinds)
    assert (classes["metadata"], classes["oracle"]) == ("metadata", "oracle")
