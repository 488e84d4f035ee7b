import numpy as np
import pandas as pd
import pytest

from zoo_core.contract import DataError
from zoo_core.evaluation.screen.wells import ScoreColumn, aggregate_wells

MODEL = ScoreColumn("model", "score.response")
POSITION = ScoreColumn("position", "baseline.position.response", is_probability=True)


@pytest.fixture
def rows() -> pd.DataFrame:
    """Two wells, of three fields and of two; the last failed."""
    return pd.DataFrame(
        {
            "example_id": list("abcde"),
            "split": "test",
            "status": ["ok", "ok", "ok", "ok", "failed"],
            "meta.plate": "P",
            "meta.well_id": ["P/B01"] * 3 + ["P/A02"] * 2,
            "meta.well": ["B01"] * 3 + ["A02"] * 2,
            "meta.row": list("BBBAA"),
            "meta.column": [1, 1, 1, 2, 2],
            "meta.field": [0, 1, 2, 0, 1],
            "meta.treatment": ["x", "x", "x", None, None],
            "meta.control_role": [None, None, None, "negative", "negative"],
            "meta.batch": ["one", "one", "one", "two", "two"],
            "meta.focus": [0.1, 0.2, 0.3, 0.4, 0.4],
            "score.response": [1.0, 2.0, 6.0, -4.0, np.nan],
            "baseline.position.response": [0.5, 0.5, 0.5, 0.75, np.nan],
        }
    )


def test_a_well_is_the_mean_or_the_median_of_its_fields_that_were_predicted(rows):
    mean, median = (aggregate_wells(rows, [MODEL], one).set_index("meta.well_id") for one in ("mean", "median"))
    assert mean["score.model"].to_dict() == {"P/A02": -4.0, "P/B01": 3.0}
    assert median["score.model"].to_dict() == {"P/A02": -4.0, "P/B01": 2.0}
    assert mean["n_fields"].to_dict() == {"P/A02": 1, "P/B01": 3}
    assert mean["n_failed"].to_dict() == {"P/A02": 1, "P/B01": 0}


def test_what_a_failed_field_would_score_does_not_enter(rows):
    rows.loc[4, "score.response"] = 1000.0
    assert aggregate_wells(rows, [MODEL])["score.model"].tolist() == [-4.0, 3.0]


def test_probabilities_become_log_odds_before_they_are_averaged(rows):
    wells = aggregate_wells(rows, [MODEL, POSITION])
    assert wells["score.position"].to_numpy() == pytest.approx([np.log(3), 0.0], abs=1e-12)
    rows["baseline.position.response"] = np.float32([0.5, 0.5, 1.0, 0.75, np.nan])
    assert aggregate_wells(rows, [POSITION])["score.position"].iloc[1] == pytest.approx(15.94 / 3, abs=0.01)


def test_a_well_carries_what_all_its_fields_say_alike_and_nothing_else(rows):
    wells = aggregate_wells(rows, [MODEL])
    assert wells["meta.batch"].tolist() == ["two", "one"]
    assert wells["meta.treatment"].isna().tolist() == [True, False]
    assert "meta.focus" not in wells
    assert "meta.field" not in aggregate_wells(rows.iloc[[0, 3]], [MODEL])


def test_what_the_table_lacks_is_missing_for_every_well(rows):
    assert aggregate_wells(rows, [MODEL])["meta.concentration"].isna().all()


def test_a_well_without_any_predicted_field_has_no_score(rows):
    rows["status"] = ["ok", "ok", "ok", "failed", "failed"]
    wells = aggregate_wells(rows, [MODEL])
    assert wells["score.model"].isna().tolist() == [True, False]
    assert wells["n_failed"].tolist() == [2, 0]


def test_the_order_of_the_rows_changes_nothing(rows):
    rows["score.response"] = [0.1, 0.2, 0.3, 0.7, 0.9]
    expected = aggregate_wells(rows, [MODEL])
    pd.testing.assert_frame_equal(aggregate_wells(rows.iloc[[4, 2, 0, 3, 1]], [MODEL]), expected)


@pytest.mark.parametrize(
    ("column", "values", "words"),
    [
        ("split", ["train", "test", "test", "test", "test"], "'train' and 'test' in well 'P/B01'"),
        ("meta.treatment", ["x", "y", "x", None, None], "'x' and 'y' in well 'P/B01'"),
        ("meta.control_role", [None] * 3 + ["dmso"] * 2, "'dmso' in well 'P/A02'"),
        ("meta.concentration", [1.0, 1.0, 1.0, -2.0, -2.0], "'-2.0' in well 'P/A02'"),
        ("meta.concentration", ["1", "1", "1", "10 uM", "10 uM"], "'10 uM' in well 'P/A02'"),
        ("meta.plate", ["P", "P", "P", "P", None], "for example 'e'"),
        ("score.response", [1.0, np.inf, 1.0, 1.0, 1.0], "inf in 'score.response' for example 'b'"),
        ("baseline.position.response", [0.5, 1.5, 0.5, 0.5, 0.5], "from 0.5 to 1.5"),
    ],
)
def test_a_table_that_contradicts_itself_is_refused(rows, column, values, words):
    rows[column] = values
    with pytest.raises(DataError, match="Received: ") as error:
        aggregate_wells(rows, [MODEL, POSITION])
    assert words in str(error.value)


def test_a_column_that_is_not_there_is_named(rows):
    with pytest.raises(DataError, match=r"none named 'score\.other'"):
        aggregate_wells(rows, [ScoreColumn("other", "score.other")])
