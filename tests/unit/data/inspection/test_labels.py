"""Labels are counted where they are known, and strata without a positive are named."""

import numpy as np
import pandas as pd

from zoo_core.contract import Label
from zoo_core.data.inspection.labels import Count, EmptyStratum, count_labels, find_empty_strata

INDEX = pd.DataFrame(
    {
        "label.Edema": [1, 0, np.nan, 0, 1],
        "label.kind": [0, 1, 1, np.nan, 1],
        "label.area": [2.5, np.nan, np.nan, 3.5, 4],
        "meta.sex": ["F", "F", "M", "M", None],
        "meta.age": [1.0, 2.0, 3.0, 4.0, 5.0],
        "meta.site": ["a", "a", "a", "a", "a"],
    }
)
LABELS = (Label("Edema"), Label("kind", "class", class_names=("wild", "mutant")), Label("area", "value"))
PARTS = {"train": np.array([0, 1, 2]), "test": np.array([3, 4])}


def test_each_label_and_class_is_counted_in_each_part() -> None:
    assert count_labels(INDEX, LABELS, PARTS) == [
        Count("train", "Edema", 2, 1),
        Count("test", "Edema", 2, 1),
        Count("train", "kind: wild", 3, 1),
        Count("test", "kind: wild", 1, 0),
        Count("train", "kind: mutant", 3, 2),
        Count("test", "kind: mutant", 1, 1),
        Count("train", "area", 1, None),
        Count("test", "area", 2, None),
    ]


def test_there_is_something_to_tell_apart_where_two_differ() -> None:
    counts = [Count("train", "x", n, k) for n, k in ((3, 1), (3, 0), (3, 3), (0, 0), (1, None), (2, None))]
    assert [count.tells_apart for count in counts] == [True, False, False, False, False, True]


def test_a_stratum_without_a_positive_is_named_where_the_label_is_known() -> None:
    found = find_empty_strata(INDEX, LABELS[:1], ["meta.sex", "meta.site"], {"all": np.arange(5)})
    assert found == [EmptyStratum("all", "Edema", "meta.sex", "M", 1)]


def test_a_column_of_one_value_or_of_many_is_no_strata() -> None:
    many = INDEX.assign(**{"meta.age": INDEX["meta.age"]}).loc[np.repeat(np.arange(5), 3)].reset_index(drop=True)
    many["meta.age"] = np.arange(15.0)
    assert find_empty_strata(many, LABELS[:1], ["meta.age", "meta.site"], {"all": np.arange(15)}) == []
