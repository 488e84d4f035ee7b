import json

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from zoo_core.evaluation import baselines
from zoo_core.evaluation.baselines import MetadataBaseline, fit_metadata

ROUND_OFF = 1e-9
"""A sum of few terms in another order."""

COLUMNS = ["meta.age", "meta.view_position"]


def rows(n: int, seed: int) -> pd.DataFrame:
    """Edema follows the view, Hernia the age, Mass nothing."""
    rng = np.random.default_rng(seed)
    age, ap = rng.uniform(5, 90, n), rng.random(n) < 0.4
    return pd.DataFrame(
        {
            "meta.age": age,
            "meta.view_position": np.where(ap, "AP", "PA"),
            "label.Edema": (rng.random(n) < np.where(ap, 0.6, 0.1)).astype(float),
            "label.Hernia": (rng.random(n) < age / 120).astype(float),
            "label.Mass": (rng.random(n) < 0.3).astype(float),
        }
    )


def auroc(label: str, train: pd.DataFrame) -> float:
    test = rows(3000, seed=1)
    return roc_auc_score(test[f"label.{label}"], fit_metadata(train, COLUMNS, [label]).scores(test)[label])


def test_what_metadata_give_away_is_found_and_what_they_do_not_is_not():
    train = rows(2000, seed=0)
    assert auroc("Edema", train) > 0.7
    assert auroc("Hernia", train) > 0.6
    assert auroc("Mass", train) == pytest.approx(0.5, abs=0.05)


def test_missing_metadata_and_unknown_labels_do_not_stop_it():
    train = rows(2000, seed=0)
    train.loc[:300, "meta.age"] = np.nan
    train.loc[200:600, "meta.view_position"] = None
    train.loc[100:900, "label.Edema"] = np.nan
    assert auroc("Edema", train) > 0.7


def test_a_view_that_training_never_saw_is_scored():
    other = rows(5, seed=2).assign(**{"meta.view_position": "LATERAL"})
    assert np.isfinite(fit_metadata(rows(200, seed=0), COLUMNS, ["Edema"]).scores(other)["Edema"]).all()


def test_a_label_with_one_class_or_no_truth_has_no_scores():
    train = rows(50, seed=0).assign(**{"label.Edema": 0.0, "label.Hernia": np.nan})
    assert list(fit_metadata(train, COLUMNS, ["Edema", "Hernia", "Absent", "Mass"]).scores(rows(5, seed=1))) == ["Mass"]


@pytest.fixture(params=["whole", "with gaps"])
def train(request: pytest.FixtureRequest) -> pd.DataFrame:
    table = rows(300, seed=0)
    if request.param == "with gaps":
        table.loc[:40, "meta.age"] = np.nan
        table.loc[30:80, "meta.view_position"] = None
    return table


@pytest.fixture
def odd() -> pd.DataFrame:
    """Rows with a gap, and a word that training never saw."""
    table = rows(20, seed=1)
    table.loc[0, "meta.age"] = np.nan
    table.loc[1, "meta.view_position"] = None
    table.loc[2, "meta.view_position"] = "LATERAL"
    return table


def test_the_numbers_that_are_kept_are_the_fitted_regression(train: pd.DataFrame, odd: pd.DataFrame) -> None:
    kept = fit_metadata(train, COLUMNS, ["Edema"]).scores(odd)["Edema"]
    fitted = baselines._regression(is_value=False).fit(
        baselines._usable(train, COLUMNS), train["label.Edema"].astype(int)
    )
    np.testing.assert_allclose(kept, fitted.predict_proba(baselines._usable(odd, COLUMNS))[:, 1], rtol=ROUND_OFF)


def test_what_was_kept_as_json_scores_the_same(train: pd.DataFrame, odd: pd.DataFrame) -> None:
    fitted = fit_metadata(train, COLUMNS, ["Edema", "Mass"])
    kept = MetadataBaseline(json.loads(json.dumps(fitted.labels)))
    for label, scores in fitted.scores(odd).items():
        np.testing.assert_array_equal(kept.scores(odd)[label], scores)


def test_data_without_a_column_are_scored_as_if_it_were_missing_in_every_row(train: pd.DataFrame) -> None:
    baseline, other = fit_metadata(train, COLUMNS, ["Edema"]), rows(5, seed=2)
    absent = baseline.scores(other.drop(columns="meta.view_position"))["Edema"]
    assert (absent == baseline.scores(other.assign(**{"meta.view_position": None}))["Edema"]).all()


def test_whole_numbers_and_yes_and_no_are_columns_too() -> None:
    table = rows(300, seed=0)
    table["meta.follow_up"] = pd.array([None, *range(299)], dtype="Int64")
    table["meta.inpatient"] = table["label.Edema"] == 1
    baseline = fit_metadata(table, ["meta.follow_up", "meta.inpatient"], ["Edema"])
    assert roc_auc_score(table["label.Edema"], baseline.scores(table)["Edema"]) > 0.99


def test_the_columns_that_are_looked_at_are_known(train: pd.DataFrame) -> None:
    assert fit_metadata(train, COLUMNS, ["Edema"]).columns == COLUMNS
    assert fit_metadata(train, COLUMNS, ["Absent"]).columns == []
