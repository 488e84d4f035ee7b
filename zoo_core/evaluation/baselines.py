"""What could be guessed without looking at the image: the score that a model has to beat."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler


def metadata_scores(
    train: pd.DataFrame, rows: pd.DataFrame, columns: Sequence[str], labels: Sequence[str]
) -> dict[str, np.ndarray]:
    """Score rows by their metadata alone, with a logistic regression a label that is fitted on the training rows.

    Args:
        train: training rows of an index, with `label.NAME` and metadata.
        rows: rows to score, with the same metadata.
        columns: metadata to use, such as `meta.age`; numbers enter linearly, words as categories.
        labels: names of binary labels.
    Returns:
        By label, (example,) float64; a label with one class only among the training rows has no scores.
    """
    scores = {}
    for label in labels:
        known = train[train[f"label.{label}"].notna()] if f"label.{label}" in train else train.iloc[:0]
        truth = known[f"label.{label}"].astype(int) if len(known) else pd.Series(dtype=int)
        if truth.nunique() == 2:
            model = _regression().fit(_usable(known, columns), truth)
            scores[label] = model.predict_proba(_usable(rows, columns))[:, 1]
    return scores


def _regression() -> Pipeline:
    numbers = make_pipeline(SimpleImputer(add_indicator=True, keep_empty_features=True), StandardScaler())
    words = OneHotEncoder(handle_unknown="ignore")
    features = make_column_transformer(
        (numbers, make_column_selector(dtype_include="number")),
        (words, make_column_selector(dtype_exclude="number")),
    )
    return make_pipeline(features, LogisticRegression(max_iter=1000))


def _usable(rows: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """Words as objects, one missing value a column: what scikit-learn's encoders take."""
    table = rows[list(columns)]
    words = table.select_dtypes(exclude="number").columns
    return table.astype(dict.fromkeys(words, object)).where(table.notna(), np.nan)
