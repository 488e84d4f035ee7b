"""What page, card and terminal say of classes, of values and of a screen."""

import copy
import dataclasses
from collections.abc import Callable
from html import escape, unescape

import numpy as np
import pandas as pd
import pytest

from tests.unit.report import test_sections
from tests.unit.report.phenomics import (
    AREA_UNIT,
    CLASSES,
    DISEASE,
    LABELS,
    LENGTH,
    SIZE,
    VALUES,
    WIDTH,
    N,
    evidence_of,
    predictions_of,
    screen_evidence,
)
from tests.unit.report.screens import DOSE_UNIT, DRUG, PLATE, well_rows
from tests.unit.report.test_page import named_in, reaches_outside, read
from zoo_core.cli.results import show_results
from zoo_core.contract import Label
from zoo_core.evaluation.predictions import Origin
from zoo_core.report.card import render_model_card
from zoo_core.report.evidence import Evidence
from zoo_core.report.page import render_report
from zoo_core.report.verdicts import verdicts


@pytest.fixture(scope="module")
def classes() -> Evidence:
    return evidence_of(predictions_of(LABELS, ("macro_f1", "auroc", "auprc"), "class"))


@pytest.fixture(scope="module")
def values() -> Evidence:
    return evidence_of(predictions_of(VALUES, ("r2", "mae", "rmse"), "trait"))


@pytest.fixture(scope="module")
def both() -> Evidence:
    return evidence_of(predictions_of(LABELS + VALUES, ("macro_f1", "auroc", "r2", "mae"), "label"))


@pytest.fixture(scope="module")
def screened() -> Evidence:
    return screen_evidence(well_rows())[0]


HOSTILE_PLATE = "tray <b>1</b>"
KINDS = ("classes", "values", "both", "screened")


@pytest.fixture(params=KINDS)
def any_evidence(request: pytest.FixtureRequest) -> Evidence:
    evidence: Evidence = request.getfixturevalue(request.param)
    return evidence


def section(page: str, name: str) -> str:
    """The text of one section as a reader sees it."""
    return unescape(test_sections.section(page, name))


def sections_of(page: str) -> list[str]:
    return [attributes["id"] for tag, attributes in read(page).tags if tag == "section"]


def test_the_page_fetches_and_runs_nothing_and_every_tag_is_closed(any_evidence: Evidence) -> None:
    reader = read(render_report(any_evidence))
    assert (reader.unmatched, reader.open) == ([], [])
    assert not {tag for tag, _ in reader.tags} & {
        "script",
        "iframe",
        "object",
        "form",
        "b onclick",
        "u",
        "i",
        "s",
        "em",
    } - {"i"}
    assert [pair for pair in named_in(reader) if reaches_outside(*pair) or pair[0].startswith("on")] == []


def test_names_that_look_like_markup_are_text_on_page_and_card(any_evidence: Evidence) -> None:
    page, card = render_report(any_evidence), render_model_card(any_evidence)
    _, _, body = card.split("---\n", 2)
    names = (DISEASE, *CLASSES, SIZE, AREA_UNIT, PLATE, DRUG, DOSE_UNIT, "the border <alone>")
    for name in names:
        for shown in {name, name.replace("_", " ")} - {"blight", "rust"}:
            assert shown not in page
            assert shown not in body
    given = {label["name"] for label in any_evidence.origin["labels"]} & {*CLASSES, SIZE}
    for name in given:
        assert escape(name.replace("_", " "), quote=False) in page


def test_sections_are_those_that_there_is_something_of(
    classes: Evidence, values: Evidence, both: Evidence, screened: Evidence
) -> None:
    shown = {
        name: set(sections_of(render_report(one)))
        for name, one in zip(KINDS, (classes, values, both, screened), strict=True)
    }
    of_labels, of_screens = {"findings", "roc", "pr", "calibration"}, {"screen", "plates", "doses"}
    assert of_labels | {"classes"} <= shown["classes"]
    assert not shown["classes"] & ({"values"} | of_screens)
    assert "values" in shown["values"]
    assert not shown["values"] & (of_labels | {"classes", "operating"} | of_screens)
    assert of_labels | {"classes", "values"} <= shown["both"]
    assert of_labels | of_screens <= shown["screened"]
    assert not shown["screened"] & {"classes", "values"}
    assert not set().union(*shown.values()) & {"strata", "published"}


