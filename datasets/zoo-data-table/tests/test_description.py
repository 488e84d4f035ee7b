"""A TOML file is checked before a file is looked at: what is unknown is named with what is nearest."""

from typing import Any

import pytest

from zoo_core.contract import ConfigError
from zoo_data_table.description import FACTS, Description, DicomSection, read_description


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"rot": "images"}, "there is no key 'rot': did you mean 'root'?"),
        ({"file": {"column": "image", "sufix": ".png"}}, "no key 'file.sufix': did you mean 'suffix'?"),
        (
            {"labels": {"Edema": {"column": "x", "uncertan": "one"}}},
            "'labels.Edema.uncertan': did you mean 'uncertain'",
        ),
        ({"card": {"zzz": 1}}, "no key 'card.zzz': known there: title"),
        ({"table": None}, "key 'table' is missing"),
        ({"group": {"name": "patient_id"}}, "key 'group.column' is missing"),
        ({"dataset": "tabel"}, "key 'dataset'"),
        ({"labels": {}}, "[labels] needs a label at least"),
        ({"labels": {"Edema": {"column": "Edema", "uncertain": "two"}}}, "key 'labels.Edema.uncertain'"),
        ({"labels": {"Edema": {"column": "x", "unit": "mm"}}}, "'labels.Edema.unit' is of another kind than binary"),
        (
            {"labels": {"Edema": {"column": "x", "positive": ["y"], "negative": ["y"]}}},
            "'y' is in labels.Edema.positive",
        ),
        ({"labels": {"k": {"column": "k", "kind": "class", "classes": ["a", "a"]}}}, "two different names"),
        ({"image": {"bits": 12}}, "key 'image.bits'"),
        ({"image": {"channels": "gray"}}, "key 'image.channels'"),
        ({"image": {"range": [1.0, 1.0]}}, "two numbers, the smaller first"),
        ({"salt": "short"}, "key 'salt' needs 8 characters at least. Received: 5"),
        ({"file": {"column": "image", "path_inside": "../x"}}, "key 'file.path_inside'"),
        ({"metadata": {"table_row": "years"}}, "'table_row' is the name of two columns"),
        ({"metadata": {"patient_id": "years"}}, "'patient_id' is the name of two columns"),
        ({"metadata": {"view_position": "v"}, "dicom": {"metadata": ["view_position"]}}, "'view_position' is the"),
        ({"metadata": {"a b": "years"}}, "key 'metadata.a b'"),
        ({"dicom": {"metadata": ["patient_name"]}}, "key 'dicom.metadata.0'"),
    ],
)
def test_a_mistake_is_named(lab: Any, fails: Any, keys: dict[str, Any], words: str) -> None:
    lab.describe(**keys)
    text = fails(ConfigError, lambda: read_description(lab.write()))
    assert text.startswith("lab.toml: ")
    assert words in text


def test_a_column_alone_stands_for_its_section(lab: Any) -> None:
    short = read_description(lab.write())
    lab.describe(file={"column": "image"}, labels={"Effusion": {"column": "Effusion"}, "Edema": {"column": "Edema"}})
    assert read_description(lab.write()) == short


def test_the_smallest_description_is_a_table_a_file_and_a_label(lab: Any) -> None:
    lab.description = {"dataset": "table", "table": "lab.csv", "file": "image", "labels": {"Edema": "Edema"}}
    described = read_description(lab.write())
    assert (described.root, described.group, described.split, dict(described.metadata)) == (".", None, None, {})


def test_a_file_that_is_missing_or_no_toml_is_one_line(lab: Any, fails: Any) -> None:
    assert "'zoo data init TABLE' writes one" in fails(ConfigError, lambda: read_description(lab.toml))
    lab.toml.write_text("a = ")
    assert "needs a TOML file" in fails(ConfigError, lambda: read_description(lab.toml))


def test_the_facts_are_those_that_can_be_asked_for() -> None:
    (tuple_of,) = (DicomSection.model_fields["metadata"].annotation,)
    assert tuple_of.__args__[0].__args__ == FACTS  # type: ignore[union-attr] # a tuple of a Literal
    assert "dicom" in Description.model_fields
