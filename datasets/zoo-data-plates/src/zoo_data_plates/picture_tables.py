"""Tables that name pictures of a folder, and the pictures that are there; names that lead elsewhere are refused."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import numpy as np

from zoo_core.contract import DataError

if TYPE_CHECKING:
    import pandas as pd

SUFFIXES = (".png", ".jpg", ".jpeg", ".tif", ".tiff")
"""Kinds of files that are looked for, in lower case."""

USUAL_NAMES = ("labels.csv", "labels.parquet")
"""Tables that are found in a folder without being named."""

NO_TABLE = "none"
"""What a user writes for a table where the folder's own is to be left alone."""


def open_root(root: str, data_set: str, wanted: str) -> Path:
    """The folder that a user gave.

    Args:
        root: its name.
        data_set: name of the data set, for errors.
        wanted: what the folder should hold, for errors.
    Raises:
        DataError: none was given, or it is missing or empty.
    """
    if not root:
        raise DataError(f"Data set '{data_set}' needs a folder: give it as --data {data_set}=ROOT")
    folder = Path(root)
    if not folder.is_dir():
        raise DataError(f"Data set '{data_set}': {folder} is not a folder. Give the folder that holds {wanted}")
    if not any(folder.iterdir()):
        raise DataError(f"Data set '{data_set}': {folder} is empty. It should hold {wanted}")
    return folder


def find_table(root: Path, name: str) -> Path | None:
    """The table beside or in a folder.

    Args:
        root: the folder.
        name: of the table: in the folder, beside it, or its whole path; empty for one of `USUAL_NAMES` where the folder
            has it; `NO_TABLE` for none.
    Raises:
        DataError: there is no such file.
    """
    if name == NO_TABLE:
        return None
    if not name:
        return next((root / usual for usual in USUAL_NAMES if (root / usual).is_file()), None)
    found = next((path for path in (root / name, root.parent / name) if path.is_file()), None)
    if found is None:
        raise DataError(f"data.table needs a file in {root}, beside it, or with its whole path. Received: '{name}'")
    return found


def read_table(path: Path) -> pd.DataFrame:
    """A CSV or parquet table as text, rows numbered from 0; what is missing is an empty text.

    Raises:
        DataError: it cannot be read, is no table, or has no row.
    """
    import pandas as pd

    try:
        if path.suffix.lower() == ".parquet":
            stored = pd.read_parquet(path)
            # astype turns what is missing into "nan" or "None", which could be anybody's name.
            table = stored.astype(str).where(stored.notna(), "").reset_index(drop=True)
        else:
            table = pd.read_csv(path, dtype=str, index_col=False, encoding="utf-8-sig", keep_default_na=False)
    except (OSError, UnicodeDecodeError, ValueError) as error:  # pandas' and Arrow's parsers raise ValueErrors
        reason = " ".join(str(error).split())
        raise DataError(
            f"{path.name} needs to be a table, CSV or parquet, that can be read. Received: {reason}"
        ) from error
    if table.empty:
        raise DataError(f"{path.name} has no rows: it should list pictures, one a row")
    return table


def require_columns(table: pd.DataFrame, path: Path, columns: Sequence[tuple[str, str]]) -> None:
    """See that a table has what it must.

    Args:
        table: as it was read.
        path: of the table, for errors.
        columns: of each column its name and the option that would give it another, such as "image_column".
    Raises:
        DataError: one of them is not there.
    """
    for name, option in columns:
        if name not in table.columns:
            raise DataError(
                f"{path.name} needs the column '{name}'. Received: {', '.join(map(str, table.columns))}. "
                f"Name yours with --set data.{option}=NAME"
            )


def numbers(table: pd.DataFrame, column: str, path: Path) -> np.ndarray:
    """A column as float64, missing where it is empty.

    Raises:
        DataError: something in it is no number.
    """
    import pandas as pd

    texts = table[column].str.strip()
    values = pd.to_numeric(texts.where(texts != ""), errors="coerce").to_numpy(np.float64, na_value=np.nan)
    wrong = np.flatnonzero(~np.isfinite(values) & (texts != "").to_numpy())
    if len(wrong):
        raise DataError(
            f"{in_row(path, wrong[0])}: '{column}' needs a number or nothing. Received: '{texts[wrong[0]]}'"
        )
    return values


def check_names(names: pd.Series, path: Path) -> None:
    """See that each row names a picture of its own within the table's folder.

    Raises:
        DataError: a name is empty, leads outside, or comes twice.
    """
    for row, name in enumerate(names):
        if not is_inside(name):
            raise DataError(
                f"{in_row(path, row)}: a picture needs a path within the folder, with '/' between folders. "
                f"Received: '{name}'"
            )
    again = np.flatnonzero(names.duplicated())
    if len(again):
        name = names.iloc[again[0]]
        first = int(np.flatnonzero(names == name)[0])
        raise DataError(f"{in_row(path, again[0])}: '{name}' is listed already, in row {first + 2}. Remove one")


def is_inside(name: str) -> bool:
    """Whether a path leads nowhere but down from the folder it is in, in its plainest form.

    >>> is_inside("healthy/1.jpg"), is_inside("../1.jpg"), is_inside("/etc/1.jpg"), is_inside("a//b.jpg")
    (True, False, False, False)
    """
    path = PurePosixPath(name)
    is_plain = name == path.as_posix() and name not in ("", ".")
    return is_plain and not path.is_absolute() and ".." not in path.parts and not set(name) & set("\\\0\n\r")


def pictures_in(root: Path) -> list[str]:
    """Paths of all pictures in a folder and the folders in it, from the folder on, sorted.

    Links to folders are followed in the folder itself, where a user lays them, and not further down: they may lead
    back. Names that begin with a dot are passed over: some systems lay such files beside every picture.

    Raises:
        DataError: a folder cannot be looked into, or the name of a picture is no text.
    """

    def refuse(error: OSError) -> None:
        raise DataError(f"{root}: '{error.filename}' cannot be looked into: {error.strerror}")

    tops = (path for path in root.iterdir() if path.is_dir())
    found = [Path(at) / name for top in tops for at, _, names in os.walk(top, onerror=refuse) for name in names]
    found += [path for path in root.iterdir() if path.is_file()]
    pictures = [path.relative_to(root) for path in found if path.suffix.lower() in SUFFIXES]
    return sorted(_as_text(path) for path in pictures if not any(part.startswith(".") for part in path.parts))


def in_row(path: Path, row: int) -> str:
    """Where in a table: rows are counted as a spreadsheet does, the header being the first."""
    return f"{path.name}, row {row + 2}"


def _as_text(path: Path) -> str:
    name = path.as_posix()
    try:
        name.encode("utf-8")
    except UnicodeEncodeError as error:
        shown = os.fsencode(name).decode("utf-8", "backslashreplace")
        raise DataError(
            f"The name of a picture needs to be text (UTF-8). Received: '{shown}'. Rename the file"
        ) from error
    return name
