import copy
import dataclasses

import pytest

from zoo_core.report.verdicts import not_better, verdicts


def label(auroc: float, difference: list | None, base: float = 0.7) -> dict:
    metadata = {"auroc": [base, None, None], "difference": {"auroc": difference}}
    return {"auroc": [auroc, None, None], "baselines": {"metadata": metadata}}


@pytest.mark.parametrize(
    ("difference", "said"),
    [
        ([0.1, 0.02, 0.2], None),
        ([0.1, -0.02, 0.2], "cannot be told apart"),
        ([0.0, 0.0, 0.0], "cannot be told apart"),
        ([-0.1, -0.2, -0.02], "worse"),
        ([0.1, None, None], None),
        ([-0.1, None, None], "no higher, and without an interval"),
        (None, None),
    ],
)
def test_the_paired_interval_decides_where_there_is_one(difference, said):
    assert not_better(label(0.8, difference), "metadata", "auroc") == said


def test_a_label_without_this_baseline_is_not_compared():
    assert not_better({"auroc": [0.4, None, None], "baselines": {}}, "metadata", "auroc") is None


def heads(evidence) -> dict[str, str]:
    return {verdict.head: verdict.text for verdict in verdicts(evidence)}


def test_the_planted_shortcut_is_found(evidence):
    text = heads(evidence)["Not shown to be better than sex alone for 1 of 3 findings."]
    assert text == "Worse: Pleural Thickening."


def test_undefined_and_rare_findings_are_named_with_their_counts(evidence):
    said = heads(evidence)
    assert said["Undefined for 1 finding."] == "Hernia: no positive among 300."
    assert said["Fewer than 30 positives for 1 finding."].startswith("Nodule 7:")


def test_the_first_verdict_is_whether_the_data_are_drawn(evidence):
    assert verdicts(evidence)[0].head == "Drawn data."
    run = copy.deepcopy(dict(evidence.run))
    run["data"]["card"]["drawn"] = False
    real = verdicts(dataclasses.replace(evidence, run=run))[0]
    assert (real.level, real.head, real.text) == ("note", "Real data.", "Chest phantom: 900 images in this run.")


def test_an_oracle_is_no_baseline_to_beat(evidence):
    assert not [head for head in heads(evidence) if "reader" in head]


def test_images_left_out_are_counted_by_part(evidence):
    run, metrics = copy.deepcopy(dict(evidence.run)), copy.deepcopy(evidence.metrics)
    run["data"]["unreadable"] = [{}, {}]
    assert heads(dataclasses.replace(evidence, run=run))["2 images left out."].endswith("all of them of training.")
    metrics["test"]["n_failed"] = 1
    said = heads(dataclasses.replace(evidence, run=run, metrics=metrics))
    assert said["2 images left out."] == "They could not be read: 1 of test."
