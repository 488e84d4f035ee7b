"""What a model has seen is found by hash in whatever is said to be numbered by the same hand, and nowhere else."""

import dataclasses
import gzip
import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from zoo_core.contract import DataError, DatasetCard, SplitError
from zoo_core.data.splits import Split, defined_split, listed_split, read_list
from zoo_core.runtime.contamination import (
    SeenGroups,
    find_overlap,
    read_groups,
    refuse_overlap,
    seen_groups,
    write_groups,
)
from zoo_core.runtime.prepare import Prepared

COLUMN = "meta.patient_id"


def prepared(index: pd.DataFrame, split: Split, namespace: str = "nih") -> Prepared:
    """What the check looks at of prepared data."""
    card = DatasetCard("", "", "", "", "", drawn=False, group_namespace=namespace)
    config = SimpleNamespace(data=SimpleNamespace(name="a-set"))
    adapter = SimpleNamespace(card=card, group_columns=(split.group_column,))
    return Prepared(config, adapter, None, index, split, {}, "")


def examples(patients: list, parts: list[str], namespace: str = "nih", column: str = COLUMN) -> Prepared:
    """An example a patient listed, in these parts."""
    index = pd.DataFrame({"example_id": [f"e{i}" for i in range(len(patients))], column: patients})
    return prepared(index, Split("s", column, np.array(parts, dtype=object), "h"), namespace)


@pytest.fixture
def seen() -> SeenGroups:
    """Trained on patients 1, 1 and 2, chosen on patient 3."""
    return seen_groups(examples([1, 1, 2, 3, 4], ["train", "train", "train", "validation", "test"]))


def data_of(*patients: object, namespace: str = "nih", column: str = COLUMN) -> tuple[Prepared, np.ndarray]:
    return examples(list(patients), ["test"] * len(patients), namespace, column), np.arange(len(patients))


def test_groups_and_their_examples_are_counted_by_what_the_model_saw_of_them(seen: SeenGroups) -> None:
    overlap = find_overlap(seen, *data_of(2, 2, 2, 3, 3, 4, 5))
    assert overlap is not None
    assert (overlap.group, overlap.n_groups, overlap.n_examples_in_all, overlap.reason) == ("patient", 4, 7, None)
    assert (overlap.trained_on, overlap.n_examples_trained_on) == (1, 3)
    assert (overlap.chosen_on, overlap.n_examples_chosen_on) == (1, 2)
    assert overlap.n_examples == 5


def test_a_part_that_is_not_tested_is_not_counted(seen: SeenGroups) -> None:
    data, _ = data_of(1, 2, 4)
    assert find_overlap(seen, data, np.array([2])) is None


def test_the_models_own_test_patients_are_no_overlap(seen: SeenGroups) -> None:
    assert find_overlap(seen, *data_of(4, 4)) is None


@pytest.mark.parametrize("name", [2, "2", 2.0, np.int64(2), np.float64(2)], ids=repr)
def test_a_patient_is_found_however_a_copy_of_the_data_holds_the_number(seen: SeenGroups, name: object) -> None:
    assert find_overlap(seen, *data_of(name)) is not None


def test_patients_that_others_numbered_are_others(seen: SeenGroups) -> None:
    assert find_overlap(seen, *data_of(1, 2, 3, namespace="another hospital")) is None


def test_a_data_set_without_a_namespace_numbers_its_own_patients() -> None:
    own = seen_groups(examples([1, 2], ["train", "validation"], namespace=""))
    assert own.namespace == "a-set"
    assert find_overlap(own, *data_of(1, namespace="")) is not None
    assert find_overlap(own, *data_of(1, namespace="nih")) is None


def test_a_liar_with_empty_lists_or_a_foreign_namespace_finds_nothing(seen: SeenGroups) -> None:
    data = data_of(1, 2, 3)
    assert find_overlap(seen, *data) is not None
    liars = [
        dataclasses.replace(seen, trained_on=frozenset(), chosen_on=frozenset()),
        dataclasses.replace(seen, namespace="another hospital"),
    ]
    assert [find_overlap(liar, *data) for liar in liars] == [None, None]


def test_hashes_under_another_salt_or_column_find_nothing(seen: SeenGroups) -> None:
    data, rows = data_of(1, 2, 3)
    assert find_overlap(dataclasses.replace(seen, salt=b"another"), data, rows) is None
    data.index["meta.ward"] = data.index[COLUMN]
    assert find_overlap(dataclasses.replace(seen, column="meta.ward"), data, rows) is None


