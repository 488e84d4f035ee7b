"""`quality.parquet` of a plate: which wells a check found saturated, unsharp or empty, for whoever trains later."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from zoo_core.contract import DataError, OutputError
from zoo_data_plates.ngff.layout import replaced

if TYPE_CHECKING:
    import pandas as pd

    from zoo_data_plates.plate_check import CheckReport

QUALITY_FILE = "quality.parquet"

FLAGS = ("saturation", "focus", "empty")
"""Kinds of notices that are of a well's pictures."""

_COLUMNS = ["well", "flags"]


def write_quality(folder: Path, report: CheckReport) -> None:
    """Write what a check found of each well that it looked at; of a plate none of which could be read, nothing.

    Args:
        folder: the plate's.
        report: of `check_plate`.
    Raises:
        OutputError: it cannot be written.
    """
    import pandas as pd

    wells = list(dict.fromkeys(one.well for one in report.wells))
    if not wells:
        return
    found = {(notice.where, notice.kind) for notice in report.notices}
    flags = [", ".join(kind for kind in FLAGS if (well, kind) in found) for well in wells]
    table = pd.DataFrame({"well": wells, "flags": flags})
    try:
        with replaced(folder / QUALITY_FILE) as temporary:
            table.to_parquet(temporary, index=False)
    except OSError as error:
        raise OutputError(
            f"{folder / QUALITY_FILE} cannot be written: {error}. Make room or give permission"
        ) from error


def read_quality(folder: Path) -> pd.Series | None:
    """What a check has found, flags with commas between by well, empty where it found nothing; None of a plate that was
    not checked.

    Raises:
        DataError: the file is damaged.
    """
    import pandas as pd

    path = folder / QUALITY_FILE
    if not path.is_file():
        return None
    try:
        table = pd.read_parquet(path)
    except (OSError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise DataError(f"{path} cannot be read ({reason}): check the plate again with zoo plate check") from error
    known = table.columns.tolist() == _COLUMNS and not table["well"].duplicated().any()
    flags = {flag for text in table["flags"] for flag in str(text).split(", ")} if known else set()
    if not known or not flags <= {*FLAGS, ""}:
        raise DataError(
            f"{path} needs one row a well, with columns well and flags, which are {', '.join(FLAGS)}. Received: "
            f"columns {', '.join(map(str, table.columns))}, {', '.join(sorted(flags)) or 'wells that come twice'}: "
            "check the plate again with zoo plate check"
        )
    return table.set_index("well")["flags"]
