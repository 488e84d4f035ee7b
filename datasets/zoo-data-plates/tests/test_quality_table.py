"""What a check found of a plate's pictures stays with the plate, and with every row that is made of it."""

from pathlib import Path

import pandas as pd
import pytest

from zoo_core.contract import DataError, OutputError
from zoo_data_plates.ome_plate import OmePlate, OmePlateConfig
from zoo_data_plates.plate_check import CheckReport, Finding, WellChannel
from zoo_data_plates.quality_table import QUALITY_FILE, read_quality, write_quality


def report(*notices: tuple[str, str]) -> CheckReport:
    """Of three wells, of which the first has two channels."""
    looked = [("A01", "DNA"), ("A01", "GFP"), ("A03", "DNA"), ("B02", "DNA")]
    wells = tuple(WellChannel(well, channel, 1, 0.0, 1.0, 1.0) for well, channel in looked)
    return CheckReport("P", wells=wells, notices=tuple(Finding(kind, where, "") for kind, where in notices))


def test_each_well_that_was_looked_at_has_its_flags_and_no_others(tmp_path: Path) -> None:
    found = [("focus", "A01"), ("saturation", "A01"), ("focus", "A01"), ("empty", "B02"), ("controls", "P")]
    write_quality(tmp_path, report(*found))
    quality = read_quality(tmp_path)
    assert quality is not None
    assert quality.to_dict() == {"A01": "saturation, focus", "A03": "", "B02": "empty"}


def test_a_second_check_takes_the_place_of_the_first(tmp_path: Path) -> None:
    write_quality(tmp_path, report(("focus", "A01")))
    write_quality(tmp_path, report())
    quality = read_quality(tmp_path)
    assert quality is not None
    assert set(quality) == {""}
    assert [path.name for path in tmp_path.iterdir()] == [QUALITY_FILE]


def test_of_a_plate_that_could_not_be_read_nothing_is_kept(tmp_path: Path) -> None:
    write_quality(tmp_path, CheckReport("P"))
    assert read_quality(tmp_path) is None


def test_where_nothing_can_be_written_it_is_said(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"quality\.parquet cannot be written"):
        write_quality(tmp_path / "absent", report())


@pytest.mark.parametrize(
    "table",
    [
        None,
        pd.DataFrame({"well": ["A01"], "flags": ["<script>"]}),
        pd.DataFrame({"well": ["A01", "A01"], "flags": ["", ""]}),
        pd.DataFrame({"well": ["A01"]}),
    ],
    ids=["damaged", "another flag", "a well twice", "no flags"],
)
def test_a_damaged_table_is_named_in_one_line_with_its_cure(tmp_path: Path, table: pd.DataFrame | None) -> None:
    if table is None:
        (tmp_path / QUALITY_FILE).write_bytes(b"PAR1")
    else:
        table.to_parquet(tmp_path / QUALITY_FILE)
    with pytest.raises(DataError, match="zoo plate check") as raised:
        read_quality(tmp_path)
    assert QUALITY_FILE in str(raised.value)
    assert "\n" not in str(raised.value)


def test_rows_of_a_checked_plate_have_the_flags_of_their_well_and_of_another_none(small_plate) -> None:
    folder = small_plate.finish().folder
    adapter = OmePlate(OmePlateConfig(root=str(folder)))
    assert "meta.image_quality" not in adapter.index()
    write_quality(folder, report(("focus", "A03")))
    index = OmePlate(OmePlateConfig(root=str(folder))).index()
    by_well = index.groupby("meta.well")["meta.image_quality"].first()
    assert by_well["A03"] == "focus"
    assert by_well["A01"] == ""
    assert index["meta.image_quality"].isna().any() == (not set(index["meta.well"]) <= {"A01", "A03", "B02"})
