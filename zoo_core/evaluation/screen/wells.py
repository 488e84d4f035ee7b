"""From fields to wells: one row a well, with every score that is to be compared side by side."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from zoo_core.contract import DataError
from zoo_core.evaluation.platt import log_odds, why_no_probabilities

NEGATIVE, POSITIVE, EMPTY = "negative", "positive", "empty"
ROLES = (NEGATIVE, POSITIVE, EMPTY)
"""Of a control; every other well is a sample, its role missing."""

NEEDED = ("example_id", "split", "status", "meta.plate", "meta.well_id")

OF_A_WELL = (
    "split",
    "meta.plate",
    "meta.well",
    "meta.row",
    "meta.column",
    "meta.treatment",
    "meta.concentration",
    "meta.concentration_unit",
    "meta.control_role",
    "meta.replicate",
)
"""What all fields of a well must say alike; what the table lacks of it is missing for every well."""

OF_A_FIELD = ("meta.field", "meta.time_h")
"""Never of a well, not even where each well has one field."""

Statistic = Literal["mean", "median"]


@dataclass(frozen=True)
class ScoreColumn:
    """A score that wells are judged by.

    Attributes:
        name: that it has in tables and reports, such as "model".
        column: of the predictions that holds it, such as `score.response` or `baseline.correlation.response`.
        is_probability: whether it is from 0 to 1 and saturates there: its log odds are used instead.
    """

    name: str
    column: str
    is_probability: bool = False

    @property
    def of_wells(self) -> str:
        """The column of the table of wells."""
        return f"score.{self.name}"


def aggregate_wells(rows: pd.DataFrame, columns: Sequence[ScoreColumn], statistic: Statistic = "mean") -> pd.DataFrame:
    """Make one row a well of one row a field.

    Fields that failed are counted and do not enter; all time points and tiles of a well count as its fields.

    Args:
        rows: of predictions, with `meta.plate` and `meta.well_id`.
        columns: scores to aggregate.
        statistic: of a well's fields; the median bears an outlying field, the mean uses all of them.
    Returns:
        By `meta.well_id`, sorted: `split`, every `meta.` column that wells have, `n_fields`, `n_failed` and, for each
        score, `score.NAME`, float64, missing where no field has one. The order of `rows` changes nothing.
    Raises:
        DataError: a column is missing; a score is infinite or no probability; a well has fields that disagree, in two
            splits for one; a control role is unknown.
    """
    _check_columns(rows, columns)
    rows = rows.sort_values("example_id", kind="stable").reset_index(drop=True)
    rows = rows.assign(**{name: None for name in OF_A_WELL if name not in rows})
    _check_roles(rows)
    # A nullable column compares to neither true nor false where it is missing.
    rows["meta.control_role"] = rows["meta.control_role"].astype(object).where(rows["meta.control_role"].notna(), None)
    rows["meta.concentration"] = _concentrations(rows)
    well = rows["meta.well_id"]
    table = rows[_carried(rows)].groupby(well, sort=True).first()
    is_ok = rows["status"] == "ok"
    counts = {"n_fields": is_ok, "n_failed": ~is_ok}
    table = table.assign(**{name: one.groupby(well, sort=True).sum().astype(int) for name, one in counts.items()})
    for one in columns:
        score = pd.Series(_unbounded(rows, one), rows.index).where(is_ok)
        table[one.of_wells] = score.groupby(well, sort=True).agg(statistic)
    return table.reset_index()


def _check_columns(rows: pd.DataFrame, columns: Sequence[ScoreColumn]) -> None:
    missing = [name for name in (*NEEDED, *(one.column for one in columns)) if name not in rows]
    if missing:
        raise DataError(
            f"A screen needs predictions with the columns {', '.join(NEEDED)} and those of its scores. "
            f"Received: none named '{missing[0]}': evaluate predictions of plates"
        )
    for name in ("meta.plate", "meta.well_id"):
        if rows[name].isna().any():
            example = rows.loc[rows[name].isna(), "example_id"].iloc[0]
            raise DataError(
                f"A screen needs the plate and the well of every field. Received: no '{name}' for example "
                f"'{example}': complete the index of the plate"
            )


def _check_roles(rows: pd.DataFrame) -> None:
    role = rows["meta.control_role"]
    wrong = rows[role.notna() & ~role.isin(ROLES)]
    if len(wrong):
        raise DataError(
            f"A control role is one of {', '.join(ROLES)}, or missing. Received: "
            f"'{wrong['meta.control_role'].iloc[0]}' in well '{wrong['meta.well_id'].iloc[0]}': mend the wells table"
        )


def _concentrations(rows: pd.DataFrame) -> pd.Series:
    values: pd.Series = pd.to_numeric(rows["meta.concentration"], errors="coerce").astype(np.float64)
    wrong = rows[rows["meta.concentration"].notna() & ~((values >= 0) & np.isfinite(values))]
    if len(wrong):
        raise DataError(
            f"A concentration is a number from 0, or missing. Received: '{wrong['meta.concentration'].iloc[0]}' in "
            f"well '{wrong['meta.well_id'].iloc[0]}': mend the wells table"
        )
    return values


def _carried(rows: pd.DataFrame) -> list[str]:
    """Columns that say the same of all fields of each well."""
    known = (*OF_A_WELL, *OF_A_FIELD, "meta.well_id")
    further = [name for name in map(str, rows.columns) if name.startswith("meta.") and name not in known]
    of_wells = rows.groupby("meta.well_id", sort=True)
    n_values = of_wells[[*OF_A_WELL, *further]].nunique(dropna=False)
    for name in OF_A_WELL:
        if (n_values[name] > 1).any():
            well = n_values.index[n_values[name] > 1][0]
            values = rows.loc[rows["meta.well_id"] == well, name].unique()[:2]
            raise DataError(
                f"All fields of a well need the same '{name}'. Received: {' and '.join(map(repr, values))} in well "
                f"'{well}': mend the wells table, or split by well"
            )
    return [*OF_A_WELL, *[name for name in further if (n_values[name] <= 1).all()]]


def _unbounded(rows: pd.DataFrame, one: ScoreColumn) -> np.ndarray:
    """(row,) scores, float64, NaN where there is none."""
    score = rows[one.column].to_numpy(dtype=None if rows[one.column].dtype.kind == "f" else np.float64)
    known = np.isfinite(score)
    if np.isinf(score).any():
        example = rows.loc[np.isinf(score), "example_id"].iloc[0]
        raise DataError(
            f"A score is a finite number. Received: {score[np.isinf(score)][0]} in '{one.column}' for example "
            f"'{example}': score on the logit, before it saturates"
        )
    if not one.is_probability:
        return score.astype(np.float64)
    if reason := why_no_probabilities(score[known]):
        raise DataError(
            f"'{one.column}' is to be turned from probabilities to log odds. Received: {reason}: name it a score that "
            "is no probability"
        )
    return np.where(known, log_odds(np.where(known, score, 0.5).astype(score.dtype)), np.nan)