def test_a_page_of_radiographs_has_none_of_them(full: Evidence) -> None:
    assert not {"classes", "values", "screen", "plates", "doses"} & set(sections_of(render_report(full)))


def test_the_section_of_classes_has_macro_f1_beside_the_baseline_and_every_cell(classes: Evidence) -> None:
    text = section(render_report(classes), "classes")
    one = classes.metrics["test"]["classes"][DISEASE]
    base = one["baselines"]["border"]
    assert f"one of 3 classes, {N} examples (drawn data)" in text
    for number in (one["macro_f1"][0], base["macro_f1"][0]):
        assert f"{number:.3f}" in text
    assert f"{base['difference']['macro_f1'][0]:+.3f}" in text
    counts = np.array(one["confusion"])
    assert counts.sum() == N
    for row in counts:
        cells = " ".join(f"{n} {100 * n / row.sum():.1f} %" for n in row)
        assert f"{cells} {row.sum()}" in text


def test_a_class_that_has_no_example_leaves_its_reason() -> None:
    predictions = predictions_of(LABELS, ("macro_f1", "auroc"), "class")
    without = dataclasses.replace(predictions, table=predictions.table[predictions.table["truth.rust"] == 0])
    evidence = evidence_of(without)
    text = section(render_report(evidence), "classes")
    assert "undefined" in text
    assert f"no example of class 'rust' among {N * 2 // 3}" in text
    assert "undefined" in render_model_card(evidence)


def test_the_section_of_values_has_units_errors_and_a_dot_an_example(values: Evidence) -> None:
    page = render_report(values)
    text = section(page, "values")
    for name in (SIZE, LENGTH):
        one = values.metrics["test"]["values"][name]
        for metric in ("r2", "mae", "rmse"):
            assert f"{one[metric][0]:.3f}" in text
        assert f"{one['baselines']['border']['difference']['r2'][0]:+.3f}" in text
    assert f"{N} examples, mm" in text
    dots = [attributes for tag, attributes in read(page).tags if tag == "circle" and attributes["class"] == "points"]
    assert len(dots) == N * len(VALUES)
    assert all(0 <= float(dot[axis]) <= 100 for dot in dots for axis in ("cx", "cy"))


def test_no_mean_is_taken_over_errors_of_different_units(values: Evidence) -> None:
    text = render_report(values).partition('<nav aria-label="Sections">')[0]
    assert "mean R2 of" in text
    assert "mean absolute error" not in text.partition('class="headline"')[2]


def test_a_value_that_nobody_knows_is_undefined_with_its_reason() -> None:
    predictions = predictions_of(VALUES, ("r2", "mae", "rmse"), "trait")
    unknown = dataclasses.replace(predictions, table=predictions.table.assign(**{f"truth.{SIZE}": np.nan}))
    text = section(render_report(evidence_of(unknown)), "values")
    assert "0 examples have this value known, 3 are needed" in text
    assert "undefined" in text


@pytest.mark.parametrize("kind", ["classes", "values"])
def test_verdicts_are_about_the_first_metric_and_a_worthless_baseline_is_beaten(
    request: pytest.FixtureRequest, kind: str
) -> None:
    heads = [verdict.head for verdict in verdicts(request.getfixturevalue(kind))]
    assert any(head.startswith("Better than the border <alone>") for head in heads)


def test_a_model_that_knows_no_more_than_the_border_is_said_to(classes: Evidence) -> None:
    """A liar: the border tells the class as well as the whole picture does."""
    predictions = predictions_of(LABELS, ("macro_f1", "auroc"), "class")
    same = {f"baseline.border.{name}": predictions.table[f"prediction.{name}"] for name in CLASSES}
    liar = evidence_of(dataclasses.replace(predictions, table=predictions.table.assign(**same)))
    heads = [verdict.head for verdict in verdicts(liar)]
    assert "Not shown to be better than the border <alone>." in heads
    assert f"{DISEASE} can largely be guessed from the border <alone>." in heads
    assert not any("can largely be guessed" in verdict.head for verdict in verdicts(classes))


