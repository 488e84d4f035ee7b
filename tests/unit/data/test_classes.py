"""A label of several classes is a label a class to a task, and the adapter's own to the store."""

import numpy as np
import pandas as pd
import pytest

from zoo_core.contract import DataError, Label
from zoo_core.data.classes import labels_by_class, with_class_columns, without_class_columns

LABELS = (Label("wet"), Label("disease", "class", class_names=("blight", "healthy", "rust")), Label("size", "value"))


def index_of(*numbers: float | None) -> pd.DataFrame:
    return pd.DataFrame({"label.disease": list(numbers), "label.size": 1.0})


def test_each_class_is_a_label_that_names_what_it_is_a_class_of() -> None:
    assert [label.name for label in labels_by_class(LABELS)] == ["wet", "blight", "healthy", "rust", "size"]
    assert [label.class_of for label in labels_by_class(LABELS)] == [None, "disease", "disease", "disease", None]


def test_of_each_example_one_class_is_present_or_all_are_unknown() -> None:
    index = with_class_columns(index_of(1, 0, None, 2), LABELS)
    columns = index[["label.blight", "label.healthy", "label.rust"]].to_numpy()
    assert np.nansum(columns, axis=1).tolist() == [1, 1, 0, 1]
    assert np.isnan(columns[2]).all()
    assert columns[0].tolist() == [0, 1, 0]


def test_what_was_added_can_be_taken_away() -> None:
    index = index_of(1, 0)
    pd.testing.assert_frame_equal(without_class_columns(with_class_columns(index, LABELS), LABELS), index)


@pytest.mark.parametrize("number", [-1, 3, 0.5])
def test_a_number_of_no_class_is_refused(number: float) -> None:
    with pytest.raises(DataError, match=f"needs numbers of its 3 classes, from 0. Received: {number:g}"):
        with_class_columns(index_of(0, number), LABELS)


def test_two_labels_of_one_name_are_refused() -> None:
    with pytest.raises(DataError, match="Received: 'rust' more than once"):
        labels_by_class((*LABELS, Label("rust")))
