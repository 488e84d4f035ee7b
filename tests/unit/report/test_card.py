import copy
import dataclasses

import pytest
import yaml

from zoo_core.report.card import render_model_card


def parts(card: str) -> tuple[dict, str]:
    _, front, body = card.split("---\n", 2)
    return yaml.safe_load(front), body


def test_front_matter_is_what_model_hubs_read(evidence):
    front, _ = parts(render_model_card(evidence))
    assert front["metrics"] == ["roc_auc", "average_precision"]
    (result,) = front["model-index"][0]["results"]
    assert result["dataset"]["type"] == "chest-phantom"
    assert result["metrics"][0]["value"] == evidence.metrics["test"]["mean"]["auroc"][0]
    assert "drawn-data" in front["tags"]


def test_results_stand_with_counts_and_what_is_undefined_with_its_reason(evidence):
    _, body = parts(render_model_card(evidence))
    assert "| Nodule | 7 | 300 |" in body
    assert "| Hernia | 0 | 300 | undefined: no positive among 300 |" in body
    assert "accuracy" not in body.lower()


def test_nothing_that_comes_from_files_is_markup(evidence):
    run = copy.deepcopy(dict(evidence.run))
    run["data"]["card"]["title"] = '"\n---\n# <b>x</b> | [y](z)'
    card = render_model_card(dataclasses.replace(evidence, run=run))
    front, body = parts(card)
    assert front["model-index"][0]["results"][0]["dataset"]["name"] == run["data"]["card"]["title"]
    assert "<b>" not in body
    assert "<script>" not in body
    assert r"\[y\](z)" in body


def test_every_row_of_the_table_has_as_many_cells_as_its_head(evidence):
    _, body = parts(render_model_card(evidence))
    rows = [line.count("|") for line in body.splitlines() if line.startswith("|")]
    assert len(rows) == 2 + 4 + 1
    assert len(set(rows)) == 1


@pytest.mark.parametrize(
    ("licence", "front_matter"),
    [
        ("Apache-2.0", {"license": "apache-2.0"}),
        ("Our lab's [own](x)", {"license": "other", "license_name": "Our lab's [own](x)"}),
        ("", {"license": "other", "license_name": "not-given"}),
        (None, {"license": "other", "license_name": "not-given"}),
    ],
)
def test_the_licence_is_the_one_that_was_given_and_its_absence_is_said(evidence, licence, front_matter):
    config = dict(evidence.run["config"]) | ({} if licence is None else {"report": {"licence": licence}})
    front, body = parts(render_model_card(dataclasses.replace(evidence, run={**evidence.run, "config": config})))
    assert {key: value for key, value in front.items() if key.startswith("license")} == front_matter
    assert ("Nobody has given these weights a licence yet" in body) is (not licence)
    assert ("Licence of these weights" in body) is bool(licence)
    assert "[own](x)" not in body
