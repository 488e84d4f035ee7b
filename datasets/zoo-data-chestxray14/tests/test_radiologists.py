"""Laws of the radiologists' table, and every way in which it can be wrong."""

import gzip

import numpy as np
import pytest

from zoo_core.contract import DataError
from zoo_data_chestxray14.findings import FINDINGS
from zoo_data_chestxray14.nih_tables import read_names
from zoo_data_chestxray14.radiologists import RADIOLOGISTS_FILE, RADIOLOGISTS_FINDINGS, read_radiologists


@pytest.fixture
def read_lines(small_root):
    """Reads a radiologists' table of these lines."""

    def read(*rows: str, **header: str):
        small_root.write_radiologists(*rows, **header)
        return read_radiologists(small_root.folder / RADIOLOGISTS_FILE)

    return read


def test_answers_are_0_and_1_under_the_names_of_the_findings(read_lines):
    table = read_lines("a.png,YES,NO", "b.png,NO,YES")
    assert table.to_dict("list") == {"example_id": ["a.png", "b.png"], "Pneumothorax": [1, 0], "Nodule or mass": [0, 1]}


def test_other_columns_are_left_alone_even_with_commas_in_brackets(read_lines):
    header = "Image Index,Finding Labels,OriginalImage[Width,Height],Fracture,Pneumothorax,Nodule or mass,Set Id"
    table = read_lines("a.png,No Finding,3056,2544,MAYBE,YES,NO,test", header=header)
    assert table.to_numpy().tolist() == [["a.png", 1, 0]]


def test_packed_table_is_read_alike(small_root, read_lines):
    plain = read_lines("a.png,YES,NO")
    packed = small_root.folder / f"{RADIOLOGISTS_FILE}.gz"
    packed.write_bytes(gzip.compress((small_root.folder / RADIOLOGISTS_FILE).read_bytes()))
    assert read_radiologists(packed).equals(plain)


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        (["a.png,YES,NO", "b.png,yes,NO"], "row 3: 'Pneumothorax' needs YES or NO. Received: 'yes'"),
        (["a.png,YES,"], "row 2: 'Nodule or mass' needs YES or NO. Received: ''"),
        (["a.png,YES,NO", "a.png,NO,NO"], "lists a.png twice, in rows 2 and 3"),
        (["../a.png,YES,NO"], "row 2: '../a.png' is not a plain file name"),
    ],
)
def test_row_that_cannot_be_is_named(read_lines, fails, rows, reason):
    text = fails(DataError, lambda: read_lines(*rows))
    assert text.startswith(RADIOLOGISTS_FILE)
    assert reason in text


def test_missing_columns_are_named(read_lines, fails):
    text = fails(DataError, lambda: read_lines("a.png,YES", header="Image Index,Pneumothorax"))
    assert "Missing: Nodule or mass" in text


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00\x01\x80", b'"Image Index\n'])
def test_file_that_is_no_table_is_one_line(tmp_path, fails, content):
    (tmp_path / RADIOLOGISTS_FILE).write_bytes(content)
    assert RADIOLOGISTS_FILE in fails(DataError, lambda: read_radiologists(tmp_path / RADIOLOGISTS_FILE))


def test_every_finding_is_the_union_of_labels_of_nih():
    assert all(set(of) <= set(FINDINGS) and of for of in RADIOLOGISTS_FINDINGS.values())


def test_real_table_is_what_its_docstring_says(nih_root):
    table = read_radiologists(nih_root / RADIOLOGISTS_FILE)
    in_test = np.isin(table["example_id"], read_names(nih_root / "test_list.txt"))
    assert (len(table), in_test.sum()) == (4376, 1962)
    assert table[list(RADIOLOGISTS_FINDINGS)].sum().to_dict() == {"Pneumothorax": 238, "Nodule or mass": 605}
