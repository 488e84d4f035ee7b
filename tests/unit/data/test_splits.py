import numpy as np
import pandas as pd
import pytest

from zoo_core.contract import ConfigError, SplitError
from zoo_core.data.splits import (
    LeaveOut,
    choose_group_column,
    defined_split,
    hash_split,
    leave_out_split,
    listed_split,
    read_list,
    refuse_empty,
    split_hash,
    undivided,
)

FRACTIONS = {"validation": 0.1, "test": 0.2}


def index_of(n_patients: int, n_images: int = 3) -> pd.DataFrame:
    patients = np.repeat([f"p{i}" for i in range(n_patients)], n_images)
    return pd.DataFrame({"example_id": [f"i{i}" for i in range(len(patients))], "meta.patient_id": patients})


def test_no_patient_is_in_two_parts():
    index = index_of(200)
    split = hash_split(index, "meta.patient_id", FRACTIONS)
    assert (pd.Series(split.part).groupby(index["meta.patient_id"]).nunique() == 1).all()


def test_parts_have_their_shares_of_the_patients():
    counts = hash_split(index_of(3000, 1), "meta.patient_id", FRACTIONS).counts()
    assert counts["test"] / 3000 == pytest.approx(0.2, abs=0.03)
    assert counts["validation"] / 3000 == pytest.approx(0.1, abs=0.03)


def test_hash_split_stays_when_patients_are_added_or_rows_change_places():
    few = index_of(100)
    many = index_of(150).sample(frac=1, random_state=0).reset_index(drop=True)
    parts = dict(zip(many["example_id"], hash_split(many, "meta.patient_id", FRACTIONS).part, strict=True))
    before = dict(zip(few["example_id"], hash_split(few, "meta.patient_id", FRACTIONS).part, strict=True))
    assert all(parts[name] == part for name, part in before.items())


def test_another_seed_is_another_split_with_another_hash():
    one = hash_split(index_of(100), "meta.patient_id", FRACTIONS, seed=0)
    other = hash_split(index_of(100), "meta.patient_id", FRACTIONS, seed=1)
    assert one.hash != other.hash
    assert one.name == other.name == "patient-hash"


def test_hash_of_a_split_depends_on_the_partition_and_not_on_the_order_of_rows():
    ids, part = pd.Series(["a", "b", "c"]), np.array(["train", "test", "train"])
    assert split_hash(ids, part) == split_hash(ids[::-1], part[::-1])
    assert split_hash(ids, part) != split_hash(ids, np.array(["train", "train", "test"]))


def test_defined_split_keeps_the_test_part_and_validates_on_whole_training_patients():
    index = index_of(300).assign(split=np.where(np.arange(900) < 600, "train", "test"))
    split = defined_split(index, "official", "meta.patient_id", validation=0.1)
    assert split.rows("test").tolist() == list(range(600, 900))
    assert 0 < split.counts()["validation"] < 120
    assert (pd.Series(split.part).groupby(index["meta.patient_id"]).nunique() == 1).all()


def test_defined_validation_part_is_left_as_it_is():
    index = index_of(3, 1).assign(split=["train", "validation", "test"])
    assert defined_split(index, "official", "meta.patient_id", 0.5).part.tolist() == ["train", "validation", "test"]


def test_patient_in_two_parts_is_refused_by_rows():
    index = index_of(3, 2).assign(split=["train", "test", "train", "train", "test", "test"])
    with pytest.raises(SplitError, match=r"1 groups are in two or more, in rows 0, 1: .*split\.name=patient-hash"):
        defined_split(index, "official", "meta.patient_id", 0.1)


def test_missing_patient_is_refused_by_row():
    index = index_of(3, 1)
    index.loc[1, "meta.patient_id"] = None
    lists = {"train": ["i0"], "validation": ["i1"], "test": ["i2"]}
    given = index.assign(split=["train", "validation", "test"])
    for split in (
        lambda: hash_split(index, "meta.patient_id", FRACTIONS),
        lambda: defined_split(given, "official", "meta.patient_id", 0.1),
        lambda: listed_split(index, "ours", "meta.patient_id", lists),
    ):
        with pytest.raises(SplitError, match="missing in rows 1"):
            split()


def test_empty_part_that_is_needed_is_refused_by_name():
    index = index_of(4, 1)
    split = listed_split(index, "ours", "meta.patient_id", {"train": ["i0"], "test": ["i3"]})
    with pytest.raises(SplitError, match="there are none in validation"):
        refuse_empty(split, index)
    refuse_empty(split, index, ("test",))


def test_part_of_another_name_is_refused():
    index = index_of(2, 1).assign(split=["train", "val"])
    with pytest.raises(SplitError, match="Received: val"):
        defined_split(index, "official", "meta.patient_id", 0.1)


def test_what_is_not_parted_is_one_part():
    split = undivided(index_of(2, 2), "meta.patient_id")
    assert (split.name, split.counts()) == ("all", {"all": 4})
    assert split.rows("all").tolist() == [0, 1, 2, 3]
    with pytest.raises(SplitError, match="missing in rows 0"):
        undivided(index_of(1, 1).assign(**{"meta.patient_id": None}), "meta.patient_id")


