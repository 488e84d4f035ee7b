"""The wells TABLE as a lab keeps it: its columns and its codes turned into ours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from zoo_core.contract import ConfigError, DataError
from zoo_data_plates.well_names import WellName
from zoo_data_plates.wells_table import COLUMNS, CONTROL_ROLES

NAMES = ("row", "column", *COLUMNS)
"""Columns with a meaning: `well`, or `row` and `column`, is needed; all others a table may leave out."""

ROLES = (*CONTROL_ROLES, "sample")
"""What a well can be: a control, empty, or a sample, which has no role in the plate's own table."""

_SHORT = {"role": "control_role"}
_TAKEN = (
    "plate",
    "well_id",
    "row",
    "column",
    "field",
    "time_h",
    "half",
    "pixel_size_um",
    "image_quality",
    "missing_channels",
)
"""Names of the plate's index that no column of a table may bear."""


@dataclass(frozen=True)
class TableOptions:
    """How a lab's table is read.

    Attributes:
        columns: name in the table to ours, or to nothing for a column that is left out.
        roles: value of the control role in the table to one of `ROLES`; with any, all other values are samples.
        unit: of all concentrations, where no column gives it.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    roles: Mapping[str, str] = field(default_factory=dict)
    unit: str = ""


@dataclass(frozen=True)
class WellsTable:
    """What is in the wells.

    Attributes:
        rows: one a well, with the names and roles of `zoo_data_plates.wells_table`, whose `checked_wells` it still
            has to pass: `well` ("B03"), `control_role`, what the table has of the others, and its further columns.
        samples: values of the control role that no option named, and how many wells of each became samples.
    """

    rows: pd.DataFrame
    samples: Mapping[str, int]


def read_table(path: Path, options: TableOptions) -> WellsTable:
    """Read a table of wells, CSV or parquet.

    Raises:
        ConfigError: an option names a column, value or role that there is not, or contradicts the table.
        DataError: the table cannot be read, a row names no well or two, a role is unknown, a concentration has no unit.
    """
    names = _checked_options(options)
    table = _renamed(_read(path, names), names, path)
    wells = _wells(table, path)
    roles, samples = _roles(table, options, path)
    units = _units(table, options, wells, path)
    rows = table.drop(columns=[name for name in ("row", "column") if {"row", "column"} <= set(table.columns)])
    taken = [name for name in rows.columns if name in _TAKEN or not name.strip()]
    if taken:
        raise ConfigError(
            f"{path.name}: the column '{taken[0]}' bears a name that the plate's index needs itself. Leave it out with "
            f"--column '{taken[0]}='"
        )
    return WellsTable(rows.assign(well=wells, control_role=roles, concentration_unit=units), samples)


def _checked_options(options: TableOptions) -> dict[str, str]:
    """Our name, or none, by the table's."""
    names = {theirs: _SHORT.get(ours, ours) for theirs, ours in options.columns.items()}
    for theirs, ours in names.items():
        if ours and ours not in NAMES:
            raise ConfigError(
                f"--column NAME=OURS needs one of {', '.join(NAMES)}, or nothing to leave NAME out. "
                f"Received: '{theirs}={ours}'"
            )
        if ours and list(names.values()).count(ours) > 1:
            raise ConfigError(f"--column gives '{ours}' twice. Choose one column for it")
    for value, role in options.roles.items():
        if role not in ROLES:
            raise ConfigError(f"--role VALUE=ROLE needs one of {', '.join(ROLES)}. Received: '{value}={role}'")
    return names


def _read(path: Path, names: Mapping[str, str]) -> pd.DataFrame:
    # Codes such as 01 must not become numbers; what bears no meaning for us may.
    texts = dict.fromkeys((*NAMES, *_SHORT, *names), "str")
    ending = path.suffix.lower()
    if ending not in (".csv", ".parquet"):
        raise DataError(f"A wells table is a .csv or .parquet file. Received: '{path}'")
    try:
        table = pd.read_csv(path, dtype=texts) if ending == ".csv" else pd.read_parquet(path)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise DataError(f"The wells table '{path}' cannot be read: {reason}") from error
    table.columns = table.columns.map(str)
    if table.empty:
        raise DataError(f"The wells table '{path}' needs a row for each well. Received: none")
    if not table.columns.is_unique:
        twice = table.columns[table.columns.duplicated()][0]
        raise DataError(f"The wells table '{path}' has two columns '{twice}'. Rename one")
    return table.reset_index(drop=True)


