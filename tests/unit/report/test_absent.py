"""Labels that a data set does not have are told once, and make no rows, panels or warnings."""

import dataclasses

import numpy as np
import pytest

from zoo_core.evaluation.metrics import evaluate
from zoo_core.evaluation.predictions import Predictions
from zoo_core.report.absent import absent_labels, without_labels
from zoo_core.report.card import render_model_card
from zoo_core.report.evidence import Evidence
from zoo_core.report.page import render_report

HERNIA = "Hernia"


@pytest.fixture
def lacking(predictions: Predictions, evidence: Evidence) -> Evidence:
    """A run on data in which nobody looked for hernias."""
    table = predictions.table.assign(**{f"truth.{HERNIA}": np.nan})
    metrics = evaluate(dataclasses.replace(predictions, table=table), n_replicates=100)
    absent = absent_labels(metrics)
    return dataclasses.replace(evidence, metrics=without_labels(metrics, absent), absent=absent)


def test_a_label_that_no_example_has_known_is_absent_and_no_other(lacking: Evidence, evidence: Evidence) -> None:
    assert lacking.absent == (HERNIA,)
    assert absent_labels(evidence.metrics) == ()


def test_a_label_that_one_split_has_is_there_and_where_all_are_absent_none_is_told() -> None:
    metrics = {"validation": {"labels": {"a": {"n": 3}, "b": {"n": 0}}}, "test": {"labels": {"a": {"n": 0}}}}
    assert absent_labels(metrics) == ("b",)
    assert absent_labels({"test": {"labels": {"a": {"n": 0}, "b": {"n": 0}}}}) == ()
    assert absent_labels({"test": {"labels": {}}}) == ()


def test_page_and_card_name_it_once(lacking: Evidence) -> None:
    for text in (render_report(lacking), render_model_card(lacking)):
        assert text.count(HERNIA) == 1
        assert "Not in this data set: 1 finding" in text
