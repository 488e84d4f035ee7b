"""A trait of every well: of the last time, of all its fields, and nothing of what is no plate."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from zoo_core.contract import Trait
from zoo_core.runtime.trait_wells import trait_wells

TRAITS = (Trait("area_mm2", "mm2", "Area."), Trait("area_px", "px", "Pixels."))


def measured() -> pd.DataFrame:
    """Two plates of a well each; of the first two fields at two times, of the second one field at one."""
    rows = [("P", 0, 0.0), ("P", 1, 0.0), ("P", 0, 24.0), ("P", 1, 24.0), ("Q", 0, 12.0)]
    table = pd.DataFrame(rows, columns=["meta.plate", "meta.field", "meta.time_h"])
    place: dict[str, Any] = {"meta.well": "AA07", "meta.row": "AA", "meta.column": 7, "meta.control_role": "negative"}
    values = {"trait.area_mm2": [1.0, 2.0, 3.0, 5.0, 7.0], "trait.area_px": [10.0, 20.0, 30.0, 50.0, 70.0]}
    return table.assign(**place, **values)


def test_a_well_has_the_mean_of_its_fields_at_its_last_time() -> None:
    wells = trait_wells(measured(), TRAITS)
    assert wells[["meta.plate", "value", "n_images"]].values.tolist() == [["P", 4.0, 2], ["Q", 7.0, 1]]
    said = wells[["meta.well", "meta.row", "meta.column", "meta.control_role", "trait", "unit", "description"]]
    assert said.values.tolist() == [["AA07", "AA", 7, "negative", "area_mm2", "mm2", "Area."]] * 2


def test_rows_in_any_order_and_without_times_give_the_same_wells() -> None:
    pd.testing.assert_frame_equal(
        trait_wells(measured().sample(frac=1, random_state=0), TRAITS), trait_wells(measured(), TRAITS)
    )
    untimed = trait_wells(measured().drop(columns="meta.time_h"), TRAITS)
    assert untimed["value"].tolist() == [2.75, 7.0]
    unknown = trait_wells(measured().assign(**{"meta.time_h": np.nan}), TRAITS)
    assert unknown["value"].tolist() == [2.75, 7.0]


def test_the_first_trait_that_is_known_is_taken() -> None:
    assert trait_wells(measured().assign(**{"trait.area_mm2": np.nan}), TRAITS)["trait"].unique() == ["area_px"]
    table = measured()
    table.loc[table["meta.plate"] == "Q", "trait.area_mm2"] = np.nan
    wells = trait_wells(table, TRAITS)
    assert wells["unit"].tolist() == ["mm2", "mm2"]
    assert wells["value"].isna().tolist() == [False, True]


@pytest.mark.parametrize("missing", ["meta.plate", "meta.well", "meta.row", "meta.column"])
def test_of_what_is_no_plate_there_is_nothing(missing: str) -> None:
    assert not len(trait_wells(measured().drop(columns=missing), TRAITS))


def test_of_no_known_trait_there_is_nothing() -> None:
    nothing = measured().assign(**{"trait.area_mm2": np.nan, "trait.area_px": np.nan})
    assert not len(trait_wells(nothing, TRAITS))