def test_what_cannot_be_checked_is_said_and_never_taken_for_clean(seen: SeenGroups) -> None:
    reasons = {
        "no groups.json": find_overlap(None, *data_of(9)),
        "no column 'meta.patient_id'": find_overlap(seen, *data_of(9, column="meta.ward")),
        "1 examples have no 'meta.patient_id'": find_overlap(seen, *data_of(9, None)),
    }
    for words, overlap in reasons.items():
        assert overlap is not None
        assert words in str(overlap.reason)
        assert (overlap.n_examples, overlap.trained_on) == (None, None)


def test_the_refusal_has_the_counts_and_the_way_out(seen: SeenGroups) -> None:
    overlap = find_overlap(seen, *data_of(2, 2, 3, 4))
    assert overlap is not None
    with pytest.raises(SplitError, match=r"2 of 4 examples.*1 of those.*\(1 and 1 of 3 patients\).*--allow-overlap"):
        refuse_overlap(overlap)


def test_a_file_keeps_all_and_names_nobody(seen: SeenGroups, tmp_path: Path) -> None:
    path = tmp_path / "groups.json"
    write_groups(path, seen)
    assert read_groups(path) == seen
    values = json.loads(path.read_text())
    assert (len(values["trained_on"]), len(values["chosen_on"])) == (2, 1)
    assert values["trained_on"] == sorted(values["trained_on"])
    assert {len(one) for one in values["trained_on"]} == {32}


def test_two_models_of_the_same_patients_share_no_hash() -> None:
    first, second = (seen_groups(examples([1, 2, 3], ["train", "train", "validation"])) for _ in range(2))
    assert not first.trained_on & second.trained_on


def test_a_folder_without_groups_has_none(tmp_path: Path) -> None:
    assert read_groups(tmp_path / "groups.json") is None


@pytest.mark.parametrize(
    ("key", "value"), [("schema_version", 2), ("hash", "md5"), ("salt", "xyz"), ("trained_on", None), ("column", ...)]
)
def test_a_file_that_is_not_understood_is_refused(seen: SeenGroups, tmp_path: Path, key: str, value: object) -> None:
    path = tmp_path / "groups.json"
    write_groups(path, seen)
    values = json.loads(path.read_text())
    values[key] = value
    path.write_text(json.dumps({k: v for k, v in values.items() if v is not ...}))
    with pytest.raises(DataError, match=r"groups\.json"):
        read_groups(path)


@pytest.fixture(scope="module")
def published(
    shared_data: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Prepared, Prepared]:
    """All 112,120 images in the official split, and in the other published one."""
    tables = shared_data("nih_metadata")

    def names(table: str) -> list[str]:
        path = tmp_path_factory.mktemp("lists") / table
        path.write_bytes(gzip.decompress((tables / f"{table}.gz").read_bytes()))
        return read_list(path)

    columns = {"Image Index": "example_id", "Patient ID": COLUMN}
    index = pd.read_csv(tables / "Data_Entry_2017_v2020.csv.gz", usecols=list(columns)).rename(columns=columns)
    tested = index["example_id"].isin(names("official_test_list.txt"))
    parted = index.assign(split=tested.map({True: "test", False: "train"}))
    official = defined_split(parted, "official", COLUMN, validation=0.1)
    short = {"train": "train", "validation": "val", "test": "test"}
    lists = {part: names(f"arnoweng_{name}_list.txt") for part, name in short.items()}
    return prepared(index, official), prepared(index, listed_split(index, "arnoweng", COLUMN, lists))


def test_17920_official_test_images_are_of_patients_that_the_other_published_split_trains_on(
    published: tuple[Prepared, Prepared],
) -> None:
    official, other = published
    overlap = find_overlap(seen_groups(other), official, official.split.rows("test"))
    assert overlap is not None
    assert overlap.n_examples_trained_on == 17_920
    part = dict(zip(other.index["example_id"], other.split.part, strict=True))
    tested = official.index["example_id"].iloc[official.split.rows("test")]
    assert overlap.n_examples_chosen_on == sum(part[name] == "validation" for name in tested)
    assert overlap.n_examples_in_all == 25_596
    with pytest.raises(SplitError, match="17,920 of 25,596"):
        refuse_overlap(overlap)


def test_a_model_of_either_published_split_may_be_tested_on_its_own(published: tuple[Prepared, Prepared]) -> None:
    for own in published:
        assert find_overlap(seen_groups(own), own, own.split.rows("test")) is None
