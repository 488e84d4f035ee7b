import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from zoo_core.evaluation.baselines import metadata_scores

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
    return roc_auc_score(test[f"label.{label}"], metadata_scores(train, test, COLUMNS, [label])[label])


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
    assert np.isfinite(metadata_scores(rows(200, seed=0), other, COLUMNS, ["Edema"])["Edema"]).all()


def test_a_label_with_one_class_or_no_truth_has_no_scores():
    train = rows(50, seed=0).assign(**{"label.Edema": 0.0, "label.Hernia": np.nan})
    assert list(metadata_scores(train, rows(5, seed=1), COLUMNS, ["Edema", "Hernia", "Absent", "Mass"])) == ["Mass"]


def test_the_rows_that_are_scored_are_not_learned_from():
    train, test = rows(300, seed=0), rows(20, seed=1)
    one = metadata_scores(train, test, COLUMNS, ["Mass"])["Mass"]
    other = metadata_scores(train, test.assign(**{"label.Mass": 1 - test["label.Mass"]}), COLUMNS, ["Mass"])["Mass"]
    assert (one == other).all()
