"""What a page says beyond rankings: stamps, calibration, thresholds, a second truth, maps."""

import copy
import dataclasses
import re
from typing import Any

import pytest

from zoo_core.report.card import render_model_card
from zoo_core.report.evidence import Evidence
from zoo_core.report.overlap import overlap_words
from zoo_core.report.page import render_report
from zoo_core.report.verdicts import verdicts


def text_of(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page.partition("</style>")[2]).split())


def section(page: str, name: str) -> str:
    """The text of one section; empty where it is not in the page."""
    found = re.search(rf'<section id="{name}">.*?</section>', page, re.DOTALL)
    return text_of(f"</style>{found[0]}") if found else ""


@pytest.fixture(scope="module")
def page(full: Evidence) -> str:
    return render_report(full)


def heads(evidence: Evidence) -> dict[str, str]:
    return {verdict.head: verdict.text for verdict in verdicts(evidence)}


def changed(evidence: Evidence, field: str, path: tuple[str, ...], value: Any) -> Evidence:
    """The same evidence with another value deep in one of its fields."""
    root = copy.deepcopy(getattr(evidence, field))
    node = root
    for key in path[:-1]:
        node = node[key]
    node[path[-1]] = value
    return dataclasses.replace(evidence, **{field: root})


def test_a_page_of_an_older_run_has_none_of_the_newer_sections(evidence: Evidence) -> None:
    page = render_report(evidence)
    assert {name: section(page, name) for name in ("operating", "second_truth", "boxes", "maps")} == dict.fromkeys(
        ("operating", "second_truth", "boxes", "maps"), ""
    )
    assert "slope" not in section(page, "calibration")
    assert 'href="#maps"' not in page


def test_every_section_is_in_the_contents_once_and_leads_to_its_place(page: str) -> None:
    led_to, there = re.findall(r'href="#(\w+)"', page), re.findall(r'<section id="(\w+)"', page)
    assert led_to == there
    assert len(set(there)) == len(there) == 13


def test_what_the_model_has_seen_is_stamped_first_of_all_and_on_each_printed_sheet(page: str, full: Evidence) -> None:
    assert text_of(page).startswith(f"Not independent. {overlap_words(full.origin['overlap'])}.")
    assert "24 of 300 examples" in text_of(page)
    assert verdicts(full)[0].head == "Not independent."
    printed = page.partition("@media print")[2].partition("</style>")[0]
    assert re.search(r"\.bands \{ position: fixed", printed)
    assert page.count('class="band stamp"') == 2  # the stamp, and what keeps its place free on paper


def test_without_overlap_there_is_no_stamp(evidence: Evidence) -> None:
    assert 'class="band stamp"' not in render_report(evidence)
    assert "Not independent" not in render_model_card(evidence)


def test_an_overlap_that_could_not_be_counted_is_stamped_with_its_reason(full: Evidence) -> None:
    unknown = {**full.origin["overlap"], "trained_on": None, "reason": "its model folder has no groups.json"}
    page = render_report(dataclasses.replace(full, origin={**full.origin, "overlap": unknown}))
    assert text_of(page).startswith("Perhaps not independent.")
    assert "its model folder has no groups.json" in text_of(page)


def test_the_model_card_bears_the_stamp_above_everything(full: Evidence) -> None:
    body = render_model_card(full).split("---\n", 2)[2]
    assert body.strip().startswith("> **Not independent.**")


def test_scores_that_are_shown_to_be_no_probabilities_are_counted(full: Evidence) -> None:
    text = heads(full)["Raw scores are no probabilities for 2 of 3 findings."]
    off = "the calibration slope excludes 1 for 1, the calibration intercept excludes 0 for 1"
    assert f"{off}; one in twenty does by chance." in text
    assert text.endswith(
        "After scaling, which was fitted on other examples: slope excludes 1 for 0, intercept excludes 0 for 0 of 3."
    )


@pytest.mark.parametrize(
    ("reasons", "said"),
    [
        ([None, None], "intercept excludes 0 for 0 of 3."),
        ([None, "too few"], "intercept excludes 0 for 0 of 3 (1 could not be scaled)."),
        (["too few", "too few"], "by chance. None could be scaled."),
    ],
)
def test_what_could_not_be_scaled_is_said(full: Evidence, reasons: list[str | None], said: str) -> None:
    labels = {name: {"reason": why} if why else {} for name, why in zip(("Effusion", "Nodule"), reasons, strict=True)}
    scaled = dataclasses.replace(full, scaling={"labels": labels})
    assert heads(scaled)["Raw scores are no probabilities for 2 of 3 findings."].endswith(said)
    n_said = section(render_report(scaled), "calibration").count("not scaled: too few")
    assert n_said == len([why for why in reasons if why])


