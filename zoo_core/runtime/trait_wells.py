"""One trait of every well of the plates that were measured, for pictures of the plates."""

from collections.abc import Sequence

import pandas as pd

from zoo_core.contract import Trait
from zoo_core.evaluation.screen.wells import OF_A_WELL
from zoo_core.runtime.montage import COLUMN, PLATE, ROW, WELL

TIME = "meta.time_h"

CARRIED = (*(name for name in OF_A_WELL if name.startswith("meta.")), "meta.image_quality")
"""What is told of a well beside its value, where the table has it."""


def trait_wells(measured: pd.DataFrame, traits: Sequence[Trait]) -> pd.DataFrame:
    """The first of the traits that is known of any image: of each well the mean of its fields at the last time.

    Args:
        measured: one row an example, `meta.NAME` and `trait.NAME`.
        traits: of the task, in its order.
    Returns:
        One row a well: `trait`, `unit`, `description`, `value` (missing where no field has one), `n_images` and what of
        `CARRIED` there is. No row of data that are no plates, or of which no trait is known.
    """
    trait = next((one for one in traits if measured[f"trait.{one.name}"].notna().any()), None)
    if trait is None or not {PLATE, ROW, COLUMN, WELL} <= set(measured.columns):
        return pd.DataFrame()
    wells = _last(measured).groupby([PLATE, WELL], sort=True)
    values = wells[f"trait.{trait.name}"].agg(value="mean", n_images="size").reset_index()
    first = wells.head(1)[[name for name in CARRIED if name in measured]]
    said = {"trait": trait.name, "unit": trait.unit, "description": trait.description}
    return values.merge(first, on=[PLATE, WELL]).assign(**said)


def _last(measured: pd.DataFrame) -> pd.DataFrame:
    if TIME not in measured:
        return measured
    last = measured.groupby([PLATE, WELL])[TIME].transform("max")
    return measured[(measured[TIME] == last) | last.isna()]
