"""What radiologists said of some of NIH's images when they read them again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from zoo_core.contract import DataError
from zoo_data_chestxray14.nih_tables import check_names, parsed, unpacked

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

RADIOLOGISTS_FILE = "google2019_nih-chest-xray-labels.csv"
"""Name under which the table is passed on: 4,376 images, 1,962 of them of the official test list."""

RADIOLOGISTS = "Radiologists who read the images again (Majkowska et al. 2020, Radiology)"

RADIOLOGISTS_FINDINGS = {"Pneumothorax": ("Pneumothorax",), "Nodule or mass": ("Nodule", "Mass")}
"""Columns of the table, and the labels of NIH each is the union of.

"Fracture" is no label of NIH's. "Airspace opacity" is left out: we found no statement of which labels it would be the
union of, and a union of our choosing would decide what the comparison shows.

Source:
    Majkowska et al. 2020, Chest Radiograph Interpretation with Deep Learning Models, Radiology 294(2).
"""

_IMAGE = "Image Index"
_ANSWERS = {"NO": 0, "YES": 1}


def read_radiologists(path: Path) -> pd.DataFrame:
    """Read the radiologists' table, packed or not.

    Returns:
        `example_id`, and per finding 0 or 1.
    Raises:
        DataError: columns are missing, a name is no plain file name or comes twice, or an answer is not YES or NO.
    """
    table = parsed(unpacked(path), path)
    wanted = [_IMAGE, *RADIOLOGISTS_FINDINGS]
    if missing := [name for name in wanted if name not in table.columns]:
        raise DataError(
            f"{path.name} needs the columns {', '.join(wanted)}. Missing: {', '.join(missing)}. "
            "Take the file as it is shipped, or remove it"
        )
    check_names(table[_IMAGE], path)
    answers = {name: _answers(table[name], path) for name in RADIOLOGISTS_FINDINGS}
    return table[[_IMAGE]].rename(columns={_IMAGE: "example_id"}).assign(**answers)


def _answers(texts: pd.Series, path: Path) -> np.ndarray:
    answers = texts.map(_ANSWERS)
    unknown = np.flatnonzero(answers.isna())
    if len(unknown):
        row = unknown[0]
        raise DataError(
            f"{path.name}, row {row + 2}: '{texts.name}' needs YES or NO. Received: '{texts.iloc[row]}'. "
            "Take the file as it is shipped, or remove it"
        )
    return answers.to_numpy(np.int8)