def test_scores_that_may_be_probabilities_are_no_warning(full: Evidence) -> None:
    metrics = copy.deepcopy(full.metrics)
    for label in metrics["test"]["labels"].values():
        label["calibration"]["raw"] = label["calibration"]["calibrated"]
    (verdict,) = (one for one in verdicts(dataclasses.replace(full, metrics=metrics)) if "probabilities" in one.head)
    assert (verdict.level, verdict.head) == ("note", "Raw scores may be probabilities.")


def test_raw_and_scaled_stand_side_by_side_with_what_is_off_marked(page: str) -> None:
    rows = re.findall(
        r"<tr><th scope=\"row\">Effusion.*?</tr>", page[page.index('<section id="calibration">') :], re.DOTALL
    )
    assert text_of("</style>" + rows[0]) == (
        "Effusion 0.500 0.400 to 0.600 0.050 -0.050 to 0.150 0.210 0.110 to 0.310 "
        "1.000 0.900 to 1.100 0.000 -0.100 to 0.100 0.210 0.110 to 0.310"
    )
    assert rows[0].count('class="off"') == 1


def test_a_threshold_has_its_rates_at_both_prevalences(page: str) -> None:
    said = section(page, "operating")
    rates = "0.700 0.600 to 0.800"
    assert (
        f"Nodule 0.412 0.0312 scaled {rates} {rates} 10.0 % {rates} 0.200 0.190 to 0.210 4.0 % 4 of 100 0.080" in said
    )
    assert "Hernia no threshold: no positive among 100 of validation" in said


def test_the_shift_of_prevalence_is_said_in_one_sentence(page: str) -> None:
    assert (
        "The predictive value follows the prevalence, most of all for Nodule: 0.200 at the 10.0 % of test, "
        "0.080 at the 4.0 % of validation." in section(page, "operating")
    )


def test_thresholds_on_the_part_they_were_chosen_on_are_said_to_flatter(full: Evidence) -> None:
    metrics = copy.deepcopy(full.metrics)
    for label in metrics["test"]["labels"].values():
        for point in label["operating_points"].values():
            if "chosen_on" in point:
                point["chosen_on"]["split"] = "test"
    said = section(render_report(dataclasses.replace(full, metrics=metrics)), "operating")
    assert "too good by nature" in said
    assert "PPV at that" not in said


def test_without_any_threshold_there_are_reasons_and_no_table(full: Evidence) -> None:
    metrics = copy.deepcopy(full.metrics)
    for label in metrics["test"]["labels"].values():
        label["operating_points"] = {"youden": {"reason": "3 positives in validation"}}
    said = section(render_report(dataclasses.replace(full, metrics=metrics)), "operating")
    assert "no threshold could be chosen for any finding Effusion 3 positives in validation" in said
    assert "Sensitivity" not in said


def test_a_second_truth_judges_model_and_labels(page: str, full: Evidence) -> None:
    text = heads(full)["The second truth disagrees for 1 of 2 findings."]
    assert text == (
        "Of the positive labels fewer than half are right: Nodule 45.8 %. "
        "The model's AUROC is higher than by the labels: Nodule."
    )
    assert "Opacity any of Effusion and Pleural Thickening" in section(page, "second_truth")


def test_a_model_that_only_does_better_by_the_second_truth_is_no_warning(full: Evidence) -> None:
    first_truth = ("test", "second_truth", "labels", "Nodule", "first_truth", "ppv")
    levels = [
        next(one.level for one in verdicts(evidence) if "second truth" in one.head)
        for evidence in (full, changed(full, "metrics", first_truth, [0.9, 0.8, 1.0]))
    ]
    assert levels == ["warning", "note"]


def test_a_second_truth_that_agrees_is_a_note(full: Evidence) -> None:
    labels = {"Opacity": full.metrics["test"]["second_truth"]["labels"]["Opacity"]}
    agreeing = changed(full, "metrics", ("test", "second_truth", "labels"), labels)
    assert "The second truth does not disagree for 1 finding." in heads(agreeing)


def test_maps_are_held_against_place_alone(page: str, full: Evidence) -> None:
    head = "Maps are not shown to point better than place alone."
    assert heads(full)[head].startswith("The highest point of the map lies in a box in 45.0 % of 24 maps;")
    better = changed(full, "localization", ("pooled", "difference_to_prior"), [0.2, 0.1, 0.3])
    assert "Maps point better than place alone." in heads(better)
    said = section(page, "boxes")
    assert (
        "Effusion 11 13 boxes 3 empty maps 0.600 0.500 to 0.700 0.900 0.300 0.070 chance +0.300 +0.150 to +0.450 0.200"
        in said
    )
    assert "Without a box on test: Nodule and Hernia." in said