def test_the_section_of_a_screen_has_every_number_of_each_score(screened: Evidence) -> None:
    text = section(render_report(screened), "screen")
    screen = screened.screen
    assert screen is not None
    separation = screen["plates"][PLATE]["separation"]
    for one in (separation, screen["plates"][PLATE]["baselines"]["position"]["separation"]):
        for key in ("z_prime", "robust_z_prime", "ssmd", "auroc"):
            assert f"{one[key][0]:.3f}" in text
    assert "24 wells of 1 plate, 24 fields" in text
    assert "row and column alone" in text
    assert "cannot show rare failures" in text


def test_of_many_baselines_each_has_a_row_of_its_own(screened: Evidence) -> None:
    metrics, said = copy.deepcopy(screened.metrics), {kind: f"the {kind} alone" for kind in ("position", "p", "q")}
    for one in (metrics["test"]["mean"], *metrics["test"]["labels"].values()):
        one["baselines"] |= dict.fromkeys(said, one["baselines"]["position"])
    more = dataclasses.replace(screened, metrics=metrics, origin={**screened.origin, "baseline_words": said})
    few, many = (test_sections.section(render_report(one), "findings") for one in (screened, more))
    assert "AUROC of row and column alone" in unescape(few)
    assert "Baselines, compared by" not in few
    assert "AUROC of the" not in unescape(many)
    for words in said.values():
        assert unescape(many).count(f"response {words} ") == 1


def test_a_value_stands_beside_each_baseline_with_their_difference(values: Evidence) -> None:
    text, one = section(render_report(values), "values"), values.metrics["test"]["values"][SIZE]
    base = one["baselines"]["border"]
    assert f"the border <alone> {base['r2'][0]:.3f}" in text
    assert f"{base['difference']['r2'][0]:+.3f}" in text


def test_an_undefined_z_prime_shows_its_reason() -> None:
    rows = well_rows()
    evidence, screen = screen_evidence(rows[rows["meta.control_role"] != "positive"])
    reason = screen.record["plates"][PLATE]["separation"]["reasons"]["z_prime"]
    page = render_report(evidence)
    assert reason.startswith("no positive control well")
    assert f"undefined {reason}" in section(page, "screen")
    assert "Z' undefined" in section(page, "plates")


def test_every_well_is_drawn_with_its_role_and_hits_are_crossed(screened: Evidence) -> None:
    reader = read(render_report(screened))
    circles = [attributes["class"] for tag, attributes in reader.tags if tag == "circle"]
    assert circles.count("well") == 24
    assert (circles.count("ring negative"), circles.count("ring positive")) == (6, 6)
    hits = [attributes for tag, attributes in reader.tags if tag == "path" and attributes.get("class") == "hit"]
    assert screened.screen is not None
    assert len(hits) == screened.screen["plates"][PLATE]["hits"]["n_hits"] > 0


def test_wells_without_scores_are_drawn_and_shaded_by_nothing(screened: Evidence) -> None:
    assert screened.wells is not None
    gone = dataclasses.replace(screened, wells=screened.wells.assign(**{"score.model": np.nan}))
    reader = read(render_report(gone))
    circles = [attributes["class"] for tag, attributes in reader.tags if tag == "circle"]
    assert (circles.count("unscored"), circles.count("well")) == (24, 0)
    assert (reader.unmatched, reader.open) == ([], [])


def test_doses_have_their_ec50_or_its_reason(screened: Evidence) -> None:
    text = section(render_report(screened), "doses")
    assert screened.screen is not None
    pooled = screened.screen["pooled"]
    number = pooled["dose_response"][DRUG]["ec50"]
    assert number[0] == pytest.approx(1.0, rel=0.5)
    assert f"EC50 {number[0]:.3g} {DOSE_UNIT} (" in text
    assert pooled["baselines"]["position"]["dose_response"][DRUG]["reasons"]["ec50"] in text


