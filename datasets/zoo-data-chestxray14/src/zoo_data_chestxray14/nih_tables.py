"""NIH's tables as they are shipped, odd headers and all, and what can be wrong with them."""

from __future__ import annotations

import gzip
import hashlib
import io
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from zoo_core.contract import DataError
from zoo_data_chestxray14.findings import FINDINGS

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = {
    "Image Index": "example_id",
    "Finding Labels": "findings",
    "Follow-up #": "meta.follow_up",
    "Patient ID": "meta.patient_id",
    "Patient Age": "meta.age",
    "Patient Gender": "meta.sex",
    "View Position": "meta.view_position",
}
"""NIH's names of the columns that are read, and the index's. The two with a comma inside a bracket are left alone."""

KNOWN_VERSIONS = {
    "dc1d2df67fdc1c5a7601d48699cda2b13dc2c4841488b4183dcf04884dbaca11": "Data_Entry_2017_v2020, 112,120 rows",
}
"""Published label files by the SHA-256 of their text."""

BOX_SIDE_PX = 1024
"""NIH's boxes are in pixels of the images it ships, whatever size a copy was shrunk to; all 984 lie within."""

_ALIASES = {"Infiltrate": "Infiltration"}
"""The list of boxes spells one finding differently."""

_NO_FINDING = "No Finding"
_OLDEST_YEARS = 120
_YEARS_PER_UNIT = {"": 1.0, "Y": 1.0, "M": 1 / 12, "W": 1 / 52.18, "D": 1 / 365.25}


@dataclass(frozen=True)
class LabelTable:
    """The table of all images.

    Attributes:
        rows: one an image, columns as in the adapter's index, without `split`.
        sha256: of the file's text, unpacked.
    """

    rows: pd.DataFrame
    sha256: str


def read_labels(path: Path) -> LabelTable:
    """Read `Data_Entry_2017*.csv`, packed or not.

    Raises:
        DataError: columns are missing, a name is no plain file name or comes twice, or a finding is unknown.
    """
    content = unpacked(path)
    table = parsed(content, path)
    missing = [name for name in COLUMNS if name not in table.columns]
    if missing:
        raise DataError(
            f"{path.name} needs the columns {', '.join(COLUMNS)}. Missing: {', '.join(missing)}. "
            "Take the file that NIH ships"
        )
    table = table[list(COLUMNS)].rename(columns=COLUMNS)
    check_names(table["example_id"], path)
    rows = table.drop(columns="findings").assign(**_labels(table["findings"], path))
    rows["meta.age"] = _years(table["meta.age"])
    rows["meta.sex"] = table["meta.sex"].where(table["meta.sex"].isin(["F", "M"]), None)
    rows["meta.follow_up"] = _whole_numbers(table["meta.follow_up"])
    _check_patients(rows["meta.patient_id"], path)
    return LabelTable(rows, hashlib.sha256(content).hexdigest())


def read_names(path: Path) -> list[str]:
    """Read `train_val_list.txt` or `test_list.txt`: one image a line.

    Raises:
        DataError: the file cannot be read, or a line is no plain file name.
    """
    names = [line.strip() for line in _text(path).splitlines() if line.strip()]
    for number, name in enumerate(names, start=1):
        if not is_plain(name):
            raise DataError(f"{path.name}, line {number}: '{name}' is not a plain file name. Take the list NIH ships")
    return names


def read_boxes(path: Path) -> pd.DataFrame:
    """Read `BBox_List_2017.csv`: columns as the contract's boxes.

    Raises:
        DataError: the header is another, a finding is unknown, or a box is no four numbers.
    """
    import pandas as pd

    header, _, body = _text(path).partition("\n")
    if not header.startswith("Image Index,Finding Label,Bbox [x,y,w,h]"):
        raise DataError(
            f"{path.name} must begin with 'Image Index,Finding Label,Bbox [x,y,w,h]'. Received: '{header[:60]}'"
        )
    columns = ["example_id", "label", "x_min", "y_min", "width", "height"]
    # The header's comma-filled bracket and empty columns do not line up with the rows: the first six are what counts.
    boxes = pd.read_csv(io.StringIO(body), header=None, names=columns, usecols=range(6), index_col=False, dtype=str)
    boxes["label"] = [_known(name, path, row) for row, name in enumerate(boxes["label"].fillna(""), start=2)]
    for column in columns[2:]:
        boxes[column] = pd.to_numeric(boxes[column], errors="coerce") / BOX_SIDE_PX
    wrong = np.flatnonzero(boxes[columns[2:]].isna().any(axis=1))
    if len(wrong):
        raise DataError(f"{path.name}, row {wrong[0] + 2}: a box needs four numbers x, y, w, h")
    return boxes


