import copy
import dataclasses
import importlib.resources
import json

import pytest

from zoo_core.report.page import render_report
from zoo_core.report.published import Published, published_for

FULL = {"train": 78_000, "validation": 8_524, "test": 25_596}


def real(evidence, n_examples: int = 112_120, split: str = "official", parts: dict | None = None):
    run = copy.deepcopy(dict(evidence.run))
    run["data"] |= {"name": "chestxray14", "n_examples": n_examples}
    run["data"]["card"]["drawn"] = False
    run["split"] |= {"name": split, "n_examples": parts or FULL}
    return dataclasses.replace(evidence, run=run)


def test_drawn_data_and_unknown_ones_compare_with_nothing_and_have_no_section(evidence):
    other = real(evidence)
    other.run["data"]["name"] = "plants"
    for one in (evidence, other):
        assert published_for(one) is None
        assert 'id="published"' not in render_report(one)


def test_the_two_families_of_splits_never_meet(evidence):
    official, hashed = published_for(real(evidence)), published_for(real(evidence, split="patient-hash"))
    assert isinstance(official, Published)
    assert isinstance(hashed, Published)
    names = [{one["name"] for one in family.results} for family in (official, hashed)]
    assert "AE-CNN (DenseNet201)" in names[0]
    assert "CheXNet" in names[1]
    assert official.title != hashed.title


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"n_examples": 621}, "621 of the 112,120 images"),
        ({"split": "follow-up-hash"}, "'follow-up-hash'"),
        ({"parts": {**FULL, "test": 25_000}}, "25,000 test images where the published one has 25,596"),
    ],
)
def test_another_question_is_not_compared_and_the_page_says_why(evidence, change, said):
    other = real(evidence, **change)
    assert said in published_for(other)
    assert said.replace("'", "&#39;") in render_report(other)


def test_what_is_from_memory_is_marked_on_the_page(evidence):
    page = render_report(real(evidence))
    assert "0.761 [M]" in page
    assert "AE-CNN, Table 8" in page


def test_published_means_are_those_of_their_findings():
    folder = importlib.resources.files("zoo_core.report") / "published"
    known = json.loads((folder / "chestxray14.json").read_text(encoding="utf-8"))
    results = [one for family in known["families"] for one in family["results"] if one["auroc"]]
    assert len(results) == 15
    assert all(len(one["auroc"]) == 14 for one in results)
    off = {one["name"]: sum(one["auroc"].values()) / 14 - one["mean"] for one in results}
    # As printed in their sources: means of figures that were rounded to two decimals, or not of these columns.
    as_printed = {"ResNet-MSA", "arnoweng+"}
    assert {name for name, by in off.items() if abs(by) > 6e-4} == as_printed
