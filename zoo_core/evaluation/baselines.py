"""What could be guessed without looking at the image: the score that a model has to beat.

scikit-learn is imported where it fits, as in `curves`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from zoo_core.evaluation.sigmoid import sigmoid

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

UNHEARD = "\0"
"""A word that no metadata hold."""

Terms = Mapping[str, Any]
"""Of one label: `logit` of an example of which nothing is known, and what each value that is known adds to it: of
`numbers` by column what 0 adds and what each unit adds; of `words` by column `known`, by word, and `other`. Of a label
that is a value the sum is the value itself, and `is_value` is true."""


@dataclass(frozen=True)
class MetadataBaseline:
    """A regression a label on metadata alone, as plain numbers, which can be kept beside a model.

    It is logistic, or linear of a label that is a value.

    Attributes:
        labels: terms by name of the label.
    """

    labels: Mapping[str, Terms]

    @property
    def columns(self) -> list[str]:
        """The metadata that it looks at."""
        return list(dict.fromkeys(c for terms in self.labels.values() for c in (*terms["numbers"], *terms["words"])))

    def scores(self, rows: pd.DataFrame) -> dict[str, np.ndarray]:
        """Score rows of an index.

        Args:
            rows: with metadata; a column that is not there is missing everywhere.
        Returns:
            By label, (example,) float64.
        """
        return {label: _score(terms, rows) for label, terms in self.labels.items()}


def fit_metadata(
    train: pd.DataFrame, columns: Sequence[str], labels: Sequence[str], values: Sequence[str] = ()
) -> MetadataBaseline:
    """Fit a regression a label on metadata.

    Args:
        train: training rows of an index, with `label.NAME` and metadata.
        columns: metadata to use, such as `meta.age`; numbers enter linearly, words as categories.
        labels: names of binary labels; one with one class only among the training rows is left out.
        values: names of labels that are values; one that is the same in all of them is left out.
    """
    fitted = {}
    for label in (*labels, *values):
        known = train[train[f"label.{label}"].notna()] if f"label.{label}" in train else train.iloc[:0]
        truth = known[f"label.{label}"].astype(float) if len(known) else pd.Series(dtype=float)
        if truth.nunique() > 1:
            metadata, is_value = _usable(known, columns), label in values
            fitted[label] = _terms(_regression(is_value=is_value).fit(metadata, truth), metadata, is_value)
    return MetadataBaseline(fitted)


@dataclass(frozen=True)
class FeatureBaseline:
    """A regression a label on a few numbers of an image, as plain numbers, which can be kept beside a model.

    Attributes:
        labels: by name `intercept` and `weights` of the logit, or of the value itself where `is_value` is true.
    """

    labels: Mapping[str, Mapping[str, Any]]

    def scores(self, features: np.ndarray) -> dict[str, np.ndarray]:
        """Score examples.

        Args:
            features: (example, feature).
        Returns:
            By label, (example,) float64: probabilities, or values.
        """
        found = {name: one["intercept"] + features @ np.array(one["weights"]) for name, one in self.labels.items()}
        return {name: own if self.labels[name]["is_value"] else sigmoid(own) for name, own in found.items()}


def fit_features(features: np.ndarray, truth: Mapping[str, np.ndarray], values: Sequence[str] = ()) -> FeatureBaseline:
    """Fit a regression a label on numbers of training images.

    Args:
        features: (example, feature).
        truth: by label, (example,), NaN where unknown; a label that has one value only is left out.
        values: which of the labels are values; the others are 0 or 1.
    """
    from sklearn.linear_model import LogisticRegression, Ridge
    from sklearn.preprocessing import StandardScaler

    fitted = {}
    for name, own in truth.items():
        known = ~np.isnan(own)
        if len(np.unique(own[known])) > 1:
            scaler = StandardScaler().fit(features[known])
            model = Ridge() if name in values else LogisticRegression(max_iter=1000)
            model.fit(scaler.transform(features[known]), own[known])
            weights = np.ravel(model.coef_) / scaler.scale_
            intercept = float(np.ravel(model.intercept_)[0] - weights @ scaler.mean_)
            fitted[name] = {"intercept": intercept, "weights": weights.tolist(), "is_value": name in values}
    return FeatureBaseline(fitted)


def _regression(*, is_value: bool) -> "Pipeline":
    """What is fitted for each label: numbers with their gaps filled and marked, words one by one."""
    from sklearn.compose import make_column_selector, make_column_transformer
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression, Ridge
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    numbers = make_pipeline(SimpleImputer(add_indicator=True, keep_empty_features=True), StandardScaler())
    words = OneHotEncoder(handle_unknown="ignore")
    features = make_column_transformer(
        (numbers, make_column_selector(dtype_include="number")),
        (words, make_column_selector(dtype_exclude="number")),
    )
    return make_pipeline(features, Ridge() if is_value else LogisticRegression(max_iter=1000))


def _usable(rows: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """Words as objects, one missing value a column: what scikit-learn's encoders take."""
    table = rows[list(columns)]
    words = table.select_dtypes(exclude="number").columns
    return table.astype(dict.fromkeys(words, object)).where(table.notna(), np.nan)


def _terms(regression: "Pipeline", metadata: pd.DataFrame, is_value: bool) -> Terms:
    """A fitted regression as numbers. Its logit or value is a sum over columns, so each is asked for by itself."""
    numbers = [str(column) for column in metadata.select_dtypes("number")]
    words = {str(c): metadata[c].dropna().unique().tolist() for c in metadata if c not in numbers}
    asked: list[dict[str, Any]] = [{}, *({column: number} for column in numbers for number in (0.0, 1.0))]
    asked += [{column: word} for column, known in words.items() for word in (*known, UNHEARD)]
    dtypes = {column: np.float64 if column in numbers else object for column in metadata}
    rows = pd.DataFrame([dict.fromkeys(metadata, np.nan) | values for values in asked]).astype(dtypes)
    found = regression.predict(rows) if is_value else regression.decision_function(rows)
    nothing_known, *logits = found.tolist()
    added = (logit - nothing_known for logit in logits)
    return {
        **({"is_value": True} if is_value else {}),
        "logit": nothing_known,
        "numbers": {column: _line(next(added), next(added)) for column in numbers},
        "words": {
            c: {"known": {str(word): next(added) for word in known}, "other": next(added)} for c, known in words.items()
        },
    }


def _line(at_zero: float, at_one: float) -> list[float]:
    return [at_zero, at_one - at_zero]


def _score(terms: Terms, rows: pd.DataFrame) -> np.ndarray:
    found = _logit(terms, rows)
    return found if terms.get("is_value") else sigmoid(found)


def _logit(terms: Terms, rows: pd.DataFrame) -> np.ndarray:
    return np.full(len(rows), terms["logit"]) + sum(_added(terms, rows))


def _added(terms: Terms, rows: pd.DataFrame) -> Iterator[np.ndarray]:
    for column, (at_zero, per_unit) in terms["numbers"].items():
        if column in rows:
            values = pd.to_numeric(rows[column], errors="coerce").to_numpy(np.float64, na_value=np.nan)
            yield np.nan_to_num(at_zero + per_unit * values)
    for column, term in terms["words"].items():
        if column in rows:
            added = rows[column].astype(str).map(term["known"]).fillna(term["other"])
            yield added.where(rows[column].notna(), 0.0).to_numpy(np.float64)
