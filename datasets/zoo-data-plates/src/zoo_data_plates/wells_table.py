"""What is in each well: a parquet table beside the plate, as OME-NGFF has no key for it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from zoo_core.contract import DataError, OutputError
from zoo_data_plates.ngff.layout import WELLS_FILE, replaced
from zoo_data_plates.well_names import WellName

CONTROL_ROLES = ("negative", "positive", "empty")
"""What a well can be there for, if not for its treatment."""
COLUMNS = ("well", "treatment", "concentration", "concentration_unit", "control_role", "replicate")
"""Columns of every wells table that was checked; only `well` must be there before, and further ones are kept."""


def checked_wells(
    table: pd.DataFrame, rows: Collection[str], columns: Collection[int], where: str = "The wells table"
) -> pd.DataFrame:
    """Check a wells table against a plate, and give every column its one dtype.

    Args:
        table: one row a well; `well` must be there. Texts may bear spaces around them, roles capitals.
        rows: names of the plate's rows.
        columns: numbers of its columns.
        where: what the table is called in a mistake.
    Returns:
        All of `COLUMNS`, then the others, ordered by well: `well` as "A01", texts or missing, `concentration` float64,
        `replicate` Int64.
    Raises:
        DataError: there is no column `well`, a well is not on the plate or has two rows, a concentration has no unit or
            is no number from 0, a treatment has two units, a control role is unknown, a replicate is no whole number.

    >>> checked_wells(pd.DataFrame({"well": ["b3"], "control_role": ["Negative"]}), ["A", "B"], [1, 2, 3])["well"][0]
    'B03'
    """
    if "well" not in table.columns:
        came = ", ".join(map(str, table.columns)) or "none"
        raise DataError(f"{where} needs a column 'well'. Received the columns: {came}. Name the one that holds it")
    wells = _wells(table["well"], rows, columns, where)
    checked = pd.DataFrame({"well": [str(well) for well in wells]}, dtype=object)
    checked["treatment"] = _texts(table, "treatment")
    checked["concentration"] = _concentrations(table, wells, where)
    checked["concentration_unit"] = _texts(table, "concentration_unit")
    checked["control_role"] = _roles(table, wells, where)
    checked["replicate"] = _replicates(table, wells, where)
    for column in table.columns:
        if column not in COLUMNS:
            checked[str(column)] = table[column].to_numpy()
    _check_units(checked, where)
    return checked.iloc[sorted(range(len(wells)), key=wells.__getitem__)].reset_index(drop=True)


def write_wells(folder: Path, checked: pd.DataFrame) -> None:
    """Write the wells table of a plate, whole or not at all.

    Args:
        folder: the plate's.
        checked: what `checked_wells` gave.
    Raises:
        OutputError: it cannot be written.
    """
    try:
        with replaced(folder / WELLS_FILE) as temporary:
            checked.to_parquet(temporary, index=False)
    except (TypeError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise DataError(f"The wells table of {folder} needs columns of one kind each: {reason}. Correct it") from error
    except OSError as error:
        raise OutputError(f"{folder / WELLS_FILE} cannot be written: {error}. Make room or give permission") from error


def read_wells(folder: Path, rows: Collection[str], columns: Collection[int]) -> pd.DataFrame:
    """Read the wells table of a plate and check it again: others may have written it.

    Args:
        folder: the plate's.
        rows: names of the plate's rows.
        columns: numbers of its columns.
    Returns:
        As `checked_wells`.
    Raises:
        DataError: there is none, it is damaged, or not right for this plate.
    """
    path = folder / WELLS_FILE
    if not path.is_file():
        raise DataError(
            f"Plate {folder} needs a table {WELLS_FILE} that says what is in its wells. It has none: write "
            "one with the columns well, treatment, concentration, concentration_unit, control_role, replicate"
        )
    try:
        table = pd.read_parquet(path)
    except (OSError, ValueError) as error:  # pyarrow's own errors are ValueErrors
        raise DataError(
            f"{path} needs to be a parquet table. It cannot be read: {str(error).splitlines()[0]}"
        ) from error
    return checked_wells(table, rows, columns, str(path))


def _wells(names: pd.Series, rows: Collection[str], columns: Collection[int], where: str) -> list[WellName]:
    wells: list[WellName] = []
    seen: dict[WellName, int] = {}
    for number, name in enumerate(names, start=1):
        try:
            well = WellName.parse("" if pd.isna(name) else str(name))
        except DataError as error:
            raise DataError(f"{where}, row {number}: {error}") from error
        if well.row not in rows or well.column not in columns:
            raise DataError(
                f"{where}, row {number}: well {well} is not on the plate, whose rows are {min(rows, key=_by_length)} "
                f"to {max(rows, key=_by_length)} and columns {min(columns)} to {max(columns)}. Correct the row"
            )
        if well in seen:
            raise DataError(f"{where} has two rows for well {well}: {seen[well]} and {number}. Remove one")
        seen[well] = number
        wells.append(well)
    return wells


def _by_length(row: str) -> tuple[int, str]:
    return len(row), row


def _texts(table: pd.DataFrame, column: str) -> pd.Series:
    """Text without spaces around it; what is empty is missing."""
    if column not in table.columns:
        return pd.Series([None] * len(table), dtype=object)
    texts = [None if pd.isna(value) else str(value).strip() or None for value in table[column]]
    return pd.Series(texts, dtype=object)


def _roles(table: pd.DataFrame, wells: Sequence[WellName], where: str) -> pd.Series:
    roles = pd.Series([role and role.lower() for role in _texts(table, "control_role")], dtype=object)
    for well, role in zip(wells, roles, strict=True):
        if role is not None and role not in CONTROL_ROLES:
            raise DataError(
                f"{where}: the control role of well {well} needs to be {', '.join(CONTROL_ROLES)} or missing. "
                f"Received: '{role}'"
            )
    return roles


def _numbers(table: pd.DataFrame, column: str, wells: Sequence[WellName], where: str) -> np.ndarray:
    """(row,), float64, NaN where the table has nothing."""
    texts = _texts(table, column)
    numbers = pd.to_numeric(texts, errors="coerce").to_numpy(np.float64)
    wrong = np.flatnonzero((texts.notna() & ~np.isfinite(numbers)).to_numpy() | (numbers < 0))
    if len(wrong):
        raise DataError(
            f"{where}: the {column} of well {wells[wrong[0]]} needs to be a number from 0, or missing. "
            f"Received: '{texts.iloc[wrong[0]]}'"
        )
    return numbers


def _concentrations(table: pd.DataFrame, wells: Sequence[WellName], where: str) -> np.ndarray:
    numbers = _numbers(table, "concentration", wells, where)
    bare = np.flatnonzero(np.isfinite(numbers) & _texts(table, "concentration_unit").isna().to_numpy())
    if len(bare):
        raise DataError(
            f"{where}: the concentration of well {wells[bare[0]]} needs a unit in column 'concentration_unit', such as "
            f"uM. Received: {numbers[bare[0]]:g} without one" + (f", and {len(bare) - 1} more" if len(bare) > 1 else "")
        )
    return numbers


def _replicates(table: pd.DataFrame, wells: Sequence[WellName], where: str) -> pd.Series:
    numbers = _numbers(table, "replicate", wells, where)
    broken = np.flatnonzero(np.isfinite(numbers) & (numbers != np.round(numbers)))
    if len(broken):
        raise DataError(
            f"{where}: the replicate of well {wells[broken[0]]} needs to be a whole number. "
            f"Received: {numbers[broken[0]]:g}"
        )
    return pd.Series(numbers).astype("Int64")


def _check_units(checked: pd.DataFrame, where: str) -> None:
    """See that a treatment has one unit: a dose-response curve over two would be nonsense."""
    for treatment, units in checked.dropna(subset=["concentration"]).groupby("treatment")["concentration_unit"]:
        if units.nunique() > 1:
            raise DataError(
                f"{where}: the concentrations of treatment '{treatment}' need one unit. "
                f"Received: {', '.join(sorted(units.unique()))}. Convert them"
            )