def test_a_screen_without_doses_has_no_such_section() -> None:
    rows = well_rows().drop(columns=["meta.concentration", "meta.treatment"])
    evidence, _ = screen_evidence(rows)
    shown = sections_of(render_report(evidence))
    assert "plates" in shown
    assert "doses" not in shown


def test_the_card_has_a_line_for_each_class_set_and_value(both: Evidence) -> None:
    body = render_model_card(both).split("---\n", 2)[2]
    result = both.metrics["test"]
    assert f"3 classes: macro F1 {result['classes'][DISEASE]['macro_f1'][0]:.3f}" in body
    assert f"- length in mm: R2 {result['values'][LENGTH]['r2'][0]:.3f}" in body
    assert "the border &lt;alone&gt;" in body


def test_the_card_of_values_alone_has_no_table_of_labels(values: Evidence) -> None:
    body = render_model_card(values).split("---\n", 2)[2]
    assert not [line for line in body.splitlines() if line.startswith("|")]
    assert "to tell 2 traits" in body


Printed = Callable[[Evidence], str]


@pytest.fixture
def printed(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Printed:
    monkeypatch.setenv("COLUMNS", str(WIDTH))

    def run(evidence: Evidence) -> str:
        labels = tuple(Label(**{**label, "class_names": ()}) for label in evidence.origin["labels"])
        show_results(dict(evidence.metrics), Origin(**{**evidence.origin, "labels": labels}))
        return capsys.readouterr().out

    return run


def test_the_terminal_has_lines_of_at_most_100_characters(printed: Printed, any_evidence: Evidence) -> None:
    assert max(map(len, printed(any_evidence).splitlines())) <= WIDTH


def test_the_terminal_shows_classes_and_values_with_their_baselines(printed: Printed, both: Evidence) -> None:
    text, result = printed(both), both.metrics["test"]
    for one in (result["classes"][DISEASE], result["values"][LENGTH]):
        metric = "macro_f1" if "macro_f1" in one else "r2"
        number, low, high = one[metric]
        (line,) = (line for line in text.splitlines() if f"{number:.3f} ({low:.3f}-{high:.3f})" in line)
        assert f"{one['baselines']['border'][metric][0]:.3f}" in line
        assert str(N) in line
    assert f"{LENGTH} (mm)" in text


def test_the_terminal_says_why_a_number_is_missing(printed: Printed) -> None:
    predictions = predictions_of(VALUES, ("r2", "mae"), "trait")
    unknown = dataclasses.replace(predictions, table=predictions.table.assign(**{f"truth.{LENGTH}": np.nan}))
    text = printed(evidence_of(unknown))
    assert f"{LENGTH}: 0 examples have this value known, 3 are needed." in text
    assert "undefined" in text


def test_the_evidence_is_left_as_it_was(classes: Evidence, screened: Evidence) -> None:
    for evidence in (classes, screened):
        before = copy.deepcopy((evidence.metrics, evidence.screen, evidence.origin))
        render_report(evidence)
        render_model_card(evidence)
        assert before == (evidence.metrics, evidence.screen, evidence.origin)


def test_measured_wells_have_a_section_with_a_circle_each(values: Evidence) -> None:
    wells = pd.DataFrame(
        {
            "meta.plate": HOSTILE_PLATE,
            "meta.well": ["A01", "A02", "B02"],
            "meta.row": ["A", "A", "B"],
            "meta.column": [1, 2, 2],
            "trait": "area_px",
            "unit": "px",
            "description": "Leaf area.",
            "value": [1.0, 2.0, np.nan],
            "n_images": 2,
        }
    )
    page = render_report(dataclasses.replace(values, trait_wells=wells))
    circles = [attributes["class"] for tag, attributes in read(page).tags if tag == "circle"]
    assert (circles.count("well"), circles.count("unscored")) == (2, 1)
    text = section(page, "traits")
    for words in ("Leaf area. Measured", "of a well the mean of its fields", "area 1.02 px (faint)", HOSTILE_PLATE):
        assert words in text
    assert "traits" not in sections_of(render_report(values))
