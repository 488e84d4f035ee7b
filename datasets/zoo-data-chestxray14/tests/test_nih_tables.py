"""Laws of NIH's tables, and every way in which one can be wrong."""

import gzip

import pytest

from zoo_core.contract import DataError
from zoo_data_chestxray14.nih_tables import read_boxes, read_labels, read_names


def test_header_with_commas_in_brackets_and_a_trailing_comma_is_read(small_root, rows, header):
    small_root.write_labels(*(f"{row}," for row in rows), header=f"{header},")
    assert len(read_labels(small_root.folder / "Data_Entry_2017.csv").rows) == 4


def test_byte_order_mark_is_no_part_of_the_first_column(small_root, rows, header):
    small_root.write_labels(*rows, header=f"\ufeff{header}")
    assert len(read_labels(small_root.folder / "Data_Entry_2017.csv").rows) == 4


@pytest.mark.parametrize(
    ("age", "years"),
    [("58", 58), ("058", 58), ("058Y", 58), ("006M", 0.5), ("120", 120), ("0", 0)],
)
def test_ages_are_years_whatever_their_spelling(small_root, rows, age, years):
    small_root.write_labels(rows[0].replace(",57,", f",{age},"))
    ages = read_labels(small_root.folder / "Data_Entry_2017.csv").rows["meta.age"]
    assert ages[0] == pytest.approx(years)


@pytest.mark.parametrize("age", ["", "121", "414", "-3", "old", "1234"])
def test_ages_that_cannot_be_are_missing(small_root, rows, age):
    small_root.write_labels(rows[0].replace(",57,", f",{age},"))
    assert read_labels(small_root.folder / "Data_Entry_2017.csv").rows["meta.age"].isna()[0]


def test_sex_that_is_not_given_is_missing(small_root, rows):
    small_root.write_labels(rows[0].replace(",M,", ",,"))
    assert read_labels(small_root.folder / "Data_Entry_2017.csv").rows["meta.sex"].isna()[0]


def test_missing_columns_are_named(small_root, rows, header, fails):
    small_root.write_labels(*rows, header=header.replace("Patient ID", "Person").replace("View Position", "View"))
    text = fails(DataError, lambda: read_labels(small_root.folder / "Data_Entry_2017.csv"))
    assert "Missing: Patient ID, View Position" in text


def test_unknown_finding_is_named_with_its_row(small_root, rows, fails):
    small_root.write_labels(*rows[:2], rows[2].replace("No Finding", "Mass|Fracture"))
    text = fails(DataError, lambda: read_labels(small_root.folder / "Data_Entry_2017.csv"))
    assert "row 4: unknown finding 'Fracture'" in text


def test_image_that_is_listed_twice_is_named_with_both_rows(small_root, rows, fails):
    small_root.write_labels(*rows, rows[1])
    text = fails(DataError, lambda: read_labels(small_root.folder / "Data_Entry_2017.csv"))
    assert "00000001_001.png twice, in rows 3 and 6" in text


@pytest.mark.parametrize("name", ["../00000001_000.png", "/etc/passwd", "a\\b.png", "..", ""])
def test_names_that_climb_out_of_the_folder_are_refused(small_root, rows, fails, name):
    small_root.write_labels(rows[1], rows[0].replace("00000001_000.png", name))
    text = fails(DataError, lambda: read_labels(small_root.folder / "Data_Entry_2017.csv"))
    assert "row 3" in text
    assert "not a plain file name" in text


def test_list_with_a_name_that_climbs_is_refused(tmp_path, fails):
    (tmp_path / "test_list.txt").write_text("00000001_000.png\n\n../secret.png\n")
    text = fails(DataError, lambda: read_names(tmp_path / "test_list.txt"))
    assert "'../secret.png'" in text


def test_list_without_a_last_line_end_loses_no_name(tmp_path):
    (tmp_path / "test_list.txt").write_text("a.png\r\nb.png")
    assert read_names(tmp_path / "test_list.txt") == ["a.png", "b.png"]


def test_row_without_a_patient_is_refused(small_root, rows, fails):
    small_root.write_labels(rows[0].replace(",0,1,", ",0,,"))
    assert "row 2: 'Patient ID'" in fails(DataError, lambda: read_labels(small_root.folder / "Data_Entry_2017.csv"))


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00\x01\x80", b'"Image Index\n'])
def test_file_that_is_no_table_is_one_line(tmp_path, fails, content):
    (tmp_path / "Data_Entry_2017.csv").write_bytes(content)
    assert "Data_Entry_2017.csv" in fails(DataError, lambda: read_labels(tmp_path / "Data_Entry_2017.csv"))


@pytest.mark.parametrize("content", [b"not packed", gzip.compress(b"Image Index,")[:-6]])
def test_packed_file_that_is_damaged_is_one_line(tmp_path, fails, content):
    (tmp_path / "Data_Entry_2017.csv.gz").write_bytes(content)
    assert "cannot be read" in fails(DataError, lambda: read_labels(tmp_path / "Data_Entry_2017.csv.gz"))


def test_boxes_with_another_header_are_refused(tmp_path, fails):
    (tmp_path / "BBox_List_2017.csv").write_text("image,x,y\na.png,1,2\n")
    assert "Received: 'image,x,y'" in fails(DataError, lambda: read_boxes(tmp_path / "BBox_List_2017.csv"))


@pytest.mark.parametrize(
    ("row", "reason"),
    [("a.png,Fracture,1,2,3,4", "row 2: unknown finding 'Fracture'"), ("a.png,Mass,1,2,wide,4", "row 2: a box needs")],
)
def test_box_that_is_none_is_named_with_its_row(tmp_path, fails, row, reason):
    (tmp_path / "BBox_List_2017.csv").write_text(f"Image Index,Finding Label,Bbox [x,y,w,h],,,\n{row}\n")
    assert reason in fails(DataError, lambda: read_boxes(tmp_path / "BBox_List_2017.csv"))


def test_all_984_real_boxes_lie_inside_the_image(nih_root):
    boxes = read_boxes(nih_root / "BBox_List_2017.csv")
    assert len(boxes) == 984
    assert (boxes["x_min"] + boxes["width"]).max() <= 1
    assert (boxes["y_min"] + boxes["height"]).max() <= 1
