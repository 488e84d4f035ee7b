"""Laws of weights against imbalance."""

import numpy as np
import pytest

from zoo_core.data.imbalance import positive_weights


def test_weighted_positives_weigh_as_much_as_negatives() -> None:
    labels = np.array([[1.0, 0], [0, 1], [0, 1], [0, np.nan], [1, 1]])
    weights = positive_weights(labels)
    assert (labels == 1).sum(axis=0) * weights == pytest.approx((labels == 0).sum(axis=0))


def test_label_without_positives_or_without_truth_has_weight_one() -> None:
    assert positive_weights(np.array([[0.0, np.nan], [0, np.nan]])).tolist() == [1, 1]


def test_another_value_is_refused() -> None:
    with pytest.raises(ValueError, match="0, 1 or NaN"):
        positive_weights(np.array([[-1.0]]))