def _renamed(table: pd.DataFrame, names: Mapping[str, str], path: Path) -> pd.DataFrame:
    unknown = [name for name in names if name not in table.columns]
    if unknown:
        raise ConfigError(f"{path.name} has the columns {', '.join(table.columns)}. Received: --column '{unknown[0]}'")
    table = table.drop(columns=[theirs for theirs, ours in names.items() if not ours])
    kept = {theirs: ours for theirs, ours in names.items() if ours}
    # What a table calls `role` without being asked is left alone: it may be anything.
    for theirs, ours in kept.items():
        if theirs != ours and ours in table.columns and ours not in kept:
            raise ConfigError(
                f"{path.name} has a column '{ours}' besides '{theirs}', which --column gives that name. Leave one out "
                f"with --column '{ours}='"
            )
    return table.rename(columns=kept)


def _wells(table: pd.DataFrame, path: Path) -> list[str]:
    is_split = {"row", "column"} <= set(table.columns)
    if "well" not in table.columns and not is_split:
        raise ConfigError(
            f"{path.name} needs a column 'well', or 'row' and 'column'. Received: {', '.join(table.columns)}. Name it "
            "with --column NAME=well"
        )
    records = enumerate(table.to_dict("records"), 1)
    return [_well(record, is_split, f"{path.name}, row {number}") for number, record in records]


def _well(record: Mapping[Any, Any], is_split: bool, where: str) -> str:
    try:
        split = WellName.of(_text(record["row"]), _text(record["column"])) if is_split else None
        named = WellName.parse(_text(record["well"])) if "well" in record else None
    except DataError as error:
        raise DataError(f"{where}: {error}") from error
    if named and split and named != split:
        raise DataError(f"{where} is well {named} by its name, and {split} by its row and column. Correct one")
    return str(named or split)


def _roles(table: pd.DataFrame, options: TableOptions, path: Path) -> tuple[pd.Series, dict[str, int]]:
    if "control_role" not in table.columns:
        if options.roles:
            raise ConfigError(f"--role needs a column of control roles in {path.name}: name it with --column NAME=role")
        return _texts(None, len(table)), {}
    values = _texts(table["control_role"], len(table))
    meanings = {_text(value): role for value, role in options.roles.items()}
    never = [value for value in meanings if value not in set(values.dropna())]
    if never:
        raise ConfigError(f"--role: no well of {path.name} has the control role '{never[0]}'. It has {_some(values)}")
    if not meanings:
        values = values.str.lower()
        unknown = values[values.notna() & ~values.isin(list(ROLES))]
        if len(unknown):
            raise DataError(
                f"{path.name}: control roles are {', '.join(ROLES)} or nothing. Received: '{unknown.iloc[0]}'. Say "
                f"what it means with --role='{unknown.iloc[0]}=negative' or the like; it has {_some(values)}"
            )
        meanings = {role: role for role in ROLES}
    unnamed = values[values.notna() & ~values.isin(list(meanings))]
    roles = values.map(meanings)
    return roles.where(roles.notna() & (roles != "sample"), None), dict(_counts(unnamed))


def _units(table: pd.DataFrame, options: TableOptions, wells: list[str], path: Path) -> pd.Series:
    units = _texts(table.get("concentration_unit"), len(table))
    if "concentration" not in table.columns:
        if options.unit:
            raise ConfigError(f"--unit needs a concentration in {path.name}: name it with --column NAME=concentration")
        return units
    values = _texts(table["concentration"], len(table))
    if options.unit:
        if units.notna().any():
            raise ConfigError(f"--unit is given, and {path.name} has units of its own. Leave one out")
        units = pd.Series(options.unit, table.index, dtype="str").where(values.notna(), None)
    bare = np.flatnonzero(values.notna() & units.isna())
    if len(bare):
        raise DataError(
            f"{path.name}: a concentration needs a unit. Received: {values.iloc[bare[0]]} of well {wells[bare[0]]} "
            "without one. Give --unit uM or the like (index, for the number of a dose), or a column concentration_unit"
        )
    return units


def _texts(column: pd.Series | None, length: int) -> pd.Series:
    """A column as text, missing where it is or where there is no column."""
    if column is None:
        return pd.Series(None, range(length), dtype="str")
    return pd.Series([_text(value) or None for value in column], column.index, dtype="str")


def _text(value: object) -> str:
    """A value as a person writes it: whole numbers without a point, nothing where it is missing."""
    if value is None or value is pd.NA or (isinstance(value, float) and np.isnan(value)):
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def _counts(values: pd.Series) -> list[tuple[str, int]]:
    return sorted((str(value), int(n)) for value, n in values.value_counts().items())


def _some(values: pd.Series) -> str:
    named = [f"'{value}' ({n} wells)" for value, n in _counts(values.dropna())]
    return ", ".join(named[:5]) + (" ..." if len(named) > 5 else "") or "none"
