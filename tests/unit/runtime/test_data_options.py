"""What a task takes from its data set, what teaches nothing, and splits that leave one value out."""

import dataclasses
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from zoo_core.contract import ArraySpec, ConfigError, DatasetCard, Label, SplitError
from zoo_core.runtime import prepare as preparing
from zoo_core.runtime.config import Choice
from zoo_core.runtime.prepare import Prepared, prepare
from zoo_core.runtime.settings import as_settings, configure
from zoo_core.runtime.tables import predicted_table

N = 60
CLASSES = ("blight", "healthy", "rust")


class Greenhouse:
    """Leaves of three plates, two leaves a plant; the disease of each fourth plant is unknown."""

    specs = (ArraySpec("image", ("y", "x", "c"), (7, 5, 1), "uint8", (0, 255)),)
    labels = (Label("disease", "class", class_names=CLASSES), Label("area", "value", "mm2"))
    group_columns = ("meta.plant_id", "meta.plate")
    split_name: str | None = None
    card = DatasetCard("Greenhouse", "", "", "", "", drawn=True)

    def index(self) -> pd.DataFrame:
        number = np.arange(N)
        plant = number // 2
        disease = np.where(plant % 4 == 0, np.nan, number % 3)
        return pd.DataFrame(
            {
                "example_id": [f"leaf{i}" for i in number],
                "label.disease": disease,
                "label.area": np.nan,
                "meta.plant_id": [f"plant{i}" for i in plant],
                "meta.plate": [f"plate{i % 3}" for i in plant],
            }
        )

    def read(self, i: int) -> dict[str, np.ndarray]:
        return {"image": np.full((7, 5, 1), i, np.uint8)}


class WithFolds(Greenhouse):
    """It also says what may be left out."""

    fold_columns = ("meta.plate", "meta.plant_id")


@dataclasses.dataclass(frozen=True)
class Options:
    """Classes are the data set's to say, where nobody has."""

    class_names: tuple[str, ...] = ()
    size_px: int = 7