def test_why_no_boxes_could_be_compared_is_said(full: Evidence) -> None:
    reason = "no image of the split has a box"
    none = dataclasses.replace(full, localization={"split": "test", "reason": reason})
    assert f"Nothing can be compared: {reason}." in section(render_report(none), "boxes")
    assert not [head for head in heads(none) if "Maps" in head]


def test_a_picture_stands_beside_its_map_with_the_boxes_drawn(page: str) -> None:
    start = page.index('<section id="maps">')
    maps = page[start : page.index("</section>", start)]
    assert maps.count('<img src="data:image/webp;base64,UklGRg==" alt="Effusion, highest score: ') == 2
    assert maps.count('<rect x="0.25" y="0.5" width="0.125" height="0.2"/>') == 2
    assert "No lowest." in text_of(f"</style>{maps}")


def test_where_no_picture_may_be_shown_the_page_says_why_and_holds_none(full: Evidence) -> None:
    hidden = dataclasses.replace(
        full, maps={**full.maps, "shown": False, "reason": "they are of patients"}, pictures={}
    )
    page = render_report(hidden)
    assert "No pictures are shown: they are of patients." in section(page, "maps")
    assert "<img" not in page
    assert "holds no image" in text_of(page)


OVERLAP = {"group": "patient", "reason": "its model folder has no groups.json"}
EVALUATION = {
    "part": "test",
    "model": {
        "hash": "0" * 64,
        "data": {"name": "other-set", "fingerprint": "a" * 64},
        "split": {"name": "s", "hash": "b" * 64},
    },
    "seen_groups": {"column": "meta.patient_id", "namespace": "nih"},
    "namespace": "nih",
    "overlap": None,
}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({}, "No patient that it was trained or chosen on is among those tested here."),
        ({"namespace": "elsewhere"}, "numbered by others: that the model has seen none is taken for granted."),
        ({"overlap": OVERLAP, "seen_groups": None}, "What it has seen of the data tested here stands above."),
    ],
)
def test_a_model_on_other_data_has_a_page_without_training(
    evidence: Evidence, change: dict[str, Any], said: str
) -> None:
    run = {**evidence.run, "evaluation": {**EVALUATION, **change}, "seed": None}
    origin = {**evidence.origin, "overlap": run["evaluation"]["overlap"]}
    tested = dataclasses.replace(evidence, run=run, origin=origin, events=[])
    page = render_report(tested)
    assert said in heads(tested)["Trained on other-set, split s."]
    assert section(page, "training") == ""
    assert "trained on other-set, split s" in section(page, "how")


def test_which_examples_an_epoch_has_seen_stands_beside_what_was_expected(page: str, full: Evidence) -> None:
    training = section(page, "training")
    assert "Which of the 1,500 training examples each epoch has seen" in training
    assert "1 1,124 (1,125.0) 376 (375.0) 375 (375.0)" in training
    uncounted = tuple(event for event in full.events if event["event"] != "EpochCovered")
    assert "training examples each epoch" not in render_report(dataclasses.replace(full, events=uncounted))


MONTAGE = {
    "shown": True,
    "reason": None,
    "n_plates": 5,
    "channels": [{"channel": "<DNA>", "colour": "green"}],
    "plates": [
        {
            "plate": "<P>",
            "image": "montage/000.png",
            "rows": ["A", "B"],
            "columns": [1, 2],
            "wells": [{"well": "A01", "row": 0, "column": 0}],
        }
    ],
}
"""Of a plate with one well and three empty places."""


def test_wells_are_shown_in_their_places_with_their_names(full: Evidence) -> None:
    pictures = {**full.pictures, "montage/000.png": "data:image/webp;base64,UklGRg=="}
    page = render_report(dataclasses.replace(full, montage=MONTAGE, pictures=pictures))
    said = section(page, "montage")
    assert "channel &lt;DNA&gt; in green" in said
    assert "first 1 of 5 plates" in said
    assert (page.count('<rect class="place"'), page.count('<rect class="over"')) == (4, 1)
    assert "<title>A01</title>" in page


def test_where_no_wells_may_be_shown_it_is_said(full: Evidence) -> None:
    hidden = {"shown": False, "reason": "ask with --set", "n_plates": 1, "channels": [], "plates": []}
    assert section(render_report(dataclasses.replace(full, montage=hidden)), "montage") == (
        "Wells No wells are shown: ask with --set."
    )