def is_plain(name: str) -> bool:
    """Whether this is the bare name of a file: no folder, nothing that climbs."""
    return name not in {"", ".", ".."} and not set(name) & set("/\\\0")


def unpacked(path: Path) -> bytes:
    """Content of a file, packed or not.

    Raises:
        DataError: it cannot be read.
    """
    try:
        content = path.read_bytes()
        return gzip.decompress(content) if path.suffix == ".gz" else content
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path.name} cannot be read: {error}") from error


def parsed(content: bytes, path: Path) -> pd.DataFrame:
    """A table of comma-separated values, all of them text.

    Raises:
        DataError: it is none.
    """
    import pandas as pd

    try:
        return pd.read_csv(io.BytesIO(content), dtype=str, index_col=False, encoding="utf-8-sig", keep_default_na=False)
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        raise DataError(f"{path.name} is not a table of comma-separated values: {str(error).strip()}") from error


def check_names(names: pd.Series, path: Path) -> None:
    """See that a table names images, each once.

    Raises:
        DataError: a name is no plain file name or comes twice.
    """
    for row, name in enumerate(names, start=2):
        if not is_plain(name):
            raise DataError(
                f"{path.name}, row {row}: '{name}' is not a plain file name. Take the file as it is shipped"
            )
    again = np.flatnonzero(names.duplicated())
    if len(again):
        name = names.iloc[again[0]]
        first = int(np.flatnonzero(names == name)[0])
        raise DataError(f"{path.name} lists {name} twice, in rows {first + 2} and {again[0] + 2}. Remove one")


def _text(path: Path) -> str:
    try:
        return unpacked(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(f"{path.name} is not a text file: {error}") from error


def _check_patients(patients: pd.Series, path: Path) -> None:
    empty = np.flatnonzero(patients == "")
    if len(empty):
        raise DataError(
            f"{path.name}, row {empty[0] + 2}: 'Patient ID' is empty, so no split could keep patients apart"
        )


def _labels(findings: pd.Series, path: Path) -> dict[str, np.ndarray]:
    # 112,120 rows hold some 800 combinations: each is looked at once.
    codes, combinations = findings.factorize()
    table = np.zeros((len(combinations), len(FINDINGS)), np.int8)
    for code, combination in enumerate(combinations):
        row = int(np.argmax(codes == code)) + 2
        for name in combination.split("|"):
            if name != _NO_FINDING:
                table[code, FINDINGS.index(_known(name, path, row))] = 1
    return {f"label.{name}": table[codes, n] for n, name in enumerate(FINDINGS)}


def _known(name: str, path: Path, row: int) -> str:
    finding = _ALIASES.get(name, name)
    if finding not in FINDINGS:
        raise DataError(
            f"{path.name}, row {row}: unknown finding '{name}'. Known: {', '.join(FINDINGS)}, {_NO_FINDING}"
        )
    return finding


def _years(ages: pd.Series) -> pd.Series:
    """Years from `58`, `058`, `058Y`, `011M`, `002W` or `010D`; anything else, and more than 120, is missing."""
    parts = ages.str.strip().str.extract(r"^(\d{1,3})([YMWD]?)$")
    years = parts[0].astype(float) * parts[1].map(_YEARS_PER_UNIT)
    return years.where(years <= _OLDEST_YEARS)


def _whole_numbers(texts: pd.Series) -> pd.Series:
    import pandas as pd

    return pd.to_numeric(texts, errors="coerce").astype("Int64")