class Known:
    """A task whose classes are among its options."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.labels = tuple(Label(name, class_of="disease") for name in options.class_names)

    def accepts(self, specs: Sequence[ArraySpec]) -> str | None:
        return None if specs else "needs an array"

    def select(self, labels: Sequence[Label]) -> tuple[str, ...]:
        return tuple(label.name for label in labels if label in self.labels)

    def fit(self, rows: pd.DataFrame, specs: Sequence[ArraySpec]) -> dict[str, np.ndarray]:
        return {"n": np.array(len(rows))}


class Leaves(Known):
    """One that takes them from the data set."""

    def with_data(self, labels: Sequence[Label], specs: Sequence[ArraySpec]) -> Options:
        names = tuple(label.name for label in labels if label.class_of == "disease")
        (size_px, *_) = specs[0].shape
        return dataclasses.replace(self.options, class_names=self.options.class_names or names, size_px=size_px)


Preparing = Callable[..., Prepared]


@pytest.fixture
def prepared_with(monkeypatch: pytest.MonkeyPatch) -> Preparing:
    """Of a configuration of the house's tasks and data sets, with this file's in their places."""
    create = preparing.plugins.create

    def run(adapter: Any, options: Options = Options(), task: type = Leaves, **split: Any) -> Prepared:
        here = {"dataset": lambda _: adapter, "task": task}
        monkeypatch.setattr(
            preparing.plugins,
            "create",
            lambda kind, name, own: here[kind](own) if kind in here else create(kind, name, own),
        )
        config = configure("chexnet", "default", [{"precision": {"name": "float32"}, "split": split}])
        return prepare(dataclasses.replace(config, task=Choice("leaves", options)))

    return run


def names_of(prepared: Prepared) -> tuple[str, ...]:
    return tuple(label.name for label in prepared.task.labels)


def test_a_run_keeps_the_options_that_its_task_took_from_the_data(prepared_with: Preparing) -> None:
    prepared = prepared_with(Greenhouse())
    assert prepared.config.task == Choice("leaves", Options(CLASSES, 7))
    assert prepared.task.options == prepared.config.task.options
    assert as_settings(prepared.config)["task"]["class_names"] == list(CLASSES)
    assert names_of(prepared) == CLASSES
    truth = prepared.examples().truth(np.array([2, 3, 4, 0]))
    np.testing.assert_array_equal(truth, [[0, 0, 1], [1, 0, 0], [0, 1, 0], [np.nan] * 3])


def test_what_was_set_stays_whatever_the_data_say(prepared_with: Preparing) -> None:
    prepared = prepared_with(Greenhouse(), Options(("rust", "blight")))
    assert prepared.config.task.options == Options(("rust", "blight"), 7)
    assert names_of(prepared) == ("rust", "blight")


def test_the_options_of_a_run_make_the_same_task_again(prepared_with: Preparing) -> None:
    first = prepared_with(Greenhouse())
    again = prepared_with(Greenhouse(), first.config.task.options)
    assert again.config == first.config


def test_a_task_that_takes_nothing_keeps_its_options(prepared_with: Preparing) -> None:
    prepared = prepared_with(Greenhouse(), Options(("rust", "healthy"), 9), Known)
    assert prepared.config.task.options == Options(("rust", "healthy"), 9)
    assert names_of(prepared) == ("rust", "healthy")


def test_training_rows_without_a_known_label_are_left_out_and_others_stay(prepared_with: Preparing) -> None:
    prepared = prepared_with(Greenhouse())
    unknown = prepared.index["label.rust"].isna().to_numpy()
    train = prepared.split.rows("train")
    assert unknown[train].any()
    assert prepared.rows("train").tolist() == train[~unknown[train]].tolist()
    for part in ("validation", "test"):
        assert prepared.rows(part).tolist() == prepared.split.rows(part).tolist()
    assert prepared.fitted["n"] == len(train)


def test_one_label_that_is_known_is_enough(prepared_with: Preparing) -> None:
    prepared = prepared_with(Greenhouse())
    unknown = prepared.index["label.rust"].isna()
    one = prepared.index.assign(**{"label.blight": prepared.index["label.blight"].where(~unknown, 0.0)})
    again = dataclasses.replace(prepared, index=one)
    assert again.rows("train").tolist() == prepared.split.rows("train").tolist()


@pytest.mark.parametrize("fold", [0, 1, 2])
def test_one_plate_is_left_out_by_its_number(prepared_with: Preparing, fold: int) -> None:
    prepared = prepared_with(WithFolds(), name="leave-plate-out", fold=fold, validation=0.3)
    plates = prepared.index["meta.plate"]
    assert prepared.split.name == f"leave-plate-out:plate{fold}"
    assert set(plates.iloc[prepared.split.rows("test")]) == {f"plate{fold}"}
    seen = np.concatenate([prepared.split.rows(part) for part in ("train", "validation")])
    assert set(plates.iloc[seen]) == {"plate0", "plate1", "plate2"} - {f"plate{fold}"}
    plants = [set(prepared.index["meta.plant_id"].iloc[prepared.split.rows(part)]) for part in ("train", "validation")]
    assert plants[0]
    assert plants[1]
    assert not plants[0] & plants[1]


def test_a_plate_that_there_is_not_is_refused_with_those_there_are(prepared_with: Preparing) -> None:
    with pytest.raises(ConfigError, match=r"split\.fold to be one of 0 \(plate0\), 1 \(plate1\), 2 \(plate2\)"):
        prepared_with(WithFolds(), name="leave-plate-out", fold=3)


def test_a_data_set_without_folds_leaves_nothing_out_and_says_what_it_offers(prepared_with: Preparing) -> None:
    with pytest.raises(ConfigError, match=r"one of: plant-hash\. Received: 'leave-plate-out'"):
        prepared_with(Greenhouse(), name="leave-plate-out")
    with pytest.raises(ConfigError, match=r"leave-plate-out, leave-plant-out\. Received: 'leave-well-out'"):
        prepared_with(WithFolds(), name="leave-well-out")


def test_a_plant_on_two_plates_cannot_be_left_out_by_plate(prepared_with: Preparing) -> None:
    """A liar: a plant whose leaves lie on two plates would be tested on what was trained on."""

    class Moved(WithFolds):
        def index(self) -> pd.DataFrame:
            index = super().index()
            index.loc[0, "meta.plate"] = "plate1"
            return index

    with pytest.raises(SplitError, match=r"group of 'meta\.plant_id' in one part; 1 groups are in two or more"):
        prepared_with(Moved(), name="leave-plate-out", fold=0)


@pytest.mark.parametrize("fold", [0, 1])
def test_a_split_that_is_named_as_it_was_recorded_is_that_split(prepared_with: Preparing, fold: int) -> None:
    """Its name has the value in it; the number of that value may stand beside it, and is the default elsewhere."""
    recorded = prepared_with(WithFolds(), name="leave-plate-out", fold=1, validation=0.3).split
    split = prepared_with(WithFolds(), name=recorded.name, fold=fold, validation=0.3).split
    assert (split.name, split.hash) == (recorded.name, recorded.hash) == ("leave-plate-out:plate1", split.hash)


@pytest.mark.parametrize(
    ("split", "words"),
    [
        ({"name": "leave-plate-out:plate9"}, r"VALUE needs a value among plate0, plate1, plate2\. Received: 'plate9'"),
        ({"name": "leave-plate-out:plate1", "fold": 2}, r"is split\.fold=1\. Received: split\.fold=2 beside it"),
        ({"name": "leave-row-out:A"}, r"needs one of: plant-hash, leave-plate-out, .*Received: 'leave-row-out:A'"),
    ],
)
def test_a_value_that_is_not_there_or_not_that_of_the_number_is_refused(
    prepared_with: Preparing, split: dict[str, Any], words: str
) -> None:
    with pytest.raises(ConfigError, match=words):
        prepared_with(WithFolds(), **split)


class PartlyTreated(Greenhouse):
    """Of each third plant nobody has said what it was treated with."""

    group_columns = ("meta.plant_id", "meta.treatment")

    def index(self) -> pd.DataFrame:
        index = super().index()
        plant = np.arange(N) // 2
        return index.assign(**{"meta.treatment": np.where(plant % 3 == 0, None, [f"t{i % 7}" for i in plant])})


def test_what_has_no_treatment_is_parted_by_plants_as_it_would_be_without_treatments(prepared_with: Preparing) -> None:
    prepared = prepared_with(PartlyTreated(), group_by="treatment", validation=0.3, test=0.3)
    index, groups = prepared.index, prepared.groups("meta.treatment")
    assert prepared.split.name == "treatment-hash"
    assert index["meta.treatment"].isna().any()
    untreated = index["meta.treatment"].isna()
    assert groups[untreated].tolist() == index.loc[untreated, "meta.plant_id"].tolist()
    parts = pd.Series(prepared.split.part)
    assert (parts.groupby(groups.to_numpy()).nunique() == 1).all()
    assert parts[untreated].nunique() == 3
    table = predicted_names(prepared)
    assert table["group_id"].tolist() == groups.tolist()
    pd.testing.assert_series_equal(table["meta.treatment"], index["meta.treatment"])
    assert "meta.plant_id" in table


def test_of_the_default_group_the_group_itself_says_all(prepared_with: Preparing) -> None:
    prepared = prepared_with(PartlyTreated(), validation=0.3, test=0.3)
    table = predicted_names(prepared)
    assert table["group_id"].tolist() == prepared.index["meta.plant_id"].tolist()
    assert "meta.plant_id" not in table


def test_what_has_no_group_of_either_kind_is_refused(prepared_with: Preparing) -> None:
    class Nameless(PartlyTreated):
        def index(self) -> pd.DataFrame:
            return super().index().assign(**{"meta.plant_id": None})

    with pytest.raises(
        SplitError, match=r"'meta\.treatment' must name a group in every row; it is missing in rows 0, 1"
    ):
        prepared_with(Nameless(), group_by="treatment", validation=0.3, test=0.3)


def predicted_names(prepared: Prepared) -> pd.DataFrame:
    """What is written of every row, of a network that answers nothing."""
    task = SimpleNamespace(labels=(), predict=lambda outputs, _: outputs)
    return predicted_table(
        dataclasses.replace(prepared, task=task), "all", np.arange(len(prepared.index)), np.zeros((N, 0), np.float32)
    )
