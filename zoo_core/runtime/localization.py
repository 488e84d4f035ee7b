"""Maps against the boxes of a data set: each of them in `boxes.parquet`, the numbers in `localization.json`."""

import numpy as np
import pandas as pd

from zoo_core.contract import DataError, SupportsBoxes
from zoo_core.data.files import write_atomically
from zoo_core.evaluation.localization import CORNERS, KEY, THRESHOLD, evaluate_localization, score_maps
from zoo_core.models.activation_maps import LAYER
from zoo_core.runtime.map_reader import MapReader
from zoo_core.runtime.prepare import Prepared
from zoo_core.runtime.record import RunFolder

ROUND_OFF = 1e-6
"""By which a box may leave the picture, as a share of its side."""


def boxes_of(prepared: Prepared) -> pd.DataFrame:
    """The data set's boxes, as the contract says; no row where it has none.

    Raises:
        DataError: a column is missing, or a box is no rectangle in the picture.
    """
    adapter, columns = prepared.adapter, [*KEY, *CORNERS]
    if not isinstance(adapter, SupportsBoxes):
        return pd.DataFrame(columns=columns)
    boxes, wanted = adapter.boxes(), f"Data set '{prepared.config.data.name}' needs boxes with {', '.join(columns)}"
    if missing := [column for column in columns if column not in boxes]:
        raise DataError(f"{wanted}. Missing: {', '.join(missing)}: mend its 'boxes()'")
    corners = boxes[CORNERS].to_numpy(dtype=np.float64)
    start, size = corners[:, :2], corners[:, 2:]
    inside = (start >= -ROUND_OFF) & (size > 0) & (start + size <= 1 + ROUND_OFF)  # false where a number is missing
    if len(wrong := np.flatnonzero(~inside.all(axis=1))):
        raise DataError(
            f"{wanted}, the last four as fractions of the picture's sides. Received: row {wrong[0]} with "
            f"{', '.join(f'{number:g}' for number in corners[wrong[0]])}: mend its 'boxes()'"
        )
    return boxes


def write_localization(folder: RunFolder, reader: MapReader, rows: pd.DataFrame, boxes: pd.DataFrame) -> None:
    """Score the maps of every example and label with a box; write nothing where the data set has no box at all.

    A box counts whatever the label's truth is: it says where something is, and the label may be wrong.

    Args:
        folder: of the run.
        reader: computes the maps.
        rows: of one split, as in the predictions.
        boxes: of `boxes_of`.
    """
    labels = [label.name for label in reader.prepared.task.labels]
    if boxes.empty:
        return
    boxed = boxes.loc[boxes["label"].isin(labels), KEY].drop_duplicates()
    pairs = rows[["example_id", "group_id", "split"]].merge(boxed, on="example_id")
    split = {"split": str(rows["split"].iloc[0])}
    if reason := _why_not(reader, pairs):
        folder.write_json(folder.localization, split | {"reason": reason})
        return
    scored = score_maps(reader.read(pairs, "maps of boxed images"), pairs, boxes)
    write_atomically(folder.boxes, scored.to_parquet(index=False, compression="zstd"))
    how = {"layer": LAYER, "map_shape": list(reader.maps.shape), "threshold": THRESHOLD}
    folder.write_json(folder.localization, split | how | evaluate_localization(scored, labels))


def _why_not(reader: MapReader, pairs: pd.DataFrame) -> str | None:
    if pairs.empty:
        return "no image of the split has a box of one of the task's labels"
    if reader.maps.shape == (1, 1):
        return "the network's map of an image this small is one cell, which points nowhere: larger images have more"
    return None
