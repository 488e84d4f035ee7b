"""Points in time of plants that are looked at again and again: what a table says, hours, and blocks for a split."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from zoo_core.contract import DataError
from zoo_data_plates.picture_tables import in_row

if TYPE_CHECKING:
    import pandas as pd

_S_PER_H = 3600.0


def read_times(texts: pd.Series, path: Path) -> list[datetime]:
    """Points in time of a table's rows.

    Args:
        texts: ISO 8601, such as 2022-08-02T17:01:08.
        path: of the table, for errors.
    Raises:
        DataError: a text is none, or some have a time zone and others have none.
    """
    times = []
    for row, text in zip(texts.index, texts, strict=True):
        try:
            times.append(datetime.fromisoformat(text.strip()))
        except ValueError as error:
            raise DataError(
                f"{in_row(path, row)}: '{texts.name}' needs a date and time such as 2022-08-02T17:01:08 (ISO 8601). "
                f"Received: '{text}'"
            ) from error
        if (times[-1].tzinfo is None) != (times[0].tzinfo is None):
            raise DataError(
                f"{in_row(path, row)}: '{texts.name}' needs a time zone in every row or in none. Received: '{text}', "
                f"and '{texts.iloc[0]}' in row {texts.index[0] + 2}"
            )
    return times


def hours_since_first(plants: pd.Series, times: list[datetime]) -> np.ndarray:
    """(row,) float64, hours since the first picture of the row's plant."""
    first: dict[str, datetime] = {}
    for plant, time in zip(plants, times, strict=True):
        first[plant] = min(time, first.get(plant, time))
    pairs = zip(plants, times, strict=True)
    return np.array([(time - first[plant]).total_seconds() / _S_PER_H for plant, time in pairs], np.float64)


def block_numbers(plants: pd.Series, hours: np.ndarray, n_blocks: int) -> np.ndarray:
    """(row,) int64, which block of its plant's time a row is in, from 0; pictures of one moment are in one block.

    >>> import pandas as pd
    >>> block_numbers(pd.Series(["a"] * 5 + ["b"]), np.array([0, 6, 6, 12, 18, 3]), 2)
    array([0, 0, 0, 1, 1, 0])
    """
    block = np.zeros(len(plants), np.int64)
    for plant in plants.unique():
        own = (plants == plant).to_numpy()
        moments, moment = np.unique(hours[own], return_inverse=True)
        block[own] = moment * min(n_blocks, len(moments)) // len(moments)
    return block


def parts_by_time(plants: pd.Series, block: np.ndarray, validation: float, test: float) -> np.ndarray:
    """Cut each plant's blocks in time: the first train, the next validate, the last test.

    Args:
        plants: (row,) which plant.
        block: (row,) of `block_numbers`.
        validation: share of a plant's blocks.
        test: share of a plant's blocks.
    Returns:
        (row,) `train`, `validation` or `test`.
    """
    import pandas as pd

    n_blocks = pd.Series(block + 1).groupby(plants.to_numpy()).transform("max").to_numpy()
    # The middle of a block decides, so that a plant that was seen once trains.
    middle = (block + 0.5) / n_blocks
    edges = [1 - test - validation, 1 - test]
    names = np.array(["train", "validation", "test"], dtype=object)
    return np.asarray(names[np.searchsorted(edges, middle, side="right")])
