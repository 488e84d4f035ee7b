"""The two published splits of ChestX-ray14, on the tables of all 112,120 images."""

import gzip

import pandas as pd
import pytest

from zoo_core.data.splits import defined_split, listed_split, read_list


@pytest.fixture(scope="module")
def tables(shared_data):
    return shared_data("nih_metadata")


@pytest.fixture(scope="module")
def index(tables):
    table = pd.read_csv(tables / "Data_Entry_2017_v2020.csv.gz", usecols=["Image Index", "Patient ID"])
    return table.set_axis(["example_id", "meta.patient_id"], axis=1)


@pytest.fixture(scope="module")
def listed(tables, tmp_path_factory):
    def unpacked(name: str) -> list[str]:
        path = tmp_path_factory.mktemp("lists") / name
        path.write_bytes(gzip.decompress((tables / f"{name}.gz").read_bytes()))
        return read_list(path)

    return unpacked


@pytest.fixture(scope="module")
def official(index, listed):
    tested = index["example_id"].isin(listed("official_test_list.txt"))
    table = index.assign(split=tested.map({True: "test", False: "train"}))
    return defined_split(table, "official", "meta.patient_id", validation=0.1)


@pytest.fixture(scope="module")
def other(index, listed):
    parts = {"train": "train", "validation": "val", "test": "test"}
    lists = {part: listed(f"arnoweng_{name}_list.txt") for part, name in parts.items()}
    return listed_split(index, "arnoweng", "meta.patient_id", lists)


def test_official_split_validates_on_a_tenth_of_the_training_patients(index, official):
    counts = official.counts()
    assert counts["test"] == 25_596
    assert counts["train"] + counts["validation"] == 86_524
    patients = index.groupby(official.part)["meta.patient_id"].nunique()
    assert patients["validation"] / (patients["train"] + patients["validation"]) == pytest.approx(0.1, abs=0.01)


def test_the_other_split_has_its_published_counts(other):
    assert other.counts() == {"train": 78_468, "validation": 11_219, "test": 22_433}


def test_most_test_images_of_one_split_are_trained_on_in_the_other(official, other):
    assert ((official.part == "test") & (other.part == "train")).sum() == 17_920
    assert official.hash != other.hash