def test_group_that_is_not_offered_is_refused_with_those_that_are():
    assert choose_group_column(("meta.patient_id", "meta.plate"), "plate") == "meta.plate"
    assert choose_group_column(("meta.patient_id",), "") == "meta.patient_id"
    with pytest.raises(ConfigError, match=r"patient_id\. Received: 'field'"):
        choose_group_column(("meta.patient_id",), "field")


LISTS = {"train": ["i0", "i1", "elsewhere"], "validation": ["i2"], "test": ["i3"]}


def test_listed_split_is_the_lists_and_leaves_out_what_is_in_none():
    split = listed_split(index_of(5, 1), "ours", "meta.patient_id", LISTS)
    assert split.part.tolist() == ["train", "train", "validation", "test", ""]
    assert split.counts() == {"train": 2, "validation": 1, "test": 1}
    assert split.name == "ours"


def test_name_in_two_lists_is_refused():
    with pytest.raises(SplitError, match="'i0' is in two of its lists"):
        listed_split(index_of(5, 1), "ours", "meta.patient_id", {**LISTS, "test": ["i3", "i0"]})


def test_patient_whose_images_are_in_two_lists_is_refused_by_rows():
    lists = {"train": ["i1"], "validation": ["i2"], "test": ["i5"]}
    with pytest.raises(SplitError, match="in rows 1, 2"):
        listed_split(index_of(3, 2).assign(**{"meta.patient_id": list("abbacc")}), "ours", "meta.patient_id", lists)


def test_list_is_the_first_word_of_each_line(tmp_path):
    (tmp_path / "list.txt").write_text("a.png 0 1 0\n\nb.png\n")
    assert read_list(tmp_path / "list.txt") == ["a.png", "b.png"]
    with pytest.raises(ConfigError, match=r"absent\.txt"):
        read_list(tmp_path / "absent.txt")


def plates_of(n_plates: int = 3) -> pd.DataFrame:
    """Plates of 24 wells of two fields; 4 positive and 8 negative controls each."""
    wells = pd.DataFrame({"well": [f"{row}{column:02}" for row in "ABCD" for column in range(1, 7)]})
    wells["label.response"] = [1.0] * 4 + [0.0] * 8 + [np.nan] * 12
    plates = pd.concat([wells.assign(**{"meta.plate": f"plate-{i}"}) for i in range(n_plates)], ignore_index=True)
    fields = plates.loc[plates.index.repeat(2)].reset_index(drop=True)
    fields["meta.well_id"] = fields["meta.plate"] + "/" + fields["well"]
    return fields.assign(example_id=[f"f{i}" for i in range(len(fields))])


@pytest.mark.parametrize("fold", [0, 1, 2])
def test_one_plate_is_left_out_and_the_others_validate_with_controls_of_both_kinds(fold):
    index = plates_of()
    split = leave_out_split(index, "meta.plate", "meta.well_id", LeaveOut(fold, 0.25, 0))
    assert split.name == f"leave-plate-out:plate-{fold}"
    assert set(index.loc[split.rows("test"), "meta.plate"]) == {f"plate-{fold}"}
    assert f"plate-{fold}" not in set(index.loc[[*split.rows("train"), *split.rows("validation")], "meta.plate"])
    assert (pd.Series(split.part).groupby(index["meta.well_id"]).nunique() == 1).all()
    for part in ("train", "validation"):
        assert set(index.loc[split.rows(part), "label.response"].dropna()) == {0.0, 1.0}
    wells = index.loc[split.rows("validation")].drop_duplicates("meta.well_id")["label.response"]
    assert wells.fillna(-1).value_counts().to_dict() == {0: 4, 1: 2, -1: 6}


def test_of_few_controls_one_of_each_kind_validates_and_another_seed_chooses_others():
    index = plates_of(2)
    parts = [leave_out_split(index, "meta.plate", "meta.well_id", LeaveOut(0, 0.01, seed)).part for seed in (0, 1)]
    for part in parts:
        validating = index[part == "validation"].drop_duplicates("meta.well_id")["label.response"]
        assert validating.isna().sum() == (validating == 1).sum() == (validating == 0).sum() == 1
    assert (parts[0] != parts[1]).any()


@pytest.mark.parametrize(
    ("n_plates", "fold", "words"),
    [
        (3, 3, r"split\.fold to be one of 0 \(plate-0\), 1 \(plate-1\), 2 \(plate-2\)\. Received: 3"),
        (3, -1, r"Received: -1"),
        (1, 0, r"two values to leave one out\. Received: 'plate-0' alone: choose another split\.name"),
    ],
)
def test_a_value_that_is_not_there_cannot_be_left_out(n_plates, fold, words):
    with pytest.raises(ConfigError, match=words):
        leave_out_split(plates_of(n_plates), "meta.plate", "meta.well_id", LeaveOut(fold, 0.25, 0))


def test_a_group_that_lies_in_two_values_is_refused():
    index = plates_of(2).assign(**{"meta.well_id": "w"})
    with pytest.raises(SplitError, match=r"must keep each group of 'meta\.well_id' in one part"):
        leave_out_split(index, "meta.plate", "meta.well_id", LeaveOut(0, 0.25, 0))
