"""Baselines on a few numbers of an image, and on metadata for labels that are values: scikit-learn's, as JSON."""

import json

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from zoo_core.evaluation import baselines
from zoo_core.evaluation.baselines import FeatureBaseline, MetadataBaseline, fit_features, fit_metadata
from zoo_core.evaluation.sigmoid import sigmoid

ROUND_OFF = 1e-9
"""A sum of few terms in another order."""

N = 120
COLUMNS = ["meta.age", "meta.soil"]


@pytest.fixture
def features() -> np.ndarray:
    """Three numbers of very different size, and one that is the same in every image."""
    random = np.random.default_rng(0)
    return np.column_stack([random.normal(1e4, 300, N), random.normal(0, 1e-3, N), random.random(N), np.full(N, 7.0)])


@pytest.fixture
def truth(features: np.ndarray) -> dict[str, np.ndarray]:
    """A label and a value that follow the numbers, a quarter of each unknown."""
    random = np.random.default_rng(1)
    signal = (features[:, 0] - 1e4) / 300 + features[:, 1] * 1e3
    own = {"ill": (signal + random.normal(size=N) > 0).astype(float), "area": 40 + 5 * signal + random.normal(size=N)}
    return {name: np.where(np.arange(N) % 4 == i, np.nan, one) for i, (name, one) in enumerate(own.items())}


def test_a_label_is_scored_as_scikit_learns_pipeline_scores_it(features, truth):
    known = ~np.isnan(truth["ill"])
    pipeline = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    pipeline.fit(features[known], truth["ill"][known])
    scores = fit_features(features, truth, ["area"]).scores(features)["ill"]
    np.testing.assert_allclose(scores, pipeline.predict_proba(features)[:, 1], rtol=ROUND_OFF)


def test_a_value_is_predicted_as_scikit_learns_pipeline_predicts_it(features, truth):
    known = ~np.isnan(truth["area"])
    pipeline = make_pipeline(StandardScaler(), Ridge()).fit(features[known], truth["area"][known])
    scores = fit_features(features, truth, ["area"]).scores(features)["area"]
    np.testing.assert_allclose(scores, pipeline.predict(features), rtol=ROUND_OFF)
    assert np.ptp(scores) > 10


def test_what_is_unknown_teaches_nothing(features, truth):
    liar = features.copy()
    liar[np.isnan(truth["ill"])] = -1e9
    honest = fit_features(features, {"ill": truth["ill"]})
    assert fit_features(liar, {"ill": truth["ill"]}).labels == honest.labels


def test_a_label_of_one_value_or_none_is_left_out(features, truth):
    empty = {"none": np.full(N, np.nan), "never": np.zeros(N), "flat": np.where(truth["area"] > 40, 3.5, np.nan)}
    assert list(fit_features(features, {**empty, **truth}, ["area", "flat"]).labels) == list(truth)
    assert fit_features(features, empty, ["flat"]).scores(features) == {}


def test_what_was_kept_as_json_scores_the_same(features, truth):
    fitted = fit_features(features, truth, ["area"])
    kept = FeatureBaseline(json.loads(json.dumps(fitted.labels, allow_nan=False)))
    for name, scores in fitted.scores(features).items():
        np.testing.assert_array_equal(kept.scores(features)[name], scores)


def test_no_examples_have_no_scores(features, truth):
    assert fit_features(features, truth, ["area"]).scores(features[:0])["area"].shape == (0,)


@pytest.fixture
def rows() -> pd.DataFrame:
    """The area follows age and soil, gaps in all three."""
    random = np.random.default_rng(2)
    age, soil = random.uniform(1, 40, N), random.choice(["clay", "sand"], N)
    table = pd.DataFrame({"meta.age": age, "meta.soil": soil, "label.ill": (age > 20).astype(float)})
    table["label.area"] = 100 + 2.5 * age + 30 * (soil == "clay") + random.normal(size=N)
    table.loc[:4, "meta.age"] = np.nan
    table.loc[3:9, "meta.soil"] = None
    table.loc[20:30, "label.area"] = np.nan
    return table


def test_a_value_is_a_linear_regression_on_metadata(rows):
    known = rows[rows["label.area"].notna()]
    kept = fit_metadata(rows, COLUMNS, [], ["area"])
    fitted = baselines._regression(is_value=True).fit(baselines._usable(known, COLUMNS), known["label.area"])
    wanted = fitted.predict(baselines._usable(rows, COLUMNS))
    assert kept.labels["area"]["is_value"] is True
    np.testing.assert_allclose(kept.scores(rows)["area"], wanted, rtol=ROUND_OFF)
    assert np.corrcoef(wanted[known.index], known["label.area"])[0, 1] > 0.9


def test_a_value_is_no_probability_and_a_label_beside_it_is_one(rows):
    kept = fit_metadata(rows, COLUMNS, ["ill"], ["area"])
    scores = kept.scores(rows)
    assert scores["area"].min() > 50
    assert ((scores["ill"] > 0) & (scores["ill"] < 1)).all()
    assert "is_value" not in kept.labels["ill"]
    np.testing.assert_array_equal(scores["ill"], sigmoid(baselines._logit(kept.labels["ill"], rows)))


def test_of_a_value_too_each_unit_of_a_number_adds_the_same(rows):
    kept = fit_metadata(rows, COLUMNS, [], ["area"])
    ages = kept.scores(pd.DataFrame({"meta.age": [10.0, 20.0, 30.0], "meta.soil": "clay"}))["area"]
    assert ages[1] - ages[0] == pytest.approx(ages[2] - ages[1])
    assert ages[1] - ages[0] == pytest.approx(25, rel=0.1)


def test_a_value_that_is_the_same_in_all_rows_is_left_out(rows):
    flat = rows.assign(**{"label.area": 5.0, "label.unknown": np.nan})
    assert fit_metadata(flat, COLUMNS, [], ["area", "unknown", "absent"]).labels == {}


def test_metadata_of_a_value_read_back_from_json_score_the_same(rows):
    fitted = fit_metadata(rows, COLUMNS, ["ill"], ["area"])
    kept = MetadataBaseline(json.loads(json.dumps(fitted.labels, allow_nan=False)))
    for name, scores in fitted.scores(rows).items():
        np.testing.assert_array_equal(kept.scores(rows)[name], scores)
