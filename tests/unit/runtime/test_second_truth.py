"""What a data set says a second time is checked and laid beside the index before a run."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from zoo_core.contract import ArraySpec, DataError, DatasetCard, Label, SecondTruth
from zoo_core.runtime.second_truth import read_second_truth

INDEX = pd.DataFrame({"example_id": ["a", "b", "c"], "label.Mass": [0, 1, 0], "label.Nodule": [0, 0, 1]})
SOUND = SecondTruth(
    "Readers",
    {"Mass": ("Mass",), "Mass or nodule": ("Mass", "Nodule")},
    pd.DataFrame({"example_id": ["c", "a"], "Mass": [1, 0], "Mass or nodule": [1, None]}),
)


class Silent:
    """A data set that nobody looked at again."""

    card = DatasetCard("Lab", "", "", "", "", drawn=False)
    specs = (ArraySpec("image", ("y", "x", "c"), (None, None, 1), "uint8", (0, 255)),)
    labels = (Label("Mass"), Label("Nodule"), Label("Width", "value", "mm"))
    group_columns = ("meta.patient_id",)
    split_name: str | None = None

    def index(self) -> pd.DataFrame:
        return INDEX

    def read(self, i: int) -> dict[str, np.ndarray]:
        raise IndexError(i)


class Lab(Silent):
    """One that was."""

    def __init__(self, second: SecondTruth | None) -> None:
        self.second = second

    def second_truth(self) -> SecondTruth | None:
        return self.second


class Asks:
    """A task, as far as it matters here."""

    def __init__(self, *names: str) -> None:
        self.labels = tuple(Label(name) for name in names)


def read(second: SecondTruth | None, *names: str) -> SecondTruth | None:
    return read_second_truth(Lab(second), Asks(*(names or ("Mass", "Nodule"))), INDEX)


def test_rows_are_those_of_the_index_and_missing_where_nobody_looked_again():
    table = read(SOUND).table
    assert table["example_id"].tolist() == ["a", "b", "c"]
    np.testing.assert_array_equal(table["Mass"], [0, np.nan, 1])
    np.testing.assert_array_equal(table["Mass or nodule"], [np.nan, np.nan, 1])


def test_a_finding_is_judged_only_where_the_task_predicts_all_its_labels():
    assert read(SOUND, "Mass").findings == {"Mass": ("Mass",)}
    assert read(SOUND, "Hernia") is None


def test_without_a_second_truth_there_is_none():
    assert read(None) is None
    assert read_second_truth(Silent(), Asks("Mass"), INDEX) is None


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"table": SOUND.table.drop(columns="Mass")}, "a column 'Mass'. Received: example_id, Mass or nodule"),
        ({"table": SOUND.table.drop(columns="example_id")}, "a column 'example_id'"),
        ({"table": SOUND.table.assign(Mass=[1, 2])}, "0, 1 or nothing in 'Mass'. Received: 2"),
        ({"table": SOUND.table.assign(Mass=["YES", "NO"])}, "0, 1 or nothing in 'Mass'. Received: YES"),
        ({"table": SOUND.table.assign(example_id=["a", "a"])}, "each once. Received: 'a' beside these"),
        ({"table": SOUND.table.assign(example_id=["a", "z"])}, "examples of the index, each once. Received: 'z'"),
        (
            {"findings": {"Mass": ("Mass", "Scurvy")}},
            "binary labels of the data set for 'Mass'. Received: Mass, Scurvy",
        ),
        ({"findings": {"Mass": ("Width",)}}, "Received: Width"),
        ({"findings": {"Mass": ()}}, "Received: none"),
    ],
)
def test_a_second_truth_that_cannot_be_is_refused_in_one_line(changed, words):
    with pytest.raises(DataError) as caught:
        read(dataclasses.replace(SOUND, **changed))
    assert words in str(caught.value)
    assert str(caught.value).startswith("The second truth of 'Lab' needs")
    assert "\n" not in str(caught.value)
