import numpy as np
import pandas as pd
import pytest

from zoo_core.contract import DataError
from zoo_data_plates.wells_table import COLUMNS, checked_wells, read_wells, write_wells


def checked(**columns: object) -> pd.DataFrame:
    return checked_wells(pd.DataFrame(columns), ["A", "B"], [1, 2, 3])


def test_a_table_that_is_written_reads_back_the_same(tmp_path) -> None:
    table = checked(
        well=["B02", "a1"],
        treatment=[" DMSO ", "wortmannin"],
        concentration=["", "1.5e2"],
        concentration_unit=[None, "nM"],
        control_role=["Negative", ""],
        replicate=[None, 2],
        batch=["x", None],
    )
    write_wells(tmp_path, table)
    again = read_wells(tmp_path, ["A", "B"], [1, 2, 3])
    pd.testing.assert_frame_equal(
        again.astype(object).where(again.notna(), None), table.astype(object).where(table.notna(), None)
    )
    assert list(again.columns) == [*COLUMNS, "batch"]
    assert list(again["well"]) == ["A01", "B02"]
    assert again["concentration"][0] == 150
    assert again["control_role"][1] == "negative"
    assert again["treatment"][1] == "DMSO"


def test_a_table_of_names_alone_has_every_column() -> None:
    table = checked(well=["A01"])
    assert list(table.columns) == list(COLUMNS)
    assert table.drop(columns="well").isna().all(axis=None)


def test_one_control_only_is_no_mistake() -> None:
    assert list(checked(well=["A01", "A02"], control_role=["negative", None])["control_role"]) == ["negative", None]


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"name": ["A01"]}, "needs a column 'well'. Received the columns: name"),
        ({"well": ["A01", "C01"]}, "row 2: well C01 is not on the plate, whose rows are A to B and columns 1 to 3"),
        ({"well": ["A04"]}, "well A04 is not on the plate"),
        ({"well": ["A01", None]}, "row 2: A well is named by letters and digits"),
        ({"well": ["A01", "B01", "a1"]}, "two rows for well A01: 1 and 3"),
        (
            {"well": ["A01", "A02"], "concentration": [1, 0.5]},
            "the concentration of well A01 needs a unit .* Received: 1 without one, and 1 more",
        ),
        ({"well": ["A01"], "concentration": ["high"], "concentration_unit": ["nM"]}, "Received: 'high'"),
        ({"well": ["A01"], "concentration": [-1], "concentration_unit": ["nM"]}, "Received: '-1'"),
        ({"well": ["A01"], "concentration": [np.inf], "concentration_unit": ["nM"]}, "Received: 'inf'"),
        ({"well": ["A01"], "control_role": ["ctrl"]}, "negative, positive, empty or missing. Received: 'ctrl'"),
        ({"well": ["A01"], "replicate": [1.5]}, "Received: 1.5"),
        (
            {
                "well": ["A01", "A02"],
                "treatment": ["x", "x"],
                "concentration": [1, 2],
                "concentration_unit": ["nM", "uM"],
            },
            "treatment 'x' need one unit. Received: nM, uM",
        ),
    ],
)
def test_a_wrong_table_is_refused_in_one_line(columns, words) -> None:
    with pytest.raises(DataError, match=words) as mistake:
        checked(**columns)
    assert "\n" not in str(mistake.value)


def test_a_plate_without_a_table_or_with_a_damaged_one_is_refused(tmp_path) -> None:
    with pytest.raises(DataError, match=r"needs a table wells\.parquet"):
        read_wells(tmp_path, ["A"], [1])
    (tmp_path / "wells.parquet").write_bytes(b"PAR1 no")
    with pytest.raises(DataError, match="needs to be a parquet table"):
        read_wells(tmp_path, ["A"], [1])


def test_a_table_that_parquet_cannot_hold_leaves_none(tmp_path) -> None:
    with pytest.raises(DataError, match="one kind each"):
        write_wells(tmp_path, checked(well=["A01", "A02"], batch=["x", 1]))
    assert not list(tmp_path.iterdir())
