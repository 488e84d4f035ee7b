"""File names of microscopes, and patterns nobody can match."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoo_core.contract import ConfigError
from zoo_data_plates.importing.pattern import Place, compile_pattern

UUID = "C9E6F1B8-2C3D-4E5F-8A9B-0123456789AB"
BBBC013 = "Channel{channel}-{index}-{row}-{column}.png"


def place(pattern: str, path: str) -> object:
    return compile_pattern(pattern).place(path)


def test_the_fields_of_a_name_are_read() -> None:
    assert place(BBBC013, "Channel2-13-B-01.png") == Place("B", "01", channel="2")
    assert place("r{row}c{column}f{field}p{z}-ch{channel}t{time}.tiff", "r02c11f03p4-ch1t5.tiff") == Place(
        "02", "11", field=3, channel="1", time=5, z=4
    )
    assert place("{well}_{field}_{channel}.tif", "AA47_2_Alexa_488.tif") == Place("AA", "47", 2, "Alexa_488")


def test_folders_in_front_of_a_pattern_are_optional() -> None:
    for folders in ("", "images/", "a/b c/"):
        assert place(BBBC013, f"{folders}Channel1-01-A-01.png") == Place("A", "01", channel="1")
    assert place("{well}/{field}.tif", "plate/B02/7.tif") == Place("B", "02", field=7)
    assert place("{well}/{field}.tif", "B02/deeper/7.tif") is None


@pytest.mark.parametrize(
    "path", ["Channel1-01-A-01xpng", "Channel1-01-A-01.png.txt", "Channel1-01-A.png", "channel1-01-A-01.png", ""]
)
def test_a_name_of_another_form_has_no_place(path: str) -> None:
    assert place(BBBC013, path) is None


@given(st.text("abc.*+?()[]|^$\\-_ #", min_size=1, max_size=12))
def test_all_outside_the_braces_stands_for_itself(literal: str) -> None:
    pattern = compile_pattern(f"{literal}{{well}}.png")
    assert pattern.place(f"{literal}A01.png") == Place("A", "01")
    other = re.sub(r"[^a]", "a", literal) + "!"
    assert pattern.place(f"{other}A01.png") is None


@pytest.mark.parametrize(
    ("path", "found"),
    [
        (f"P-1_x_A01_s1_w1{UUID}.TIF", Place("A", "01", 1, "1")),
        # The digits after the w are the wavelength's as far as an identifier of 36 characters follows.
        (f"P_H12_s16_w15{UUID[1:]}.tif", Place("H", "12", 16, "1")),
        (f"P_H12_w2{UUID}.tif", Place("H", "12", None, "2")),
        (f"P_B03{UUID}.tif", Place("B", "03")),
        ("P_B03_s2.TIF", Place("B", "03", 2)),
        (f"2024-05-01/17/TimePoint_3/ZStep_2/P_A01_s1_w1{UUID}.TIF", Place("A", "01", 1, "1", 3, 2)),
        (f"TimePoint_3/P_A01_s1_w1{UUID}.TIF", Place("A", "01", 1, "1", 3)),
        (f"ZStep_2/P_A01_s1_w1{UUID}.TIF", Place("A", "01", 1, "1", None, 2)),
        (f"TimePoint_1/P_A01_s1_w1_thumb{UUID}.TIF", "thumbnail"),
        ("P_A01_s1_w1.HTD", None),
        (f"P_A01_s1_w1{UUID[:-1]}.TIF", None),
    ],
)
def test_names_of_imagexpress_are_read(path: str, found: object) -> None:
    assert place("imagexpress", path) == found


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{well}_{site}.tif", r"'\{site\}' in"),
        ("{well}_{}.tif", r"Received: '\{\}' in"),
        ("{well}_{field}_{field}.tif", "each field once"),
        ("{channel}-{index}.png", r"either \{well\} or both"),
        ("{row}-{index}.png", r"either \{well\} or both"),
        ("{well}-{row}.png", r"either \{well\} or both"),
        ("{well}-{row}{column}.png", r"either \{well\} or both"),
        ("{well}_{field.png", "to each"),
        ("{well}}.png", "to each"),
        ("{{well}}.png", "to each"),
        ("", r"either \{well\} or both"),
        ("ImageXpress", "be 'imagexpress'"),
    ],
)
def test_a_pattern_that_cannot_work_is_refused_in_one_line(text: str, reason: str) -> None:
    with pytest.raises(ConfigError, match=reason) as caught:
        compile_pattern(text)
    assert "\n" not in str(caught.value)
    assert f"'{text}'" in str(caught.value)


def test_what_is_of_no_interest_may_come_twice() -> None:
    assert place("{index}_{well}_{index}.png", "x_A01_y.png") == Place("A", "01")
